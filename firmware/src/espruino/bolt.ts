// SPDX-License-Identifier: EUPL-1.2

import type { BoltWiring } from "../boards/board.ts";
import { MOVE_MS_MAX, WATCH_MS } from "../lock/bolt.ts";
import {
  BOLT_BETWEEN,
  BOLT_LOCKED,
  BOLT_UNLOCKED,
  type BoltPosition,
  type MotorPort,
} from "../ports.ts";

const DEBOUNCE_MS = 5;
const TRAVEL_MS = 120;
/**
 * A motor never runs longer, in milliseconds, whatever becomes of the program that started it: longer
 * than the state machine of the bolt lets it, by its own step.
 */
const MOTOR_MS_MAX = MOVE_MS_MAX + 2 * WATCH_MS;

/**
 * The bolt of a board: an H bridge and two end switches that close to ground.
 *
 * @param onMove - Told whenever an end switch changes.
 */
export function openBolt(wiring: BoltWiring, onMove: (position: BoltPosition) => void): MotorPort {
  const { forward, backward, unlocked, locked } = wiring;

  function drive(towardsUnlocked: 0 | 1, towardsLocked: 0 | 1): void {
    // Both sides low first: a bridge with both sides high is a short circuit.
    digitalWrite(forward, 0);
    digitalWrite(backward, 0);
    if (towardsUnlocked === 1) start(forward);
    else if (towardsLocked === 1) start(backward);
  }

  function start(side: string): void {
    digitalWrite(side, 1);
    // Where the pulse of an earlier move is under way its end stops this one too: a try is lost.
    digitalPulse(side, 1, MOTOR_MS_MAX);
  }

  function position(): BoltPosition {
    if (digitalRead(unlocked) === 0) {
      return BOLT_UNLOCKED;
    }
    return digitalRead(locked) === 0 ? BOLT_LOCKED : BOLT_BETWEEN;
  }

  drive(0, 0);
  pinMode(unlocked, "input_pullup");
  pinMode(locked, "input_pullup");
  const watch = { repeat: true, edge: "both", debounce: DEBOUNCE_MS } as const;
  setWatch(() => onMove(position()), unlocked, watch);
  setWatch(() => onMove(position()), locked, watch);
  return {
    unlock: () => drive(1, 0),
    lock: () => drive(0, 1),
    stop: () => drive(0, 0),
    position,
  };
}

/**
 * A bolt that exists only in the interpreter of a computer; it says on the console what it does.
 *
 * @param onMove - Told when the bolt leaves an end and when it reaches the other.
 */
export function openSimulatedBolt(onMove: (position: BoltPosition) => void): MotorPort {
  let position: BoltPosition = BOLT_LOCKED;
  let running = 0;

  function drive(goal: BoltPosition): void {
    stop();
    running = setTimeout(() => {
      running = 0;
      position = goal;
      print(goal === BOLT_UNLOCKED ? "bolt unlocked" : "bolt locked");
      onMove(goal);
    }, TRAVEL_MS);
    position = BOLT_BETWEEN;
  }

  function stop(): void {
    if (running !== 0) {
      clearTimeout(running);
      running = 0;
    }
  }

  return {
    unlock: () => drive(BOLT_UNLOCKED),
    lock: () => drive(BOLT_LOCKED),
    stop,
    position: () => position,
  };
}
