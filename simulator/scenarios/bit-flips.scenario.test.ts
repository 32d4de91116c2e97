// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { SCENARIOS } from "../power-cuts/all-scenarios.ts";
import { flipsOf, nameOf, runFlip } from "../power-cuts/run-cuts.ts";

const SEED = process.env["SEED"] ?? "1";
const FLIPS = 3;
/**
 * What must hold although a bit reads the other way. That no entry is lost is held by the tests of the
 * stores, because the judge of these stages reads the flash as it lies and puts nothing right; and a ring
 * with another root is refused, so that its key goes to a station.
 */
const SAFETY = /^I[1457] /;

describe.each(["lock", "key", "station"] as const)("flash of a %s", (device) => {
  test(`F6: a bit that flips after any step opens nothing and turns nothing back (seed ${SEED})`, () => {
    const scenarios = SCENARIOS.filter((one) => one.device === device);
    const failures: string[] = [];
    for (const scenario of scenarios) {
      for (const flip of flipsOf(scenario, SEED, FLIPS)) {
        for (const { invariant, text } of runFlip(scenario, flip)) {
          if (!SAFETY.test(invariant)) continue;
          failures.push(`${nameOf(scenario)} ${flip.address}:${flip.bit} ${invariant}: ${text}`);
        }
      }
    }
    expect(failures).toEqual([]);
    expect(scenarios.length).toBeGreaterThan(3);
  }, 120_000);
});
