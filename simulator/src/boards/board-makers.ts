// SPDX-License-Identifier: EUPL-1.2

import { createKeyBoard } from "./key-board.ts";
import { createLockBoard } from "./lock-board.ts";
import { createStationBoard } from "./station-board.ts";

/** Who makes the boards of a world; a bench with hardware of its own puts its makers here. */
export type BoardMakers = {
  readonly lock: typeof createLockBoard;
  readonly key: typeof createKeyBoard;
  readonly station: typeof createStationBoard;
};

/** Boards with simulated hardware. */
export const SIMULATED_BOARDS: BoardMakers = {
  lock: createLockBoard,
  key: createKeyBoard,
  station: createStationBoard,
};
