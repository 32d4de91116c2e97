// SPDX-License-Identifier: EUPL-1.2

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { DeviceRole } from "@nyckelring/hil-tests";
import { USAGE } from "@nyckelring/protocol";
import { simulatedFolder } from "./device-flash.ts";
import { explainFaults } from "./device-port.ts";
import type { Output } from "./output.ts";
import { BOARD_FILE, CLOCK_FILE } from "./provision.ts";
import { ToolError } from "./tool-error.ts";
import { readTime } from "./utc-time.ts";

const ROLES: readonly DeviceRole[] = ["key", "lock", "station"];

/** Options of `sim attach`. */
export type SimAttachOptions = {
  readonly real: string;
  readonly flash?: readonly string[];
  readonly build?: readonly string[];
  readonly desk?: string;
  readonly time?: string;
  readonly json?: boolean;
};

/**
 * Puts one real board beside simulated ones and obeys the words on standard input: `insert lock`,
 * `insert station`, `pull`, `press`, `quit`.
 *
 * @throws ToolError `USAGE`, or what is wrong with the port.
 */
export async function attachReal(options: SimAttachOptions, output: Output): Promise<number> {
  return explainFaults("nothing was sent", async () => {
    const [real] = readPairs("--real", [options.real]);
    if (real === undefined) {
      return 0;
    }
    const flash = new Map(readPairs("--flash", options.flash ?? []));
    const build = new Map(readPairs("--build", options.build ?? []));
    const { desk } = options;
    if (desk !== undefined) {
      for (const role of ROLES) {
        flash.set(role, flash.get(role) ?? join(desk, role, BOARD_FILE));
      }
    }
    const startS = options.time === undefined ? undefined : readTime("--time", options.time);
    const { openPatchPanel, readBoardBuild } = await import("@nyckelring/hil-tests");
    const show = (fields: { readonly type: string }): void => {
      const { type, ...rest } = fields;
      output.out(
        options.json === true
          ? `${JSON.stringify(fields)}\n`
          : `${type.padEnd(9)}${Object.values(rest).map(shorten).join(" ")}\n`,
      );
    };
    const panel = await openPatchPanel({
      real: { role: real[0], port: real[1] },
      build: (role) => readBoardBuild(build.get(role) ?? simulatedFolder(role)),
      flash: (role) => flash.get(role),
      startS: (role) => startS ?? (desk === undefined ? undefined : readClock(join(desk, role))),
      onEvent: show,
    });
    show({ type: "ready", ...{ real: real[0], port: real[1] } });
    output.err("words on standard input: insert lock, insert station, pull, press, quit\n");
    try {
      for await (const text of createInterface({ input: process.stdin })) {
        const [word, where] = text.trim().split(/\s+/);
        if (word === "insert" && (where === "lock" || where === "station")) {
          panel.insert(where);
        } else if (word === "pull") {
          panel.pull();
        } else if (word === "press") {
          panel.press();
        } else if (word === "quit") {
          break;
        } else {
          output.err(`"${text}" is no word of the panel\n`);
        }
      }
    } finally {
      await panel.close();
    }
    return 0;
  });
}

/** The time in the file `clock` of a provisioned device; undefined for one without a clock. */
function readClock(folder: string): number | undefined {
  const path = join(folder, CLOCK_FILE);
  return existsSync(path) ? Number(readFileSync(path, "utf8")) : undefined;
}

function shorten(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function readPairs(option: string, texts: readonly string[]): (readonly [DeviceRole, string])[] {
  return texts.map((text) => {
    const [name, ...rest] = text.split("=");
    const role = ROLES.find((one) => one === name);
    const value = rest.join("=");
    if (role !== undefined && value !== "") {
      return [role, value] as const;
    }
    throw new ToolError({
      code: USAGE,
      message: `${option} is "${text}", which is no role with a path`,
      state: "nothing was sent",
      hint: `for example: ${option} lock=/dev/ttyUSB0`,
    });
  });
}
