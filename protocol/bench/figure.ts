// SPDX-License-Identifier: EUPL-1.2

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** One measured value beside the limit that was measured in the same run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "us" | "B";
  /** What the value is compared with, in the same unit; null for a value that only informs. */
  readonly limit: number | null;
  /** Value by limit; null without a limit. */
  readonly ratio: number | null;
  /** The largest good ratio; null for a value that only informs. */
  readonly goal: number | null;
  readonly ok: boolean;
}

/** A figure of octets against a bound of the protocol. */
export function bytesFigure(name: string, value: number, limit: number): Figure {
  const ratio = rounded(value / limit, 3);
  return { name: `bytes: ${name}`, value, unit: "B", limit, ratio, goal: 1, ok: value <= limit };
}

/** A figure of time that has no limit of its own. */
export function informingFigure(name: string, valueUs: number): Figure {
  const value = rounded(valueUs, 2);
  return { name, value, unit: "us", limit: null, ratio: null, goal: null, ok: true };
}

/** A figure of time against a limit that was measured in turn with it. */
export function timeFigure(
  name: string,
  { valueUs, limitUs }: { readonly valueUs: number; readonly limitUs: number },
  goal: number,
): Figure {
  const ratio = rounded(valueUs / limitUs, 3);
  const [value, limit] = [rounded(valueUs, 2), rounded(limitUs, 2)];
  return { name, value, unit: "us", limit, ratio, goal, ok: ratio <= goal };
}

/** How the runs of one figure take turns. */
export interface Turns {
  readonly rounds: number;
  /** Calls of each run before anything counts, so that all are compiled as well as they will be. */
  readonly warmUp: number;
  /** Turns of each run in one round. */
  readonly turns: number;
}

/** The part of the turns that is taken to be undisturbed. */
const UNDISTURBED_PART = 0.02;
/** Length of a turn: far above the grain of the clock, and below what a scheduler gives at a time. */
const TURN_US = 300;

/**
 * Time of one call of each run, in microseconds, as undisturbed as this machine lets it be.
 *
 * The runs take short turns, by turns in this order and in the other, so that a processor that slows
 * down slows all of them, and a round begins with an empty heap. What disturbs a turn only ever makes
 * it longer: another program that leaves cold caches behind, a neighbour on the same core, the
 * collection of what all turns before have left. A median counts such luck, and it counts it against
 * the run that allocates more; so the fast end of the turns is compared, and its very first ones not
 * alone, since the clock has a grain. Collecting is therefore in no figure.
 *
 * @returns one time for each run
 */
export function measureInTurn(
  runs: readonly (() => unknown)[],
  { rounds, warmUp, turns }: Turns,
): readonly number[] {
  const repeats = runs.map((run) => {
    const warmUs = callOften(run, warmUp) / warmUp;
    return Math.max(1, Math.round(TURN_US / Math.max(warmUs, 0.01)));
  });
  const taken = runs.map((): number[] => []);
  const forwards = [...runs.entries()];
  const backwards = [...forwards].reverse();
  for (let round = 0; round < rounds; round += 1) {
    collectGarbage();
    for (let turn = 0; turn < turns; turn += 1) {
      for (const [index, run] of turn % 2 === 0 ? forwards : backwards) {
        const calls = repeats[index] ?? 1;
        taken[index]?.push(callOften(run, calls) / calls);
      }
    }
  }
  return taken.map((list) => quantile(list, UNDISTURBED_PART));
}

/** Calls a run and returns the processor time of this thread, in microseconds. */
function callOften(run: () => unknown, count: number): number {
  const start = threadTimeUs();
  for (let done = 0; done < count; done += 1) run();
  return threadTimeUs() - start;
}

// The thread's own account leaves out V8's helpers, which compile and collect for whoever came
// before. Linux brings it up to date only at its ticks, or when somebody asks for the whole process.
function threadTimeUs(): number {
  const whole = process.cpuUsage();
  const { user, system } = process.threadCpuUsage?.() ?? whole;
  return user + system;
}

let collector: (() => void) | undefined;

/** Collects all garbage now, so that no run pays for what another has left behind. */
function collectGarbage(): void {
  if (collector === undefined) {
    setFlagsFromString("--expose-gc");
    collector = runInNewContext("gc") as () => void;
  }
  collector();
}

/** The value below which a part of the values lies; between two of them in proportion. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = part * (sorted.length - 1);
  const lower = sorted[Math.floor(place)] ?? Number.NaN;
  const upper = sorted[Math.ceil(place)] ?? Number.NaN;
  return lower + (upper - lower) * (place % 1);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
