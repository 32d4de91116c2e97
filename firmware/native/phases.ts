// SPDX-License-Identifier: EUPL-1.2
// What count-plugin.c writes.

import { readFileSync } from "node:fs";

/** Instructions between two marks. */
export interface Phase {
  readonly native: number;
  readonly outside: number;
  /** Outside, in the ranges that were asked to be kept apart. */
  readonly apart: number;
  readonly trace: string;
  /** By place in the entry table. */
  readonly entries: ReadonlyMap<number, { readonly calls: number; readonly instructions: number }>;
}

/** Reads the file of a run. */
export function readPhases(file: string): readonly Phase[] {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => {
    const [native, outside, apart, trace, ...entries] = line.split(" ");
    return {
      native: Number(native),
      outside: Number(outside),
      apart: Number(apart),
      trace: String(trace),
      entries: new Map(
        entries.map((text) => {
          const [place, calls, instructions] = text.split(":").map(Number);
          return [Number(place), { calls: Number(calls), instructions: Number(instructions) }];
        }),
      ),
    };
  });
}
