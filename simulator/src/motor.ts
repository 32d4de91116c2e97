// SPDX-License-Identifier: EUPL-1.2

import {
  BOLT_BETWEEN,
  BOLT_LOCKED,
  BOLT_UNLOCKED,
  type BoltPosition,
  type MotorPort,
} from "@nyckelring/firmware";
import type { Processor } from "./processor.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** One command that moved, or tried to move, a bolt. */
export type MotorCommand = "unlock" | "lock" | "stop";

/** What a motor draws, in milliamperes; estimates of a small gear motor. */
export const MOTOR_RUN_MA = 180;
export const MOTOR_STALL_MA = 600;

/** A bolt and its motor; the bolt stays where it is when power goes. */
export interface VirtualMotor {
  readonly port: MotorPort;
  /** Where the bolt is now. */
  position(): BoltPosition;
  /** Whether the motor has power and turns. */
  isTurning(): boolean;
  /** Lets the motor stand, as the end of power does. */
  powerOff(): void;
  /**
   * Blocks the bolt at a place, in thousandths of its way from locked to unlocked, or frees it: it
   * does not pass the place from either side.
   */
  jam(permille: number | undefined): void;
  /** The resident's key or the handle puts the bolt at an end, whatever the motor does. */
  turnByHand(position: BoltPosition): void;
}

/** Who is told what a motor does. */
export type MotorListeners = {
  /** Each command at its moment: the physical truth that the oracle judges. */
  readonly onCommand: (command: MotorCommand, atUs: number) => void;
  /** An end switch has closed, or the bolt was turned by hand; the board hands it to the role. */
  readonly onPosition: (position: BoltPosition) => void;
  /** What the motor draws from this moment on, in milliamperes. */
  readonly onCurrent: (milliampere: number, atUs: number) => void;
};

/**
 * Makes a locked bolt.
 *
 * @param travelUs - Time from one end to the other, in microseconds.
 * @public
 */
export function createVirtualMotor(
  clock: VirtualClock,
  processor: Processor,
  travelUs: number,
  listeners: MotorListeners,
): VirtualMotor {
  // 0 is locked, travelUs is unlocked; the bolt moves one unit a microsecond while the motor turns.
  let placeUs = 0;
  let direction: -1 | 0 | 1 = 0;
  let movesSinceUs = 0;
  let turn = 0;
  let jamUs: number | undefined;

  /** Where the bolt stops in its present direction: an end, or the jam before it. */
  function goalUs(): number {
    const endUs = direction === 1 ? travelUs : 0;
    if (jamUs === undefined) return endUs;
    const isBefore = direction === 1 ? placeUs <= jamUs : placeUs >= jamUs;
    return isBefore ? jamUs : endUs;
  }

  function placeAt(timeUs: number): number {
    if (direction === 0) return placeUs;
    const movedUs = Math.max(0, timeUs - movesSinceUs);
    return direction === 1
      ? Math.min(goalUs(), placeUs + movedUs)
      : Math.max(goalUs(), placeUs - movedUs);
  }

  function positionAt(timeUs: number): BoltPosition {
    const place = placeAt(timeUs);
    if (place === 0) return BOLT_LOCKED;
    return place === travelUs ? BOLT_UNLOCKED : BOLT_BETWEEN;
  }

  function drive(next: -1 | 0 | 1, atUs: number): void {
    placeUs = placeAt(atUs);
    movesSinceUs = atUs;
    direction = next;
    turn += 1;
    listeners.onCurrent(next === 0 ? 0 : MOTOR_RUN_MA, atUs);
    if (next === 0) return;
    const thisTurn = turn;
    clock.scheduleAt(atUs + Math.abs(goalUs() - placeUs), () => {
      if (turn !== thisTurn) return;
      // At an end or at a jam the motor stalls until it is stopped.
      listeners.onCurrent(MOTOR_STALL_MA, clock.nowUs());
      const position = positionAt(clock.nowUs());
      if (position === (next === 1 ? BOLT_UNLOCKED : BOLT_LOCKED)) listeners.onPosition(position);
    });
  }

  function command(name: MotorCommand, next: -1 | 0 | 1): void {
    processor.spend(0);
    const atUs = processor.nowUs();
    if (next !== 0 || direction !== 0) listeners.onCommand(name, atUs);
    drive(next, atUs);
  }

  return {
    port: {
      unlock: () => command("unlock", 1),
      lock: () => command("lock", -1),
      stop: () => command("stop", 0),
      position: () => positionAt(processor.nowUs()),
    },
    position: () => positionAt(clock.nowUs()),
    isTurning: () => direction !== 0,
    powerOff: () => drive(0, clock.nowUs()),
    jam: (permille) => {
      placeUs = placeAt(clock.nowUs());
      movesSinceUs = clock.nowUs();
      jamUs = permille === undefined ? undefined : Math.round((permille * travelUs) / 1000);
      if (direction !== 0) drive(direction, clock.nowUs());
    },
    turnByHand: (position) => {
      const running = direction;
      placeUs = position === BOLT_UNLOCKED ? travelUs : 0;
      movesSinceUs = clock.nowUs();
      if (running !== 0) drive(running, clock.nowUs());
      listeners.onPosition(position);
    },
  };
}
