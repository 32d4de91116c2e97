// SPDX-License-Identifier: EUPL-1.2

import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  BoardClaimed,
  type BoardHistory,
  boardIdOf,
  boardsOf,
  type Case,
  type CaseResult,
  type Counts,
  claimBoards,
  countVerdicts,
  InfraFault,
  isQuarantined,
  noteRun,
  type OpenSession,
  openReportFolder,
  openSession,
  type ReportFolder,
  type Rig,
  ROLES,
  type RunSummary,
  readHistory,
  resultLine,
  rolesLine,
  runSuite,
  stateFolder,
  VERDICT_SIGNS,
} from "@nyckelring/hil-tests/bench";
import { ALL_CASES } from "@nyckelring/hil-tests/suite";
import {
  BENCH_FAILED,
  BOARD_QUARANTINED,
  BOARD_RESERVED,
  CASES_FAILED,
  CASES_FLAKY,
  FILE_UNREADABLE,
  NO_CASE_RAN,
  ROLE_SIMULATED,
  USAGE,
} from "@nyckelring/protocol";
import { builtFolder } from "./device-flash.ts";
import type { HilRunOptions } from "./hil-commands.ts";
import { readNumber } from "./numbers.ts";
import type { Output } from "./output.ts";
import { askPerson, openRig, readRole, setKinds } from "./rig-file.ts";
import { formatForPeople, ToolError } from "./tool-error.ts";

/** Where reports go unless told otherwise; each run has the next number. */
export const REPORTS = join("out", "hil");

const REPEAT_MAX = 1000;
const SEED_MAX = 2 ** 32;

const SIMULATED_RIG: Rig = {
  version: 1,
  rig: "all-sim",
  tags: [],
  roles: {
    key: { kind: "sim", cannot: [] },
    station: { kind: "sim", cannot: [] },
    lock: { kind: "sim", cannot: [] },
  },
  contacts: {
    "key-lock": { via: "host", cutAtByte: true },
    "key-station": { via: "host", cutAtByte: true },
  },
};

/**
 * Plays the suite on a rig, shows it, and tells the exit code: 0 when every case that was played
 * passed, 1 when one failed or none was played, 5 when the bench failed, 11 for flaky cases with
 * `--fail-on-flaky`.
 *
 * @throws ToolError for wrong usage, a bad rig file, a board that somebody holds or that is set
 *   aside, and a role that has to be real and is not.
 */
export async function runHil(
  pattern: string | undefined,
  options: HilRunOptions,
  output: Output,
): Promise<number> {
  const rig = setKinds(
    options.rig === undefined ? SIMULATED_RIG : openRig(options.rig),
    options.set ?? [],
  );
  requireReal(rig, options.requireReal ?? []);
  const cases = selectCases(pattern);
  const repeat = readNumber("--repeat", options.repeat ?? "1", 1, REPEAT_MAX);
  const seed = readSeed(options.seed ?? "random");
  const state = stateFolder();
  const boards = boardsOf(rig);
  refuseQuarantined(state, boards);
  const release = claimRig(state, boards, "hil run");
  try {
    const folder = openFolder(options.report);
    return await runOn(rig, { cases, repeat, seed, pattern, options, folder, state }, output);
  } finally {
    release();
  }
}

type Plan = {
  readonly cases: readonly Case[];
  readonly repeat: number;
  readonly seed: string;
  readonly pattern: string | undefined;
  readonly options: HilRunOptions;
  readonly folder: ReportFolder;
  readonly state: string;
};

async function runOn(rig: Rig, plan: Plan, output: Output): Promise<number> {
  const { cases, repeat, seed, pattern, options, folder, state } = plan;
  const opened = await openBoards(rig, state, output);
  try {
    const startedAt = new Date().toISOString();
    const startMs = performance.now();
    if (options.json !== true) {
      output.out(`rig ${rig.rig}   ${rolesLine(opened.roles)}   seed ${seed}\n`);
    }
    const results = await runSuite({
      cases,
      session: opened.session,
      seed,
      repeat,
      wallMs: () => performance.now(),
      onLine: folder.log,
      onCase: (result) => showCase(result, options, output),
    });
    const wallS = Math.round(performance.now() - startMs) / 1000;
    const summary: RunSummary = {
      rig: rig.rig,
      roles: opened.roles,
      seed,
      commit: commitNow(),
      startedAt,
      wallS,
      repro: reproLine(pattern, options, seed),
      cases: results,
    };
    folder.finish(summary);
    remember(state, rig, summary);
    return conclude(summary, folder, options, output);
  } finally {
    await opened.close();
  }
}

async function openBoards(rig: Rig, state: string, output: Output): Promise<OpenSession> {
  try {
    return await openSession(rig, {
      buildFolder: builtFolder,
      onNote: (text) => output.err(`${text}\n`),
      ...(process.stdin.isTTY ? { ask: askPerson } : {}),
    });
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    const board = boardIdOf(rig.roles[error.role]);
    if (board !== undefined) {
      // A board that cannot be opened has failed as a board, and is set aside like any other.
      noteRun(state, board, { ...countVerdicts([]), infra: 1, atMs: Date.now() }, [true]);
    }
    throw new ToolError({
      code: BENCH_FAILED,
      message: `the ${error.role} cannot be used: ${error.message}`,
      state: "nothing was run",
      hint: "nyckel rig check --rig FILE looks at each board",
      details: { role: error.role },
    });
  }
}

/** Lists the cases that a pattern names. */
export function listCases(pattern: string | undefined, isJson: boolean, output: Output): number {
  for (const { id, title, rows, threats } of selectCases(pattern)) {
    const marks = [...rows, ...threats.map((threat) => `threat ${threat}`)];
    output.out(
      isJson
        ? `${JSON.stringify({ type: "case", id, title, rows, threats })}\n`
        : `${id.padEnd(38)} ${marks.join(", ").padEnd(18)} ${title}\n`,
    );
  }
  return 0;
}

/** What a run has to be told for, if anything; its code decides the exit. */
export function faultOfRun(
  counts: Counts,
  isFlakyBad: boolean,
  report: string,
): ToolError | undefined {
  const played = counts.passed + counts.failed + counts.flaky + counts.infra;
  const hint = `open ${report}`;
  const state = `the run is complete: ${resultLine(counts)}`;
  const parts = (code: number, message: string) => new ToolError({ code, message, state, hint });
  if (played === 0) return parts(NO_CASE_RAN, "not a single case was played");
  if (counts.failed > 0) return parts(CASES_FAILED, `${counts.failed} of ${played} cases failed`);
  if (counts.infra > 0) {
    return parts(BENCH_FAILED, `the bench failed ${counts.infra} of ${played} cases`);
  }
  if (counts.flaky > 0 && isFlakyBad) {
    return parts(CASES_FLAKY, `${counts.flaky} of ${played} cases passed only on a later try`);
  }
  return undefined;
}

function conclude(
  summary: RunSummary,
  folder: ReportFolder,
  options: HilRunOptions,
  output: Output,
): number {
  const counts = countVerdicts(summary.cases);
  const report = join(folder.path, "report.html");
  const { rig, seed, wallS } = summary;
  if (options.json === true) {
    const head = { type: "result", rig, seed, wallS, report: folder.path, repro: summary.repro };
    output.out(`${JSON.stringify({ ...head, ...counts, roles: summary.roles })}\n`);
  } else {
    output.out(`${resultLine(counts)} in ${wallS} s   report: ${report}\n`);
  }
  const fault = faultOfRun(counts, options.failOnFlaky === true, report);
  if (fault === undefined) return 0;
  output.err(formatForPeople(fault));
  return fault.describe().exit;
}

function showCase(result: CaseResult, options: HilRunOptions, output: Output): void {
  const { record: _, ...told } = result;
  if (options.json === true) {
    output.out(`${JSON.stringify({ type: "case", ...told })}\n`);
    return;
  }
  if (options.quiet === true && result.verdict === "passed") return;
  const sign = VERDICT_SIGNS[result.verdict];
  const time = `${Math.round(result.wallMs)} ms`;
  const said =
    result.verdict === "passed" ? time : `${result.verdict}: ${result.reason.split("\n")[0]}`;
  output.out(`${sign} ${result.id.padEnd(38)} ${said}\n`);
}

/** Refuses a rig whose role is no real board. @throws ToolError `ROLE_SIMULATED`. */
export function requireReal(rig: Rig, wanted: readonly string[]): void {
  for (const text of wanted) {
    const role = readRole(text, "--require-real");
    const { kind } = rig.roles[role];
    if (kind === "real") continue;
    throw new ToolError({
      code: ROLE_SIMULATED,
      message: `the ${role} has to be a real board, but rig ${rig.rig} has kind "${kind}"`,
      state: "nothing was run",
      hint: "name a rig with the board, or drop --set for this role",
      details: { role, kind },
    });
  }
}

/**
 * The cases that a pattern names.
 *
 * @throws ToolError `NO_CASE_RAN` for none, `USAGE` for what is no regular expression.
 */
export function selectCases(pattern: string | undefined): readonly Case[] {
  if (pattern === undefined) return ALL_CASES;
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, "i");
  } catch (error) {
    throw new ToolError({
      code: USAGE,
      message: `"${pattern}" is no regular expression: ${error instanceof Error ? error.message : error}`,
      state: "nothing was run",
      hint: "nyckel hil list shows all names; for example: nyckel hil run T8",
      details: { pattern },
    });
  }
  const chosen = ALL_CASES.filter(({ id, title, rows, threats }) =>
    [id, title, ...rows, ...threats.map((threat) => `threat ${threat}`)].some((text) =>
      expression.test(text),
    ),
  );
  if (chosen.length > 0) return chosen;
  throw new ToolError({
    code: NO_CASE_RAN,
    message: `no case fits the pattern "${pattern}"`,
    state: "nothing was run",
    hint: "nyckel hil list shows all names",
    details: { pattern },
  });
}

function readSeed(text: string): string {
  return text === "random"
    ? String(randomInt(1, SEED_MAX))
    : String(readNumber("--seed", text, 0, SEED_MAX));
}

/** Why a board is not used; undefined for one that behaved. */
export function boardFault(board: string, history: BoardHistory): ToolError | undefined {
  if (!isQuarantined(history)) return undefined;
  return new ToolError({
    code: BOARD_QUARANTINED,
    message: `board ${board} failed as a board ${history.infraInRow} times in a row`,
    state: "nothing was run",
    hint: "mend it, then: nyckel rig check --rig FILE",
    details: { board },
  });
}

function refuseQuarantined(state: string, boards: readonly string[]): void {
  for (const board of boards) {
    const fault = boardFault(board, readHistory(state, board));
    if (fault !== undefined) throw fault;
  }
}

/** Takes the boards of a rig. @throws ToolError `BOARD_RESERVED`. */
export function claimRig(state: string, boards: readonly string[], purpose: string): () => void {
  try {
    return claimBoards(state, boards, purpose);
  } catch (error) {
    if (!(error instanceof BoardClaimed)) throw error;
    throw new ToolError({
      code: BOARD_RESERVED,
      message: error.message,
      state: "nothing was run",
      hint: "wait for it, or: nyckel rig status --rig FILE",
      details: { board: error.board, pid: error.claim.pid },
    });
  }
}

function openFolder(path: string | undefined): ReportFolder {
  try {
    return openReportFolder(path ?? join(REPORTS, nextNumber()));
  } catch (error) {
    throw new ToolError({
      code: FILE_UNREADABLE,
      message: `the report cannot be written: ${error instanceof Error ? error.message : error}`,
      state: "nothing was run",
      hint: "give a folder that you may write to: --report out/hil/desk",
      details: { path: path ?? REPORTS },
    });
  }
}

function nextNumber(): string {
  mkdirSync(REPORTS, { recursive: true });
  const numbers = readdirSync(REPORTS).map((name) => (/^\d{4,}$/.test(name) ? Number(name) : 0));
  return String(Math.max(0, ...numbers) + 1).padStart(4, "0");
}

function reproLine(pattern: string | undefined, options: HilRunOptions, seed: string): string {
  const named = pattern === undefined ? "" : ` "${pattern}"`;
  const rig = options.rig === undefined ? "" : ` --rig ${options.rig}`;
  const set = (options.set ?? []).map((one) => ` --set ${one}`).join("");
  const repeat = (options.repeat ?? "1") === "1" ? "" : ` --repeat ${options.repeat}`;
  return `npx nyckel hil run${named}${rig}${set} --seed ${seed}${repeat}`;
}

/** Tells each board how the run went for it. */
function remember(state: string, rig: Rig, summary: RunSummary): void {
  const counts = countVerdicts(summary.cases);
  for (const role of ROLES) {
    const board = boardIdOf(rig.roles[role]);
    if (board === undefined) continue;
    const isInfraHere = (one: CaseResult) => one.verdict === "infra" && one.role === role;
    const told = summary.cases.filter(({ verdict }) => verdict !== "skipped").map(isInfraHere);
    noteRun(state, board, { ...counts, atMs: Date.parse(summary.startedAt) }, told);
  }
}

function commitNow(): string {
  try {
    const told = execFileSync("git", ["rev-parse", "--short=12", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return told.trim();
  } catch {
    return "unknown";
  }
}
