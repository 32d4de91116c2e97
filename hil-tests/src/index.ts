// SPDX-License-Identifier: EUPL-1.2

/**
 * Reaching boards: their console and contact over a serial line, flashing them, and boards made of
 * software for everybody who has none.
 *
 * @packageDocumentation
 */

export { type BoardBuild, readBoardBuild } from "./board-build.ts";
export {
  BOARD_TIMING,
  type BoardConsoleClient,
  type ConsoleTiming,
  openBoardConsole,
} from "./board-console.ts";
export { BoardFault, type BoardFaultParts } from "./board-fault.ts";
export {
  type BoardLine,
  CONSOLE_SETTINGS,
  findHolder,
  openSerialBoardLine,
  type PortHolder,
  unplugged,
} from "./board-line.ts";
export {
  type ApplicationIdentity,
  askApplication,
  type BoardState,
  inspectBoard,
} from "./board-state.ts";
export {
  askBoards,
  type BoardAnswer,
  chooseBoard,
  listPorts,
  type PortEntry,
} from "./find-board.ts";
export { checkPermit, permitBoardOf } from "./firmware-permit.ts";
export {
  admitBuild,
  boardOfInterpreter,
  compareBoard,
  eraseBoard,
  type FileComparison,
  type FlashPlan,
  type FlashProgress,
  firmwareMissing,
  flashBoard,
  planFlash,
  restartBoard,
} from "./flash-board.ts";
export { lockBoard } from "./lock-board.ts";
export {
  openPatchPanel,
  type PanelEvent,
  type PanelOptions,
  type PatchPanel,
} from "./patch-panel.ts";
export { type DeviceInService, provisionBoard } from "./provision-board.ts";
export { type BoardMessage, openSerialLink, type SerialLink } from "./serial-link.ts";
export {
  BOARD_COMMANDS,
  type BoardProcessOptions,
  runBoardProcess,
} from "./virtual-board/board-process.ts";
export { writeBoardInService } from "./virtual-board/commission.ts";
export type { BoardEvent, DeviceRole } from "./virtual-board/virtual-board.ts";
