// SPDX-License-Identifier: EUPL-1.2
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { homedir, hostname, userInfo } from "node:os";
import { join } from "node:path";
import type { Rig, RigRole } from "./rig-schema.ts";

/** Who holds a board. */
export type Claim = {
  readonly pid: number;
  readonly host: string;
  readonly owner: string;
  /** What for, for example a run. */
  readonly purpose: string;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** The time of the lock file, which the holder moves on every few seconds. */
  readonly heartbeatMs: number;
};

/** Thrown when somebody else holds a board. */
export class BoardClaimed extends Error {
  readonly board: string;
  readonly claim: Claim;

  constructor(board: string, claim: Claim) {
    const { owner, pid, host, purpose } = claim;
    super(`board ${board} is held by ${owner} (process ${pid} on ${host}) for ${purpose}`);
    this.name = "BoardClaimed";
    this.board = board;
    this.claim = claim;
  }
}

const HEARTBEAT_MS = 5_000;
/** A holder that has not moved for so long is gone, also on another computer. */
const STALE_MS = 30_000;

/**
 * Folder of what this computer knows of its boards: `NYCKEL_STATE`, or the user's state directory.
 *
 * @see The XDG base directory specification, for `XDG_STATE_HOME`.
 */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment["NYCKEL_STATE"];
  if (own !== undefined && own !== "") return own;
  const home = environment["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
  return join(home, "nyckel", "boards");
}

/**
 * What names a board whatever its device file is called today; undefined for what is no board.
 */
export function boardIdOf(role: RigRole): string | undefined {
  if (role.kind !== "real") return undefined;
  if (role.match !== undefined) return `usb-${role.match.usbSerial}-${role.match.interface}`;
  return `path${(role.path ?? "").replaceAll(/[^A-Za-z0-9.]+/g, "-")}`;
}

/** Boards of a rig, without those of no board. */
export function boardsOf(rig: Rig): readonly string[] {
  const ids = Object.values(rig.roles).map(boardIdOf);
  return ids.filter((id) => id !== undefined);
}

/**
 * Takes boards for this process, all or none, by their number and not by their port.
 *
 * @returns What gives them back.
 * @throws BoardClaimed when somebody who is alive holds one of them.
 */
export function claimBoards(
  folder: string,
  boards: readonly string[],
  purpose: string,
): () => void {
  mkdirSync(folder, { recursive: true });
  const taken: string[] = [];
  const release = (): void => {
    clearInterval(beat);
    for (const file of taken.splice(0)) rmSync(file, { force: true });
  };
  const beat = setInterval(() => {
    const now = new Date();
    for (const file of taken) utimesSync(file, now, now);
  }, HEARTBEAT_MS);
  beat.unref();
  try {
    for (const board of boards) taken.push(takeBoard(folder, board, purpose));
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

/** Who holds a board now; undefined for nobody who is alive. */
export function claimOf(folder: string, board: string): Claim | undefined {
  const file = fileOf(folder, board);
  try {
    const written = JSON.parse(readFileSync(file, "utf8")) as Omit<Claim, "heartbeatMs">;
    const claim = { ...written, heartbeatMs: statSync(file).mtimeMs };
    return isAlive(claim) ? claim : undefined;
  } catch {
    return undefined;
  }
}

function takeBoard(folder: string, board: string, purpose: string): string {
  const file = fileOf(folder, board);
  const claim: Omit<Claim, "heartbeatMs"> = {
    pid: process.pid,
    host: hostname(),
    owner: userInfo().username,
    purpose,
    sinceMs: Date.now(),
  };
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      writeFileSync(file, JSON.stringify(claim), { flag: "wx" });
      return file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = claimOf(folder, board);
      if (holder !== undefined) throw new BoardClaimed(board, holder);
      rmSync(file, { force: true });
    }
  }
  throw new Error(`board ${board} is being taken by others at this very moment`);
}

function isAlive(claim: Claim): boolean {
  if (claim.host !== hostname()) return Date.now() - claim.heartbeatMs < STALE_MS;
  try {
    process.kill(claim.pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, and lives.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function fileOf(folder: string, board: string): string {
  return join(folder, `${board}.lock`);
}
