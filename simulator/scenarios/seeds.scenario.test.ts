// SPDX-License-Identifier: EUPL-1.2

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isScenarioName, runScenario } from "../src/run.ts";

/** A seed that was red once, and what it found. */
type Regression = {
  readonly scenario: string;
  readonly seed: string;
  readonly days: number;
  readonly found: string;
};

const regressions = JSON.parse(
  readFileSync(new URL("../seeds/regressions.json", import.meta.url), "utf8"),
) as readonly Regression[];

/** A run takes seconds; a machine that does much else at the same time needs more. */
const SLOW_MS = 120_000;

const hashes = new Map<string, string>();

test.each(regressions)(
  "X6: seed $seed of $scenario stays clean; it once found: $found",
  (one) => {
    const { scenario, seed, days } = one;
    if (!isScenarioName(scenario)) throw new Error(`there is no scenario ${scenario}`);
    const { violations, result } = runScenario({ scenario, seed, days });
    expect(violations).toEqual([]);
    // What is forbidden and opens a door is told apart, or the day did not play what it tells.
    expect(result.forbiddenAttempts - result.forbiddenStopped).toBe(result.residualOpenings);
    hashes.set(seed, result.traceHash);
  },
  SLOW_MS,
);

test("X6: other seeds have other hashes", () => {
  expect(regressions.length).toBeGreaterThan(2);
  expect(new Set(hashes.values()).size).toBe(regressions.length);
});
