// SPDX-License-Identifier: EUPL-1.2
import { bytesOfHex, concatBytes } from "@nyckelring/protocol";
import type { StreamListener, StreamPort } from "../src/ports.ts";

/** What a host does with a connection. */
export type HostMood = "works" | "refuses" | "silent" | "takes-tcp-only" | "says-no";

/** The far end of one link: a broker in virtual time, as kind as its mood. */
export interface SmallBroker {
  readonly stream: StreamPort;
  setMood(mood: HostMood): void;
  /** Cuts the connection, if there is one. */
  cut(): void;
  /** Attempts to connect so far. */
  opens(): number;
  /** Payloads of the QoS 1 messages that were confirmed, in order. */
  readonly taken: number[][];
  /** Delivers a message on the topic down. */
  deliver(packet: Uint8Array): void;
}

/** Creates a broker that answers after `delayMs`, never from inside a call. */
export function createSmallBroker(
  after: (delayMs: number, callback: () => void) => void,
  delayMs = 20,
): SmallBroker {
  let mood: HostMood = "works";
  let listener: StreamListener | undefined;
  let opens = 0;
  let pending: Uint8Array = new Uint8Array(0);
  const taken: number[][] = [];

  function answer(bytes: Uint8Array): void {
    const to = listener;
    after(delayMs, () => {
      if (listener === to) listener?.onBytes(bytes);
    });
  }

  /** Cuts what comes in any portions into packets. */
  function receive(bytes: Uint8Array): void {
    if (mood !== "works" && mood !== "says-no") return;
    pending = concatBytes([pending, bytes]);
    for (;;) {
      const isLong = (pending[1] ?? 0) > 127;
      const start = isLong ? 3 : 2;
      const length = (pending[1] ?? 0) & 127;
      const end = start + (isLong ? length + 128 * (pending[2] ?? 0) : length);
      if (pending.length < start || pending.length < end) return;
      const packet = pending.slice(0, end);
      pending = pending.slice(end);
      take(packet, start);
    }
  }

  function take(packet: Uint8Array, start: number): void {
    const [first = 0] = packet;
    if (first === 0x10) answer(bytesOfHex(mood === "works" ? "20020000" : "20020005"));
    if (first === 0x82) answer(Uint8Array.of(0x90, 3, packet[2] ?? 0, packet[3] ?? 0, 1));
    if (first === 0xc0) answer(bytesOfHex("d000"));
    if ((first & 0xf6) === 0x32) {
      const topic = (packet[start] ?? 0) * 256 + (packet[start + 1] ?? 0);
      const at = start + 2 + topic;
      taken.push([...packet.slice(at + 2)]);
      answer(Uint8Array.of(0x40, 2, packet[at] ?? 0, packet[at + 1] ?? 0));
    }
  }

  return {
    stream: {
      open(next) {
        opens += 1;
        pending = new Uint8Array(0);
        listener = next;
        if (mood === "silent") return;
        after(delayMs, () => {
          if (listener !== next) return;
          if (mood === "refuses") {
            listener = undefined;
            next.onEnd();
          } else {
            next.onOpen();
          }
        });
      },
      send: (bytes) => {
        if (listener !== undefined) receive(bytes);
      },
      close() {
        listener = undefined;
      },
    },
    setMood(next) {
      mood = next;
    },
    cut() {
      const told = listener;
      listener = undefined;
      told?.onEnd();
    },
    opens: () => opens,
    taken,
    deliver: (packet) => listener?.onBytes(packet),
  };
}
