// SPDX-License-Identifier: EUPL-1.2

import {
  type BoltPosition,
  createLock,
  type DoorSensorPort,
  type LockRole,
} from "@nyckelring/firmware";
import type { CryptoPort } from "@nyckelring/protocol";
import { type Battery, createBattery, type Feed, LOCK_CELL } from "../battery.ts";
import type { ComputeModel } from "../compute-model.ts";
import type { Contact } from "../contact.ts";
import { createDeviceClock } from "../device-clock.ts";
import { createMeteredCrypto } from "../metered-crypto.ts";
import { createVirtualMotor, type MotorCommand, type VirtualMotor } from "../motor.ts";
import type { RandomStream } from "../prng.ts";
import { createProcessor } from "../processor.ts";
import { createTimers } from "../timers.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import { createVirtualFlash, type VirtualFlash } from "../virtual-flash.ts";

/** What the world wants to know of a board; both are told at the moment inside the step. */
export type BoardListeners = {
  /** The board found a signature good; see the metered crypto port. */
  readonly onVerified: (signed: Uint8Array, atUs: number) => void;
  /** A role threw: a programmer error, never a reaction to a peer. */
  readonly onFault: (error: unknown) => void;
};

/** What every board is made of. */
export type BoardParts = {
  readonly clock: VirtualClock;
  readonly model: ComputeModel;
  readonly crypto: CryptoPort;
  /** The board's own stream of chance. */
  readonly random: RandomStream;
  readonly listeners: BoardListeners;
  /** Looks at the flash of the board, and may reset its processor; absent where nobody does. */
  readonly probe?: FlashProbe | undefined;
};

/** Who wants to know when a board writes to its flash, and to reset it then. */
export interface FlashProbe {
  /** A program or an erase begins and will take so long. */
  onWrite(atUs: number, costUs: number): void;
  /** When the processor is reset, in microseconds of the run; undefined for never. */
  readonly resetUs: number | undefined;
}

/** What a lock is like beyond its role. */
export type LockBoardOptions = {
  /** Own battery and real-time clock; undefined for a key-powered lock. */
  readonly ownClock: { readonly driftPpm: number } | undefined;
  /** Told each motor command; the physical truth of an opening. */
  readonly onMotor: (command: MotorCommand, atUs: number) => void;
  /** Told when the voltage fell below what the processor needs, and the board reset itself. */
  readonly onBrownOut: (atUs: number) => void;
};

/** A lock: its flash and its bolt outlive its power. */
export interface LockBoard {
  readonly flash: VirtualFlash;
  readonly motor: VirtualMotor;
  /** The own battery of a lock with a clock. */
  readonly battery: Battery | undefined;
  /** Boots a lock with its own battery; a key-powered one waits for {@link LockBoard.feed}. */
  powerOn(): void;
  /** Takes the own battery out: the clock forgets the time. */
  powerOff(): void;
  /** Says when the own battery will be taken out, so that it hits a running step. */
  cutAt(timeUs: number): void;
  /** Plugs a key in; a key-powered lock boots when the key feeds it. */
  connect(contact: Contact): void;
  /** The key begins to feed the contact, or ends; a lock with its own battery needs it not. */
  feed(source: Feed | undefined): void;
  /** Bytes of the key. */
  receive(bytes: Uint8Array): void;
  /** Pulls the key: a key-powered lock loses its power in this instant. */
  disconnect(): void;
  /** The leaf of the door moves. */
  moveDoor(isOpen: boolean): void;
  /** Puts the own clock wrong by so many seconds, or lets it forget the time. */
  spoilClock(seconds: number | undefined): void;
}

/** Voltage below which the processor resets, in millivolts. */
const BROWN_OUT_MILLIVOLTS = 1800;
/** From a reset to the next boot, in microseconds. */
export const RESET_US = 20_000;
/** What a lock draws beside its motor: awake, and asleep between contacts. */
const AWAKE_MA = 12;
const ASLEEP_MA = 0.02;

/**
 * Makes the board of a lock with blank flash.
 *
 * @public
 */
export function createLockBoard(parts: BoardParts, options: LockBoardOptions): LockBoard {
  const { clock, model, random, listeners } = parts;
  const processor = createProcessor(clock, model.stepUs, listeners.onFault);
  const flash = createVirtualFlash(224, processor, model, random.split("flash"), (costUs) => {
    parts.probe?.onWrite(processor.nowUs(), costUs);
    plugged?.writeBegins(processor.nowUs(), costUs);
  });
  const entropy = random.split("entropy");
  const timers = createTimers(clock, processor);
  const crypto = createMeteredCrypto(parts.crypto, processor, model, (signed) =>
    listeners.onVerified(signed, processor.nowUs()),
  );
  const travelUs = random.split("motor").drawBetween(220_000, 380_000);
  const battery = options.ownClock === undefined ? undefined : createBattery(clock, LOCK_CELL, 100);
  const rtc = createDeviceClock(clock, options.ownClock?.driftPpm ?? 0, undefined);
  let source: Feed | undefined;
  let role: LockRole | undefined;
  let plugged: Contact | undefined;
  let bootedUs = 0;
  let endUs: number | undefined;
  let isDoorOpen = false;

  const motor = createVirtualMotor(clock, processor, travelUs, {
    onCommand: options.onMotor,
    onPosition: (position: BoltPosition) => processor.runStep(() => role?.onBolt(position)),
    onCurrent: (milliampere, atUs) => {
      // The load counts from its moment on, which may lie inside a step that is under way.
      clock.scheduleAt(atUs, () => source?.draw("motor", motor.isTurning() ? milliampere : 0));
      if (milliampere === 0 || source === undefined) return;
      if (voltageUnder(milliampere) < BROWN_OUT_MILLIVOLTS) brownOut(atUs);
    },
  });
  const door: DoorSensorPort = { isOpen: () => isDoorOpen };

  function voltageUnder(motorMa: number): number {
    if (source === undefined) return 0;
    source.draw("motor", motorMa);
    const millivolts = source.millivolts();
    source.draw("motor", 0);
    return millivolts;
  }

  function brownOut(atUs: number): void {
    endUs = atUs;
    clock.scheduleAt(atUs, () => {
      if (role === undefined) return;
      options.onBrownOut(clock.nowUs());
      stopAll();
      clock.scheduleAfter(RESET_US, () => {
        endUs = undefined;
        if (source !== undefined && role === undefined) boot();
      });
    });
  }

  processor.setPowerEnd(() => {
    const pulledUs = battery === undefined ? plugged?.closesAtUs() : undefined;
    if (endUs === undefined || pulledUs === undefined) return endUs ?? pulledUs;
    return Math.min(endUs, pulledUs);
  });

  function boot(): void {
    source?.draw("lock", battery === undefined ? AWAKE_MA : ASLEEP_MA);
    processor.powerOn();
    const resetUs = parts.probe?.resetUs;
    if (resetUs !== undefined && resetUs > clock.nowUs()) brownOut(resetUs);
    processor.runStep(() => {
      processor.spend(model.bootUs + model.roleUs);
      bootedUs = processor.nowUs();
      role = createLock({
        crypto,
        entropy,
        flash: flash.port,
        contact: { send: (bytes) => plugged?.send("device", bytes, processor.nowUs()) },
        timer: timers.port,
        clock: battery === undefined ? { nowS: () => undefined, set: () => undefined } : rtc.port,
        motor: motor.port,
        supply: {
          millivolts: () => source?.millivolts() ?? 0,
          percent: () => battery?.percent() ?? 100,
        },
        door,
      });
      if (plugged !== undefined) role.onContact(true);
    });
  }

  function stopAll(): void {
    processor.powerOff();
    timers.clear();
    motor.powerOff();
    role = undefined;
  }

  function losePower(): void {
    stopAll();
    source?.draw("motor", 0);
    source?.draw("lock", 0);
    source = undefined;
    endUs = undefined;
  }

  return {
    flash,
    motor,
    battery,
    powerOn: () => {
      if (battery === undefined || source !== undefined) return;
      source = battery;
      boot();
    },
    powerOff: () => {
      if (battery === undefined) return;
      losePower();
      rtc.lose();
    },
    cutAt: (timeUs) => {
      endUs = timeUs;
    },
    connect: (contact) => {
      plugged = contact;
      if (battery === undefined) return;
      source?.draw("lock", AWAKE_MA);
      processor.runStep(() => role?.onContact(true));
    },
    feed: (from) => {
      if (battery !== undefined) return;
      if (from === undefined) {
        // A key that stops feeding while it is in takes the power away as a pull does.
        if (source !== undefined) options.onBrownOut(clock.nowUs());
        losePower();
      } else if (source === undefined) {
        source = from;
        boot();
      }
    },
    // A board that has power but no role yet is still booting: its receiver hears nothing.
    receive: (bytes) => {
      if (clock.nowUs() >= bootedUs) processor.runStep(() => role?.onBytes(bytes));
    },
    disconnect: () => {
      plugged = undefined;
      if (battery === undefined) {
        losePower();
        return;
      }
      source?.draw("lock", ASLEEP_MA);
      processor.runStep(() => role?.onContact(false));
    },
    moveDoor: (isOpen) => {
      isDoorOpen = isOpen;
      processor.runStep(() => role?.onDoor(isOpen));
    },
    spoilClock: (seconds) => {
      if (seconds === undefined) rtc.lose();
      else rtc.shift(seconds);
    },
  };
}
