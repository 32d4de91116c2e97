// SPDX-License-Identifier: EUPL-1.2
// TCP and timers of Node as the ports of a station's uplink.

import { connect, type Socket } from "node:net";
import type { StreamPort, TimerPort } from "../src/ports.ts";

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
