// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GOAL_MISSED, USAGE } from "@nyckelring/protocol";
import type { Output } from "./output.ts";
import { formatForPeople, ToolError } from "./tool-error.ts";

/** One line of these benchmarks; the fields are those of `bench protocol`. */
export interface BenchFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number | null;
  readonly ratio: number | null;
  readonly goal: number | null;
  readonly ok: boolean;
}

/** What is measured: the entries of the native code, or a door session under the interpreter. */
export type BenchSubject = "native" | "session";

/**
 * Counts instructions under QEMU and shows each figure beside its limit.
 *
 * It builds from the sources, so it runs in a checkout alone, in a process of its own.
 *
 * @returns 0 when every limit is kept; otherwise the exit code of `GOAL_MISSED`, and standard error
 *   says by how much.
 * @throws ToolError `USAGE` where a program or the sources are missing, with the way to get them.
 */
export function benchNative(
  subject: BenchSubject,
  isJson: boolean,
  output: Output,
  measure: (subject: BenchSubject) => readonly BenchFigure[] = measureInCheckout,
): number {
  if (!isJson) output.err("counting instructions under QEMU, about a minute\n");
  const figures = measure(subject);
  for (const figure of figures) {
    output.out(`${isJson ? JSON.stringify(figure) : lineOf(figure)}\n`);
  }
  const missed = figures.filter((figure) => !figure.ok);
  if (missed.length === 0) return 0;
  const error = new ToolError({
    code: GOAL_MISSED,
    message: `${missed.length} limits were not kept\n${missed.map(missLine).join("\n")}`,
    state: "the run is valid",
    hint: "docs/native.md says for each what is known about it",
  });
  output.err(formatForPeople(error));
  return error.describe().exit;
}

function measureInCheckout(subject: BenchSubject): readonly BenchFigure[] {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const script = join(root, "firmware/native/run-bench.ts");
  if (!existsSync(script)) throw lack("the sources of the native code are not here");
  const run = spawnSync(process.execPath, [script, subject], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 16 * 1024 * 1024,
  });
  if (run.status === 2) throw lack(run.stderr.trim());
  if (run.status !== 0) throw new Error(run.stderr || `ended with ${run.signal}`);
  return run.stdout
    .trim()
    .split("\n")
    .map((line): BenchFigure => JSON.parse(line));
}

function lack(message: string): ToolError {
  const hint = "docs/native.md tells what this benchmark needs";
  return new ToolError({ code: USAGE, message, state: "nothing was measured", hint });
}

function lineOf({ name, value, unit, limit, ratio, ok }: BenchFigure): string {
  const shown = value.toLocaleString("en");
  if (limit === null) return `  ${name}: ${shown} ${unit}`;
  const bound = limit.toLocaleString("en");
  return `${ok ? "✓" : "✗"} ${name}: ${shown} ${unit}, limit ${bound}, ratio ${ratio}`;
}

function missLine({ name, value, unit, limit }: BenchFigure): string {
  const excess = limit === null ? 0 : Math.round((value / limit - 1) * 100);
  return `  ${name}: ${value.toLocaleString("en")} ${unit}, ${excess} % too much`;
}
