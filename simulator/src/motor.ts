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

/** A bolt and its motor; the bolt stays where it is when power goes. */
export interface VirtualMotor {
  readonly port: MotorPort;
  /** Where the bolt is now. */
  position(): BoltPosition;
  /** Whether the motor has power and turns. */
  isTurning(): boolean;
  /** Lets the motor stand, as the end of power does. */
  powerOff(): void;
}

/**
 * Makes a locked bolt.
 *
 * @param travelUs - Time from one end to the other, in microseconds.
 * @param onCommand - Told each command at its moment: the physical truth that the oracle judges.
 * @param onPosition - Told when an end switch closes; the board hands it to the role.
 * @public
 */
export function createVirtualMotor(
  clock: VirtualClock,
  processor: Processor,
  travelUs: number,
  onCommand: (command: MotorCommand, atUs: number) => void,
  onPosition: (position: BoltPosition) => void,
): VirtualMotor {
  // 0 is locked, travelUs is unlocked; the bolt moves one unit a microsecond while the motor turns.
  let placeUs = 0;
  let direction: -1 | 0 | 1 = 0;
  let movesSinceUs = 0;
  let turn = 0;

  function placeAt(timeUs: number): number {
    const movedUs = Math.max(0, timeUs - movesSinceUs);
    return Math.min(travelUs, Math.max(0, placeUs + direction * movedUs));
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
    if (next === 0) return;
    const thisTurn = turn;
    const leftUs = next === 1 ? travelUs - placeUs : placeUs;
    clock.scheduleAt(atUs + leftUs, () => {
      if (turn === thisTurn) onPosition(next === 1 ? BOLT_UNLOCKED : BOLT_LOCKED);
    });
  }

  function command(name: MotorCommand, next: -1 | 0 | 1): void {
    processor.spend(0);
    const atUs = processor.nowUs();
    if (next !== 0 || direction !== 0) onCommand(name, atUs);
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
  };
}
