// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CUT_MUTANTS } from "../mutants/mutants.ts";
import { SCENARIOS } from "../power-cuts/all-scenarios.ts";
import { nameOf, readCuts, runCases, sampleOf, singleCuts } from "../power-cuts/run-cuts.ts";

const SEED = process.env["SEED"] ?? "1";
/** Of about 2100 single cuts; `make test-long` runs them all. */
const SHARE = 0.05;
const SLOW_MS = 240_000;
const RUNNER = fileURLToPath(new URL("../mutants/run-cut-mutant.ts", import.meta.url));

describe("power cuts", () => {
  /**
   * Goal: F1 to F5, no cut loses, adds or mixes anything, and no device is out of order after one.
   * Method: each step of each device is set up anew, cut at one flash operation in one of five ways,
   * booted, judged by what lies in flash and what the device says, and led on honestly.
   */
  function expectPromisesKept(device: string): void {
    const scenarios = SCENARIOS.filter((scenario) => scenario.device === device);
    const { failures, operations } = runCases(sampleOf(singleCuts(scenarios), SEED, SHARE));
    expect(failures).toEqual([]);
    expect([...operations.keys()].sort()).toEqual(scenarios.map(nameOf).sort());
  }

  test(
    "L4, X6: a sample of the power cuts of a lock breaks no promise",
    () => expectPromisesKept("lock"),
    SLOW_MS,
  );

  test(
    "K5, X6: a sample of the power cuts of a key breaks no promise",
    () => expectPromisesKept("key"),
    SLOW_MS,
  );

  test(
    "T3: a sample of the power cuts of a station breaks no promise",
    () => expectPromisesKept("station"),
    SLOW_MS,
  );

  test("X6: the steps that are cut are those of the table, for key and lock", () => {
    const names = SCENARIOS.map(nameOf).join(" ");
    for (const step of ["open", "deny", "leave", "log-wrap", "log-read", "ack", "wear"]) {
      expect(names).toContain(`lock/${step}`);
      expect(names).toContain(`key/${step}`);
    }
    for (const step of ["time-floor", "configuration", "rotation", "floor-list", "compaction"]) {
      expect(names).toContain(`lock/${step}`);
    }
    for (const step of ["ring-swap", "rotation", "floor-list", "compaction"]) {
      expect(names).toContain(`key/${step}`);
    }
    expect(() => readCuts(["3:sideways"])).toThrow("no place of a cut");
  });
});

/**
 * Goal: the judge of the power cuts can fail, and names the right promise.
 * Method: one defect is planted in the loaded source of a process of its own.
 */
test.each(CUT_MUTANTS)(
  "X6: the power cuts see the planted defect $name as $breaks",
  (mutant) => {
    const child = spawnSync(process.execPath, [RUNNER, mutant.name], { encoding: "utf8" });
    expect(child.stderr).toBe("");
    const said = JSON.parse(child.stdout) as { readonly counts: Record<string, number> };
    expect(said.counts[mutant.breaks] ?? 0).toBeGreaterThan(0);
  },
  SLOW_MS,
);
