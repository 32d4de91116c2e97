// SPDX-License-Identifier: EUPL-1.2

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { FILE_UNREADABLE } from "@nyckelring/protocol";
import { type BoardCommandOptions, confirm, tellState } from "./device-board.ts";
import { choosePort, demandRole, explainFaults, settingsOf, withBoard } from "./device-port.ts";
import { readOctets } from "./files.ts";
import type { Output } from "./output.ts";
import { CLOCK_FILE, PAGES_FILE, ROLE_FILE } from "./provision.ts";
import { ToolError } from "./tool-error.ts";

const ROLES = ["key", "lock", "station"] as const;

/**
 * Makes a board the device of a folder that `provision` has written.
 *
 * @throws ToolError `USAGE` without `--yes` where nobody can be asked and the board is in service,
 *   `FILE_UNREADABLE`, or what is wrong with the board.
 */
export async function provisionDevice(
  folder: string,
  options: BoardCommandOptions,
  output: Output,
  input: Readable & { readonly isTTY?: boolean } = process.stdin,
): Promise<number> {
  return explainFaults("the board may hold a part of the device", async () => {
    const settings = settingsOf(options);
    const text = Buffer.from(readOctets(join(folder, ROLE_FILE))).toString("latin1");
    const role = ROLES.find((one) => one === text);
    if (role === undefined) {
      throw new ToolError({
        code: FILE_UNREADABLE,
        message: `"${folder}" is no device: its file ${ROLE_FILE} says "${text}"`,
        state: "nothing was written",
        hint: "give a folder that nyckel provision has written",
      });
    }
    const pages = readOctets(join(folder, PAGES_FILE));
    const clockFile = join(folder, CLOCK_FILE);
    const clockS = existsSync(clockFile)
      ? Number(Buffer.from(readOctets(clockFile)).toString("latin1"))
      : undefined;
    const { askApplication, firmwareMissing, provisionBoard } = await import(
      "@nyckelring/hil-tests"
    );
    const port = await choosePort({ ...options, role }, settings);
    const application = await withBoard(port, async (board) => {
      await demandRole(board, role);
      const before = await askApplication(board);
      if (before === undefined) {
        throw firmwareMissing(port.path);
      }
      if (before.fields["isBlank"] !== true) {
        const question = {
          word: "replace",
          what: `replacing the device at ${port.path}`,
          warning: `The ${role} at ${port.path} is in service; its identity and log go.`,
          hint: "bring its log home, then give --yes",
        };
        await confirm(question, options, output, input);
      }
      return await provisionBoard(board, { role, pages, clockS });
    });
    tellState(options, output, port.path, `${role} ${application.version} is in service`);
    return 0;
  });
}
