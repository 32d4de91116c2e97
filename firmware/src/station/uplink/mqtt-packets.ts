// SPDX-License-Identifier: EUPL-1.2
import { concatBytes, octetAt, sliceBytes } from "@nyckelring/protocol";

// MQTT 3.1.1 (OASIS standard, 2014), the part that a station needs: QoS 0 and 1, one topic down.

/** Control packet types that a client meets; MQTT 3.1.1, 2.2.1. */
export const CONNACK = 2;
export const PUBLISH = 3;
export const PUBACK = 4;
export const SUBACK = 9;
export const PINGRESP = 13;

/** Longest packet body that a station takes: an object of 4 KiB with its envelope and topic. */
export const PACKET_BODY_BYTES_MAX = 5120;

/** First octet of what may come, by type; the low half of PUBLISH holds its own flags. */
const FIRST_CONNACK = 0x20;
const FIRST_PUBACK = 0x40;
const FIRST_SUBACK = 0x90;
const FIRST_PINGRESP = 0xd0;
const LENGTH_OCTETS_MAX = 4;
const PROTOCOL_LEVEL = 4;
const CONNECT_CLEAN = 0x02;
const CONNECT_WILL = 0x04;
const CONNECT_WILL_QOS_1 = 0x08;
const CONNECT_WILL_RETAIN = 0x20;
const CONNECT_PASSWORD = 0x40;
const CONNECT_USER = 0x80;

/** Who connects, and what the broker is to say when it is gone. */
export interface ConnectRequest {
  readonly clientId: string;
  /** False keeps the session at the broker while the client is away. */
  readonly isClean: boolean;
  readonly keepAliveS: number;
  /** Login; undefined for a broker that asks for none. */
  readonly login: { readonly user: string; readonly password: string } | undefined;
  /** Published by the broker, retained, QoS 1, when the connection ends without a DISCONNECT. */
  readonly will: { readonly topic: string; readonly payload: Uint8Array };
}

/** A PUBLISH of the broker. */
export interface IncomingPublish {
  readonly topic: string;
  /** 0 or 1. */
  readonly qos: number;
  /** Packet identifier; 0 with QoS 0. */
  readonly id: number;
  readonly payload: Uint8Array;
}

/** Takes octets in any portions and gives whole packets. */
export interface PacketReader {
  push(bytes: Uint8Array): void;
}

/** Encodes ASCII text without its length. */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

function field(bytes: Uint8Array): Uint8Array {
  return concatBytes([new Uint8Array([bytes.length >> 8, bytes.length & 255]), bytes]);
}

function packet(first: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(parts);
  const head = [first];
  let left = body.length;
  do {
    const digit = left & 127;
    left = left >> 7;
    head.push(left > 0 ? digit | 128 : digit);
  } while (left > 0);
  return concatBytes([new Uint8Array(head), body]);
}

/** CONNECT; MQTT 3.1.1, 3.1. */
export function encodeConnect(request: ConnectRequest): Uint8Array {
  let flags = CONNECT_WILL | CONNECT_WILL_QOS_1 | CONNECT_WILL_RETAIN;
  if (request.isClean) flags |= CONNECT_CLEAN;
  const parts = [
    field(asciiBytes(request.clientId)),
    field(asciiBytes(request.will.topic)),
    field(request.will.payload),
  ];
  if (request.login !== undefined) {
    flags |= CONNECT_USER | CONNECT_PASSWORD;
    parts.push(field(asciiBytes(request.login.user)));
    parts.push(field(asciiBytes(request.login.password)));
  }
  const keepAliveS = request.keepAliveS;
  const head = new Uint8Array([PROTOCOL_LEVEL, flags, keepAliveS >> 8, keepAliveS & 255]);
  return packet(0x10, [field(asciiBytes("MQTT")), head].concat(parts));
}

/**
 * PUBLISH; MQTT 3.1.1, 3.3.
 *
 * @param id - Packet identifier, which makes it QoS 1; undefined for QoS 0, retained.
 */
export function encodePublish(
  topic: string,
  payload: Uint8Array,
  id: number | undefined,
): Uint8Array {
  if (id === undefined) return packet(0x31, [field(asciiBytes(topic)), payload]);
  return packet(0x32, [field(asciiBytes(topic)), new Uint8Array([id >> 8, id & 255]), payload]);
}

/** Marks an encoded PUBLISH as one that is sent once more. */
export function markDuplicate(publish: Uint8Array): void {
  publish[0] = octetAt(publish, 0) | 8;
}

/** SUBSCRIBE to one topic with QoS 1; MQTT 3.1.1, 3.8. */
export function encodeSubscribe(id: number, topic: string): Uint8Array {
  const head = new Uint8Array([id >> 8, id & 255]);
  return packet(0x82, [head, field(asciiBytes(topic)), new Uint8Array([1])]);
}

/** PUBACK; MQTT 3.1.1, 3.4. */
export function encodePuback(id: number): Uint8Array {
  return new Uint8Array([0x40, 2, id >> 8, id & 255]);
}

/** PINGREQ; MQTT 3.1.1, 3.12. */
export function encodePing(): Uint8Array {
  return new Uint8Array([0xc0, 0]);
}

/** DISCONNECT; MQTT 3.1.1, 3.14. */
export function encodeDisconnect(): Uint8Array {
  return new Uint8Array([0xe0, 0]);
}

/**
 * Reads the body of a PUBLISH.
 *
 * @param flags - Low half of the first octet.
 * @returns Undefined where the body breaks the standard, or asks for QoS 2, which nobody granted.
 */
export function decodePublish(flags: number, body: Uint8Array): IncomingPublish | undefined {
  const qos = (flags >> 1) & 3;
  if (qos > 1 || (qos === 0 && (flags & 8) !== 0) || body.length < 2) return undefined;
  const topicEnd = 2 + octetAt(body, 0) * 256 + octetAt(body, 1);
  const payloadStart = topicEnd + 2 * qos;
  if (topicEnd === 2 || payloadStart > body.length) return undefined;
  let topic = "";
  for (let index = 2; index < topicEnd; index += 1) {
    const code = octetAt(body, index);
    if (code < 0x20 || code > 0x7e) return undefined;
    topic += String.fromCharCode(code);
  }
  const id = qos === 0 ? 0 : octetAt(body, topicEnd) * 256 + octetAt(body, topicEnd + 1);
  if (qos === 1 && id === 0) return undefined;
  return { topic, qos, id, payload: sliceBytes(body, payloadStart) };
}

function isWelcome(first: number): boolean {
  return (
    first >> 4 === PUBLISH ||
    first === FIRST_CONNACK ||
    first === FIRST_PUBACK ||
    first === FIRST_SUBACK ||
    first === FIRST_PINGRESP
  );
}

/**
 * Creates a reader that allocates one body at its making and nothing by a length that a peer names.
 *
 * @param onPacket - Gets type, flags and body of each packet; the body is valid during the call.
 *   Whoever wants no more of the stream returns false.
 * @param onFault - Told once, at octets that no broker sends or that are too many; from then on the
 *   reader takes nothing.
 */
export function createPacketReader(
  onPacket: (type: number, flags: number, body: Uint8Array) => boolean,
  onFault: () => void,
): PacketReader {
  const buffer = new Uint8Array(PACKET_BODY_BYTES_MAX);
  let first = 0;
  /** Octets of the length that were read; the body begins when `isInBody`. */
  let lengthOctets = 0;
  let bodyLength = 0;
  let filled = 0;
  let isInBody = false;
  let isOver = false;

  function fault(): void {
    isOver = true;
    onFault();
  }

  function begin(octet: number): void {
    first = octet;
    lengthOctets = 0;
    bodyLength = 0;
    filled = 0;
    if (!isWelcome(octet)) fault();
  }

  function takeLength(octet: number): void {
    lengthOctets += 1;
    bodyLength += (octet & 127) << (7 * (lengthOctets - 1));
    if ((octet & 128) !== 0) {
      if (lengthOctets === LENGTH_OCTETS_MAX) fault();
      return;
    }
    if (bodyLength > PACKET_BODY_BYTES_MAX) {
      fault();
    } else if (bodyLength === 0) {
      deliver();
    } else {
      isInBody = true;
    }
  }

  function deliver(): void {
    const packetFirst = first;
    first = 0;
    isInBody = false;
    if (!onPacket(packetFirst >> 4, packetFirst & 15, buffer.subarray(0, bodyLength))) {
      isOver = true;
    }
  }

  return {
    push(bytes) {
      let at = 0;
      while (at < bytes.length && !isOver) {
        if (isInBody) {
          const portion = Math.min(bytes.length - at, bodyLength - filled);
          buffer.set(bytes.subarray(at, at + portion), filled);
          filled += portion;
          at += portion;
          if (filled === bodyLength) deliver();
        } else {
          const octet = octetAt(bytes, at);
          at += 1;
          if (first === 0) begin(octet);
          else takeLength(octet);
        }
      }
    },
  };
}
