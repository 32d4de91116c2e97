// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { HOSTILE_KEYS, MUTANTS } from "../mutants/mutants.ts";

const SEED = "7";
/** A run takes seconds; a machine that does much else at the same time needs more. */
const SLOW_MS = 120_000;
const RUNNER = fileURLToPath(new URL("../mutants/run-mutant.ts", import.meta.url));

/**
 * Goal: the oracle can fail, and names the right promise.
 * Method: each planted defect replaces a place in the loaded source of one run of seed 7. The same
 * seed without a defect is clean; see the test of the pilot day.
 */
test.each(MUTANTS)(
  "X6: the oracle sees the planted defect $name as $breaks",
  (mutant) => {
    const child = spawnSync(process.execPath, [RUNNER, mutant.name, SEED], { encoding: "utf8" });
    expect(child.stderr).toBe("");
    const said = JSON.parse(child.stdout) as { readonly counts: Record<string, number> };
    expect(said.counts[mutant.breaks] ?? 0).toBeGreaterThan(0);
  },
  SLOW_MS,
);

test.each(HOSTILE_KEYS)(
  "L1: the locks stop a changed key, $name",
  (hostile) => {
    const child = spawnSync(process.execPath, [RUNNER, hostile.name, SEED], { encoding: "utf8" });
    expect(child.stderr).toBe("");
    const said = JSON.parse(child.stdout) as {
      readonly counts: Record<string, number>;
      readonly openings: number;
      readonly told: readonly string[];
    };
    expect(said.counts).toEqual({});
    expect(said.openings).toBeGreaterThan(10);
    expect(said.told.join("\n")).toMatch(/without a right: key-02 .* refused, TARGET_MISMATCH/);
  },
  SLOW_MS,
);

test("X6: a defect whose place has moved is an error and no green test", () => {
  const child = spawnSync(process.execPath, [RUNNER, "no-such-defect", SEED], { encoding: "utf8" });
  expect(child.status).not.toBe(0);
  expect(child.stderr).toContain("there is no mutant");
});
