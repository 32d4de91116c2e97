// SPDX-License-Identifier: EUPL-1.2

/**
 * The contact conversation between a key and a station: link messages of kind 5.
 *
 * The key asks and the station answers each question with exactly one message, so that the contact
 * carries one message at a time and a withdrawal at any byte leaves at most one question open:
 *
 * ```text
 * ring-state ─┐
 * next        ├─> bundle | object | wait | none | refusal
 * answer      ┘
 * own-batch, carried-batch ─> stored
 * done        ─> (no answer)
 * ```
 *
 * Security: nothing here is secret or trusted. Devid and ring state are a hint that selects what the
 * station releases; what it releases is signed by the issuer and for one key only, and the batches
 * are sealed to the issuer. A false station can delay, and that is all it can do.
 *
 * A ring whose delta is longer than one message travels as several parts. Each part is a whole ring
 * bundle with the same head and the next slots of one delta, in ascending order; the ring becomes
 * active when the last part is in and the root matches the head.
 *
 * @packageDocumentation
 */

import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import type { CborValue } from "../cbor/value.ts";
import { CBOR_MALFORMED, FRAME_TOO_LONG } from "../errors/code.ts";
import { fail, type Result, succeed } from "../errors/result.ts";

/** Longest encoded message of the conversation: one link message. */
export const KEY_STATION_BYTES_MAX = 4096;
/** Longest ring bundle, object or sealed batch inside a message. */
export const KEY_STATION_PAYLOAD_BYTES_MAX = 4000;
/** Parts of one ring: 4096 slots of at most 19 bytes in parts of at least 2 kB. */
export const RING_PARTS_MAX = 64;
/** Requests for the time that a key carries for locks at most. */
export const TIME_ASKS_MAX = 4;

/** Key: who I am and which ring I hold. Asks for the first thing. */
export const RING_STATE = 1;
/** Key: asks for the next thing. */
export const NEXT = 2;
/** Key: verdict on the bundle part or object just received. Asks for the next thing. */
export const ANSWER = 3;
/** Key: a batch of its own log, sealed to the issuer. */
export const OWN_BATCH = 4;
/** Key: a batch that it carries for a lock, sealed to the issuer. */
export const CARRIED_BATCH = 5;
/** Key: it has finished. The only message without an answer. */
export const DONE = 6;
/** Station: one part of a ring. */
export const BUNDLE = 11;
/** Station: one signed object. */
export const OBJECT = 12;
/** Station: the batch lies in its flash, or the fault that kept it from there. */
export const STORED = 13;
/** Station: the issuer has not answered yet; ask again. */
export const WAIT = 14;
/** Station: nothing is left to hand over now. */
export const NONE = 15;
/** Station: there is no ring for this key, and why. */
export const REFUSAL = 16;

/** A request for the time that a lock with a clock gave to a key to carry. */
export interface CarriedTimeAsk {
  /** Device that asked, 8 bytes. */
  readonly devid: Uint8Array;
  /** Its outstanding nonce, 8 bytes. */
  readonly nonce: Uint8Array;
}

/** What a key says of itself when it meets a station. */
export interface RingState {
  /** Key, 8 bytes. */
  readonly devid: Uint8Array;
  /** Number of the newest head that the key holds; 0 without one. */
  readonly ringseq: number;
  /** First 16 bytes of the root of the key's shift ring. */
  readonly root16: Uint8Array;
  /** Number of the newest floor list that the key carries; 0 without one. */
  readonly listseq: number;
  /** Nonce that binds a time grant to this contact, 8 bytes. */
  readonly nonce: Uint8Array;
  /** Charge of the key's battery in percent. */
  readonly batteryPercent: number;
  /** Requests of locks for the time, at most `TIME_ASKS_MAX`. */
  readonly timeAsks: readonly CarriedTimeAsk[];
}

/** One message of the conversation. */
export type KeyStationMessage =
  | { readonly type: typeof RING_STATE; readonly state: RingState }
  | { readonly type: typeof NEXT | typeof DONE | typeof WAIT | typeof NONE }
  | {
      readonly type: typeof ANSWER | typeof STORED | typeof REFUSAL;
      /** 0 for success, otherwise a code of the one table. */
      readonly code: number;
    }
  | {
      readonly type: typeof OWN_BATCH | typeof CARRIED_BATCH | typeof OBJECT;
      readonly bytes: Uint8Array;
    }
  | {
      readonly type: typeof BUNDLE;
      /** Number of this part, from 0. */
      readonly part: number;
      /** Number of parts of the ring. */
      readonly parts: number;
      /** A ring bundle. */
      readonly bytes: Uint8Array;
    };

/**
 * Encodes one message of the conversation.
 *
 * @returns The body of a link message of kind 5, at most `KEY_STATION_BYTES_MAX` bytes as long as the
 *   payload respects `KEY_STATION_PAYLOAD_BYTES_MAX`.
 * @public
 */
export function encodeKeyStation(message: KeyStationMessage): Uint8Array {
  return encodeCbor([message.type, bodyOf(message)]);
}

function bodyOf(message: KeyStationMessage): CborValue {
  switch (message.type) {
    case RING_STATE:
      return ringStateBody(message.state);
    case ANSWER:
    case STORED:
    case REFUSAL:
      return message.code;
    case OWN_BATCH:
    case CARRIED_BATCH:
    case OBJECT:
      return message.bytes;
    case BUNDLE:
      return [message.part, message.parts, message.bytes];
    default:
      return null;
  }
}

function ringStateBody(state: RingState): CborValue {
  const asks: CborValue[] = [];
  for (let index = 0; index < state.timeAsks.length; index += 1) {
    const ask = state.timeAsks[index];
    if (ask !== undefined) {
      asks.push([ask.devid, ask.nonce]);
    }
  }
  return [
    state.devid,
    state.ringseq,
    state.root16,
    state.listseq,
    state.nonce,
    state.batteryPercent,
    asks,
  ];
}

/**
 * Decodes one message of the conversation.
 *
 * @param bytes - Body of a link message of kind 5, from an untrusted peer.
 * @returns The message, or `FRAME_TOO_LONG`, or `CBOR_MALFORMED` for anything that is not exactly
 *   one known message.
 * @public
 */
export function decodeKeyStation(bytes: Uint8Array): Result<KeyStationMessage> {
  if (bytes.length > KEY_STATION_BYTES_MAX) {
    return fail(FRAME_TOO_LONG);
  }
  const decoded = decodeCbor(bytes);
  if (!decoded.ok) {
    return decoded;
  }
  const pair = decoded.value;
  if (!Array.isArray(pair) || pair.length !== 2) {
    return fail(CBOR_MALFORMED);
  }
  const message = messageOf(pair[0], pair[1]);
  return message === undefined ? fail(CBOR_MALFORMED) : succeed(message);
}

function messageOf(type: CborValue, body: CborValue): KeyStationMessage | undefined {
  switch (type) {
    case RING_STATE:
      return ringStateOf(body);
    case NEXT:
    case DONE:
    case WAIT:
    case NONE:
      return body === null ? { type } : undefined;
    case ANSWER:
    case STORED:
    case REFUSAL:
      return isUint(body, 0xffff) ? { type, code: body } : undefined;
    case OWN_BATCH:
    case CARRIED_BATCH:
    case OBJECT:
      return isPayload(body) ? { type, bytes: body } : undefined;
    case BUNDLE:
      return bundleOf(body);
    default:
      return undefined;
  }
}

function bundleOf(body: CborValue): KeyStationMessage | undefined {
  if (!Array.isArray(body) || body.length !== 3) {
    return undefined;
  }
  const part: CborValue = body[0];
  const parts: CborValue = body[1];
  const bytes: CborValue = body[2];
  if (!isUint(part, RING_PARTS_MAX - 1) || !isUint(parts, RING_PARTS_MAX) || !isPayload(bytes)) {
    return undefined;
  }
  return part < parts ? { type: BUNDLE, part, parts, bytes } : undefined;
}

function ringStateOf(body: CborValue): KeyStationMessage | undefined {
  if (!Array.isArray(body) || body.length !== 7) {
    return undefined;
  }
  const devid: CborValue = body[0];
  const ringseq: CborValue = body[1];
  const root16: CborValue = body[2];
  const listseq: CborValue = body[3];
  const nonce: CborValue = body[4];
  const batteryPercent: CborValue = body[5];
  const timeAsks = timeAsksOf(body[6]);
  if (
    !isBytes(devid, 8) ||
    !isUint(ringseq, 0xffffffff) ||
    !isBytes(root16, 16) ||
    !isUint(listseq, 0xffffffff) ||
    !isBytes(nonce, 8) ||
    !isUint(batteryPercent, 100) ||
    timeAsks === undefined
  ) {
    return undefined;
  }
  return {
    type: RING_STATE,
    state: { devid, ringseq, root16, listseq, nonce, batteryPercent, timeAsks },
  };
}

function timeAsksOf(value: CborValue): CarriedTimeAsk[] | undefined {
  if (!Array.isArray(value) || value.length > TIME_ASKS_MAX) {
    return undefined;
  }
  const asks: CarriedTimeAsk[] = [];
  for (let index = 0; index < value.length; index += 1) {
    const pair: CborValue = value[index];
    if (!Array.isArray(pair) || pair.length !== 2) {
      return undefined;
    }
    const devid: CborValue = pair[0];
    const nonce: CborValue = pair[1];
    if (!isBytes(devid, 8) || !isBytes(nonce, 8)) {
      return undefined;
    }
    asks.push({ devid, nonce });
  }
  return asks;
}

function isUint(value: CborValue, max: number): value is number {
  return typeof value === "number" && value >= 0 && value <= max;
}

function isBytes(value: CborValue, bytes: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === bytes;
}

function isPayload(value: CborValue): value is Uint8Array {
  return (
    value instanceof Uint8Array &&
    value.length > 0 &&
    value.length <= KEY_STATION_PAYLOAD_BYTES_MAX
  );
}
