// SPDX-License-Identifier: EUPL-1.2
// A real Mosquitto for tests, that can be killed and started again, and TCP and timers of Node as
// the ports of a station's uplink. Waiting is waiting for an event, never for a length of time.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { StreamPort, TimerPort } from "../src/ports.ts";

/** A broker on a port of this machine that keeps nothing on disk. */
export interface Broker {
  readonly port: number;
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

/** Starts a broker. */
export async function startBroker(): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), "nyckelring-broker-"));
  const port = await freePort();
  const configuration = join(folder, "mosquitto.conf");
  const lines = [`listener ${port} 127.0.0.1`, "allow_anonymous true", "persistence false", ""];
  writeFileSync(configuration, lines.join("\n"));
  const PATH = [process.env["PATH"] ?? "", "/usr/sbin", "/usr/local/sbin"].join(delimiter);
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn("mosquitto", ["-c", configuration], { env: { PATH }, stdio: "ignore" });
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

/** TCP of Node as a stream port. */
export function openNodeStream(port: number): StreamPort & { cut(): void } {
  let current: Socket | undefined;
  const close = (): void => {
    const socket = current;
    current = undefined;
    socket?.end();
    socket?.unref();
  };
  return {
    open(listener) {
      close();
      const socket = connect(port, "127.0.0.1");
      current = socket;
      socket.on("connect", () => {
        if (current === socket) listener.onOpen();
      });
      socket.on("data", (bytes) => {
        if (current === socket) listener.onBytes(Uint8Array.from(bytes));
      });
      socket.on("error", () => undefined);
      socket.on("close", () => {
        if (current !== socket) return;
        current = undefined;
        listener.onEnd();
      });
    },
    send: (bytes) => void current?.write(bytes),
    close,
    /** Cuts the connection in the middle, as a network does. */
    cut: () => current?.destroy(),
  };
}

/** Timers of Node as a timer port; the process may end while they run. */
export function createNodeTimer(): TimerPort & { clear(): void } {
  const running = new Map<number, NodeJS.Timeout>();
  let lastId = 0;
  return {
    after(delayMs, callback) {
      lastId += 1;
      const id = lastId;
      const timeout = setTimeout(() => {
        running.delete(id);
        callback();
      }, delayMs);
      running.set(id, timeout);
      return id;
    },
    cancel(id) {
      clearTimeout(running.get(id));
      running.delete(id);
    },
    clear() {
      for (const timeout of running.values()) clearTimeout(timeout);
      running.clear();
    },
  };
}

/** Waits until something holds. @throws after `timeoutMs`, with what `missing` says. */
export async function until(
  isDone: () => boolean,
  timeoutMs: number,
  missing: () => string,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!isDone()) {
    if (performance.now() > endMs) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${missing()}`);
    }
    await new Promise((resume) => {
      setTimeout(resume, 10);
    });
  }
}
