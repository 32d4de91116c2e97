// SPDX-License-Identifier: EUPL-1.2

import {
  bytesOfHex,
  createFrameReader,
  decodeCbor,
  decodeKeyStation,
  hexOf,
  isArray,
  isMap,
  type KeyStationMessage,
  mapGet,
  SYNC_CARRIED_BATCH,
  SYNC_OWN_BATCH,
  UP_UPLOAD,
} from "@nyckelring/protocol";
import type { ContactFrame } from "./recorder.ts";

/** What a message at a contact is, as far as an onlooker can tell. */
export const MESSAGE_KINDS = [
  "hello",
  "helloAnswer",
  "edhoc1",
  "edhoc2",
  "edhoc3",
  "edhoc4",
  "record",
  "ringState",
  "next",
  "answer",
  "ownBatch",
  "carriedBatch",
  "done",
  "bundle",
  "object",
  "stored",
  "wait",
  "none",
  "refusal",
  "cut",
] as const;

/** Name of a kind of message; each has a text in both languages. */
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** One message of a contact. */
export type Message = {
  readonly kind: MessageKind;
  /** When its first byte was sent and its last one passed, in microseconds of the run. */
  readonly startUs: number;
  readonly endUs: number;
  readonly isFromKey: boolean;
  /** Bytes handed to the wire, and those that passed before the plug left. */
  readonly sentBytes: number;
  readonly passedBytes: number;
  /** The sealed batch that a key hands to a station, as hexadecimal text. */
  readonly batch: string | undefined;
};

const BYTE_US = 10_000_000 / 115_200;
/** Kinds of link messages, protocol.md §4. */
const LINK_KINDS = { hello: 1, helloAnswer: 2, edhoc: 3, record: 4, keyStation: 5 } as const;
/** Header parameter that names the sealer (RFC 9052 §3.1). */
const HEADER_KID = 4;
/** First octet of message 1: method 3 (RFC 9528 §5.2). */
const METHOD_3 = 3;
const SYNC_KINDS: ReadonlyMap<number, MessageKind> = new Map([
  [1, "ringState"],
  [2, "next"],
  [3, "answer"],
  [4, "ownBatch"],
  [5, "carriedBatch"],
  [6, "done"],
  [11, "bundle"],
  [12, "object"],
  [13, "stored"],
  [14, "wait"],
  [15, "none"],
  [16, "refusal"],
]);

/**
 * Names the messages of one contact.
 *
 * @param frames - The lines of `frames.ndjson` of the contact.
 * @param key - Name of the key in it.
 */
export function readMessages(frames: readonly ContactFrame[], key: string): Message[] {
  let lastEdhoc: MessageKind = "edhoc4";
  return frames.map((frame) => {
    const bytes = bytesOfHex(frame.hex);
    const isFromKey = frame.from === key;
    const { link, body } = readLink(bytes);
    let kind: MessageKind = "cut";
    let batch: string | undefined;
    if (link === LINK_KINDS.hello) kind = "hello";
    if (link === LINK_KINDS.helloAnswer) kind = "helloAnswer";
    if (link === LINK_KINDS.record) kind = "record";
    if (link === LINK_KINDS.edhoc) {
      kind = edhocKind(isFromKey, bytes[4], lastEdhoc);
      lastEdhoc = kind;
    }
    if (link === LINK_KINDS.keyStation && body !== undefined) {
      const message = decodeKeyStation(body);
      if (message.ok) kind = SYNC_KINDS.get(message.value.type) ?? "cut";
      if (message.ok && isBatch(message.value)) batch = hexOf(message.value.bytes);
    }
    return {
      kind,
      startUs: frame.t - Math.round(bytes.length * BYTE_US),
      endUs: frame.t,
      isFromKey,
      sentBytes: frame.sent,
      passedBytes: bytes.length,
      batch,
    };
  });
}

function isBatch(
  message: KeyStationMessage,
): message is Extract<KeyStationMessage, { readonly bytes: Uint8Array; readonly part?: never }> {
  return message.type === SYNC_OWN_BATCH || message.type === SYNC_CARRIED_BATCH;
}

function edhocKind(
  isFromKey: boolean,
  firstOctet: number | undefined,
  last: MessageKind,
): MessageKind {
  if (isFromKey) return firstOctet === METHOD_3 ? "edhoc1" : "edhoc3";
  return last === "edhoc1" ? "edhoc2" : "edhoc4";
}

/** The kind of link message in the first frame, and the whole body where all of it passed. */
function readLink(bytes: Uint8Array): {
  readonly link: number | undefined;
  readonly body: Uint8Array | undefined;
} {
  let body: Uint8Array | undefined;
  const reader = createFrameReader(
    (_kind, message) => {
      body = message;
    },
    () => undefined,
  );
  reader.push(bytes);
  return { link: bytes[2], body };
}

/**
 * Reads which sealed batch an `up` message brings to the authorization system.
 *
 * An onlooker has no part in the secret of the station, so the MAC stays unchecked; the
 * authorization system has refused what is forged.
 *
 * @returns The batch as hexadecimal text; undefined for any other message.
 */
export function uploadedBatch(hex: string): string | undefined {
  const message = decodeCbor(bytesOfHex(hex));
  if (!message.ok || !isArray(message.value)) return undefined;
  const [, type, body] = message.value;
  const sealed = type === UP_UPLOAD && body !== undefined && isArray(body) ? body[0] : undefined;
  return sealed instanceof Uint8Array ? hexOf(sealed) : undefined;
}

/**
 * Reads who sealed a batch: the device number stands outside of what is encrypted.
 *
 * @returns 16 hexadecimal digits; undefined for what is no sealed batch.
 */
export function sealerOf(batch: string): string | undefined {
  const outer = decodeCbor(bytesOfHex(batch));
  if (!outer.ok || !isArray(outer.value)) return undefined;
  const [protectedBytes] = outer.value;
  if (!(protectedBytes instanceof Uint8Array)) return undefined;
  const header = decodeCbor(protectedBytes);
  if (!header.ok || !isMap(header.value)) return undefined;
  const kid = mapGet(header.value, HEADER_KID);
  return kid instanceof Uint8Array ? hexOf(kid) : undefined;
}
