// SPDX-License-Identifier: EUPL-1.2
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { RoleName } from "../board-driver/roles.ts";
import type { Case } from "../run/case.ts";
import { writeHtml } from "./html.ts";
import { writeJunit } from "./junit.ts";
import { writePcapng } from "./pcapng.ts";
import { writePerfetto } from "./perfetto.ts";
import { type RunFile, type RunSummary, reproOf, toRunFile } from "./run-summary.ts";

/** Files of a report beside the logs. */
export const REPORT_FILES = [
  "report.html",
  "junit.xml",
  "run.json",
  "trace.perfetto.json",
  "frames.pcapng",
  "repro.txt",
] as const;

/** The folder of one run: the raw logs grow while it runs, the rest is written at its end. */
export interface ReportFolder {
  readonly path: string;
  /** Adds a line to the log of the role that a device plays. */
  log(one: Case, device: string, line: string): void;
  /** Writes everything else and closes the logs. */
  finish(summary: RunSummary): void;
}

/**
 * Makes the folder of a run, so that a path that cannot be written is known before the run.
 *
 * @throws Error of the file system.
 */
export function openReportFolder(path: string): ReportFolder {
  const logs = join(path, "logs");
  mkdirSync(logs, { recursive: true });
  const files = new Map<RoleName, number>(
    (["key", "station", "lock"] as const).map((role) => [
      role,
      openSync(join(logs, `${role}.ndjson`), "w"),
    ]),
  );
  return {
    path,
    log: (one, device, line) => {
      const file = files.get(roleOf(device));
      const head = JSON.stringify({ case: one.id, device });
      if (file !== undefined) writeSync(file, `${head.slice(0, -1)},${line.slice(1)}\n`);
    },
    finish: (summary) => {
      for (const file of files.values()) closeSync(file);
      const put = (name: (typeof REPORT_FILES)[number], content: string | Uint8Array): void =>
        writeFileSync(join(path, name), content);
      put("run.json", `${JSON.stringify(toRunFile(summary), null, 1)}\n`);
      put("junit.xml", writeJunit(summary));
      put("report.html", writeHtml(summary));
      put("trace.perfetto.json", writePerfetto(summary.cases));
      put("frames.pcapng", writePcapng(summary.cases, Date.parse(summary.startedAt) * 1000));
      put("repro.txt", reproText(summary));
    },
  };
}

/**
 * Reads `run.json` of a report.
 *
 * @throws Error of the file system, and for what is no run.
 */
export function readRunFile(folder: string): RunFile {
  const run = JSON.parse(readFileSync(join(folder, "run.json"), "utf8")) as RunFile;
  if (run.schema !== 1 || !Array.isArray(run.cases)) throw new Error("run.json holds no run");
  return run;
}

function roleOf(device: string): RoleName {
  if (device.includes("station")) return "station";
  return device.includes("lock") ? "lock" : "key";
}

/** The command for the whole run, and one for each case that was not well. */
function reproText(summary: RunSummary): string {
  const bad = summary.cases.filter(({ verdict }) => verdict !== "passed" && verdict !== "skipped");
  const lines = bad.map((one) => `# ${one.verdict} ${one.id}\n${reproOf(summary, one)}`);
  return `${[`# commit ${summary.commit}`, summary.repro, ...lines].join("\n")}\n`;
}
