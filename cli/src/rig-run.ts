// SPDX-License-Identifier: EUPL-1.2

import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  askBoard,
  boardIdOf,
  boardsOf,
  claimOf,
  endQuarantine,
  findPort,
  isQuarantined,
  listPorts,
  PowerFault,
  RigFileError,
  ROLES,
  readHistory,
  readRigFile,
  rigJsonSchema,
  stateFolder,
  switchBoardPower,
  trendOf,
} from "@nyckelring/hil-tests/bench";
import { BENCH_FAILED, DEVICE_NOT_FOUND, FILE_UNREADABLE, USAGE } from "@nyckelring/protocol";
import { toToolError } from "./device-port.ts";
import { claimRig } from "./hil-run.ts";
import type { Output } from "./output.ts";
import { askPerson, openRig, readRole } from "./rig-file.ts";
import { ToolError } from "./tool-error.ts";

const RIGS = join("hil-tests", "rigs");

const TEMPLATE = `# A rig: which board plays which role. nyckel rig schema prints all that may stand here.
version: 1
rig: my-desk
tags: [desk]
roles:
  key: { kind: sim }
  station: { kind: sim }
  lock: { kind: sim }
  # A board on USB instead; nyckel rig list shows the serial numbers. Its contact is a second port,
  # and hands are programs that plug it in and pull it, such as a relay's:
  # lock:
  #   kind: real
  #   match: { usbSerial: "3400B5A1" }
  #   contactPath: /dev/serial/by-path/contact-lock
  #   hands: { driver: command, plug: [relay, "on", "8"], unplug: [relay, "off", "8"] }
  #   power: { driver: manual }
`;

/** Writes a rig file to begin with. @throws ToolError `FILE_UNREADABLE` when it exists. */
export function initRig(file: string, isJson: boolean, output: Output): number {
  try {
    writeFileSync(file, TEMPLATE, { flag: "wx" });
  } catch (error) {
    throw new ToolError({
      code: FILE_UNREADABLE,
      message: `"${file}" cannot be written: ${error instanceof Error ? error.message : error}`,
      state: "nothing was written",
      hint: "give a path that does not exist yet",
      details: { path: file },
    });
  }
  output.out(
    isJson
      ? `${JSON.stringify({ type: "result", file })}\n`
      : `wrote ${file}; next: nyckel rig list, then nyckel rig check --rig ${file}\n`,
  );
  return 0;
}

/** Lists the rig files of the checkout, and the boards on USB. */
export async function listRigs(isJson: boolean, output: Output): Promise<number> {
  for (const file of rigFiles()) {
    const told = describeRig(file);
    output.out(
      isJson
        ? `${JSON.stringify({ type: "rig", file, ...told })}\n`
        : `rig    ${file.padEnd(34)} ${told.fault ?? told.kinds?.join(", ")}\n`,
    );
  }
  const ports = await listPorts();
  for (const port of ports) {
    output.out(
      isJson
        ? `${JSON.stringify({ type: "port", ...port })}\n`
        : `board  ${port.path.padEnd(34)} usbSerial ${port.usbSerial ?? "none"} (${port.usb})\n`,
    );
  }
  if (!isJson && ports.length === 0) output.out("board  none on USB\n");
  return 0;
}

function rigFiles(): string[] {
  try {
    const names = readdirSync(RIGS).filter((name) => name.endsWith(".yaml"));
    return names.sort().map((name) => join(RIGS, name));
  } catch {
    return [];
  }
}

function describeRig(file: string): {
  readonly kinds?: readonly string[];
  readonly fault?: string;
} {
  try {
    const { roles } = readRigFile(file);
    return { kinds: ROLES.map((name) => `${name} ${roles[name].kind}`) };
  } catch (error) {
    if (error instanceof RigFileError) return { fault: error.message };
    throw error;
  }
}

/**
 * Checks a rig file and that each of its boards is there; one that is well leaves its quarantine.
 *
 * @throws ToolError `RIG_INVALID`, `BOARD_RESERVED`, `DEVICE_NOT_FOUND` for boards that are missing,
 *   or what is wrong with the first one that does not answer as its role.
 */
export async function checkRig(path: string, isJson: boolean, output: Output): Promise<number> {
  const rig = openRig(path);
  const state = stateFolder();
  const ports = ROLES.some((name) => rig.roles[name].kind === "real") ? await listPorts() : [];
  const release = claimRig(state, boardsOf(rig), "rig check");
  const missing: string[] = [];
  const faults: unknown[] = [];
  try {
    for (const name of ROLES) {
      const role = rig.roles[name];
      const board = boardIdOf(role);
      let told = "";
      let isGood = true;
      const found = role.kind === "real" ? findPort(role, ports) : { path: "" };
      if ("missing" in found) {
        missing.push(`${name}: ${found.missing}`);
        told = found.missing;
        isGood = false;
      } else if (role.kind === "real" && board !== undefined) {
        try {
          const { version, board: kind, fields } = await askBoard(name, role, found.path);
          told = `${found.path}  ${version} on ${kind}, ${fields["state"]}`;
          endQuarantine(state, board);
        } catch (error) {
          faults.push(error);
          told = error instanceof Error ? error.message : String(error);
          isGood = false;
        }
      }
      output.out(
        isJson
          ? `${JSON.stringify({ type: "role", role: name, kind: role.kind, board, ok: isGood, told })}\n`
          : `${isGood ? "✓" : "✗"} ${name.padEnd(8)} ${role.kind.padEnd(12)} ${told}\n`,
      );
    }
  } finally {
    release();
  }
  const fault = missingBoards(missing);
  if (fault !== undefined) throw fault;
  if (faults.length > 0) throw await toToolError(faults[0], "nothing was changed");
  return 0;
}

/** What is said of boards that are not there; undefined when there are none. */
export function missingBoards(missing: readonly string[]): ToolError | undefined {
  if (missing.length === 0) return undefined;
  return new ToolError({
    code: DEVICE_NOT_FOUND,
    message: `${missing.length} of the rig's boards are not there\n  ${missing.join("\n  ")}`,
    state: "no board was touched",
    hint: "plug them in, or see what is there: nyckel rig list",
    details: { missing: missing.length },
  });
}

/** Tells who holds each board, and how it behaved. */
export function showRigStatus(path: string, isJson: boolean, output: Output): number {
  const rig = openRig(path);
  const state = stateFolder();
  for (const name of ROLES) {
    const role = rig.roles[name];
    const board = boardIdOf(role);
    if (board === undefined) {
      output.out(
        isJson
          ? `${JSON.stringify({ type: "role", role: name, kind: role.kind })}\n`
          : `${name.padEnd(8)} ${role.kind}\n`,
      );
      continue;
    }
    const history = readHistory(state, board);
    const holder = claimOf(state, board);
    const trend = trendOf(history);
    const isAside = isQuarantined(history);
    if (isJson) {
      const told = {
        kind: role.kind,
        board,
        holder,
        quarantined: isAside,
        runs: history.runs.length,
      };
      output.out(`${JSON.stringify({ type: "role", role: name, ...told, infra: trend })}\n`);
      continue;
    }
    const held = holder === undefined ? "free" : `held by ${holder.owner}, process ${holder.pid}`;
    const aside = isAside ? ", IN QUARANTINE" : "";
    const share = `${percent(trend.now)} infra in the last runs, ${percent(trend.before)} before`;
    output.out(
      `${name.padEnd(8)} ${board.padEnd(28)} ${held}${aside}; ${history.runs.length} runs, ${share}\n`,
    );
  }
  return 0;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Switches the power of a board. @throws ToolError `USAGE`, or for a driver that fails. */
export async function switchPower(
  path: string,
  roleText: string,
  state: string,
  isJson: boolean,
  output: Output,
): Promise<number> {
  const role = readRole(roleText, "rig power");
  if (state !== "on" && state !== "off" && state !== "cycle") {
    throw new ToolError({
      code: USAGE,
      message: `the power can be "on", "off" or "cycle", not "${state}"`,
      state: "nothing was switched",
      hint: `nyckel rig power ${role} cycle --rig ${path}`,
      details: { state },
    });
  }
  const board = openRig(path).roles[role];
  const power = board.kind === "real" ? board.power : ({ driver: "none" } as const);
  try {
    await switchBoardPower(power, state, process.stdin.isTTY ? askPerson : undefined);
  } catch (error) {
    if (!(error instanceof PowerFault)) throw error;
    throw new ToolError({
      code: BENCH_FAILED,
      message: `${role}: ${error.message}`,
      state: "the power may be as it was",
      hint: "check the power driver in the rig file",
      details: { role },
    });
  }
  output.out(
    isJson ? `${JSON.stringify({ type: "result", role, state })}\n` : `${role} ${state}\n`,
  );
  return 0;
}

/** Prints the JSON Schema of rig files. */
export function showSchema(output: Output): number {
  output.out(`${JSON.stringify(rigJsonSchema(), null, 2)}\n`);
  return 0;
}
