// SPDX-License-Identifier: EUPL-1.2

import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  compareRuns,
  type RunFile,
  readRunFile,
  resultLine,
  rolesLine,
  VERDICT_SIGNS,
} from "@nyckelring/hil-tests/bench";
import { FILE_UNREADABLE } from "@nyckelring/protocol";
import { REPORTS } from "./hil-run.ts";
import type { Output } from "./output.ts";
import { ToolError } from "./tool-error.ts";

/** Tells the result of a run again. @throws ToolError `FILE_UNREADABLE`. */
export function showReport(run: string | undefined, isJson: boolean, output: Output): number {
  const folder = folderOf(run ?? lastRun());
  const file = readRun(folder);
  if (isJson) {
    output.out(`${JSON.stringify(file)}\n`);
    return 0;
  }
  output.out(
    `rig ${file.rig}   ${rolesLine(file.roles)}   seed ${file.seed}   ${file.startedAt}\n`,
  );
  for (const { id, verdict, reason } of file.cases) {
    if (verdict === "passed") continue;
    output.out(`${VERDICT_SIGNS[verdict]} ${id.padEnd(38)} ${verdict}: ${reason.split("\n")[0]}\n`);
  }
  output.out(
    `${resultLine(file.counts)} in ${file.wallS} s   report: ${join(folder, "report.html")}\n`,
  );
  output.out(`again: ${file.repro}\n`);
  return 0;
}

/**
 * Tells what is different between two runs.
 *
 * @returns 1 when a case that was well is not any more.
 * @throws ToolError `FILE_UNREADABLE`.
 */
export function compareReports(
  before: string,
  after: string,
  isJson: boolean,
  output: Output,
): number {
  const comparison = compareRuns(readRun(folderOf(before)), readRun(folderOf(after)));
  const { differences, worse, same, settings } = comparison;
  if (isJson) {
    output.out(`${JSON.stringify({ type: "result", ...comparison })}\n`);
    return worse > 0 ? 1 : 0;
  }
  for (const line of settings) output.out(`different ${line}\n`);
  for (const one of differences) {
    const change = `${one.before ?? "absent"} to ${one.after ?? "absent"}`;
    output.out(`${one.id.padEnd(38)} ${change.padEnd(18)} ${one.reason.split("\n")[0]}\n`);
  }
  output.out(`${differences.length} different, ${worse} of them worse, ${same} the same\n`);
  return worse > 0 ? 1 : 0;
}

function folderOf(run: string): string {
  return /^\d+$/.test(run) ? join(REPORTS, run.padStart(4, "0")) : run;
}

function lastRun(): string {
  try {
    const numbers = readdirSync(REPORTS).filter((name) => /^\d{4,}$/.test(name));
    const last = numbers.sort((left, right) => Number(left) - Number(right)).at(-1);
    if (last !== undefined) return last;
  } catch {
    // The folder comes with the first run.
  }
  throw new ToolError({
    code: FILE_UNREADABLE,
    message: `there is no report in ${REPORTS}`,
    state: "nothing was changed",
    hint: "nyckel hil run makes one",
  });
}

function readRun(folder: string): RunFile {
  try {
    return readRunFile(folder);
  } catch (error) {
    throw new ToolError({
      code: FILE_UNREADABLE,
      message: `"${folder}" holds no report: ${error instanceof Error ? error.message : error}`,
      state: "nothing was changed",
      hint: "give the folder of a run, for example: nyckel hil report out/hil/0001",
      details: { folder },
    });
  }
}
