// SPDX-License-Identifier: EUPL-1.2
// What key and lock say to each other in records after message_4: `record` in the specification.

import { decodeCbor } from "../cbor/decode.ts";
import {
  bytesOf,
  bytesUpTo,
  type Shape,
  type ShapeValue,
  tuple,
  uint16,
  uint32,
} from "../cbor/shape.ts";
import type { CborValue } from "../cbor/value.ts";
import { DEVID_BYTES } from "../cose/ids.ts";
import { MESSAGE_MALFORMED } from "../errors/code.ts";
import { fail, type Result, succeed } from "../errors/result.ts";
import {
  OBJECT_BYTES_MAX,
  RECORD_DONE,
  RECORD_LOG_PART,
  RECORD_LOG_REQUEST,
  RECORD_OBJECT,
  RECORD_TIME_ASK,
  RECORD_WANT,
} from "./types.ts";

/**
 * Longest part of a sealed log batch in one record.
 * @public
 */
export const LOG_PART_BYTES_MAX = 900;

const NONCE_BYTES = 8;
const OBJECT_APPLIED = tuple([uint16]);
const OBJECT_DECIDED = tuple([uint16, uint16, uint32, uint32]);

/** Body of a question without words: want, time-ask, done. @public */
export const EMPTY_ASK = tuple([]);
/** Body of an object question: one signed object. @public */
export const OBJECT_ASK: Shape<Uint8Array> = bytesUpTo(OBJECT_BYTES_MAX);
/** Body of a log question: number of the part, from 0. @public */
export const LOG_ASK = tuple([uint16]);
/** Floor list, configuration, log epoch, first unacknowledged and last entry of a lock. @public */
export const WANT_ANSWER = tuple([uint32, uint32, uint16, uint32, uint32]);
/** Part, parts, and octets of a sealed batch. @public */
export const LOG_PART_ANSWER = tuple([uint16, uint16, bytesUpTo(LOG_PART_BYTES_MAX)]);
/** Device and nonce that a time grant must name. @public */
export const TIME_ANSWER = tuple([bytesOf(DEVID_BYTES), bytesOf(NONCE_BYTES)]);
/** What became of an object; with the decision that waited for it, its entry and time. @public */
export const OBJECT_ANSWER: Shape<
  ShapeValue<typeof OBJECT_APPLIED> | ShapeValue<typeof OBJECT_DECIDED>
> = (value): value is ShapeValue<typeof OBJECT_APPLIED> | ShapeValue<typeof OBJECT_DECIDED> =>
  OBJECT_APPLIED(value) || OBJECT_DECIDED(value);

/**
 * Reads what a key asks in a record.
 *
 * @param type - the type of the record, as the session opened it
 * @param bytes - its body
 * @returns the body, or `MESSAGE_MALFORMED` for a type or body that no key says
 * @public
 */
export function decodeRecordAsk(type: number, bytes: Uint8Array): Result<CborValue> {
  return decodeAs(askShape(type), bytes);
}

/**
 * Reads what a lock answers in a record.
 *
 * @param type - the type of the record, as the session opened it
 * @param bytes - its body
 * @returns the body, or `MESSAGE_MALFORMED` for a type or body that no lock says
 * @public
 */
export function decodeRecordAnswer(type: number, bytes: Uint8Array): Result<CborValue> {
  return decodeAs(answerShape(type), bytes);
}

function decodeAs(shape: Shape<CborValue> | undefined, bytes: Uint8Array): Result<CborValue> {
  const value = decodeCbor(bytes);
  if (shape === undefined || !value.ok || !shape(value.value)) return fail(MESSAGE_MALFORMED);
  return succeed(value.value);
}

function askShape(type: number): Shape<CborValue> | undefined {
  switch (type) {
    case RECORD_WANT:
    case RECORD_TIME_ASK:
    case RECORD_DONE:
      return EMPTY_ASK;
    case RECORD_OBJECT:
      return OBJECT_ASK;
    case RECORD_LOG_REQUEST:
      return LOG_ASK;
    default:
      return undefined;
  }
}

function answerShape(type: number): Shape<CborValue> | undefined {
  switch (type) {
    case RECORD_WANT:
      return WANT_ANSWER;
    case RECORD_OBJECT:
      return OBJECT_ANSWER;
    case RECORD_LOG_PART:
      return LOG_PART_ANSWER;
    case RECORD_TIME_ASK:
      return TIME_ANSWER;
    default:
      return undefined;
  }
}
