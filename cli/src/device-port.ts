// SPDX-License-Identifier: EUPL-1.2

import type { BoardConsoleClient, BoardLine } from "@nyckelring/hil-tests";
import { DEVICE_NOT_FOUND } from "@nyckelring/protocol";
import { describe } from "@nyckelring/protocol/host";
import { readSettings, type Settings, textOf } from "./config.ts";
import { ToolError } from "./tool-error.ts";

/** What all commands on a board take. */
export type PortOptions = {
  readonly port?: string;
  readonly baud?: string;
  readonly role?: string;
  readonly anchor?: string;
};

/** The settings that these options and everything else come to. */
export function settingsOf(options: PortOptions): Settings {
  return readSettings({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.baud === undefined ? {} : { baud: options.baud }),
    ...(options.anchor === undefined ? {} : { anchor: options.anchor }),
  });
}

/** Opens a line at the speed of the settings. */
export async function openLine(path: string, settings: Settings): Promise<BoardLine> {
  const { openSerialBoardLine } = await import("@nyckelring/hil-tests");
  const baud = Number(textOf(settings.baud));
  return await openSerialBoardLine(path, { baud, hasFlowControl: true });
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
 * The port that is meant: the named one, or the only candidate that answers with the role.
 *
 * A port that nobody named is opened only when it is in the settings or USB says that it is a board
 * of ours, and nothing but a question is sent to it.
 */
export async function choosePort(options: PortOptions, settings: Settings): Promise<string> {
  const named = textOf(settings.port);
  if (named !== undefined) {
    return named;
  }
  const { chooseBoard } = await import("@nyckelring/hil-tests");
  const candidates = await candidatePorts(settings);
  return await chooseBoard(candidates, options.role, (path) => openLine(path, settings));
}

/** All ports that are meant by `--all`. @throws ToolError `DEVICE_NOT_FOUND` for none. */
export async function allPorts(settings: Settings): Promise<readonly string[]> {
  const candidates = await candidatePorts(settings);
  if (candidates.length > 0) {
    return candidates;
  }
  throw new ToolError({
    code: DEVICE_NOT_FOUND,
    message: "there is no port to ask",
    state: "nothing was written",
    hint: "list them under ports: in nyckel.yaml, or in NYCKEL_PORTS",
  });
}

/** Opens the console of a board, does something, and closes the port whatever happens. */
export async function withBoard<T>(
  path: string,
  settings: Settings,
  work: (board: BoardConsoleClient, line: BoardLine) => Promise<T>,
): Promise<T> {
  const { openBoardConsole } = await import("@nyckelring/hil-tests");
  const line = await openLine(path, settings);
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
