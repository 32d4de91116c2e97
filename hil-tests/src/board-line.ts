// SPDX-License-Identifier: EUPL-1.2
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import {
  DEVICE_NOT_FOUND,
  DEVICE_UNPLUGGED,
  PORT_BUSY,
  PORT_FORBIDDEN,
} from "@nyckelring/protocol";
import { SerialPort } from "serialport";

import { BoardFault } from "./board-fault.ts";

/** Octets to and from a board, whatever carries them. */
export interface BoardLine {
  /** What a person calls this line: the path of the port. */
  readonly name: string;
  /** Resolves when the octets have left. @throws BoardFault `DEVICE_UNPLUGGED` */
  write(octets: Uint8Array): Promise<void>;
  onOctets(listener: (octets: Uint8Array) => void): void;
  /** Told when the far end is gone without our doing. */
  onGone(listener: () => void): void;
  close(): Promise<void>;
}

/** How a serial port is opened. */
export interface SerialSettings {
  readonly baud: number;
  /** Software flow control, as the interpreter's console has it; off for the contact. */
  readonly hasFlowControl: boolean;
}

/** The settings of a console. */
export const CONSOLE_SETTINGS: SerialSettings = { baud: 115200, hasFlowControl: true };

/**
 * Opens a serial port by its path, and no other.
 *
 * Opening lowers no control line at its end (`hupcl`), so that a board is not reset by it.
 *
 * @throws BoardFault `DEVICE_NOT_FOUND`, `PORT_FORBIDDEN`, or `PORT_BUSY` with the process that has
 *   it, where the system tells.
 */
export async function openSerialBoardLine(
  path: string,
  settings: SerialSettings = CONSOLE_SETTINGS,
): Promise<BoardLine> {
  const holder = findHolder(path);
  if (holder !== undefined) {
    throw portBusy(path, holder);
  }
  const { baud, hasFlowControl } = settings;
  const port = new SerialPort({
    path,
    baudRate: baud,
    autoOpen: false,
    hupcl: false,
    xon: hasFlowControl,
    xoff: hasFlowControl,
  });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error ? reject(faultOfOpening(path, error)) : resolve()));
  });
  let isClosing = false;
  const gone: (() => void)[] = [];
  port.on("error", () => undefined);
  port.on("close", () => {
    if (!isClosing) {
      for (const listener of gone) {
        listener();
      }
    }
  });
  return {
    name: path,
    write: (octets) =>
      new Promise<void>((resolve, reject) => {
        const fail = (): void => reject(unplugged(path));
        if (!port.isOpen) {
          fail();
          return;
        }
        port.once("close", fail);
        const settle = (error: Error | null | undefined): void => {
          port.removeListener("close", fail);
          if (error) {
            fail();
          } else {
            resolve();
          }
        };
        port.write(Buffer.from(octets), (error) => {
          if (error) {
            settle(error);
          } else {
            port.drain(settle);
          }
        });
      }),
    onOctets: (listener) => void port.on("data", (part: Buffer) => listener(Uint8Array.from(part))),
    onGone: (listener) => void gone.push(listener),
    close() {
      isClosing = true;
      return new Promise<void>((resolve) => {
        if (port.isOpen) {
          port.close(() => resolve());
        } else {
          resolve();
        }
      });
    },
  };
}

/** The fault of a line whose far end is gone. */
export function unplugged(path: string): BoardFault {
  return new BoardFault({
    code: DEVICE_UNPLUGGED,
    message: `${path}: the board was unplugged`,
    details: { port: path },
  });
}

function portBusy(path: string, holder: PortHolder | undefined): BoardFault {
  const who = holder === undefined ? "another program" : `${holder.name} (pid ${holder.pid})`;
  return new BoardFault({
    code: PORT_BUSY,
    message: `${path} is in use by ${who}`,
    state: "nothing was sent",
    hint:
      holder === undefined
        ? "close the other program, or: nyckel doctor"
        : `close it, for example: kill ${holder.pid}`,
    details: holder === undefined ? { port: path } : { port: path, pid: holder.pid },
  });
}

/** The fault of a port that could not be opened, from what the operating system said. */
export function faultOfOpening(path: string, error: Error): BoardFault {
  const text = error.message;
  if (/EACCES|EPERM|permission denied/i.test(text)) {
    return new BoardFault({
      code: PORT_FORBIDDEN,
      message: `${path} may not be opened: ${text}`,
      state: "nothing was sent",
      hint: "add yourself to the group of the port (usually dialout), or: nyckel doctor",
      details: { port: path },
    });
  }
  if (/EBUSY|cannot lock|busy/i.test(text)) {
    return portBusy(path, findHolder(path));
  }
  return new BoardFault({
    code: DEVICE_NOT_FOUND,
    message: `${path} cannot be opened: ${text}`,
    state: "nothing was sent",
    hint: "nyckel device list shows the ports that are there",
    details: { port: path },
  });
}

/** A process that has a device file open. */
export interface PortHolder {
  readonly pid: number;
  readonly name: string;
}

/**
 * The process that has this port open, as far as /proc shows it to us.
 *
 * The lock of serialport is advisory: a terminal program that does not ask for it would share the
 * port, and each would take half of the answers.
 */
export function findHolder(path: string): PortHolder | undefined {
  let target: string;
  try {
    target = realpathSync(path);
  } catch {
    return undefined;
  }
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    if (Number(pid) !== process.pid && hasOpen(pid, target)) {
      return { pid: Number(pid), name: nameOf(pid) };
    }
  }
  return undefined;
}

function hasOpen(pid: string, target: string): boolean {
  return openFiles(pid).includes(target) && !isMaker(pid) && !isMaker(parentOf(pid));
}

/** Who made a pseudo terminal has its master side, and is the board's end, as its children are. */
function isMaker(pid: string): boolean {
  return openFiles(pid).some((target) => target.endsWith("/ptmx"));
}

function openFiles(pid: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((number) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${number}`);
      } catch {
        return "";
      }
    });
  } catch {
    return [];
  }
}

function parentOf(pid: string): string {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return /^PPid:\t(\d+)$/m.exec(status)?.[1] ?? "0";
  } catch {
    return "0";
  }
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "a process";
  }
}
