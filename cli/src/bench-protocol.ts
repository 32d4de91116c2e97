// SPDX-License-Identifier: EUPL-1.2

import { GOAL_MISSED } from "@nyckelring/protocol";
import { benchProtocol as bench, type Figure } from "@nyckelring/protocol/bench";
import { readNumber } from "./numbers.ts";
import type { Output } from "./output.ts";
import { formatForPeople, ToolError } from "./tool-error.ts";

const ROUNDS_MAX = 1000;

/** Options of `bench protocol`, as commander hands them over. */
export type BenchOptions = { readonly json?: boolean; readonly rounds: string };

/**
 * Measures the protocol and shows each figure beside its limit.
 *
 * @returns 0 when every goal is met; otherwise the exit code of `GOAL_MISSED`, and standard error
 *   says by how much.
 * @throws ToolError `USAGE` for a number of rounds that cannot be.
 */
export function benchProtocol(
  options: BenchOptions,
  output: Output,
  measure: typeof bench = bench,
): number {
  const rounds = readNumber("--rounds", options.rounds, 1, ROUNDS_MAX);
  const missed: Figure[] = [];
  measure(rounds, (figure) => {
    if (!figure.ok) missed.push(figure);
    output.out(`${options.json === true ? JSON.stringify(figure) : lineOf(figure)}\n`);
  });
  if (missed.length === 0) return 0;
  const error = new ToolError({
    code: GOAL_MISSED,
    message: `${missed.length} goals were missed\n${missed.map(missLine).join("\n")}`,
    state: "the run is valid",
    hint: "run it again on a quiet machine; a goal that stays missed is a defect of speed",
  });
  output.err(formatForPeople(error));
  return error.describe().exit;
}

function lineOf(figure: Figure): string {
  const { name, value, unit, limit, ratio, goal, ok } = figure;
  if (limit === null) return `  ${name}: ${value} ${unit}`;
  return `${ok ? "✓" : "✗"} ${name}: ${value} ${unit}, limit ${limit}, ratio ${ratio}, goal ${goal}`;
}

function missLine({ name, ratio, goal }: Figure): string {
  const excess = Math.round(((ratio ?? 0) / (goal ?? 1) - 1) * 100);
  return `  ${name}: ratio ${ratio}, goal ${goal}, ${excess} % too much`;
}
