// SPDX-License-Identifier: EUPL-1.2

/**
 * The whole system in one process: virtual time, one seed, real firmware above simulated hardware.
 *
 * @packageDocumentation
 */

export type { Invariant, Violation } from "./oracle/oracle.ts";
export { RealWorldTouched } from "./real-world-trap.ts";
export { writeJunit } from "./report/junit.ts";
export {
  createReporter,
  REPORT_DAYS_MAX,
  type Reporter,
  type ReportFiles,
} from "./report/report.ts";
export {
  type IssuedRing,
  isRingSource,
  issueRing,
  RING_SOURCES,
  type RingSource,
} from "./ring-export.ts";
export {
  isScenarioName,
  type RunOutcome,
  type RunRequest,
  type RunResult,
  runScenario,
  SCENARIOS,
  type ScenarioName,
} from "./run.ts";
export type { StoryLine } from "./story.ts";
export type { TraceFile, TraceSink } from "./trace.ts";
