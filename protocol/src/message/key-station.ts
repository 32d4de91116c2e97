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
import {
  bytesOf,
  bytesUpTo,
  exactly,
  listOf,
  type Shape,
  type ShapeValue,
  tuple,
  uint,
  uint16,
  uint32,
} from "../cbor/shape.ts";
import { type CborValue, isArray } from "../cbor/value.ts";
import { FRAME_TOO_LONG, MESSAGE_MALFORMED } from "../errors/code.ts";
import { fail, type Result, succeed } from "../errors/result.ts";

/** Longest encoded message of the conversation: one link message. */
export const SYNC_BYTES_MAX = 4096;
/** Longest ring bundle, object or sealed batch inside a message. */
export const SYNC_PAYLOAD_BYTES_MAX = 4000;
/** Parts of one ring: 4096 slots of at most 19 bytes in parts of at least 2 kB. */
export const SYNC_PARTS_MAX = 64;
/** Requests for the time that a key carries for locks at most. */
export const TIME_ASKS_MAX = 4;

/** Key: who I am and which ring I hold. Asks for the first thing. */
export const SYNC_RING_STATE = 1;
/** Key: asks for the next thing. */
export const SYNC_NEXT = 2;
/** Key: verdict on the bundle part or object just received. Asks for the next thing. */
export const SYNC_ANSWER = 3;
/** Key: a batch of its own log, sealed to the issuer. */
export const SYNC_OWN_BATCH = 4;
/** Key: a batch that it carries for a lock, sealed to the issuer. */
export const SYNC_CARRIED_BATCH = 5;
/** Key: it has finished. The only message without an answer. */
export const SYNC_DONE = 6;
/** Station: one part of a ring. */
export const SYNC_BUNDLE = 11;
/** Station: one signed object. */
export const SYNC_OBJECT = 12;
/** Station: the batch lies in its flash, or the fault that kept it from there. */
export const SYNC_STORED = 13;
/** Station: the issuer has not answered yet; ask again. */
export const SYNC_WAIT = 14;
/** Station: nothing is left to hand over now. */
export const SYNC_NONE = 15;
/** Station: there is no ring for this key, and why. */
export const SYNC_REFUSAL = 16;

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
  | { readonly type: typeof SYNC_RING_STATE; readonly state: RingState }
  | { readonly type: typeof SYNC_NEXT | typeof SYNC_DONE | typeof SYNC_WAIT | typeof SYNC_NONE }
  | {
      readonly type: typeof SYNC_ANSWER | typeof SYNC_STORED | typeof SYNC_REFUSAL;
      /** 0 for success, otherwise a code of the one table. */
      readonly code: number;
    }
  | {
      readonly type: typeof SYNC_OWN_BATCH | typeof SYNC_CARRIED_BATCH | typeof SYNC_OBJECT;
      readonly bytes: Uint8Array;
    }
  | {
      readonly type: typeof SYNC_BUNDLE;
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
 * @returns The body of a link message of kind 5, at most `SYNC_BYTES_MAX` bytes as long as the
 *   payload respects `SYNC_PAYLOAD_BYTES_MAX`.
 * @public
 */
export function encodeKeyStation(message: KeyStationMessage): Uint8Array {
  return encodeCbor([message.type, bodyOf(message)]);
}

function bodyOf(message: KeyStationMessage): CborValue {
  switch (message.type) {
    case SYNC_RING_STATE:
      return ringStateBody(message.state);
    case SYNC_ANSWER:
    case SYNC_STORED:
    case SYNC_REFUSAL:
      return message.code;
    case SYNC_OWN_BATCH:
    case SYNC_CARRIED_BATCH:
    case SYNC_OBJECT:
      return message.bytes;
    case SYNC_BUNDLE:
      return [message.part, message.parts, message.bytes];
    default:
      return null;
  }
}

function ringStateBody(state: RingState): CborValue {
  const asks: CborValue[] = [];
  for (const ask of state.timeAsks) asks.push([ask.devid, ask.nonce]);
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

const isTimeAsk = tuple([bytesOf(8), bytesOf(8)]);
const isRingState = tuple([
  bytesOf(8),
  uint32,
  bytesOf(16),
  uint32,
  bytesOf(8),
  uint(100),
  listOf(isTimeAsk, 0, TIME_ASKS_MAX),
]);
const isPayload: Shape<Uint8Array> = bytesUpTo(SYNC_PAYLOAD_BYTES_MAX);
const isBundle = tuple([uint(SYNC_PARTS_MAX - 1), uint(SYNC_PARTS_MAX), isPayload]);
const isNothing = exactly(null);

/**
 * Decodes one message of the conversation.
 *
 * @param bytes - Body of a link message of kind 5, from an untrusted peer.
 * @returns The message, or `FRAME_TOO_LONG`, `CBOR_MALFORMED` for what is not strict CBOR, or
 *   `MESSAGE_MALFORMED` for anything that is not exactly one known message.
 * @public
 */
export function decodeKeyStation(bytes: Uint8Array): Result<KeyStationMessage> {
  if (bytes.length > SYNC_BYTES_MAX) return fail(FRAME_TOO_LONG);
  const decoded = decodeCbor(bytes);
  if (!decoded.ok) return decoded;
  const pair = decoded.value;
  if (!isPair(pair)) return fail(MESSAGE_MALFORMED);
  const message = messageOf(pair[0], pair[1]);
  return message === undefined ? fail(MESSAGE_MALFORMED) : succeed(message);
}

function isPair(value: CborValue): value is readonly [CborValue, CborValue] {
  return isArray(value) && value.length === 2;
}

function messageOf(type: CborValue, body: CborValue): KeyStationMessage | undefined {
  switch (type) {
    case SYNC_RING_STATE:
      return isRingState(body) ? { type, state: ringStateOf(body) } : undefined;
    case SYNC_NEXT:
    case SYNC_DONE:
    case SYNC_WAIT:
    case SYNC_NONE:
      return isNothing(body) ? { type } : undefined;
    case SYNC_ANSWER:
    case SYNC_STORED:
    case SYNC_REFUSAL:
      return uint16(body) ? { type, code: body } : undefined;
    case SYNC_OWN_BATCH:
    case SYNC_CARRIED_BATCH:
    case SYNC_OBJECT:
      return isPayload(body) ? { type, bytes: body } : undefined;
    case SYNC_BUNDLE:
      if (!isBundle(body) || body[0] >= body[1]) return undefined;
      return { type, part: body[0], parts: body[1], bytes: body[2] };
    default:
      return undefined;
  }
}

function ringStateOf(body: ShapeValue<typeof isRingState>): RingState {
  const timeAsks: CarriedTimeAsk[] = [];
  for (const ask of body[6]) timeAsks.push({ devid: ask[0], nonce: ask[1] });
  return {
    devid: body[0],
    ringseq: body[1],
    root16: body[2],
    listseq: body[3],
    nonce: body[4],
    batteryPercent: body[5],
    timeAsks,
  };
}
