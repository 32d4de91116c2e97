// SPDX-License-Identifier: EUPL-1.2
import { existsSync, lstatSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { DeviceRole, VirtualBoard } from "./virtual-board.ts";

/** What a bench asks of the helper beside a virtual board, for its help; one line each. */
export const CONTROL_WORDS =
  "can, rest, skip MS, power off|held, power on [SECONDS], mains on|off, charge PERCENT, links [NAMES], cut OPERATION|off, jam PERMILLE, free, turn locked|unlocked, door open|shut";

/** The abilities of a board with such a helper, by the names that cases ask for. */
const ABILITIES: Readonly<Record<DeviceRole, readonly string[]>> = {
  key: ["battery", "clock", "power"],
  lock: ["clock", "cut-at-write", "mechanics", "power"],
  station: ["battery", "clock", "gsm", "links", "mains", "power", "wifi"],
};
const NETWORKS = ["wifi", "gsm"] as const;

/** The open control socket of a board. */
export interface BoardControl {
  /** Tells whoever is connected what happened by itself. */
  tell(event: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

/**
 * Offers a socket on which a bench does to a board what no hand does: it sets the time forward, and
 * asks whether anything is under way.
 *
 * Each line is a word and its values; each answer is one line of JSON, in the order of the lines.
 *
 * @param path - Of the socket; one that is left from a process that was killed is replaced.
 */
export async function openBoardControl(
  path: string,
  role: DeviceRole,
  board: VirtualBoard,
): Promise<BoardControl> {
  if (existsSync(path) && lstatSync(path).isSocket()) rmSync(path);
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    let work: Promise<void> = Promise.resolve();
    const lines = createInterface({ input: socket });
    // It tells the errors of the socket once more.
    lines.on("error", () => undefined);
    lines.on("line", (line) => {
      work = work.then(async () => {
        const answer = await obey(role, board, line.trim().split(/\s+/));
        socket.write(`${JSON.stringify(answer)}\n`);
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    tell(event) {
      for (const socket of sockets) socket.write(`${JSON.stringify({ event })}\n`);
    },
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Does what a line says. @returns The answer; `fault` for words that mean nothing here. */
async function obey(
  role: DeviceRole,
  board: VirtualBoard,
  [word = "", ...values]: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const [value = ""] = values;
  switch (word) {
    case "can":
      return { can: ABILITIES[role] };
    case "rest":
      return { ...board.rest() };
    case "skip":
      return { passedMs: await board.skip(Number(value)) };
    case "power":
      if (value === "off") board.powerOff("switched off");
      else if (value === "held") board.powerOn(true);
      else board.powerOn(false, values[1] === undefined ? undefined : Number(values[1]));
      return {};
    case "mains":
      board.setMains(value === "on");
      return {};
    case "charge":
      board.setCharge(Number(value));
      return {};
    case "links":
      board.setNetworks(NETWORKS.filter((name) => values.includes(name)));
      return {};
    case "cut":
      board.cutAtOperation(value === "off" ? undefined : Number(value));
      return {};
    case "jam":
      board.jamBolt(Number(value));
      return {};
    case "free":
      board.jamBolt(undefined);
      return {};
    case "turn":
      board.turnBolt(value === "locked" ? "locked" : "unlocked");
      return {};
    case "door":
      board.moveDoor(value === "open");
      return {};
    default:
      return { fault: `no helper knows the word "${word}"` };
  }
}
