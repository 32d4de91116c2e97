// SPDX-License-Identifier: EUPL-1.2
import { afterEach, describe, expect, test, vi } from "vitest";

import { MOVE_MS_MAX } from "../lock/bolt.ts";
import { openBolt } from "./bolt.ts";

const WIRING = { forward: "F", backward: "B", unlocked: "U", locked: "L" };

/** Levels of the pins, and what the interpreter was told to do with them. */
function stubPins() {
  const levels: Record<string, number> = { F: 0, B: 0, U: 1, L: 0 };
  const pulses: [pin: string, level: number, lengthMs: number][] = [];
  vi.stubGlobal("digitalWrite", (pin: string, level: number) => {
    levels[pin] = level;
    expect(levels["F"] === 1 && levels["B"] === 1).toBe(false);
  });
  vi.stubGlobal("digitalPulse", (pin: string, level: number, lengthMs: number) => {
    pulses.push([pin, level, lengthMs]);
  });
  vi.stubGlobal("digitalRead", (pin: string) => levels[pin]);
  vi.stubGlobal("pinMode", () => undefined);
  vi.stubGlobal("setWatch", () => undefined);
  return { levels, pulses };
}

afterEach(() => vi.unstubAllGlobals());

describe("the bolt of a board", () => {
  test("every start of the motor has an end that does not depend on the program", () => {
    const { levels, pulses } = stubPins();
    const bolt = openBolt(WIRING, () => undefined);
    expect(levels).toMatchObject({ F: 0, B: 0 });
    bolt.unlock();
    expect(levels).toMatchObject({ F: 1, B: 0 });
    bolt.lock();
    expect(levels).toMatchObject({ F: 0, B: 1 });
    bolt.stop();
    expect(levels).toMatchObject({ F: 0, B: 0 });
    expect(pulses.map(([pin, level]) => [pin, level])).toEqual([
      ["F", 1],
      ["B", 1],
    ]);
    for (const [, , lengthMs] of pulses) {
      // Longer than a try, so that the state machine ends it first, and well below the watchdog.
      expect(lengthMs).toBeGreaterThan(MOVE_MS_MAX);
      expect(lengthMs).toBeLessThan(2 * MOVE_MS_MAX);
    }
  });
});
