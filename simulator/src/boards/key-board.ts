// SPDX-License-Identifier: EUPL-1.2

import { type ClockPort, createKey, type KeyRole, type KeyStatus } from "@nyckelring/firmware";
import type { Contact } from "../contact.ts";
import { createMeteredCrypto } from "../metered-crypto.ts";
import { createProcessor } from "../processor.ts";
import { createTimers } from "../timers.ts";
import { createVirtualFlash, type VirtualFlash } from "../virtual-flash.ts";
import type { BoardParts } from "./lock-board.ts";

/** What a key is like beyond its role. */
export type KeyBoardOptions = {
  /** How fast its clock runs, in parts of a million; 0 keeps true time. */
  readonly driftPpm: number;
  /** Overrides the clock of an extracted key: it says whatever its thief wants, UTC seconds. */
  readonly falseClock?: () => number;
  /** Told each signal that the key shows. */
  readonly onSignal: (signal: number, atUs: number) => void;
};

/** A key with its own battery: it lives on between contacts. */
export interface KeyBoard {
  readonly flash: VirtualFlash;
  /** Boots the role from flash. */
  powerOn(): void;
  /** Takes the battery out. */
  powerOff(): void;
  /** Plugs the key in; `sensesVoltage` is true at a station that has power. */
  connect(contact: Contact, sensesVoltage: boolean): void;
  /** Bytes of the other side. */
  receive(bytes: Uint8Array): void;
  /** Pulls the key out. */
  disconnect(): void;
  /** Presses the button. */
  press(): void;
  /** What the role says of itself. */
  status(): KeyStatus;
  /** Charge of the battery in percent. */
  batteryPercent(): number;
  /** Lets the clock lose its time, as an empty or changed battery does, and boots the role. */
  loseClock(): void;
  /** Draws charge from the battery, in millionths of its capacity. */
  drain(millionths: number): void;
}

/**
 * Makes the board of a key with blank flash; it has power from the start but no role before
 * {@link KeyBoard.powerOn}.
 *
 * @public
 */
export function createKeyBoard(parts: BoardParts, options: KeyBoardOptions): KeyBoard {
  const { clock, model, random, listeners } = parts;
  const processor = createProcessor(clock, model.stepUs, listeners.onFault);
  const flash = createVirtualFlash(200, processor, model, random.split("flash"));
  const entropy = random.split("entropy");
  const timers = createTimers(clock, processor);
  const crypto = createMeteredCrypto(parts.crypto, processor, model, (signed) =>
    listeners.onVerified(signed, processor.nowUs()),
  );
  let role: KeyRole | undefined;
  let plugged: Contact | undefined;
  let chargeMillionths = random.split("battery").drawBetween(700_000, 1_000_000);
  let clockSetUs = 0;
  let clockBaseS: number | undefined = clock.startS;

  const ownClock: ClockPort = {
    nowS: () => {
      if (clockBaseS === undefined) return undefined;
      const passedUs = clock.nowUs() - clockSetUs;
      return clockBaseS + Math.floor((passedUs * (1_000_000 + options.driftPpm)) / 1e12);
    },
    set: (nowS) => {
      clockSetUs = clock.nowUs();
      clockBaseS = nowS;
    },
  };
  const falseClock = options.falseClock;
  const usedClock: ClockPort =
    falseClock === undefined ? ownClock : { nowS: falseClock, set: () => undefined };

  function percent(): number {
    return Math.max(0, Math.floor(chargeMillionths / 10_000));
  }

  function powerOn(): void {
    processor.powerOn();
    processor.runStep(() => {
      processor.spend(model.bootUs);
      role = createKey({
        crypto,
        entropy,
        flash: flash.port,
        contact: { send: (bytes) => plugged?.send("key", bytes, processor.nowUs()) },
        timer: timers.port,
        clock: usedClock,
        supply: { millivolts: () => 3000 + 12 * percent(), percent },
        signal: { show: (signal) => options.onSignal(signal, processor.nowUs()) },
      });
    });
  }

  function powerOff(): void {
    processor.powerOff();
    timers.clear();
    role = undefined;
  }

  return {
    flash,
    powerOn,
    powerOff,
    loseClock: () => {
      powerOff();
      clockBaseS = undefined;
      powerOn();
    },
    connect: (contact, sensesVoltage) => {
      plugged = contact;
      processor.runStep(() => role?.onContact(true, sensesVoltage));
    },
    receive: (bytes) => processor.runStep(() => role?.onBytes(bytes)),
    disconnect: () => {
      plugged = undefined;
      processor.runStep(() => role?.onContact(false, false));
    },
    press: () => processor.runStep(() => role?.onButton()),
    status: () => {
      if (role === undefined) throw new Error("a key without power has no status");
      return role.status();
    },
    batteryPercent: percent,
    drain: (millionths) => {
      chargeMillionths = Math.max(0, chargeMillionths - millionths);
    },
  };
}
