// SPDX-License-Identifier: EUPL-1.2

import { createInterface } from "node:readline/promises";
import {
  type AskPerson,
  type Kind,
  type Rig,
  RigFileError,
  ROLES,
  type RoleName,
  readRigFile,
  withKinds,
} from "@nyckelring/hil-tests/bench";
import { FILE_UNREADABLE, RIG_INVALID, USAGE } from "@nyckelring/protocol";
import { ToolError } from "./tool-error.ts";

const KINDS: readonly string[] = ["real", "sim", "interpreter"] satisfies readonly Kind[];

/**
 * Reads a rig file of an option.
 *
 * @throws ToolError `FILE_UNREADABLE`, or `RIG_INVALID` with the place of each fault.
 */
export function openRig(path: string): Rig {
  try {
    return readRigFile(path);
  } catch (error) {
    if (error instanceof RigFileError) {
      throw new ToolError({
        code: RIG_INVALID,
        message: error.message,
        state: "no board was touched",
        hint: "correct the file; nyckel rig schema prints what may stand there",
        details: { path, faults: error.faults.length },
      });
    }
    throw new ToolError({
      code: FILE_UNREADABLE,
      message: `"${path}" cannot be read: ${error instanceof Error ? error.message : error}`,
      state: "no board was touched",
      hint: "give a rig file, for example: --rig hil-tests/rigs/all-sim.yaml",
      details: { path },
    });
  }
}

/**
 * Reads a role.
 *
 * @throws ToolError `USAGE`.
 */
export function readRole(text: string, option: string): RoleName {
  const role = ROLES.find((name) => name === text);
  if (role !== undefined) return role;
  throw new ToolError({
    code: USAGE,
    message: `${option} names the role "${text}", which no rig has`,
    state: "nothing was run",
    hint: `roles: ${ROLES.join(", ")}`,
    details: { role: text },
  });
}

/**
 * A rig with the kinds that `--set role=kind` asks for.
 *
 * @throws ToolError `USAGE` for no such role or kind, and for a real board that no file describes.
 */
export function setKinds(rig: Rig, settings: readonly string[]): Rig {
  const kinds: Partial<Record<RoleName, Kind>> = {};
  for (const setting of settings) {
    const [name = "", kind = ""] = setting.split("=");
    const role = readRole(name, `--set ${setting}`);
    if (!KINDS.includes(kind)) throw unknownKind(setting);
    kinds[role] = kind as Kind;
  }
  try {
    return withKinds(rig, kinds);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ToolError({
      code: USAGE,
      message: `--set: ${error.message}`,
      state: "nothing was run",
      hint: "describe the board in the rig file, with match or path",
    });
  }
}

function unknownKind(setting: string): ToolError {
  return new ToolError({
    code: USAGE,
    message: `--set is "${setting}", but must be role=kind`,
    state: "nothing was run",
    hint: `kinds: ${KINDS.join(", ")}; for example: --set lock=sim`,
    details: { setting },
  });
}

/** Asks the person at the terminal to do something to a board. */
export const askPerson: AskPerson = async (text) => {
  const line = createInterface({ input: process.stdin, output: process.stderr });
  await line.question(`${text}, then press Enter `);
  line.close();
};
