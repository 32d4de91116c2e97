// SPDX-License-Identifier: EUPL-1.2

/**
 * The bench: rigs, the runner of the acceptance suite, and its reports.
 *
 * @packageDocumentation
 */

export { InfraFault, type Kind, ROLES, type RoleName } from "./board-driver/roles.ts";
export { listPorts } from "./find-board.ts";
export { type Comparison, compareRuns } from "./report/compare.ts";
export { VERDICT_SIGNS } from "./report/html.ts";
export {
  openReportFolder,
  REPORT_FILES,
  type ReportFolder,
  readRunFile,
} from "./report/report-folder.ts";
export {
  type RoleInRun,
  type RunFile,
  type RunSummary,
  rolesLine,
  toRunFile,
} from "./report/run-summary.ts";
export { askBoard } from "./rig/ask-board.ts";
export {
  BoardClaimed,
  boardIdOf,
  boardsOf,
  type Claim,
  claimBoards,
  claimOf,
  stateFolder,
} from "./rig/board-claims.ts";
export {
  type BoardHistory,
  endQuarantine,
  isQuarantined,
  noteRun,
  readHistory,
  trendOf,
} from "./rig/board-history.ts";
export { findPort } from "./rig/find-port.ts";
export { type OpenSession, openSession } from "./rig/open-session.ts";
export { type AskPerson, PowerFault, switchBoardPower } from "./rig/power.ts";
export { RigFileError, readRigFile, withKinds } from "./rig/rig-file.ts";
export { type Rig, type RigRole, rigJsonSchema } from "./rig/rig-schema.ts";
export type { Case } from "./run/case.ts";
export {
  type CaseResult,
  type Counts,
  countVerdicts,
  resultLine,
  runSuite,
  SIMULATED_SESSION,
  VERDICTS,
  type Verdict,
} from "./run/run-suite.ts";
