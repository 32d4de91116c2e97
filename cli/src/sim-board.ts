// SPDX-License-Identifier: EUPL-1.2

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DeviceRole } from "@nyckelring/hil-tests";
import { USAGE } from "@nyckelring/protocol";
import { simulatedFolder } from "./device-flash.ts";
import { explainFaults } from "./device-port.ts";
import { readNumber } from "./numbers.ts";
import type { Output } from "./output.ts";
import { ToolError } from "./tool-error.ts";
import { readTime } from "./utc-time.ts";

const ROLES = ["key", "lock", "station"] as const;
const BAUD_MAX = 10_000_000;
const SLOWNESS_MAX = 1000;
const COUNT_MAX = 0x7fff_ffff;

/** Options of `sim board`. */
export type SimBoardOptions = {
  readonly role: string;
  readonly pty: string;
  readonly flash: string;
  readonly contact?: string;
  readonly control?: string;
  readonly baud: string;
  readonly slowness: string;
  readonly build?: string;
  readonly bare?: boolean;
  readonly cutAfterBytes?: string;
  readonly cutAfterWrites?: string;
  readonly time?: string;
  readonly json?: boolean;
};

/**
 * Runs a virtual board until it is told to quit, its power is cut, or it is killed.
 *
 * @throws ToolError `USAGE`, or what is wrong with the build or the pseudo terminal.
 */
export async function runSimBoard(options: SimBoardOptions, output: Output): Promise<number> {
  return explainFaults("no board runs", async () => {
    const role = readRole(options.role);
    const { BOARD_COMMANDS, readBoardBuild, runBoardProcess } = await import(
      "@nyckelring/hil-tests"
    );
    const folder = options.build ?? simulatedFolder(role);
    const hasBuild =
      options.bare !== true &&
      (options.build !== undefined || existsSync(join(folder, "manifest.json")));
    const isNew = !existsSync(options.flash);
    const build = hasBuild && isNew ? readBoardBuild(folder) : undefined;
    const limit = (name: string, text: string | undefined): number | undefined =>
      text === undefined ? undefined : readNumber(name, text, 0, COUNT_MAX);
    await runBoardProcess({
      role,
      pty: options.pty,
      contactPty: options.contact,
      control: options.control,
      flash: options.flash,
      startS: options.time === undefined ? undefined : readTime("--time", options.time),
      baud: readNumber("--baud", options.baud, 0, BAUD_MAX),
      slowness: readNumber("--slowness", options.slowness, 1, SLOWNESS_MAX),
      build,
      cutAfterBytes: limit("--cut-after-bytes", options.cutAfterBytes),
      cutAfterWrites: limit("--cut-after-writes", options.cutAfterWrites),
      commands: process.stdin,
      onEvent(event) {
        if (options.json === true) {
          output.out(`${JSON.stringify(event)}\n`);
        } else if (event.type === "ready") {
          const content = isNew ? (build === undefined ? "bare" : build.version) : "as it was left";
          output.out(`ready    ${role} on ${event.pty} (${content})\n`);
          output.err(`commands on standard input: ${BOARD_COMMANDS}\n`);
        } else {
          const { type, ...fields } = event;
          output.out(`${type.padEnd(9)}${Object.values(fields).join(" ")}\n`);
        }
      },
    });
    return 0;
  });
}

function readRole(text: string): DeviceRole {
  const role = ROLES.find((one) => one === text);
  if (role !== undefined) {
    return role;
  }
  throw new ToolError({
    code: USAGE,
    message: `there is no role "${text}"`,
    state: "no board runs",
    hint: `choose one of ${ROLES.join(", ")}`,
  });
}
