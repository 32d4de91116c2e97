// SPDX-License-Identifier: EUPL-1.2

import { closeSync, openSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { FILE_UNREADABLE, USAGE } from "@nyckelring/protocol";
import type { ReportFiles } from "@nyckelring/simulator";
import { makeDirectory } from "./make-directory.ts";
import { ToolError } from "./tool-error.ts";

/** Where a report goes; it was writable before the run began. */
export type ReportDirectory = {
  /** Writes the files; those of an earlier run are replaced. */
  readonly write: (files: ReportFiles) => void;
};

/**
 * Makes sure that a report can be written, before anybody waits for a run.
 *
 * @param directory - Made when it is missing.
 * @throws ToolError `FILE_UNREADABLE` when the directory cannot be made or written.
 */
export function openReportDirectory(directory: string): ReportDirectory {
  const names: readonly (keyof ReportFiles)[] = ["report.html", "trace.perfetto.json"];
  if (directory.trim() === "") throw emptyPath("--report", "out/report");
  attempt("--report", directory, "out/report", "nothing was run", () => {
    makeDirectory(directory);
    for (const name of names) closeSync(openSync(join(directory, name), "a"));
  });
  return {
    write: (files) => {
      attempt("--report", directory, "out/report", "the report is not complete", () => {
        for (const name of names) writeFileSync(join(directory, name), files[name]);
      });
    },
  };
}

/**
 * Makes sure that a JUnit file can be written, before anybody waits for a run.
 *
 * @param path - Its directory is made when it is missing.
 * @returns What writes the file.
 * @throws ToolError `FILE_UNREADABLE` when the file cannot be written.
 */
export function openJunitFile(path: string): (text: string) => void {
  if (path.trim() === "") throw emptyPath("--junit", "out/junit.xml");
  attempt("--junit", path, "out/junit.xml", "nothing was run", () => {
    makeDirectory(dirname(path));
    closeSync(openSync(path, "a"));
  });
  return (text) => {
    attempt("--junit", path, "out/junit.xml", "the file is not complete", () => {
      writeFileSync(path, text);
    });
  };
}

function emptyPath(option: string, example: string): ToolError {
  return new ToolError({
    code: USAGE,
    message: `${option} names no path`,
    state: "nothing was run",
    hint: `for example: ${option} ${example}`,
    details: { option },
  });
}

function attempt(
  option: string,
  path: string,
  example: string,
  state: string,
  action: () => void,
): void {
  try {
    action();
  } catch (error) {
    throw new ToolError({
      code: FILE_UNREADABLE,
      message: `"${path}" cannot be written: ${error instanceof Error ? error.message : error}`,
      state,
      hint: `give a path that you may write to, for example: ${option} ${example}`,
      details: { option, path },
    });
  }
}
