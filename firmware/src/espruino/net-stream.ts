// SPDX-License-Identifier: EUPL-1.2
import type { StreamListener, StreamPort } from "../ports.ts";

/**
 * TCP through the interpreter's `net` module: the network of a computer, or an ESP32's Wi-Fi.
 *
 * Security: plain TCP, on purpose. The interpreter's `tls` verifies no server certificate, so it
 * would hide the messages from listeners and from nobody who stands in the middle. What the station
 * takes for the issuer's word is proved by a MAC and by signatures, and logs are sealed before they
 * reach it.
 */
export function openNetStream(host: string, port: number): StreamPort {
  let current: EspruinoSocket | undefined;
  let attempts = 0;

  function end(socket: EspruinoSocket, listener: StreamListener): void {
    if (current !== socket) return;
    current = undefined;
    listener.onEnd();
  }

  function close(): void {
    const socket = current;
    current = undefined;
    attempts += 1;
    if (socket !== undefined) socket.end();
  }

  return {
    open(listener) {
      close();
      attempts += 1;
      const mine = attempts;
      try {
        const socket = require("net").connect({ host, port }, () => {
          if (current === socket) listener.onOpen();
        });
        current = socket;
        socket.on("data", (text) => {
          if (current === socket) listener.onBytes(E.toUint8Array(text));
        });
        // Every failure ends in `close` as well; without this the console would report it.
        socket.on("error", () => undefined);
        socket.on("close", () => end(socket, listener));
      } catch {
        // No network at all: the interpreter says so at once, and the caller hears it in a moment.
        setTimeout(() => {
          if (attempts === mine) listener.onEnd();
        }, 0);
      }
    },
    send(bytes) {
      if (current === undefined) return;
      try {
        current.write(E.toString(bytes));
      } catch {
        // The far side has closed, and its `close` is on the way.
      }
    },
    close,
  };
}
