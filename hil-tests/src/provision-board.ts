// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "@nyckelring/firmware/boards/board";
import { board as esp32s3 } from "@nyckelring/firmware/boards/esp32s3";
import { board as virtual } from "@nyckelring/firmware/boards/virtual";
import { board as xiao } from "@nyckelring/firmware/boards/xiao-nrf52840";
import { BOARD_MISMATCH, BOOT_FAILED, FLASH_FULL } from "@nyckelring/protocol";

import type { BoardConsoleClient } from "./board-console.ts";
import { openBoardPages } from "./board-driver/board-pages.ts";
import { BoardFault } from "./board-fault.ts";
import type { ApplicationIdentity } from "./board-state.ts";
import { boardOfInterpreter, restartBoard } from "./flash-board.ts";
import type { DeviceRole } from "./virtual-board/virtual-board.ts";

const BOARDS: readonly Board[] = [xiao, esp32s3, virtual];

/** What a device in service has in its flash, and the time of its clock. */
export interface DeviceInService {
  readonly role: DeviceRole;
  /** Content of the role's area from its first page on; what follows is blank. */
  readonly pages: Uint8Array;
  /** UTC seconds; undefined for a device without a clock. */
  readonly clockS: number | undefined;
}

/**
 * Makes a board a device in service: writes the pages of its role through the console, sets its clock
 * and restarts it.
 *
 * Requires: the firmware of the role runs and nothing is plugged in. What the area held is lost.
 *
 * @returns what runs then, which says that it is commissioned.
 * @throws BoardFault `BOARD_MISMATCH` for a board without such an area, `FLASH_FULL` where the pages do
 *   not fit into it, `BOOT_FAILED` where the device does not know itself afterwards.
 */
export async function provisionBoard(
  board: BoardConsoleClient,
  device: DeviceInService,
): Promise<ApplicationIdentity> {
  const { role, pages, clockS } = device;
  const name = boardOfInterpreter(board.identity.boardName);
  const wiring = BOARDS.find((one) => one.name === name)?.flash[role];
  const untouched = "nothing was written";
  if (wiring === undefined || wiring.kind !== "storage") {
    throw new BoardFault({
      code: BOARD_MISMATCH,
      message: `${board.name}: a ${role} on ${board.identity.boardName} has no area in Storage`,
      state: untouched,
    });
  }
  const { pageBytes, pageCount } = wiring;
  const isTooLarge = pages.subarray(pageCount * pageBytes).some((octet) => octet !== 0xff);
  if (isTooLarge) {
    throw new BoardFault({
      code: FLASH_FULL,
      message: `${board.name}: ${pages.length} octets do not fit into ${pageCount} pages`,
      state: untouched,
    });
  }
  const held = new Map<number, Uint8Array>();
  for (let page = 0; page < pageCount; page += 1) {
    const content = pages.subarray(page * pageBytes, (page + 1) * pageBytes);
    if (content.some((octet) => octet !== 0xff)) {
      held.set(page, content);
    }
  }
  await (await openBoardPages(board, wiring)).write(held);
  if (clockS !== undefined) {
    await board.evaluate(`(setTime(${clockS}),"set")`);
  }
  const application = await restartBoard(board);
  if (application === undefined || application.fields["isBlank"] !== false) {
    throw new BoardFault({
      code: BOOT_FAILED,
      message: `${board.name}: the device does not know that it is in service`,
      state: "the area of the role was written anew; write it again, or erase the board",
    });
  }
  return application;
}
