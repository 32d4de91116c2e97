// SPDX-License-Identifier: EUPL-1.2
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { FILE_UNREADABLE } from "@nyckelring/protocol";

import { BoardFault } from "./board-fault.ts";

const START_MS_MAX = 5_000;

/** The far end of a pseudo terminal: what a board would be behind a serial port. */
export interface PseudoTerminal {
  readonly path: string;
  write(octets: Uint8Array): void;
  onOctets(listener: (octets: Uint8Array) => void): void;
  /** Whether the program at the path lets the terminal hold its output back at XOFF. */
  obeysXoff(): boolean;
  close(): Promise<void>;
}

/**
 * Makes a pseudo terminal at a path, through socat.
 *
 * The path is a link; one that is left from a process that was killed is replaced. socat ends with
 * this process, however that ends, and the port is then gone as an unplugged board's is.
 *
 * @throws BoardFault `FILE_UNREADABLE` where socat is missing or something else has the path.
 */
export async function openPseudoTerminal(path: string): Promise<PseudoTerminal> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    rmSync(path);
  }
  const refuse = (why: string): BoardFault =>
    new BoardFault({
      code: FILE_UNREADABLE,
      message: `no pseudo terminal at ${path}: ${why}`,
      state: "no board runs",
      hint: "install socat with: make deps; and choose a path that is free",
      details: { path },
    });
  if (existsSync(path)) {
    throw refuse("the path is taken");
  }
  const child = spawn("socat", ["-t", "0", `PTY,link=${path},raw,echo=0`, "STDIO"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  let error = "";
  child.on("error", (reason) => {
    error = reason.message;
  });
  child.stdin.on("error", () => undefined);
  const endMs = performance.now() + START_MS_MAX;
  while (!existsSync(path)) {
    if (error !== "" || child.exitCode !== null || performance.now() > endMs) {
      child.kill();
      throw refuse(error === "" ? "socat made none" : error);
    }
    await pause(10);
  }
  return {
    path,
    write: (octets) => void child.stdin.write(octets),
    onOctets: (listener) =>
      void child.stdout.on("data", (part: Buffer) => listener(Uint8Array.from(part))),
    obeysXoff() {
      const { stdout } = spawnSync("stty", ["-F", path, "-a"], { encoding: "utf8" });
      return /(^|\s)ixon(\s|;|$)/.test(stdout ?? "");
    },
    close: () => stopChild(child),
  };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, "exit");
    child.kill();
    await ended;
  }
}
