// SPDX-License-Identifier: EUPL-1.2

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

/**
 * Processor time of one call of each, in microseconds, round by round. Within a round the runs take
 * turns many times, so that what else the machine does falls on all of them alike.
 *
 * @param repeats - calls of each in one turn
 * @returns one list of times for each run
 */
export function measureInTurn(
  runs: readonly (() => unknown)[],
  rounds: number,
  repeats: number,
): readonly (readonly number[])[] {
  const turns = 4;
  for (const run of runs) for (let count = 0; count < repeats; count += 1) run();
  const times = runs.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    const sums = runs.map(() => 0);
    for (let turn = 0; turn < turns; turn += 1) {
      for (const [index, run] of runs.entries()) {
        const start = process.cpuUsage();
        for (let count = 0; count < repeats; count += 1) run();
        const { user, system } = process.cpuUsage(start);
        sums[index] = (sums[index] ?? 0) + user + system;
      }
    }
    for (const [index, sum] of sums.entries()) {
      // A run below the grain of the processor's account still took some time.
      times[index]?.push(Math.max(sum, 1) / (turns * repeats));
    }
  }
  return times;
}

/** The middle of the values, as they lie in order. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
