// SPDX-License-Identifier: EUPL-1.2
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { FAULTY_FIRMWARES } from "../mutants/faulty-firmwares.ts";
import { SILENT_CASES } from "../mutants/silent-cases.ts";
import { ALL_CASES } from "./all-cases.ts";

const RUNNER = fileURLToPath(new URL("../mutants/run-faulty.ts", import.meta.url));

type Line = { readonly id: string; readonly verdict: string; readonly fault?: string };

/**
 * Goal: the suite can fail, and the right cases do.
 * Method: each faulty firmware is one replacement in the loaded source of a process of its own, which
 * plays the cases that have to be red on it. Without a defect they are green: the acceptance suite.
 */
test.each(FAULTY_FIRMWARES)(
  "X6: the suite is red on the faulty firmware $name",
  async ({ name, red }) => {
    const child = spawn(process.execPath, [RUNNER, name, "7"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [said, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(errors).toBe("");
    const lines = said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    const seen = Object.fromEntries(lines.map(({ id, verdict, fault }) => [id, [verdict, fault]]));
    expect(seen).toEqual(Object.fromEntries(red.map((id) => [id, ["failed", "product"]])));
  },
  120_000,
);

test("every case that a faulty firmware names exists, and there are ten of them and more", () => {
  const known = new Set([...ALL_CASES, ...SILENT_CASES].map(({ id }) => id));
  expect(FAULTY_FIRMWARES.flatMap(({ red }) => red).filter((id) => !known.has(id))).toEqual([]);
  expect(FAULTY_FIRMWARES.length).toBeGreaterThanOrEqual(10);
});
