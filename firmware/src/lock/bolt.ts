// SPDX-License-Identifier: EUPL-1.2
import { BOLT_JAMMED, type ErrorCode, VOLTAGE_LOW } from "@nyckelring/protocol";
import {
  BOLT_LOCKED,
  BOLT_UNLOCKED,
  type BoltPosition,
  type MotorPort,
  type SupplyPort,
  type TimerPort,
} from "../ports.ts";

/** Supply voltage below which the motor is not started, in millivolts. */
export const MOTOR_MILLIVOLTS_MIN = 2700;
/**
 * Supply voltage below which a running motor is stopped, in millivolts: above what the processor
 * needs, so that a sag ends a try and not the life of the device.
 */
export const LOADED_MILLIVOLTS_MIN = 2300;
/** Longest time that one try may take, in milliseconds. */
export const MOVE_MS_MAX = 1500;
/** How often a running motor's supply is looked at, in milliseconds. */
export const WATCH_MS = 100;
/** Pause between two tries, in milliseconds. */
export const RETRY_PAUSE_MS = 300;
/** Tries of one move before the bolt counts as jammed. */
export const TRIES_MAX = 3;
/** Time from the unlocked end to the start of relocking, in milliseconds. */
export const RELOCK_MS = 5000;

/** The bolt was moving towards unlocked. */
export const TOWARDS_UNLOCKED = 1;
/** The bolt was moving towards locked. */
export const TOWARDS_LOCKED = 2;
/** Which way a move went: `TOWARDS_UNLOCKED` or `TOWARDS_LOCKED`. */
export type BoltDirection = 1 | 2;

/** A bolt that ends every move it began, one way or the other. */
export interface Bolt {
  /** Begins a life: motor off, then towards locked where the bolt is not there. */
  start(): void;
  /** Opens the door for `RELOCK_MS`; while it is open, for that long from now. */
  unlock(): void;
  /** Closes the door now. */
  lock(): void;
  /** The end switches have changed. */
  onPosition(position: BoltPosition): void;
  /** True while the supply allows the motor to run. */
  canMove(): boolean;
}

/** What a bolt tells: only what differs from a passage that went as it should. */
export interface BoltReport {
  /** Power came back and the bolt stood open; it was driven to locked. */
  onRelocked(): void;
  /** A move was given up: `BOLT_JAMMED` after three tries, or `VOLTAGE_LOW`. */
  onFailed(code: ErrorCode, direction: BoltDirection): void;
}

/**
 * Creates the state machine of a bolt.
 *
 * The motor runs only between the start of a try and the first of: the wanted end switch, the limit
 * of time, a supply that sags under the load, a new command. A bolt that cannot be opened is driven back to locked; one that cannot be
 * locked is left where it is and tried again at the next command or the next power. Nothing here
 * holds the bolt: the mechanical key and the inside handle move it whenever they like, and the end
 * switches tell.
 */
export function createBolt(
  ports: { readonly motor: MotorPort; readonly timer: TimerPort; readonly supply: SupplyPort },
  report: BoltReport,
): Bolt {
  const motor = ports.motor;
  const timer = ports.timer;
  /** 0 while the bolt rests. */
  let direction: 0 | BoltDirection = 0;
  let tries = 0;
  /** Time that the running try has left, in milliseconds. */
  let leftMs = 0;
  let waitId = 0;
  let isRelockingAtPower = false;

  function isSafe(): boolean {
    return ports.supply.millivolts() >= MOTOR_MILLIVOLTS_MIN;
  }

  function wait(delayMs: number, next: () => void): void {
    if (waitId !== 0) timer.cancel(waitId);
    waitId = timer.after(delayMs, () => {
      waitId = 0;
      next();
    });
  }

  function rest(): void {
    motor.stop();
    direction = 0;
    if (waitId !== 0) timer.cancel(waitId);
    waitId = 0;
  }

  function begin(towards: BoltDirection): void {
    rest();
    direction = towards;
    tries = 0;
    tryMove();
  }

  function tryMove(): void {
    if (motor.position() === endOf(direction)) {
      arrive();
      return;
    }
    if (!isSafe()) {
      fail(VOLTAGE_LOW);
      return;
    }
    tries += 1;
    leftMs = MOVE_MS_MAX;
    if (direction === TOWARDS_UNLOCKED) {
      motor.unlock();
    } else {
      motor.lock();
    }
    wait(WATCH_MS, watch);
  }

  function watch(): void {
    leftMs -= WATCH_MS;
    const hasSagged = ports.supply.millivolts() < LOADED_MILLIVOLTS_MIN;
    if (!hasSagged && leftMs > 0) {
      wait(WATCH_MS, watch);
      return;
    }
    motor.stop();
    // The switch may have closed at the very moment of the limit.
    if (motor.position() === endOf(direction)) {
      arrive();
    } else if (tries < TRIES_MAX) {
      wait(RETRY_PAUSE_MS, tryMove);
    } else {
      fail(hasSagged ? VOLTAGE_LOW : BOLT_JAMMED);
    }
  }

  function arrive(): void {
    const towards = direction;
    rest();
    if (towards === TOWARDS_UNLOCKED) {
      wait(RELOCK_MS, () => begin(TOWARDS_LOCKED));
    } else if (isRelockingAtPower) {
      isRelockingAtPower = false;
      report.onRelocked();
    }
  }

  function fail(code: ErrorCode): void {
    const towards = direction;
    rest();
    isRelockingAtPower = false;
    if (towards === 0) return;
    report.onFailed(code, towards);
    if (towards === TOWARDS_UNLOCKED && motor.position() !== BOLT_LOCKED) begin(TOWARDS_LOCKED);
  }

  return {
    start() {
      motor.stop();
      if (motor.position() === BOLT_LOCKED) return;
      isRelockingAtPower = true;
      begin(TOWARDS_LOCKED);
    },
    unlock() {
      isRelockingAtPower = false;
      begin(TOWARDS_UNLOCKED);
    },
    lock() {
      if (motor.position() === BOLT_LOCKED && direction === 0) return;
      begin(TOWARDS_LOCKED);
    },
    onPosition(position) {
      if (direction !== 0 && position === endOf(direction)) arrive();
    },
    canMove() {
      return isSafe();
    },
  };
}

function endOf(direction: 0 | BoltDirection): BoltPosition {
  return direction === TOWARDS_UNLOCKED ? BOLT_UNLOCKED : BOLT_LOCKED;
}
