// SPDX-License-Identifier: EUPL-1.2
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Counts } from "../run/run-suite.ts";

/** One run, as far as a board remembers it. */
export type BoardRun = Counts & {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Cases that this board failed as a board. */
  readonly infraHere: number;
};

/** What is remembered of a board. */
export type BoardHistory = {
  readonly runs: readonly BoardRun[];
  /** Infra failures of this board since it last took part in a verdict. */
  readonly infraInRow: number;
};

/** A board with so many infra failures in a row is used by no run until a check has found it well. */
const QUARANTINE_AFTER = 3;
const RUNS_KEPT = 50;
const TREND_RUNS = 10;
const UNKNOWN: BoardHistory = { runs: [], infraInRow: 0 };

/** Reads the history of a board; an unreadable one is none. */
export function readHistory(folder: string, board: string): BoardHistory {
  try {
    return JSON.parse(readFileSync(fileOf(folder, board), "utf8")) as BoardHistory;
  } catch {
    return UNKNOWN;
  }
}

/** Whether a board is set aside. */
export function isQuarantined({ infraInRow }: BoardHistory): boolean {
  return infraInRow >= QUARANTINE_AFTER;
}

/**
 * Remembers a run.
 *
 * @param verdicts - Of the cases in their order: whether this board failed each as a board.
 */
export function noteRun(
  folder: string,
  board: string,
  run: Omit<BoardRun, "infraHere">,
  verdicts: readonly boolean[],
): BoardHistory {
  const before = readHistory(folder, board);
  let infraInRow = before.infraInRow;
  for (const isInfra of verdicts) infraInRow = isInfra ? infraInRow + 1 : 0;
  const infraHere = verdicts.filter((isInfra) => isInfra).length;
  const runs = [...before.runs, { ...run, infraHere }].slice(-RUNS_KEPT);
  return write(folder, board, { runs, infraInRow });
}

/** Takes a board back into use, after a check has found it well. */
export function endQuarantine(folder: string, board: string): void {
  write(folder, board, { ...readHistory(folder, board), infraInRow: 0 });
}

/** The share of cases that a board failed as a board, in its last runs and in those before. */
export function trendOf({ runs }: BoardHistory): { readonly now: number; readonly before: number } {
  const shareOf = (some: readonly BoardRun[]): number => {
    const cases = some.reduce(
      (sum, run) => sum + run.passed + run.failed + run.flaky + run.infra,
      0,
    );
    const infra = some.reduce((sum, run) => sum + run.infraHere, 0);
    return cases === 0 ? 0 : infra / cases;
  };
  return { now: shareOf(runs.slice(-TREND_RUNS)), before: shareOf(runs.slice(0, -TREND_RUNS)) };
}

function write(folder: string, board: string, history: BoardHistory): BoardHistory {
  mkdirSync(folder, { recursive: true });
  const file = fileOf(folder, board);
  // A reader sees the old history or the new one.
  writeFileSync(`${file}.new`, `${JSON.stringify(history, null, 1)}\n`);
  renameSync(`${file}.new`, file);
  return history;
}

function fileOf(folder: string, board: string): string {
  return join(folder, `${board}.json`);
}
