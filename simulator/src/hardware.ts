// SPDX-License-Identifier: EUPL-1.2

import { BOLT_LOCKED, BOLT_UNLOCKED } from "@nyckelring/firmware";
import type { KeyUnit, LockUnit } from "./units.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { HardwareFact, WorldEvent } from "./world-events.ts";

/** What happens to hardware, to doors and to people's things, as a scenario wants it. */
export interface Hardware {
  /** Blocks the bolt at a place, in thousandths of its way from locked to unlocked. */
  jam(lock: LockUnit, permille: number): void;
  free(lock: LockUnit): void;
  /** The resident turns the bolt with the mechanical key or the handle. */
  turnBolt(lock: LockUnit, to: "locked" | "unlocked"): void;
  /** The leaf of the door is opened or closed; a thrown bolt holds nothing against force. */
  moveDoor(lock: LockUnit, isOpen: boolean): void;
  /** A coin or water joins the contacts of a lock, or is gone again. */
  setShort(lock: LockUnit, isShort: boolean): void;
  /** Takes out the own battery of a lock with a clock, or puts a full one in. */
  setLockBattery(lock: LockUnit, isIn: boolean): void;
  /** Sets the charge of a battery in percent. */
  setCharge(device: KeyUnit | LockUnit, percent: number): void;
  /** Adds resistance between the battery of a key and what it feeds, in ohms. */
  setContactOhm(key: KeyUnit, ohm: number): void;
  /** Makes it -20 degrees for all batteries, or room temperature. */
  setCold(isCold: boolean): void;
  /** Puts a clock wrong by so many seconds; undefined lets it forget the time. */
  spoilClock(device: KeyUnit | LockUnit, seconds: number | undefined): void;
}

/**
 * Makes the hands that reach into hardware; each act is written down as a fact.
 *
 * @param note - Takes what happened.
 */
export function createHardware(
  clock: VirtualClock,
  locks: readonly LockUnit[],
  keys: readonly KeyUnit[],
  note: (event: WorldEvent) => void,
): Hardware {
  function tell(device: string, what: HardwareFact, detail = 0): void {
    note({ kind: "hardware", atUs: clock.nowUs(), device, what, detail });
  }

  return {
    jam: (lock, permille) => {
      lock.board.motor.jam(permille);
      tell(lock.name, "jammed", permille);
    },
    free: (lock) => {
      lock.board.motor.jam(undefined);
      tell(lock.name, "freed");
    },
    turnBolt: (lock, to) => {
      lock.board.motor.turnByHand(to === "locked" ? BOLT_LOCKED : BOLT_UNLOCKED);
      tell(lock.name, "turned-by-hand", to === "locked" ? 0 : 1);
    },
    moveDoor: (lock, isOpen) => {
      const isThrown = lock.board.motor.position() === BOLT_LOCKED;
      tell(lock.name, !isOpen ? "door-closed" : isThrown ? "door-forced" : "door-opened");
      lock.board.moveDoor(isOpen);
    },
    setShort: (lock, isShort) => {
      lock.isShorted = isShort;
      tell(lock.name, isShort ? "shorted" : "short-gone");
    },
    setLockBattery: (lock, isIn) => {
      tell(lock.name, isIn ? "battery-in" : "battery-out");
      if (!isIn) lock.board.powerOff();
      else lock.board.battery?.setPercent(100);
      if (isIn) lock.board.powerOn();
    },
    setCharge: (device, percent) => {
      device.board.battery?.setPercent(percent);
      tell(device.name, "charge-set", percent);
    },
    setContactOhm: (key, ohm) => {
      key.board.battery.setExtraOhm(ohm);
      tell(key.name, "contacts-dirty", Math.round(ohm * 1000));
    },
    setCold: (isCold) => {
      for (const { board } of [...locks, ...keys]) board.battery?.setCold(isCold);
      tell("", isCold ? "cold" : "warm");
    },
    spoilClock: (device, seconds) => {
      if ("devidBytes" in device) {
        if (seconds === undefined) device.board.loseClock();
        else device.board.shiftClock(seconds);
      } else {
        device.board.spoilClock(seconds);
      }
      tell(device.name, seconds === undefined ? "clock-lost" : "clock-wrong", seconds ?? 0);
    },
  };
}
