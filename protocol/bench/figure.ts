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
  /** Median over the rounds of value by limit; null without a limit. */
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

/** A figure of time against a limit; both are medians, and so is the ratio of the rounds. */
export function timeFigure(name: string, times: readonly Round[], goal: number): Figure {
  const ratio = median(times.map(({ valueUs, limitUs }) => valueUs / limitUs));
  const value = rounded(median(times.map(({ valueUs }) => valueUs)), 2);
  const limit = rounded(median(times.map(({ limitUs }) => limitUs)), 2);
  return { name, value, unit: "us", limit, ratio: rounded(ratio, 3), goal, ok: ratio <= goal };
}

/** What one round measured, in microseconds. */
export interface Round {
  readonly valueUs: number;
  readonly limitUs: number;
}

/** How the runs of one figure take turns. */
export interface Turns {
  readonly rounds: number;
  /** Calls of each run before anything counts, so that all are compiled as well as they will be. */
  readonly warmUp: number;
  /** Turns of each run in one round. */
  readonly turns: number;
  /** Calls in one turn; few, so that most turns end before another program has its own. */
  readonly repeats: number;
}

/**
 * Time of one call of each run, in microseconds, round by round.
 *
 * The runs take short turns, by turns in this order and in the other, so that a processor that slows
 * down, or whose other half works, slows all of them. A round begins with an empty heap, and of a
 * round the lower quartile of the turns counts. Processor time leaves out what other programs do, but
 * not that they leave cold caches behind, and it holds V8's helper threads, which collect and compile
 * for whoever came before: both make turns longer that have nothing to do with them.
 *
 * @returns one list of times for each run
 */
export function measureInTurn(
  runs: readonly (() => unknown)[],
  { rounds, warmUp, turns, repeats }: Turns,
): readonly (readonly number[])[] {
  for (const run of runs) callOften(run, warmUp);
  const times = runs.map((): number[] => []);
  const forwards = [...runs.entries()];
  const backwards = [...forwards].reverse();
  for (let round = 0; round < rounds; round += 1) {
    collectGarbage();
    const taken = runs.map((): number[] => []);
    for (let turn = 0; turn < turns; turn += 1) {
      for (const [index, run] of turn % 2 === 0 ? forwards : backwards) {
        const start = process.cpuUsage();
        callOften(run, repeats);
        const { user, system } = process.cpuUsage(start);
        // A run below the grain of the processor's account still took some time.
        taken[index]?.push(Math.max(user + system, 1) / repeats);
      }
    }
    for (const [index, list] of taken.entries()) times[index]?.push(quantile(list, 0.25));
  }
  return times;
}

function callOften(run: () => unknown, count: number): void {
  for (let done = 0; done < count; done += 1) run();
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

/** The middle of the values, as they lie in order. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
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
