// SPDX-License-Identifier: EUPL-1.2

import type { RunOutcome } from "../run.ts";
import type { TraceSink } from "../trace.ts";
import { readDay } from "./day.ts";
import { writePage } from "./page.ts";
import { writePerfetto } from "./perfetto.ts";
import { createRecorder } from "./recorder.ts";

/** Days that a report can show; more would make a page that no browser likes. */
export const REPORT_DAYS_MAX = 14;

/** The files of a report by their names. */
export type ReportFiles = {
  readonly "report.html": string;
  readonly "trace.perfetto.json": string;
};

/** Watches a run and writes its report. */
export interface Reporter {
  /** Takes the lines of the trace; hand it to the run, alone or beside another sink. */
  readonly sink: TraceSink;
  /**
   * Writes the report of the run that has just ended.
   *
   * @param replay - The command that repeats the run.
   */
  write(outcome: RunOutcome, replay: string): ReportFiles;
}

/**
 * Makes a reporter for one run.
 *
 * @public
 */
export function createReporter(): Reporter {
  const { sink, recording } = createRecorder();
  return {
    sink,
    write: (outcome, replay) => {
      const day = readDay(recording, outcome);
      return {
        "report.html": writePage({ outcome, day, replay }),
        "trace.perfetto.json": writePerfetto(day),
      };
    },
  };
}
