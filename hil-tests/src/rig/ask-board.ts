// SPDX-License-Identifier: EUPL-1.2
import { DEVICE_NOT_FOUND, FIRMWARE_MISSING, ROLE_MISMATCH } from "@nyckelring/protocol";
import { openBoardConsole } from "../board-console.ts";
import { openControl, wakeBoard } from "../board-driver/control-client.ts";
import type { RoleName } from "../board-driver/roles.ts";
import { BoardFault } from "../board-fault.ts";
import { type BoardLine, openSerialBoardLine } from "../board-line.ts";
import { type ApplicationIdentity, askApplication } from "../board-state.ts";
import type { RealRole } from "./rig-schema.ts";

/**
 * Opens the ports of a board and asks who is there.
 *
 * @param path - Device file of the console now.
 * @throws BoardFault for a port that cannot be opened, a board that does not answer, one without
 *   firmware, and one that answers as another role.
 */
export async function askBoard(
  role: RoleName,
  { serial, contactPath, control }: RealRole,
  path: string,
): Promise<ApplicationIdentity> {
  const { baud, flow } = serial;
  const lines: BoardLine[] = [];
  if (control !== undefined) await wake(control);
  try {
    const console = await openSerialBoardLine(path, { baud, hasFlowControl: flow === "xonxoff" });
    lines.push(console);
    if (contactPath !== undefined) {
      lines.push(await openSerialBoardLine(contactPath, { baud, hasFlowControl: false }));
    }
    const application = await askApplication(await openBoardConsole(console));
    const state = "nothing was changed";
    if (application === undefined) {
      throw new BoardFault({
        code: FIRMWARE_MISSING,
        message: `${path}: an interpreter answers, and no firmware of this system`,
        state,
        hint: "hil run flashes it, or: nyckel device flash",
      });
    }
    if (application.role !== role) {
      throw new BoardFault({
        code: ROLE_MISMATCH,
        message: `${path} is the ${role} of the rig, and answers as a ${application.role}`,
        state,
        hint: "put the right port into the rig file: nyckel rig list",
      });
    }
    return application;
  } finally {
    for (const line of lines) await line.close();
  }
}

/** A lock that a key feeds may have been left without power. */
async function wake(path: string): Promise<void> {
  try {
    const control = await openControl(path, () => undefined);
    await wakeBoard(control).finally(() => control.close());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BoardFault({
      code: DEVICE_NOT_FOUND,
      message: `${path}: the helper beside the board does not answer: ${why}`,
      state: "nothing was changed",
      hint: 'start it, or take "control" out of the rig file',
      details: { path },
    });
  }
}
