// SPDX-License-Identifier: EUPL-1.2

import { runUntilCut, TEAR_MODES, type TearMode } from "../../firmware/test/cut-flash.ts";
import { createRandomStream } from "../src/prng.ts";
import type { Broken, Cut, CutScenario } from "./cut-scenario.ts";

/** One run: a scenario and its one or two cuts. */
export type CutCase = { readonly scenario: CutScenario; readonly cuts: readonly Cut[] };

/** What a run of many cases found. */
export type CutResult = {
  readonly cases: number;
  /** One line for each broken promise, with the command that repeats it. */
  readonly failures: readonly string[];
  /** Flash operations that were cut, by scenario. */
  readonly operations: ReadonlyMap<string, number>;
};

/** Name of a scenario on the command line. */
export function nameOf(scenario: CutScenario): string {
  return `${scenario.device}/${scenario.name}`;
}

/**
 * Every single cut of the scenarios: each flash operation in each of the five ways, and last a run
 * that comes to its end and loses its power then.
 */
export function singleCuts(scenarios: readonly CutScenario[]): CutCase[] {
  return scenarios.flatMap((scenario) => {
    const operations = operationsOf(scenario, []);
    const uncut: CutCase = { scenario, cuts: [{ operation: operations, mode: "none" }] };
    const cases = Array.from({ length: operations }, (_, operation) =>
      TEAR_MODES.map((mode): CutCase => ({ scenario, cuts: [{ operation, mode }] })),
    );
    return [...cases.flat(), uncut];
  });
}

/**
 * Two cuts in a row: the second one meets the same step after the boot that followed the first.
 *
 * @param onProgress - Told after each first cut.
 */
export function* doubleCuts(scenarios: readonly CutScenario[]): Generator<CutCase> {
  for (const single of singleCuts(scenarios.filter(({ isDoubled }) => isDoubled))) {
    const second = operationsOf(single.scenario, single.cuts);
    for (let operation = 0; operation < second; operation += 1) {
      for (const mode of TEAR_MODES) {
        yield { scenario: single.scenario, cuts: [...single.cuts, { operation, mode }] };
      }
    }
  }
}

/** Draws some of the cases, and the last one of each scenario, which comes to its end. */
export function sampleOf(cases: readonly CutCase[], seed: string, share: number): CutCase[] {
  const random = createRandomStream(seed).split("power cuts");
  return cases.filter(({ scenario }, index) => {
    const isLast = cases[index + 1]?.scenario !== scenario;
    return random.drawBetween(0, 999) < share * 1000 || isLast;
  });
}

/** Runs one case. */
export function runCase({ scenario, cuts }: CutCase): Broken[] {
  const stage = scenario.stage(seedOf(cuts));
  try {
    let isDone = true;
    for (const cut of cuts) {
      stage.flash.cutAt(cut.operation, cut.mode);
      isDone = !runUntilCut(stage.step);
      stage.flash.cutAt(undefined);
      stage.reboot();
    }
    return stage.judge(isDone);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [{ invariant: "I4 no-brick", text: `the device threw: ${text}` }];
  }
}

/** One bit of the flash that reads the other way from now on. */
export type Flip = { readonly address: number; readonly bit: number };

/** Draws bits of what is programmed when the step of a scenario is done. */
export function flipsOf(scenario: CutScenario, seed: string, count: number): Flip[] {
  const stage = scenario.stage(1);
  stage.step();
  const image = stage.flash.image();
  const programmed = [...image.keys()].filter((address) => image[address] !== 0xff);
  const random = createRandomStream(seed).split(`flips ${nameOf(scenario)}`);
  return Array.from({ length: count }, () => ({
    address: programmed[random.drawBetween(0, programmed.length - 1)] ?? 0,
    bit: random.drawBetween(0, 7),
  }));
}

/** Plays a step to its end, flips a bit while the device has no power, and judges what it is then. */
export function runFlip(scenario: CutScenario, flip: Flip): Broken[] {
  const stage = scenario.stage(1);
  try {
    stage.step();
    stage.flash.flip(flip.address, flip.bit);
    stage.reboot();
    return stage.judge(true);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [{ invariant: "I4 no-brick", text: `the device threw: ${text}` }];
  }
}

/** Runs cases until they are through, or until `isEnough` says so. */
export function runCases(
  cases: Iterable<CutCase>,
  isEnough: (count: number) => boolean = () => false,
): CutResult {
  const failures: string[] = [];
  const operations = new Map<string, number>();
  let count = 0;
  for (const one of cases) {
    if (isEnough(count)) break;
    count += 1;
    const name = nameOf(one.scenario);
    operations.set(name, (operations.get(name) ?? 0) + 1);
    for (const { invariant, text } of runCase(one)) {
      failures.push(`${invariant}: ${text}\n  repeat: ${replayOf(one)}`);
    }
  }
  return { cases: count, failures, operations };
}

/** The command that repeats a case. */
export function replayOf({ scenario, cuts }: CutCase): string {
  const places = cuts.map(({ operation, mode }) => `${operation}:${mode}`);
  return `node simulator/power-cuts/run.ts ${nameOf(scenario)} ${places.join(" ")}`;
}

/** Reads the places of cuts as `replayOf` writes them. */
export function readCuts(places: readonly string[]): Cut[] {
  return places.map((place) => {
    const [operation = "", mode = ""] = place.split(":");
    if (!/^\d+$/.test(operation) || !isTearMode(mode)) {
      throw new Error(`"${place}" is no place of a cut, such as 3:${TEAR_MODES[2]}`);
    }
    return { operation: Number(operation), mode };
  });
}

function isTearMode(text: string): text is TearMode {
  return TEAR_MODES.some((mode) => mode === text);
}

/** Flash operations of a step, uncut, after some cuts before it. */
function operationsOf(scenario: CutScenario, before: readonly Cut[]): number {
  const stage = scenario.stage(seedOf(before));
  for (const cut of before) {
    stage.flash.cutAt(cut.operation, cut.mode);
    runUntilCut(stage.step);
    stage.flash.cutAt(undefined);
    stage.reboot();
  }
  stage.flash.cutAt(undefined);
  stage.step();
  return stage.flash.operations();
}

function seedOf(cuts: readonly Cut[]): number {
  const [first] = cuts;
  return first === undefined ? 1 : 1 + first.operation * 16 + TEAR_MODES.indexOf(first.mode);
}
