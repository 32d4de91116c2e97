// SPDX-License-Identifier: EUPL-1.2

import type { BoardConsoleClient, BoardLine } from "@nyckelring/hil-tests";
import { DEVICE_AMBIGUOUS, DEVICE_NOT_FOUND, ROLE_MISMATCH } from "@nyckelring/protocol";
import { describe } from "@nyckelring/protocol/host";
import { isNearer, readSettings, type Settings, textOf } from "./config.ts";
import { ToolError } from "./tool-error.ts";

/** What all commands on a board take. */
export type PortOptions = {
  readonly port?: string;
  readonly rig?: string;
  readonly baud?: string;
  readonly role?: string;
  readonly anchor?: string;
};

/** The console of a board: its device file and its speed in bits a second. */
export type ConsolePort = { readonly path: string; readonly baud: number };

/** A real board of a rig file. */
export type RigBoard = { readonly role: string; readonly port: ConsolePort };

/** The settings that these options and everything else come to. */
export function settingsOf(options: PortOptions): Settings {
  const { port, rig, baud, anchor } = options;
  return readSettings({
    ...(port === undefined ? {} : { port }),
    ...(rig === undefined ? {} : { rig }),
    ...(baud === undefined ? {} : { baud }),
    ...(anchor === undefined ? {} : { anchor }),
  });
}

/** Opens a line at its speed. */
export async function openLine({ path, baud }: ConsolePort): Promise<BoardLine> {
  const { openSerialBoardLine } = await import("@nyckelring/hil-tests");
  return await openSerialBoardLine(path, { baud, hasFlowControl: true });
}

function portAt(path: string, settings: Settings): ConsolePort {
  return { path, baud: Number(textOf(settings.baud)) };
}

/** Asks ports of the settings who is there. */
export async function askPorts(paths: readonly string[], settings: Settings) {
  const { askBoards } = await import("@nyckelring/hil-tests");
  return await askBoards(paths, (path) => openLine(portAt(path, settings)));
}

/**
 * The real boards of the rig file, where one is in force: a port that was named at least as near to
 * the command wins over it.
 *
 * @returns undefined without a rig file.
 * @throws ToolError `RIG_INVALID`, `FILE_UNREADABLE`, or `DEVICE_NOT_FOUND` for a board of the file
 *   that is not there.
 */
export async function rigBoards(settings: Settings): Promise<readonly RigBoard[] | undefined> {
  const { rig, port } = settings;
  if (rig === undefined || (port !== undefined && !isNearer(rig, port))) {
    return undefined;
  }
  const { openRig } = await import("./rig-file.ts");
  const { findPort, listPorts, ROLES } = await import("@nyckelring/hil-tests/bench");
  const { roles } = openRig(String(rig.value));
  const ports = await listPorts();
  return ROLES.flatMap((role) => {
    const board = roles[role];
    if (board.kind !== "real") {
      return [];
    }
    const found = findPort(board, ports);
    if ("missing" in found) {
      throw notFound(
        `the ${role} of ${rig.value}: ${found.missing}`,
        "check its cable, or: nyckel rig check",
      );
    }
    const baud = settings.baud?.origin === "default" ? board.serial.baud : settings.baud?.value;
    return [{ role, port: { path: found.path, baud: Number(baud) } }];
  });
}

/** The ports that may be asked who is there: those of the settings, and boards that USB names. */
export async function candidatePorts(settings: Settings): Promise<readonly string[]> {
  const { listPorts } = await import("@nyckelring/hil-tests");
  const named = settings.ports?.value;
  const known = (await listPorts()).filter(({ isKnownBoard }) => isKnownBoard);
  const found = known.map(({ stablePath, path }) => stablePath ?? path);
  return [...new Set([...(typeof named === "object" ? named : []), ...found])];
}

/**
 * The port that is meant: the named one, that of the role in the rig file, or the only candidate that
 * answers with the role.
 *
 * A port that nobody named is opened only when it is in the settings or USB says that it is a board
 * of ours, and nothing but a question is sent to it.
 *
 * @throws ToolError or BoardFault `DEVICE_NOT_FOUND`, `DEVICE_AMBIGUOUS`.
 */
export async function choosePort(options: PortOptions, settings: Settings): Promise<ConsolePort> {
  const boards = await rigBoards(settings);
  if (boards !== undefined) {
    return choosePortOfRig(boards, options.role, String(settings.rig?.value));
  }
  const named = textOf(settings.port);
  if (named !== undefined) {
    return portAt(named, settings);
  }
  const { chooseBoard } = await import("@nyckelring/hil-tests");
  const candidates = await candidatePorts(settings);
  const path = await chooseBoard(candidates, options.role, (one) =>
    openLine(portAt(one, settings)),
  );
  return portAt(path, settings);
}

function choosePortOfRig(
  boards: readonly RigBoard[],
  role: string | undefined,
  rig: string,
): ConsolePort {
  const fitting = boards.filter((board) => (role ?? board.role) === board.role);
  const [first, second] = fitting;
  if (first === undefined) {
    const what = role === undefined ? "no role" : `the ${role} is not`;
    throw notFound(
      `${rig}: ${what} a real board`,
      "name a port with --port, or make the role real in the rig file",
    );
  }
  if (second !== undefined) {
    throw new ToolError({
      code: DEVICE_AMBIGUOUS,
      message: `${rig} has ${fitting.length} real boards: ${fitting.map((one) => `${one.role} at ${one.port.path}`).join(", ")}`,
      state: "nothing was written",
      hint: `choose one, for example: --role ${first.role}`,
      details: { boards: fitting.length },
    });
  }
  return first.port;
}

function notFound(message: string, hint: string): ToolError {
  return new ToolError({ code: DEVICE_NOT_FOUND, message, state: "nothing was written", hint });
}

/** All ports that are meant by `--all`. @throws ToolError `DEVICE_NOT_FOUND` for none. */
export async function allPorts(settings: Settings): Promise<readonly ConsolePort[]> {
  const boards = await rigBoards(settings);
  const ports =
    boards?.map(({ port }) => port) ??
    (await candidatePorts(settings)).map((path) => portAt(path, settings));
  if (ports.length > 0) {
    return ports;
  }
  throw notFound(
    "there is no port to ask",
    "list them under ports: in nyckel.yaml, in NYCKEL_PORTS, or in a rig file",
  );
}

/**
 * Refuses a board that says that it has another role than the one that was meant; a board without
 * firmware has none.
 *
 * @throws ToolError `ROLE_MISMATCH`.
 */
export async function demandRole(
  board: BoardConsoleClient,
  role: string | undefined,
): Promise<void> {
  if (role === undefined) {
    return;
  }
  const { askApplication } = await import("@nyckelring/hil-tests");
  const application = await askApplication(board);
  if (application !== undefined && application.role !== role) {
    throw new ToolError({
      code: ROLE_MISMATCH,
      message: `${board.name} answers as a ${application.role}, and a ${role} was meant`,
      state: "nothing was written",
      hint: "nyckel device list --ask shows who answers where",
      isLastLineState: true,
    });
  }
}

/** Opens the console of a board, does something, and closes the port whatever happens. */
export async function withBoard<T>(
  port: ConsolePort,
  work: (board: BoardConsoleClient, line: BoardLine) => Promise<T>,
): Promise<T> {
  const { openBoardConsole } = await import("@nyckelring/hil-tests");
  const line = await openLine(port);
  try {
    return await work(await openBoardConsole(line), line);
  } finally {
    await line.close();
  }
}

/**
 * Turns a fault of a board into an error that the command explains.
 *
 * @param state - What is true of the board when the fault does not say.
 */
export async function explainFaults<T>(state: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await toToolError(error, state);
  }
}

/** A fault of a board as an error of the command; anything else stays what it is. */
export async function toToolError(error: unknown, state: string): Promise<unknown> {
  const { BoardFault } = await import("@nyckelring/hil-tests");
  if (!(error instanceof BoardFault)) {
    return error;
  }
  const { parts } = error;
  return new ToolError({
    code: parts.code,
    message: parts.message,
    state: parts.state ?? state,
    hint: parts.hint ?? describe(parts.code)?.remedyEn ?? "nyckel doctor",
    ...(parts.details === undefined ? {} : { details: parts.details }),
    isLastLineState: true,
  });
}
