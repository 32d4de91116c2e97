// SPDX-License-Identifier: EUPL-1.2

import { randomInt } from "node:crypto";
import { INVARIANT_BROKEN, SCENARIO_INVALID, USAGE } from "@nyckelring/protocol";
import {
  createReporter,
  isScenarioName,
  REPORT_DAYS_MAX,
  type RunOutcome,
  type RunRequest,
  readScenarioFile,
  runScenario,
  runScript,
  SCENARIOS,
  type ScenarioFile,
  type ScenarioName,
  type TraceSink,
  writeJunit,
} from "@nyckelring/simulator";
import { readOctets } from "./files.ts";
import type { SimRunOptions } from "./nyckel.ts";
import type { Output } from "./output.ts";
import { openJunitFile, openReportDirectory } from "./report-files.ts";
import { tellScript, tellStory } from "./story.ts";
import { formatForPeople, ToolError } from "./tool-error.ts";
import { openTraceDirectory, type TraceDirectory } from "./trace-directory.ts";

const DAYS_MAX = 400;
const SEED_DIGITS_MAX = 20;
const VIOLATIONS_SHOWN = 12;
const PROBLEMS_SHOWN = 20;

/**
 * Runs a scenario or a scenario file, shows it, and tells the exit code: 0 when every promise was kept
 * and every expectation met, 1 when not.
 *
 * @throws ToolError `USAGE` for an unknown scenario, a bad seed or a bad number of days, and
 *   `FILE_UNREADABLE` for a file that cannot be read or written, `SCENARIO_INVALID`.
 * @param run - What runs a scenario; a test gives a run that is broken.
 */
export function runSimulation(
  text: string,
  options: SimRunOptions,
  output: Output,
  run: (request: RunRequest) => RunOutcome = runScenario,
): number {
  const played = readPlay(text, options);
  const { seed, days, replay } = played;
  const outputs = openOutputs(options, days);
  const { trace, reporter } = outputs;
  const sink = bothSinks(trace?.sink, reporter?.sink);
  const started = process.hrtime.bigint();
  const wishes = {
    seed,
    ...(sink === undefined ? {} : { sink }),
    ...(options.quiet === true ? {} : { onProgress: (line: string) => output.err(`${line}\n`) }),
  };
  const outcome = runWithTrace(trace, () =>
    "file" in played
      ? runScript({ ...wishes, path: text, file: played.file })
      : run({ ...wishes, scenario: played.scenario, days }),
  );
  const wallS = Number((process.hrtime.bigint() - started) / 1_000_000n) / 1000;
  if (reporter !== undefined) outputs.directory?.write(reporter.write(outcome, replay));
  outputs.writeJunitFile?.(writeJunit(outcome, replay, wallS));

  if (options.json === true) printObjects(outcome, wallS, output);
  else if ("file" in played) output.out(tellScript(outcome, played.file.title, wallS, replay));
  else output.out(tellStory(outcome, wallS, replay));
  if (outcome.violations.length === 0) return 0;

  const broken = brokenError(outcome, replay);
  output.err(formatForPeople(broken));
  return broken.describe().exit;
}

/** What to run: a scenario by its name, or a file; read and checked before anything runs. */
function readPlay(text: string, options: SimRunOptions) {
  if (/\.ya?ml$/.test(text)) {
    if (options.days !== undefined) {
      throw new ToolError({
        code: USAGE,
        message: "a scenario file says itself how long it lasts, so --days means nothing",
        state: "nothing was run",
        hint: `leave --days out: nyckel sim run ${text}`,
      });
    }
    const file = readScenario(text);
    const seed = readSeed(options.seed ?? "1");
    return { file, seed, days: 1, replay: `npx nyckel sim run ${text} --seed ${seed}` };
  }
  const scenario = readScenarioName(text);
  const seed = readSeed(options.seed ?? "random");
  const days = readDays(options.days ?? "1");
  const replay = `npx nyckel sim run ${scenario} --seed ${seed}${days === 1 ? "" : ` --days ${days}`}`;
  return { scenario, seed, days, replay };
}

/**
 * Reads a scenario file.
 *
 * @throws ToolError `FILE_UNREADABLE`, or `SCENARIO_INVALID` with every problem and its place.
 */
function readScenario(path: string): ScenarioFile {
  const reading = readScenarioFile(new TextDecoder().decode(readOctets(path)));
  if (reading.ok) return reading.value;
  const { problems } = reading;
  const shown = problems.slice(0, PROBLEMS_SHOWN).map(({ line, column, text }) => {
    return `  ${path}:${line}:${column}: ${text}`;
  });
  const rest = problems.length - shown.length;
  if (rest > 0) shown.push(`  and ${rest} more`);
  const [first] = problems;
  throw new ToolError({
    code: SCENARIO_INVALID,
    message: `"${path}" is not what a scenario file can be\n${shown.join("\n")}`,
    state: "nothing was run",
    hint: "docs/scenarios.md lists what is allowed; nyckel sim schema prints it for an editor",
    details: { path, line: first?.line ?? 1, column: first?.column ?? 1 },
  });
}

/** Opens everything that a run writes to, so that a bad path is told before the run. */
function openOutputs(options: SimRunOptions, days: number) {
  if (options.report !== undefined && days > REPORT_DAYS_MAX) {
    throw new ToolError({
      code: USAGE,
      message: `a report shows at most ${REPORT_DAYS_MAX} days, but --days is ${days}`,
      state: "nothing was run",
      hint: "take fewer days, or --trace DIR instead of --report",
      details: { days },
    });
  }
  const directory = options.report === undefined ? undefined : openReportDirectory(options.report);
  return {
    directory,
    reporter: directory === undefined ? undefined : createReporter(),
    writeJunitFile: options.junit === undefined ? undefined : openJunitFile(options.junit),
    trace: options.trace === undefined ? undefined : openTraceDirectory(options.trace),
  };
}

function bothSinks(
  first: TraceSink | undefined,
  second: TraceSink | undefined,
): TraceSink | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return (file, line) => {
    first(file, line);
    second(file, line);
  };
}

function runWithTrace(trace: TraceDirectory | undefined, run: () => RunOutcome): RunOutcome {
  try {
    return run();
  } finally {
    trace?.close();
  }
}

function printObjects(outcome: RunOutcome, wallS: number, output: Output): void {
  for (const violation of outcome.violations) {
    output.out(`${JSON.stringify({ type: "violation", ...violation })}\n`);
  }
  const { scenario, seed, virtualDays, ...figures } = outcome.result;
  const shownSeed = Number.isSafeInteger(Number(seed)) ? Number(seed) : seed;
  const head = { type: "result", scenario, seed: shownSeed, virtualDays, wallS };
  const ok = outcome.violations.length === 0;
  output.out(`${JSON.stringify({ ...head, ...figures, ok })}\n`);
}

function brokenError(outcome: RunOutcome, replay: string): ToolError {
  const { violations } = outcome;
  const shown = violations.slice(0, VIOLATIONS_SHOWN).map(({ invariant, atUs, text }) => {
    return `  ${outcome.calendar.labelOf(atUs)}  ${invariant}: ${text}`;
  });
  const rest = violations.length - shown.length;
  if (rest > 0) shown.push(`  and ${rest} more`);
  const names = [...new Set(violations.map((violation) => violation.invariant))].join(", ");
  return new ToolError({
    code: INVARIANT_BROKEN,
    message: `${violations.length} times a promise was broken (${names})\n${shown.join("\n")}`,
    state: "the run is complete and can be repeated exactly",
    hint: `repro: ${replay}`,
  });
}

function readScenarioName(text: string): ScenarioName {
  if (isScenarioName(text)) return text;
  const known = Object.keys(SCENARIOS).join(", ");
  throw new ToolError({
    code: USAGE,
    message: `there is no scenario "${text}"`,
    state: "nothing was run",
    hint: `scenarios: ${known}, or a file ending in .yaml; for example: nyckel sim run pilot --seed 7`,
    details: { scenario: text },
  });
}

function readSeed(text: string): string {
  if (text === "random") return String(randomInt(1, 2 ** 32));
  if (/^\d+$/.test(text) && text.length <= SEED_DIGITS_MAX) return BigInt(text).toString();
  throw new ToolError({
    code: USAGE,
    message: `the seed "${text}" is not a whole number of at most ${SEED_DIGITS_MAX} digits`,
    state: "nothing was run",
    hint: "give digits alone, or random: nyckel sim run pilot --seed 7",
    details: { seed: text },
  });
}

function readDays(text: string): number {
  const days = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= DAYS_MAX) return days;
  throw new ToolError({
    code: USAGE,
    message: `--days is "${text}", but must be a whole number from 1 to ${DAYS_MAX}`,
    state: "nothing was run",
    hint: "nyckel sim run pilot --seed 7 --days 3",
    details: { days: text },
  });
}
