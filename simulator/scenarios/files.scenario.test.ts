// SPDX-License-Identifier: EUPL-1.2

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readScenarioFile, runScript } from "../src/script/run-script.ts";
import { ACTIONS, type ScenarioFile, type Step } from "../src/script/scenario-shape.ts";

const FOLDER = import.meta.dirname;
const paths = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"));

function readFile(name: string): ScenarioFile {
  const reading = readScenarioFile(readFileSync(`${FOLDER}/${name}`, "utf8"));
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return reading.value;
}

function actionsIn(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => [
    ...Object.keys(step).filter((name) => name in ACTIONS),
    ...actionsIn(step.meanwhile ?? []),
    ...actionsIn(step.repeat?.steps ?? []),
  ]);
}

/**
 * Goal: what QA people write down stays true, and the files together show every knob.
 * Method: each file is played with its usual seed and judged by its own expectations and by the
 * oracle, which knows nothing of them.
 */
describe("scenario files", () => {
  test.each(paths)(
    "L3, L4, L5, K2, K5, C8, T8: %s is as it says",
    (name) => {
      const path = `simulator/scenarios/${name}`;
      const outcome = runScript({ path, file: readFile(name), seed: "1" });
      expect(outcome.violations).toEqual([]);
      expect(outcome.expectations).toBeGreaterThan(2);
      expect(outcome.result.headsVerified).toBeGreaterThan(0);
    },
    180_000,
  );

  test("every action of the table is shown by at least one file", () => {
    const used = new Set(paths.flatMap((name) => actionsIn(readFile(name).steps)));
    expect(paths.length).toBeGreaterThanOrEqual(10);
    expect(Object.keys(ACTIONS).filter((name) => !used.has(name))).toEqual([]);
  });

  test("one seed is one trace, and another seed another one", () => {
    const play = (seed: string) =>
      runScript({ path: "jam.yaml", file: readFile("jam.yaml"), seed }).result.traceHash;
    expect(play("5")).toBe(play("5"));
    expect(play("5")).not.toBe(play("6"));
  });

  test("an expectation that is not met is a violation with its line, and nothing else changes", () => {
    const text = readFileSync(`${FOLDER}/jam.yaml`, "utf8");
    const lines = text.split("\n");
    const at = lines.findIndex((line) => line.includes("reason: BOLT_JAMMED"));
    const changed = text.replace(
      "reason: BOLT_JAMMED, atLeast: 1",
      "reason: BOLT_JAMMED, count: 0",
    );
    const reading = readScenarioFile(changed);
    if (!reading.ok) throw new Error("the file");
    const outcome = runScript({ path: "jam.yaml", file: reading.value, seed: "1" });
    const [violation, ...rest] = outcome.violations;
    expect(rest).toEqual([]);
    expect(violation).toMatchObject({ invariant: "expectation" });
    expect(violation?.text).toMatch(
      new RegExp(`^jam.yaml:${at + 1}:7: entries of flat at the issuer .*: \\d+, expected 0$`),
    );
  });

  test("a file that expects nothing shows nothing, so it fails", () => {
    const reading = readScenarioFile(
      "title: t\ndoors: { flat: {} }\nkeys: { anna: {} }\nsteps: [{ wait: 1 s }]\nbringHome: no\n",
    );
    if (!reading.ok) throw new Error("the file");
    const { misses } = runScript({ path: "t.yaml", file: reading.value, seed: "1" });
    expect(misses.map(({ text }) => text)).toEqual([
      "the file expects nothing, so it shows nothing",
    ]);
  });
});
