// SPDX-License-Identifier: EUPL-1.2
import {
  BOOT_FAILED,
  CONSOLE_OPEN,
  DEVICE_BLANK,
  DEVICE_GARBLED,
  DEVICE_SILENT,
} from "@nyckelring/protocol";

import type { BoardConsoleClient } from "./board-console.ts";
import { BoardFault } from "./board-fault.ts";
import { type ApplicationIdentity, askApplication, digestOnBoard } from "./board-state.ts";
import { firmwareMissing } from "./flash-board.ts";

/** The loader takes every console away where this file is. */
const LOCKED = "nk.locked";
const MARK = "1";
const LOOKS_MAX = 4;

/**
 * Locks a board down: from now on it has no console on any line.
 *
 * It is the last step of an installation. What opens the device again is a service permit, which a
 * commissioned device alone can verify: so a blank one is refused, and one whose application does not
 * run.
 *
 * @returns What runs on the board.
 * @throws BoardFault `FIRMWARE_MISSING`, `BOOT_FAILED` or `DEVICE_BLANK` with the board as it was;
 *   `CONSOLE_OPEN` where the console answers after all.
 */
export async function lockBoard(board: BoardConsoleClient): Promise<ApplicationIdentity> {
  const application = await askApplication(board);
  if (application === undefined) {
    throw firmwareMissing(board.name);
  }
  const { state, isBlank } = application.fields;
  const untouched = "the board is not locked";
  if (state !== "running") {
    throw new BoardFault({
      code: BOOT_FAILED,
      message: `${board.name}: the application is "${state}" and does not run`,
      state: untouched,
    });
  }
  if (isBlank !== false) {
    throw new BoardFault({
      code: DEVICE_BLANK,
      message: `${board.name}: the device is not commissioned, so nobody could open it again`,
      state: untouched,
      hint: "commission it, then lock it",
    });
  }
  await board.sendFile(LOCKED, Buffer.from(MARK, "latin1"), () => undefined);
  if ((await digestOnBoard(board, LOCKED)) === undefined) {
    throw stillOpen(board, "the mark was not kept", untouched);
  }
  // The loader reads the mark when it starts, before anything else.
  await board.typeLine("load()");
  // The old program may still answer, and the interpreter greets before the loader comes.
  let isOpen = true;
  for (let look = 0; isOpen && look < LOOKS_MAX; look += 1) {
    isOpen = await answers(board);
  }
  if (isOpen) {
    throw stillOpen(board, "the console answers after the restart", "the mark is set");
  }
  return application;
}

/** False where the line stays silent for as long as a console is waited for. */
async function answers(board: BoardConsoleClient): Promise<boolean> {
  try {
    await board.greet();
    return true;
  } catch (error) {
    const code = error instanceof BoardFault ? error.parts.code : undefined;
    if (code === DEVICE_SILENT) return false;
    if (code === DEVICE_GARBLED) return true;
    throw error;
  }
}

function stillOpen(board: BoardConsoleClient, why: string, state: string): BoardFault {
  return new BoardFault({ code: CONSOLE_OPEN, message: `${board.name}: ${why}`, state });
}
