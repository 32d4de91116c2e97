// SPDX-License-Identifier: EUPL-1.2

import {
  type ClockPort,
  createKey,
  createPlug,
  type KeyRole,
  type KeyStatus,
  type Plug,
} from "@nyckelring/firmware";
import { type Battery, createBattery, type Feed, KEY_CELL } from "../battery.ts";
import type { Contact } from "../contact.ts";
import { createDeviceClock } from "../device-clock.ts";
import { createMeteredCrypto } from "../metered-crypto.ts";
import { createProcessor } from "../processor.ts";
import { createTimers } from "../timers.ts";
import { createVirtualFlash, type VirtualFlash } from "../virtual-flash.ts";
import { type BoardParts, RESET_US } from "./lock-board.ts";

/** What a key is like beyond its role. */
export type KeyBoardOptions = {
  /** How fast its clock runs, in parts of a million; 0 keeps true time. */
  readonly driftPpm: number;
  /** Pages of its flash; fewer mean a shorter log. */
  readonly pageCount: number;
  /** Overrides the clock of an extracted key: it says whatever its thief wants, UTC seconds. */
  readonly falseClock?: () => number;
  /** Told each signal that the key shows. */
  readonly onSignal: (signal: number, atUs: number) => void;
  /** Told when the key begins to feed the contact, and with undefined when it ends. */
  readonly onFeed: (feed: Feed | undefined, atUs: number) => void;
};

/** A key with its own battery: it lives on between contacts. */
export interface KeyBoard {
  readonly flash: VirtualFlash;
  readonly battery: Battery;
  /** Boots the role from flash. */
  powerOn(): void;
  /** Takes the battery out. */
  powerOff(): void;
  /** Plugs the key in, bounce and all; `sensesVoltage` is true at a station that has power. */
  connect(contact: Contact, sensesVoltage: boolean): void;
  /** The current limit of the output trips. */
  overload(): void;
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
  /** Puts the clock wrong by so many seconds. */
  shiftClock(seconds: number): void;
}

/** Pages of the flash of a usual key. */
export const KEY_PAGES = 200;
/** What a key draws for itself: at work, and asleep in a pocket. */
const AWAKE_MA = 8;
const ASLEEP_MA = 0.025;
/** Edges of a bouncing contact, and the time that they take. */
const BOUNCES_MAX = 4;
const BOUNCE_US_MAX = 12_000;

/**
 * Makes the board of a key with blank flash; it has power from the start but no role before
 * {@link KeyBoard.powerOn}.
 *
 * @public
 */
export function createKeyBoard(parts: BoardParts, options: KeyBoardOptions): KeyBoard {
  const { clock, model, random, listeners } = parts;
  const processor = createProcessor(clock, model.stepUs, listeners.onFault);
  const flash = createVirtualFlash(
    options.pageCount,
    processor,
    model,
    random.split("flash"),
    (costUs) => parts.probe?.onWrite(processor.nowUs(), costUs),
  );
  const entropy = random.split("entropy");
  const bounce = random.split("bounce");
  const timers = createTimers(clock, processor);
  const crypto = createMeteredCrypto(parts.crypto, processor, model, (signed) =>
    listeners.onVerified(signed, processor.nowUs()),
  );
  const battery = createBattery(clock, KEY_CELL, random.split("battery").drawBetween(70, 100));
  const rtc = createDeviceClock(clock, options.driftPpm, clock.startS);
  const falseClock = options.falseClock;
  const usedClock: ClockPort =
    falseClock === undefined ? rtc.port : { nowS: falseClock, set: () => undefined };
  let role: KeyRole | undefined;
  let plug: Plug | undefined;
  let plugged: Contact | undefined;
  let isFed = false;
  const resetUs = parts.probe?.resetUs;
  if (resetUs !== undefined) {
    processor.setPowerEnd(() => (clock.nowUs() < resetUs ? resetUs : undefined));
    clock.scheduleAt(resetUs, reset);
  }

  /** The processor starts anew; the clock runs on, and the pins that feed the contact float meanwhile. */
  function reset(): void {
    processor.powerOff();
    timers.clear();
    role = undefined;
    plug = undefined;
    options.onFeed(undefined, clock.nowUs());
    clock.scheduleAfter(RESET_US, () => {
      if (battery.isEmpty()) return;
      powerOn();
      if (plugged !== undefined) sense(true, isFed);
    });
  }

  function powerOn(): void {
    battery.draw("key", ASLEEP_MA);
    processor.powerOn();
    processor.runStep(() => {
      processor.spend(model.bootUs + model.roleUs);
      role = createKey({
        crypto,
        entropy,
        flash: flash.port,
        contact: { send: (bytes) => plugged?.send("key", bytes, processor.nowUs()) },
        timer: timers.port,
        clock: usedClock,
        supply: { millivolts: battery.millivolts, percent: battery.percent },
        signal: { show: (signal) => options.onSignal(signal, processor.nowUs()) },
      });
      const power = {
        on: () => options.onFeed(battery, processor.nowUs()),
        off: () => options.onFeed(undefined, processor.nowUs()),
      };
      plug = createPlug(timers.port, power, role);
    });
  }

  function powerOff(): void {
    processor.powerOff();
    timers.clear();
    battery.draw("key", 0);
    role = undefined;
    plug = undefined;
  }

  /** The sense contact closes or opens, and bounces on the way. */
  function sense(isClosed: boolean, sensesVoltage: boolean): void {
    // A busy processor comes to an edge late and is told when it was.
    const edge = (closed: boolean, voltage: boolean): void => {
      const atMs = clock.nowUs() / 1000;
      processor.runStep(() => plug?.onSense(closed, voltage, atMs));
    };
    const bounces = bounce.drawBetween(0, BOUNCES_MAX / 2);
    for (let index = 0; index < bounces; index += 1) {
      const atUs = clock.nowUs() + bounce.drawBelow(BOUNCE_US_MAX);
      clock.scheduleAt(atUs, () => edge(!isClosed, false));
    }
    edge(isClosed, sensesVoltage);
    if (bounces === 0) return;
    clock.scheduleAfter(BOUNCE_US_MAX, () => edge(isClosed, sensesVoltage));
  }

  return {
    flash,
    battery,
    powerOn,
    powerOff,
    loseClock: () => {
      powerOff();
      rtc.lose();
      powerOn();
    },
    shiftClock: rtc.shift,
    connect: (contact, sensesVoltage) => {
      plugged = contact;
      isFed = sensesVoltage;
      if (battery.isEmpty()) powerOff();
      else if (!processor.isPowered()) powerOn();
      if (!processor.isPowered()) return;
      battery.draw("key", AWAKE_MA);
      sense(true, sensesVoltage);
    },
    overload: () => processor.runStep(() => plug?.onOverload()),
    receive: (bytes) => processor.runStep(() => role?.onBytes(bytes)),
    disconnect: () => {
      plugged = undefined;
      if (processor.isPowered()) battery.draw("key", ASLEEP_MA);
      sense(false, false);
    },
    press: () => processor.runStep(() => role?.onButton()),
    status: () => {
      if (role === undefined) throw new Error("a key without power has no status");
      return role.status();
    },
    batteryPercent: battery.percent,
  };
}
