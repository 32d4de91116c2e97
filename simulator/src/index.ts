// SPDX-License-Identifier: EUPL-1.2

/**
 * The whole system in one process: virtual time, one seed, real firmware above simulated hardware.
 *
 * @packageDocumentation
 */

export { BENCH_FEED, type Feed } from "./battery.ts";
export type { BoardMakers } from "./boards/board-makers.ts";
export { createKeyBoard, type KeyBoard } from "./boards/key-board.ts";
export { createLockBoard, type LockBoard } from "./boards/lock-board.ts";
export { createStationBoard, type StationBoard } from "./boards/station-board.ts";
export type { Contact, EarlyPull } from "./contact.ts";
export type { MotorCommand } from "./motor.ts";
export type { Invariant, Violation } from "./oracle/evidence.ts";
export { type FoundEntry, findEntries } from "./oracle/flash-log.ts";
export { judgeRun } from "./oracle/oracle.ts";
export { type LogEntry, readLogEntry } from "./oracle/signed-objects.ts";
export { createRandomStream, type RandomStream } from "./prng.ts";
export {
  imageOf,
  type ProvisionedDevice,
  type Provisioning,
  type ProvisioningTown,
  provisionDevices,
  provisionTown,
  putImage,
  sync,
} from "./provisioning.ts";
export { RealWorldTouched, withoutRealWorld } from "./real-world-trap.ts";
export { writeJunit } from "./report/junit.ts";
export { escapeMarkup } from "./report/markup.ts";
export { type Message, type MessageKind, readMessages } from "./report/messages.ts";
export type { BrokerFrame, ContactFrame } from "./report/recorder.ts";
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
  journalOf,
  type RunOutcome,
  type RunRequest,
  type RunResult,
  runScenario,
  SCENARIOS,
  type ScenarioName,
} from "./run.ts";
export {
  readScenarioFile,
  runScript,
  type ScriptOutcome,
  type ScriptRequest,
} from "./script/run-script.ts";
export { ACTIONS, SCENARIO_SHAPE, type ScenarioFile } from "./script/scenario-shape.ts";
export { jsonSchemaOf, type Problem, type Shape, tellShape } from "./script/shape.ts";
export type { StoryLine } from "./story.ts";
export { createTrace, type TraceFile, type TraceSink } from "./trace.ts";
export { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";
export type { VirtualFlash } from "./virtual-flash.ts";
export {
  createScene,
  createWorld,
  type DoorOutcome,
  type KeyUnit,
  type LockUnit,
  must,
  type Probe,
  type StationOutcome,
  type StationUnit,
  type World,
} from "./world.ts";
export type { AttemptPurpose, SignalName, WorldEvent } from "./world-events.ts";
