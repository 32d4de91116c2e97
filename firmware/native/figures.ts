// SPDX-License-Identifier: EUPL-1.2
// Lines of the benchmarks, in the form of `nyckel bench protocol`.

/** One measured value beside what it may be. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** In the same unit; null for a value that only informs. */
  readonly limit: number | null;
  readonly ratio: number | null;
  readonly goal: number | null;
  readonly ok: boolean;
}

/** Clock of the boards' processor, and the cycles that an instruction takes there, least and most. */
export const PROCESSOR_HZ = 64_000_000;
export const CYCLES_PER_INSTRUCTION = [1.5, 2.2] as const;

/** Instructions, or milliseconds, against a fixed limit. */
export function limitedFigure(name: string, value: number, unit: string, limit: number): Figure {
  const ratio = Math.round((value / limit) * 1000) / 1000;
  return { name, value, unit, limit, ratio, goal: 1, ok: value <= limit };
}

/** A value that only informs. */
export function informingFigure(name: string, value: number, unit: string): Figure {
  return { name, value, unit, limit: null, ratio: null, goal: null, ok: true };
}

/** Milliseconds that a board takes for so many instructions, by the slower end of the model. */
export function modelledMs(instructions: number): number {
  return Math.round((instructions * CYCLES_PER_INSTRUCTION[1] * 1000) / PROCESSOR_HZ);
}

/** The same by the faster end. */
export function fastestMs(instructions: number): number {
  return Math.round((instructions * CYCLES_PER_INSTRUCTION[0] * 1000) / PROCESSOR_HZ);
}
