// SPDX-License-Identifier: EUPL-1.2
// What the suites on the interpreter measure. Several files of tests write into one table, which
// `npm run test:espruino` puts into its evidence.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import type { Role } from "../build/build-bundle.ts";
import { type BuildFigures, FIGURES_FILE, readFigures } from "../build/evidence.ts";
import type { VariableFigures } from "../build/variable-budget.ts";
import { type Interpreter, until } from "./interpreter.ts";

const WATCH_EVERY_MS = 10;
/** A heap in use has few long free stretches, so ballast is taken in pieces of so many variables. */
const PIECE_VARIABLES = 100;
/** What a piece takes besides: its array, its place in the list, and the length of its string. */
const OVERHEAD_VARIABLES = 5;

/** Notes variables of a role; of several runs the most counts. */
export function noteVariables(build: string, role: Role, figures: VariableFigures): void {
  change(build, ({ variables, boots }) => {
    const known: Record<string, number | undefined> = { ...variables[role] };
    for (const [name, used] of Object.entries(figures)) {
      known[name] = Math.max(Number(used), known[name] ?? 0);
    }
    return { variables: { ...variables, [role]: known }, boots };
  });
}

/** Notes the instructions of a boot. */
export function noteBoot(build: string, role: Role, instructions: number): void {
  change(build, ({ variables, boots }) => ({
    variables,
    boots: { ...boots, [role]: instructions },
  }));
}

function change(build: string, to: (figures: BuildFigures) => BuildFigures): void {
  const all = readFigures();
  const changed = { ...all, [build]: to(all[build] ?? { variables: {}, boots: {} }) };
  mkdirSync(dirname(FIGURES_FILE), { recursive: true });
  writeFileSync(FIGURES_FILE, JSON.stringify(changed));
}

/** Variables in use now, or once the console comes to it. @throws where it never does. */
export function variablesOf(board: Interpreter, timeoutMs: number): Promise<number> {
  return askNumber(board, "process.memory().usage", timeoutMs);
}

/** Begins to look every few milliseconds how many variables are in use. */
export function watchVariables(board: Interpreter): void {
  board.evaluate(
    "nk.most=0;setInterval(function(){" +
      `var used=process.memory(false).usage;if(used>nk.most)nk.most=used},${WATCH_EVERY_MS})`,
  );
}

/** The most variables that were in use since then. */
export function mostVariablesOf(board: Interpreter, timeoutMs: number): Promise<number> {
  return askNumber(board, "nk.most", timeoutMs);
}

async function askNumber(board: Interpreter, term: string, timeoutMs: number): Promise<number> {
  const before = board.console().length;
  board.evaluate(`print("asked="+${term}+";")`);
  const found = () => /asked=(\d+);/.exec(board.console().slice(before))?.[1];
  await until(
    () => found() !== undefined,
    timeoutMs,
    () => term,
  );
  return Number(found());
}

/**
 * Takes all variables of an interpreter but so many; the names at the top belong to the application.
 *
 * @returns how many it took.
 */
export async function leaveVariables(
  board: Interpreter,
  variables: number,
  timeoutMs: number,
): Promise<number> {
  const before = await variablesOf(board, timeoutMs);
  board.evaluate(
    `(function(){var m=process.memory(),left;nk.ballast=[];` +
      `while((left=m.total-${variables}-(process.memory(false).usage-m.usage))>${2 * OVERHEAD_VARIABLES})` +
      `nk.ballast.push(new Uint8Array(m.blocksize*(Math.min(left,${PIECE_VARIABLES})-${OVERHEAD_VARIABLES})))})()`,
  );
  return (await variablesOf(board, timeoutMs)) - before;
}
