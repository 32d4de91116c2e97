// SPDX-License-Identifier: EUPL-1.2
// A real Mosquitto for tests, that can be killed and started again. It stands in the lowest package
// because firmware, issuer and command all test against it. Waiting is waiting for an event, never
// for a length of time.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Debian puts the broker where the PATH of a person does not look. */
export const MOSQUITTO_PATH = [process.env["PATH"] ?? "", "/usr/sbin", "/usr/local/sbin"].join(
  delimiter,
);

/** A broker on a port of this machine that keeps no message on disk. */
export interface Broker {
  readonly port: number;
  readonly url: string;
  /** Kills it as a power cut does: sessions and messages are gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Kills it and removes its files. */
  remove(): Promise<void>;
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

/**
 * Starts a broker.
 *
 * @param accessIn - Lines of its configuration that say who may do what, given a folder for their
 *   files; without it everybody may do everything.
 */
export async function startBroker(
  accessIn: (folder: string) => readonly string[] = () => ["allow_anonymous true"],
): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), "nyckelring-broker-"));
  const port = await freePort();
  const configuration = join(folder, "mosquitto.conf");
  const lines = [`listener ${port} 127.0.0.1`, ...accessIn(folder), "persistence false", ""];
  writeFileSync(configuration, lines.join("\n"));
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const env = { PATH: MOSQUITTO_PATH };
    child = spawn("mosquitto", ["-c", configuration], { env, stdio: "ignore" });
    await untilListening(child, port);
  }

  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, "exit");
    running.kill("SIGKILL");
    await ended;
  }

  await start();
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    kill,
    start,
    async remove() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  while (child.exitCode === null) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
  }
  throw new Error(`mosquitto ended with code ${child.exitCode}`);
}
