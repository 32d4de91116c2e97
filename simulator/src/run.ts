// SPDX-License-Identifier: EUPL-1.2

import { BOLT_LOCKED, BOLT_UNLOCKED, type BoltPosition } from "@nyckelring/firmware";
import { type Calendar, createCalendar } from "./calendar.ts";
import { type OpeningFigures, readOpenings, splitOpenings } from "./opening-parts.ts";
import type { Evidence, Violation } from "./oracle/evidence.ts";
import { judgeRun, type Verdict } from "./oracle/oracle.ts";
import { createRandomStream } from "./prng.ts";
import { withoutRealWorld } from "./real-world-trap.ts";
import { PILOT_DATE, startPilot } from "./scenarios/pilot.ts";
import { settle } from "./settle.ts";
import { createStory, type StoryLine } from "./story.ts";
import { createTrace, type Trace, type TraceSink } from "./trace.ts";
import { createWorld, type World } from "./world.ts";

/** Scenarios by name, with a sentence for people. */
export const SCENARIOS = {
  pilot: "one day of the pilot: 45 locks, 10 carers, 35 clients, everything that can go wrong",
} as const;

/** Name of a scenario. */
export type ScenarioName = keyof typeof SCENARIOS;

/** Whether a text names a scenario. */
export function isScenarioName(text: string): text is ScenarioName {
  return Object.hasOwn(SCENARIOS, text);
}

/** What to run. */
export type RunRequest = {
  readonly scenario: ScenarioName;
  /** Decimal digits. */
  readonly seed: string;
  /** Days of the first phase, 1 or more. */
  readonly days: number;
  /** Receives the trace; see docs/trace-format.md. */
  readonly sink?: TraceSink;
  /**
   * Stops on the first day at this hour, 24 and more for the night after it, without the second
   * phase: events may still be on their way then, and only what has happened is judged.
   */
  readonly untilHour?: number;
  /** Told now and then how far the run is. */
  readonly onProgress?: (text: string) => void;
};

/** Figures of one run. All but the hash and the texts are counts. */
export type RunResult = {
  /** Name of a scenario, or the path of its file. */
  readonly scenario: string;
  readonly seed: string;
  readonly virtualDays: number;
  /** Contacts of a key with a lock. */
  readonly sessions: number;
  /** Contacts of a key with a lock or a station. */
  readonly insertions: number;
  readonly openings: number;
  readonly denials: number;
  readonly unauthorizedOpenings: number;
  readonly residualOpenings: number;
  readonly wrongDenials: number;
  /** Refusals of somebody with a right, by what the oracle saw stand in the way. */
  readonly hindrances: Verdict["hindrances"];
  readonly eventsAtDevices: number;
  readonly eventsAtIssuer: number;
  readonly eventsLost: number;
  readonly eventsDuplicated: number;
  readonly eventsGapped: number;
  readonly syncs: number;
  readonly traceHash: string;
  /** From insertion to the motor, in milliseconds of virtual time. */
  readonly openingMs: { readonly p50: number; readonly p99: number };
  /** How many openings the parts below are of, and each part in milliseconds of virtual time. */
  readonly openingParts: OpeningFigures;
  readonly residualClasses: Verdict["residualClasses"];
  readonly forbiddenAttempts: number;
  readonly forbiddenStopped: number;
  readonly attempts: Verdict["attemptsByPurpose"];
  readonly opened: Verdict["openedByPurpose"];
  readonly earlyPulls: number;
  readonly tornWrites: number;
  readonly messagesDuplicated: number;
  readonly messagesOverGsm: number;
  readonly flashWearMax: number;
  readonly headsVerified: number;
  readonly leavesChecked: number;
  readonly floorsDelivered: number;
  /** Hours of the second phase, and whether it ended with nothing left. */
  readonly settleHours: number;
  readonly isSettled: boolean;
  readonly ticks: number;
};

/** A finished run. */
export type RunOutcome = {
  readonly result: RunResult;
  readonly violations: readonly Violation[];
  readonly story: readonly StoryLine[];
  readonly calendar: Calendar;
  /** What a report shows of it; the whole run, under its usual title, without it. */
  readonly view?: {
    readonly title: string;
    /** Microseconds of the run. */
    readonly fromUs: number;
    readonly toUs: number;
  };
};

/**
 * Runs a scenario from its seed to the judgement. The real world is out of reach until it returns.
 *
 * @throws Error when the scenario itself is wrong; a broken promise of the system is no exception
 *   but a violation in the outcome.
 * @public
 */
export function runScenario(request: RunRequest): RunOutcome {
  const calendar = createCalendar(PILOT_DATE, request.days);
  return withoutRealWorld(() => play(request, calendar));
}

function play(request: RunRequest, calendar: Calendar): RunOutcome {
  const random = createRandomStream(request.seed);
  const trace = createTrace(request.sink);
  const { scenario, seed, days } = request;
  trace.write("devices", { kind: "run", scenario, seed, days, startS: calendar.startS });
  const report = request.onProgress ?? (() => undefined);
  const world = createWorld(random.split("world"), calendar.startS, 1, trace);
  const story = createStory(() => world.clock, calendar);
  const openingsUs: number[] = [];
  const pilot = startPilot(world, calendar, random.split("people"), story, (afterUs) => {
    openingsUs.push(afterUs);
  });
  report(`seed ${request.seed}: the pilot stands, ${world.locks.length} locks, day 1 begins`);

  const { untilHour } = request;
  if (untilHour === undefined) playDays(world, calendar, days, report);
  else world.clock.runUntil(calendar.atUs(0, untilHour, 0));
  const settled =
    untilHour === undefined
      ? settle(world, pilot, random.split("settle"), report)
      : { hours: 0, isSettled: false };
  const judged = judgeWorlds([world], trace, {
    scenario,
    seed,
    days,
    openingsUs,
    settled,
    isWhole: untilHour === undefined,
  });
  const { result, verdict } = judged;
  const empty = untilHour === undefined ? emptyPromises(verdict, settled.isSettled) : [];
  const violations = [...verdict.violations, ...empty];
  return { result, violations, story: story.lines, calendar };
}

/** What a run knows of itself beside its world. */
export type RunFacts = {
  readonly scenario: string;
  readonly seed: string;
  readonly days: number;
  /** From insertion to the motor of each honest opening, in microseconds. */
  readonly openingsUs: readonly number[];
  readonly settled: { readonly hours: number; readonly isSettled: boolean };
  /** Whether the second phase was played, after which nothing may be on its way. */
  readonly isWhole: boolean;
};

/**
 * Ends the trace of a run, judges it and counts.
 *
 * @param worlds - One for each authority of one scene, that of production first.
 */
export function judgeWorlds(
  worlds: readonly [World, ...World[]],
  trace: Trace,
  facts: RunFacts,
): { readonly result: RunResult; readonly verdict: Verdict } {
  const { openingsUs, settled, isWhole } = facts;
  for (const one of worlds) writeEnd(one, trace.write);
  const [world] = worlds;
  const verdict = judgeRun({ ...evidenceOf(worlds), isSettled: isWhole });
  const stations = worlds.flatMap((one) => one.stations);
  const boards = worlds.flatMap(boardsOf);
  const result: RunResult = {
    scenario: facts.scenario,
    seed: facts.seed,
    virtualDays: facts.days,
    sessions: world.events.filter((event) => event.kind === "attempt").length,
    insertions: world.contactCount(),
    openings: verdict.openings,
    denials: verdict.denials,
    unauthorizedOpenings: verdict.unauthorizedOpenings,
    residualOpenings: verdict.residualOpenings,
    wrongDenials: verdict.wrongDenials,
    hindrances: verdict.hindrances,
    eventsAtDevices: verdict.eventsAtDevices,
    eventsAtIssuer: verdict.eventsAtIssuer,
    eventsLost: verdict.eventsLost,
    eventsDuplicated: verdict.eventsDuplicated,
    eventsGapped: verdict.eventsGapped,
    syncs: countSyncs(worlds),
    traceHash: trace.finish(),
    openingMs: { p50: percentileMs(openingsUs, 0.5), p99: percentileMs(openingsUs, 0.99) },
    openingParts: splitOpenings(readOpenings(world.events)),
    residualClasses: verdict.residualClasses,
    forbiddenAttempts: verdict.forbiddenAttempts,
    forbiddenStopped: verdict.forbiddenStopped,
    attempts: verdict.attemptsByPurpose,
    opened: verdict.openedByPurpose,
    earlyPulls: world.events.filter((event) => event.kind === "pulled" && event.early).length,
    tornWrites: boards.reduce((sum, board) => sum + board.flash.tornCount(), 0),
    messagesDuplicated: stations.reduce((sum, unit) => sum + unit.uplink.counts.duplicated, 0),
    messagesOverGsm: stations.reduce((sum, unit) => sum + unit.uplink.counts.overGsm, 0),
    flashWearMax: Math.max(...boards.map((board) => board.flash.wearMax())),
    headsVerified: verdict.headsVerified,
    leavesChecked: verdict.leavesChecked,
    floorsDelivered: verdict.floorsDelivered,
    settleHours: Math.round(settled.hours * 10) / 10,
    isSettled: settled.isSettled,
    ticks: world.clock.ticks(),
  };
  return { result, verdict };
}

function playDays(
  world: World,
  calendar: Calendar,
  days: number,
  report: (text: string) => void,
): void {
  for (let day = 0; day < days; day += 1) {
    for (let hour = 5; hour < 29; hour += 6) {
      world.clock.runUntil(calendar.atUs(day, hour + 6, 0));
      report(`day ${day + 1}, ${calendar.labelOf(world.clock.nowUs())}: ${progressOf(world)}`);
    }
  }
}

/** A day on which nothing was tried proves nothing, so it does not pass. */
function emptyPromises(verdict: Verdict, isSettled: boolean): Violation[] {
  const demands: readonly (readonly [boolean, string])[] = [
    [verdict.openings > 0, "no door was opened"],
    [verdict.headsVerified > 0, "no ring head was issued"],
    [verdict.forbiddenAttempts > 0, "nothing forbidden was tried"],
    [verdict.floorsDelivered > 0, "no floor list reached a lock"],
    [isSettled, "48 hours without faults were not enough to bring everything home"],
  ];
  return demands
    .filter(([isMet]) => !isMet)
    .map(([, text]) => ({ invariant: "workload", atUs: 0, text }));
}

function progressOf(world: World): string {
  return `${world.contactCount()} contacts, ${world.storedEntries().length} events at the issuer`;
}

function boardsOf(world: World) {
  return [...world.locks, ...world.keys, ...world.stations].map((unit) => unit.board);
}

/** Contacts with a station that left the key fit for its shift. */
export function countSyncs(worlds: readonly [World, ...World[]]): number {
  const stations = new Set(worlds.flatMap((world) => world.stations.map(({ name }) => name)));
  const atStation = new Set<number>();
  let syncs = 0;
  for (const event of worlds[0].events) {
    if (event.kind === "plugged" && stations.has(event.device)) atStation.add(event.contact);
    if (event.kind !== "pulled" || event.early || !atStation.has(event.contact)) continue;
    if (["ready", "battery-low", "logs-not-home"].includes(event.signal)) syncs += 1;
  }
  return syncs;
}

function percentileMs(valuesUs: readonly number[], share: number): number {
  const sorted = valuesUs.toSorted((left, right) => left - right);
  const index = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
  return Math.round((sorted[Math.max(0, index)] ?? 0) / 1000);
}

/** What the judge is shown of a scene as it is now. */
export function evidenceOf(worlds: readonly [World, ...World[]]): Omit<Evidence, "isSettled"> {
  const [{ clock, events }] = worlds;
  const authorities = worlds.map((world) => ({
    journal: journalOf(world),
    committed: world.storedEntries(),
    devices: world.devicesNow(),
  }));
  return { startS: clock.startS, events, authorities };
}

/** The journal of the authorization system, as the judge reads it. */
export function journalOf(world: World) {
  const audit = world.issuer.audit(world.issuer.founder);
  if (!audit.ok) throw new Error("the founder may read the journal");
  return audit.value;
}

/** Writes what only the end shows: the issuer's past, and what each device holds. */
function writeEnd(world: World, write: ReturnType<typeof createTrace>["write"]): void {
  for (const record of world.issuer.history()) {
    write("issuer", { authority: world.authority, ...JSON.parse(JSON.stringify(record)) });
  }
  for (const { entries, ...device } of world.logsNow()) write("devices", { ...device, entries });
  const places = new Map<BoltPosition, string>([
    [BOLT_LOCKED, "locked"],
    [BOLT_UNLOCKED, "unlocked"],
  ]);
  for (const { name, board } of world.locks) {
    const bolt = places.get(board.motor.position()) ?? "between";
    write("devices", { kind: "end", name, bolt });
  }
}
