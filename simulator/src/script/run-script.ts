// SPDX-License-Identifier: EUPL-1.2

import { createCalendar } from "../calendar.ts";
import type { Violation } from "../oracle/evidence.ts";
import { judgeRun } from "../oracle/oracle.ts";
import { createRandomStream } from "../prng.ts";
import { withoutRealWorld } from "../real-world-trap.ts";
import { countSyncs, evidenceOf, judgeWorlds, type RunOutcome, type RunResult } from "../run.ts";
import { PILOT_DATE } from "../scenarios/pilot.ts";
import { settle } from "../settle.ts";
import { createStory } from "../story.ts";
import { createTrace, type TraceSink } from "../trace.ts";
import type { World } from "../world.ts";
import { runChecks, unmetCount } from "./checks.ts";
import { type Miss, playSteps } from "./player.ts";
import {
  EXPECTED_FIGURES,
  NAME_TABLES,
  SCENARIO_SHAPE,
  type ScenarioFile,
  USUAL_NAMES,
} from "./scenario-shape.ts";
import { type Reading, readByShape } from "./shape.ts";
import { buildStage, type Stage } from "./stage.ts";

/** Days that the calendar of a file covers; a time of 71:59 is the last. */
const DAYS = 3;
const SIX_US = 6 * 3_600_000_000;
const HOUR_US = 3_600_000_000;

/** What to play. */
export type ScriptRequest = {
  /** The path, as people see it. */
  readonly path: string;
  readonly file: ScenarioFile;
  /** Decimal digits. */
  readonly seed: string;
  /** Receives the trace; see docs/trace-format.md. */
  readonly sink?: TraceSink;
  readonly onProgress?: (text: string) => void;
};

/** A finished scenario file: a run like any other, and what it expected. */
export type ScriptOutcome = RunOutcome & {
  /** Expectations that were looked at. */
  readonly expectations: number;
  /** Those that were not met; each is among the violations too. */
  readonly misses: readonly Miss[];
};

/** Reads a scenario file and checks it against the schema. */
export function readScenarioFile(text: string): Reading<ScenarioFile> {
  return readByShape(text, SCENARIO_SHAPE, NAME_TABLES, USUAL_NAMES) as Reading<ScenarioFile>;
}

/**
 * Plays a scenario file from its seed to the judgement. The oracle judges it as any other run, and an
 * expectation that is not met is a violation too.
 *
 * @throws Error when the scenario asks for what cannot be, such as rights to an entrance.
 * @public
 */
export function runScript(request: ScriptRequest): ScriptOutcome {
  // A time zone is looked up before the real world is out of reach.
  const calendar = createCalendar(PILOT_DATE, DAYS);
  return withoutRealWorld(() => play(request, calendar));
}

function play(request: ScriptRequest, calendar: ReturnType<typeof createCalendar>): ScriptOutcome {
  const { file, seed, path } = request;
  const random = createRandomStream(seed);
  const trace = createTrace(request.sink);
  trace.write("devices", { kind: "run", scenario: path, seed, days: 1, startS: calendar.startS });
  const startOfDay = file.start ?? SIX_US;
  const stage = buildStage(file, calendar, random, trace);
  const { world } = stage;
  const { clock } = world;
  const hour = Math.floor(startOfDay / HOUR_US);
  clock.runUntil(calendar.atUs(0, hour, 0) + (startOfDay % HOUR_US));
  const fromUs = clock.nowUs();
  const story = createStory(() => clock, calendar);
  request.onProgress?.(`${path}, seed ${seed}: ${file.title}`);
  const played = playSteps(stage, file.steps, calendar, story);
  const toUs = clock.nowUs();
  // What a file counts is what its steps did; what honest keys do afterwards is not its affair.
  const counted = countSteps(stage.worlds);
  const isWhole = file.bringHome ?? true;
  const settled = isWhole
    ? bringHome(stage, random, request.onProgress ?? (() => undefined))
    : { hours: 0, isSettled: false };
  const misses: Miss[] = [...played.misses];
  let expectations = played.expectations;
  const end = file.expect;
  const miss = (place: Pick<Miss, "line" | "column">, text: string) => {
    misses.push({ line: place.line, column: place.column, atUs: clock.nowUs(), text });
  };
  if (end !== undefined) expectations += runChecks(stage, end, miss);
  const { openingsUs } = played;
  const facts = { scenario: path, seed, days: 1, openingsUs, settled, isWhole };
  const { result, verdict } = judgeWorlds(stage.worlds, trace, facts);
  if (end !== undefined) expectations += checkFigures(end, { ...result, ...counted }, miss);
  if (expectations === 0) {
    misses.push({
      line: 1,
      column: 1,
      atUs: 0,
      text: "the file expects nothing, so it shows nothing",
    });
  }
  if (isWhole && !settled.isSettled) {
    const text = "48 hours without faults were not enough to bring everything home";
    misses.push({ line: 1, column: 1, atUs: toUs, text });
  }
  const missed = misses.map(({ line, column, atUs, text }): Violation => {
    return { invariant: "expectation", atUs, text: `${path}:${line}:${column}: ${text}` };
  });
  return {
    result,
    violations: [...verdict.violations, ...missed],
    story: story.lines,
    calendar,
    view: { title: file.title, fromUs, toUs },
    expectations,
    misses,
  };
}

/** Figures of the steps alone, before anything is brought home. */
function countSteps(worlds: Stage["worlds"]) {
  const [world] = worlds;
  const { openings, denials } = judgeRun({ ...evidenceOf(worlds), isSettled: false });
  const earlyPulls = world.events.filter((event) => event.kind === "pulled" && event.early).length;
  return {
    insertions: world.contactCount(),
    openings,
    denials,
    earlyPulls,
    syncs: countSyncs(worlds),
  };
}

/** Mends what is broken, and lets honest keys of each authority collect what its doors still hold. */
function bringHome(
  stage: Stage,
  random: ReturnType<typeof createRandomStream>,
  onProgress: (text: string) => void,
) {
  for (const { world } of stage.parties) mend(world);
  const ends = stage.parties.map(({ world, party }) =>
    settle(world, party, random.split(`settle ${world.authority}`), onProgress),
  );
  return {
    hours: ends.reduce((sum, { hours }) => sum + hours, 0),
    isSettled: ends.every(({ isSettled }) => isSettled),
  };
}

function mend({ hardware, locks, keys, clock }: World): void {
  hardware.setCold(false);
  for (const key of keys) {
    hardware.setCharge(key, 100);
    hardware.setContactOhm(key, 0);
  }
  for (const lock of locks) {
    hardware.free(lock);
    hardware.setShort(lock, false);
    if (lock.hasClock) hardware.setLockBattery(lock, true);
  }
  clock.runUntil(clock.nowUs() + 15_000_000);
}

function checkFigures(
  end: NonNullable<ScenarioFile["expect"]>,
  result: RunResult,
  miss: (place: Pick<Miss, "line" | "column">, text: string) => void,
): number {
  let looked = 0;
  for (const name of EXPECTED_FIGURES) {
    const wanted = end[name];
    if (wanted === undefined) continue;
    looked += 1;
    const range = typeof wanted === "number" ? { count: wanted } : wanted;
    const place = typeof wanted === "number" ? end.place : wanted.place;
    const text = unmetCount(result[name], range);
    if (text !== undefined) miss(place, `${name}: ${text}`);
  }
  return looked;
}
