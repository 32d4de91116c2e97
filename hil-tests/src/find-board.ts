// SPDX-License-Identifier: EUPL-1.2
import { existsSync, readdirSync } from "node:fs";
import { DEVICE_AMBIGUOUS, DEVICE_NOT_FOUND } from "@nyckelring/protocol";
import { SerialPort } from "serialport";

import { type BoardConsoleClient, openBoardConsole } from "./board-console.ts";
import { BoardFault } from "./board-fault.ts";
import type { BoardLine } from "./board-line.ts";
import { type ApplicationIdentity, askApplication } from "./board-state.ts";

/** A serial port of this computer. */
export interface PortEntry {
  readonly path: string;
  /** Vendor and product, for example `303a:1001`; undefined for a port without USB. */
  readonly usb: string | undefined;
  readonly usbSerial: string | undefined;
  /** A name that does not change when boards are plugged in another order. */
  readonly stablePath: string | undefined;
  /** Whether vendor and product are those of a board that we build for. */
  readonly isKnownBoard: boolean;
}

/** USB identities of the boards, from their public definitions; none was tried on silicon. */
const KNOWN_USB: readonly string[] = ["0483:5740", "303a:1001", "303a:4001", "2886:8045"];
const BY_ID = "/dev/serial/by-id";

/**
 * The serial ports of this computer, without opening any. Pseudo terminals are in no list: a
 * virtual board is always named.
 */
export async function listPorts(): Promise<readonly PortEntry[]> {
  // The list needs udevadm, which a container lacks; then only stable names are known.
  const listed = await SerialPort.list().catch(() => []);
  const stable = existsSync(BY_ID) ? readdirSync(BY_ID).map((name) => `${BY_ID}/${name}`) : [];
  const entries = listed.map(({ path, vendorId, productId, serialNumber }): PortEntry => {
    const usb = vendorId === undefined ? undefined : `${vendorId}:${productId ?? ""}`.toLowerCase();
    const stablePath =
      serialNumber === undefined ? undefined : stable.find((name) => name.includes(serialNumber));
    return {
      path,
      usb,
      usbSerial: serialNumber,
      stablePath,
      isKnownBoard: usb !== undefined && KNOWN_USB.includes(usb),
    };
  });
  return entries.filter(({ usb }) => usb !== undefined);
}

/** What a board at a candidate port answered. */
export interface BoardAnswer {
  readonly path: string;
  readonly application: ApplicationIdentity | undefined;
  readonly interpreter: string;
}

/**
 * Asks each candidate who it is and chooses the one that was meant.
 *
 * Several boards lie on one desk, and the first in some order is the wrong one as often as not:
 * where more than one fits, nothing is chosen.
 *
 * @param role - The role that is wanted; undefined for any board of ours.
 * @throws BoardFault `DEVICE_AMBIGUOUS` with all that fit, `DEVICE_NOT_FOUND` with what was asked.
 */
export async function chooseBoard(
  paths: readonly string[],
  role: string | undefined,
  open: (path: string) => Promise<BoardLine>,
): Promise<string> {
  const { answers, silent } = await askBoards(paths, open);
  const wanted = role === undefined ? "a board" : `a ${role}`;
  const fitting = answers.filter(
    ({ application }) =>
      application !== undefined && (role ?? application.role) === application.role,
  );
  const describe = ({ path, application, interpreter }: BoardAnswer): string =>
    application === undefined
      ? `${path} (${interpreter} without firmware)`
      : `${path} (${application.role} ${application.version})`;
  const [first, second] = fitting;
  if (first !== undefined && second === undefined) {
    return first.path;
  }
  if (first === undefined) {
    const asked = [...answers.map(describe), ...silent.map((path) => `${path} (no answer)`)];
    throw new BoardFault({
      code: DEVICE_NOT_FOUND,
      message: `no port answers as ${wanted}: ${asked.length === 0 ? "there was none to ask" : asked.join(", ")}`,
      state: "nothing was written",
      hint: "name the port with --port; nyckel device list shows what is there",
      details: { asked: asked.length },
    });
  }
  throw new BoardFault({
    code: DEVICE_AMBIGUOUS,
    message: `${fitting.length} boards answer as ${wanted}: ${fitting.map(describe).join(", ")}`,
    state: "nothing was written",
    hint: `choose one, for example: --port ${first.path}`,
    details: { boards: fitting.length },
  });
}

/** Asks each port who is there; one that cannot be opened or does not answer is silent. */
export async function askBoards(
  paths: readonly string[],
  open: (path: string) => Promise<BoardLine>,
): Promise<{ readonly answers: readonly BoardAnswer[]; readonly silent: readonly string[] }> {
  const answers: BoardAnswer[] = [];
  const silent: string[] = [];
  for (const path of paths) {
    let line: BoardLine | undefined;
    try {
      line = await open(path);
      const board: BoardConsoleClient = await openBoardConsole(line);
      const application = await askApplication(board);
      answers.push({ path, application, interpreter: board.identity.boardName });
    } catch (error) {
      if (!(error instanceof BoardFault)) {
        throw error;
      }
      silent.push(path);
    } finally {
      await line?.close();
    }
  }
  return { answers, silent };
}
