// SPDX-License-Identifier: EUPL-1.2
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const START_MS_MAX = 5_000;

/** Two pseudo terminals that are joined: what goes into one comes out of the other. */
export interface SocatPair {
  readonly left: string;
  readonly right: string;
  stop(): Promise<void>;
}

/**
 * Joins two pseudo terminals with socat.
 *
 * A pseudo terminal is no UART: it loses nothing and has no speed. It shows that the serial driver
 * is used rightly, not that a line is good.
 *
 * @throws when socat does not start.
 */
export async function openSocatPair(): Promise<SocatPair> {
  const folder = await mkdtemp(join(tmpdir(), "nyckelring-pty-"));
  const left = join(folder, "left");
  const right = join(folder, "right");
  const child = spawn("socat", [`PTY,link=${left},raw,echo=0`, `PTY,link=${right},raw,echo=0`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const endMs = performance.now() + START_MS_MAX;
  while (!(existsSync(left) && existsSync(right))) {
    if (performance.now() > endMs) {
      child.kill();
      throw new Error("socat made no pseudo terminals");
    }
    await pause(10);
  }
  return {
    left,
    right,
    async stop() {
      const ended = child.exitCode === null ? once(child, "exit") : undefined;
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
