// SPDX-License-Identifier: EUPL-1.2

import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

const CONNECT = 1;
const PUBLISH = 3;
const SUBSCRIBE = 8;
const PINGREQ = 12;
const QOS_1 = 2;
const LENGTH_BYTES_MAX = 4;

/** Who is told what a station does at the broker. */
export type BrokerListener = {
  /** A station has subscribed, or its connection has ended. */
  readonly onOnline: (isOnline: boolean) => void;
  /** A message on the topic up, before the broker confirms it. */
  readonly onUp: (message: Uint8Array) => void;
};

/** A broker for the one station of a rig; behind it is the authorization system of the case. */
export interface IssuerBroker {
  readonly port: number;
  /** Octets of the connection that was opened last; undefined while there is none. */
  counts(): { readonly received: number; readonly sent: number } | undefined;
  /** Sends a message down; without a connection it is dropped, and the station asks again. */
  sendDown(message: Uint8Array): void;
  close(): Promise<void>;
}

/**
 * Opens a broker that speaks as much MQTT 3.1.1 as a station does: CONNECT, SUBSCRIBE, PUBLISH with
 * QoS 0 and 1, PINGREQ.
 *
 * @param host - Address of this computer on which the station finds it.
 * @see https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html
 */
export async function openIssuerBroker(
  host: string,
  listener: BrokerListener,
): Promise<IssuerBroker> {
  let current: Socket | undefined;
  let last: { readonly socket: Socket; readonly received: () => number } | undefined;
  let topicDown = "";
  let packetId = 0;

  function take(socket: Socket, first: number, body: Buffer): void {
    switch (first >> 4) {
      case CONNECT:
        current?.destroy();
        current = socket;
        socket.write(Buffer.from([0x20, 2, 0, 0]));
        break;
      case SUBSCRIBE:
        topicDown = body.toString("utf8", 4, 4 + body.readUInt16BE(2));
        socket.write(Buffer.from([0x90, 3, ...body.subarray(0, 2), 1]));
        listener.onOnline(true);
        break;
      case PUBLISH:
        takeMessage(socket, first, body);
        break;
      case PINGREQ:
        socket.write(Buffer.from([0xd0, 0]));
        break;
      default:
        break;
    }
  }

  function takeMessage(socket: Socket, first: number, body: Buffer): void {
    const topicEnd = 2 + body.readUInt16BE(0);
    const isConfirmed = (first & QOS_1) !== 0;
    const message = body.subarray(topicEnd + (isConfirmed ? 2 : 0));
    if (body.toString("utf8", 2, topicEnd).endsWith("/up")) {
      listener.onUp(Uint8Array.from(message));
    }
    if (isConfirmed) {
      socket.write(Buffer.from([0x40, 2, ...body.subarray(topicEnd, topicEnd + 2)]));
    }
  }

  // Small packets must not wait for each other: time stands still while one is under way.
  const server = createServer({ noDelay: true }, (socket) => {
    let pending: Buffer = Buffer.alloc(0);
    let received = 0;
    last = { socket, received: () => received };
    socket.on("data", (part) => {
      received += part.length;
      pending = Buffer.concat([pending, part]);
      for (;;) {
        const packet = firstPacket(pending);
        if (packet === undefined) return;
        pending = pending.subarray(packet.end);
        take(socket, packet.first, packet.body);
      }
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (last?.socket === socket) last = undefined;
      if (current !== socket) return;
      current = undefined;
      listener.onOnline(false);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, () => resolve());
  });

  return {
    port: (server.address() as AddressInfo).port,
    counts: () =>
      last === undefined
        ? undefined
        : { received: last.received(), sent: last.socket.bytesWritten },
    sendDown(message) {
      packetId = (packetId % 0xffff) + 1;
      const topic = Buffer.from(topicDown, "utf8");
      const body = Buffer.alloc(4 + topic.length);
      body.writeUInt16BE(topic.length, 0);
      topic.copy(body, 2);
      body.writeUInt16BE(packetId, 2 + topic.length);
      const head = [0x32, ...lengthOf(body.length + message.length)];
      current?.write(Buffer.concat([Buffer.from(head), body, message]));
    },
    close: () =>
      new Promise<void>((resolve) => {
        current?.destroy();
        server.close(() => resolve());
      }),
  };
}

/** The first whole packet of a stream; undefined while it is not all there. */
function firstPacket(
  octets: Buffer,
): { readonly first: number; readonly body: Buffer; readonly end: number } | undefined {
  let length = 0;
  for (let index = 1; index <= LENGTH_BYTES_MAX; index += 1) {
    const octet = octets[index];
    if (octet === undefined) return undefined;
    length += (octet & 127) * 128 ** (index - 1);
    if (octet < 128) {
      const end = index + 1 + length;
      if (octets.length < end) return undefined;
      return { first: octets[0] ?? 0, body: octets.subarray(index + 1, end), end };
    }
  }
  return undefined;
}

/** The remaining length of a packet, 7 bits an octet. */
function lengthOf(bytes: number): number[] {
  const octets: number[] = [];
  let rest = bytes;
  do {
    octets.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>= 7;
  } while (rest > 0);
  return octets;
}
