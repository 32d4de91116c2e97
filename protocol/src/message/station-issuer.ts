// SPDX-License-Identifier: EUPL-1.2
// What a station and the issuer say to each other over the broker. The broker is a courier: it may
// delay, and a MAC in both directions keeps it from saying anything in another's name.

import { equalBytes, sliceBytes } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import {
  bytesOf,
  bytesUpTo,
  listOf,
  type Shape,
  tuple,
  uint,
  uint8,
  uint16,
  uint32,
} from "../cbor/shape.ts";
import { type CborValue, isArray } from "../cbor/value.ts";
import { DEVID_BYTES } from "../cose/ids.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import { MAC_INVALID, MESSAGE_MALFORMED, PROMISE_BROKEN } from "../errors/code.ts";
import { assert, fail, type Result, succeed } from "../errors/result.ts";
import { type CarriedTimeAsk, TIME_ASKS_MAX } from "./key-station.ts";
import {
  DOWN_BUNDLE,
  DOWN_CONFIG,
  DOWN_OBJECTS,
  DOWN_REFUSED,
  DOWN_SERVICE,
  DOWN_UPLOAD_ACK,
  OBJECT_BYTES_MAX,
  UP_KEY_PRESENT,
  UP_STATION_LOG,
  UP_STATUS,
  UP_UPLOAD,
} from "./types.ts";

const ROOT_HEAD_BYTES = 16;
const NONCE_BYTES = 8;
const MAC_BYTES = 16;
/** First field under the MAC: a message can never be taken for one of the other direction. */
const DIRECTION_UP = 1;
const DIRECTION_DOWN = 2;
const PERCENT_MAX = 100;
const LINK_MAX = 3;
const POWER_MAX = 2;
const HOLD_MAX = 2;
const PARTS_MAX = 64;
const OBJECTS_MAX = 64;
const ACKED_UPLOADS_MAX = 64;
const STATION_EVENTS_MAX = 64;

/** Longest message between station and issuer, in octets. @public */
export const STATION_MESSAGE_BYTES_MAX = 65536;

const DEVID = bytesOf(DEVID_BYTES);
const OBJECT = bytesUpTo(OBJECT_BYTES_MAX);
const TIME_ASK = tuple([DEVID, bytesOf(NONCE_BYTES)]);
const STATION_EVENT = tuple([uint32, uint16, uint32]);

const STATUS = tuple([uint32, uint(POWER_MAX), uint(PERCENT_MAX), uint(LINK_MAX), uint32]);
const KEY_PRESENT = tuple([
  DEVID,
  uint32,
  bytesOf(ROOT_HEAD_BYTES),
  uint32,
  bytesOf(NONCE_BYTES),
  uint(PERCENT_MAX),
  listOf(TIME_ASK, 0, TIME_ASKS_MAX),
]);
const UPLOAD = tuple([OBJECT]);
const STATION_LOG = tuple([listOf(STATION_EVENT, 0, STATION_EVENTS_MAX)]);
const BUNDLE = tuple([
  DEVID,
  uint(HOLD_MAX),
  uint(PARTS_MAX - 1),
  uint(PARTS_MAX),
  OBJECT,
  listOf(OBJECT, 0, OBJECTS_MAX),
]);
const OBJECTS = tuple([DEVID, listOf(OBJECT, 0, OBJECTS_MAX)]);
const UPLOAD_ACK = listOf(uint32, 0, ACKED_UPLOADS_MAX);
const CONFIG = tuple([uint32, uint8]);
const REFUSED = tuple([DEVID, uint16]);
const SERVICE = tuple([uint32, uint32]);

/**
 * How a station is.
 * @public
 */
export interface StationStatusReport {
  readonly type: typeof UP_STATUS;
  /** Its clock, seconds UTC; 0 when it does not know. */
  readonly nowS: number;
  /** 0 mains, 1 own battery, 2 the inserted key's battery. */
  readonly power: number;
  readonly batteryPercent: number;
  /** 0 none, 1 LAN, 2 Wi-Fi, 3 GSM. */
  readonly link: number;
  /** Uploads that wait for an acknowledgement. */
  readonly queued: number;
}

/**
 * A key is in the station and says what it holds.
 * @public
 */
export interface KeyPresent {
  readonly type: typeof UP_KEY_PRESENT;
  readonly devid: Uint8Array;
  /** Number of its newest head; 0 for none. */
  readonly ringseq: number;
  /** First 16 octets of the root of its shift ring. */
  readonly root16: Uint8Array;
  /** Number of the newest floor list that it carries; 0 for none. */
  readonly listseq: number;
  /** Binds a time grant to this contact, 8 octets. */
  readonly nonce: Uint8Array;
  readonly batteryPercent: number;
  /** Questions of locks that it carries, at most 4. */
  readonly timeAsks: readonly CarriedTimeAsk[];
}

/**
 * A sealed batch, from the key itself or carried for a lock.
 * @public
 */
export interface Upload {
  readonly type: typeof UP_UPLOAD;
  readonly sealed: Uint8Array;
}

/**
 * Something that happened to the station itself.
 * @public
 */
export interface StationEvent {
  /** Seconds UTC; 0 when the station did not know. */
  readonly tS: number;
  /** A code of the table, or 0. */
  readonly event: number;
  readonly detail: number;
}

/**
 * What happened to the station itself.
 * @public
 */
export interface StationLog {
  readonly type: typeof UP_STATION_LOG;
  readonly events: readonly StationEvent[];
}

/** What a station says. @public */
export type UpMessage = StationStatusReport | KeyPresent | Upload | StationLog;

/**
 * A ring or one part of it for a key.
 * @public
 */
export interface BundleDown {
  readonly type: typeof DOWN_BUNDLE;
  readonly devid: Uint8Array;
  /** 0 for the key in contact, 1 to keep for offline release, 2 for the key, with more to follow. */
  readonly hold: number;
  /** Number of this part from 0. */
  readonly part: number;
  readonly parts: number;
  /** An encoded ring bundle. */
  readonly bundle: Uint8Array;
  readonly objects: readonly Uint8Array[];
}

/**
 * Signed objects for the key in contact.
 * @public
 */
export interface ObjectsDown {
  readonly type: typeof DOWN_OBJECTS;
  readonly devid: Uint8Array;
  readonly objects: readonly Uint8Array[];
}

/**
 * Uploads that the issuer committed; the station may forget them.
 * @public
 */
export interface UploadAckDown {
  readonly type: typeof DOWN_UPLOAD_ACK;
  /** The sequence numbers under which they went up. */
  readonly seqs: readonly number[];
}

/**
 * Time and settings of the station.
 * @public
 */
export interface ConfigDown {
  readonly type: typeof DOWN_CONFIG;
  /** Seconds UTC. */
  readonly nowS: number;
  /** Heads signed in advance that it may release per key while it has no link. */
  readonly presignedPerKey: number;
}

/**
 * No ring for the key in contact.
 * @public
 */
export interface RefusedDown {
  readonly type: typeof DOWN_REFUSED;
  readonly devid: Uint8Array;
  /** Why: a code of the table. */
  readonly code: number;
}

/**
 * Leave to open the console of a station that was locked down.
 *
 * Security: a station has no curves, so its permit is no signed object: the MAC of the command is the
 * issuer's word, and only the station's own account opens it.
 * @public
 */
export interface ServiceDown {
  readonly type: typeof DOWN_SERVICE;
  /** Higher than that of every permit before; a repetition keeps it. */
  readonly serial: number;
  /** Seconds UTC after which it opens nothing. */
  readonly untilS: number;
}

/** What the issuer says. @public */
export type DownMessage =
  | BundleDown
  | ObjectsDown
  | UploadAckDown
  | ConfigDown
  | RefusedDown
  | ServiceDown;

/**
 * A message under its number.
 * @public
 */
export interface Numbered<T> {
  /** Grows with every new message of one sender; a repetition keeps it. */
  readonly seq: number;
  readonly message: T;
}

/**
 * What a station and its issuer share since its enrolment.
 * @public
 */
export interface StationAccount {
  /** The issuer's number for the station. */
  readonly stationId: number;
  /** The secret under which both make their MACs, 32 octets. */
  readonly commandKey: Uint8Array;
}

/**
 * Encodes what a station says, with its MAC; a field beyond its bound throws.
 *
 * @see RFC 2104; the MAC is the first 16 octets of HMAC-SHA-256 over [1, station, seq, type, body]
 * @public
 */
export function encodeUp(
  crypto: CryptoPort,
  account: StationAccount,
  seq: number,
  message: UpMessage,
): Uint8Array {
  const body = upBody(message);
  assert(upShape(message.type)(body), PROMISE_BROKEN);
  return seal(crypto, account, DIRECTION_UP, seq, message.type, body);
}

/**
 * Verifies and reads what a station says.
 *
 * Security: the MAC is compared before the body is looked at. It does not stop a repetition; the
 * issuer notes the highest `seq` of each station. That a station says something makes it no truth
 * about a key: heads and sealed batches prove themselves.
 *
 * @param account - the station in whose name the octets came, not one that they name
 * @returns the message, `MAC_INVALID`, or `MESSAGE_MALFORMED` for octets that are no such message
 * @public
 */
export function decodeUp(
  crypto: CryptoPort,
  account: StationAccount,
  bytes: Uint8Array,
): Result<Numbered<UpMessage>> {
  const opened = open(crypto, account, DIRECTION_UP, bytes);
  if (!opened.ok) return opened;
  const { seq, type, body } = opened.value;
  const message = upMessage(type, body);
  return message === undefined ? fail(MESSAGE_MALFORMED) : succeed({ seq, message });
}

/**
 * Encodes what the issuer says to one station, with its MAC; a field beyond its bound throws.
 *
 * @see RFC 2104; the MAC is the first 16 octets of HMAC-SHA-256 over [2, station, seq, type, body]
 * @public
 */
export function encodeDown(
  crypto: CryptoPort,
  account: StationAccount,
  seq: number,
  message: DownMessage,
): Uint8Array {
  const body = downBody(message);
  assert(downShape(message.type)(body), PROMISE_BROKEN);
  return seal(crypto, account, DIRECTION_DOWN, seq, message.type, body);
}

/**
 * Verifies and reads what the issuer says.
 *
 * Security: the MAC is compared before the body is looked at. It does not stop a repetition; the
 * station notes each `seq` that it has carried out, and takes none twice.
 *
 * @returns the message, `MAC_INVALID`, or `MESSAGE_MALFORMED` for octets that are no such message
 * @public
 */
export function decodeDown(
  crypto: CryptoPort,
  account: StationAccount,
  bytes: Uint8Array,
): Result<Numbered<DownMessage>> {
  const opened = open(crypto, account, DIRECTION_DOWN, bytes);
  if (!opened.ok) return opened;
  const { seq, type, body } = opened.value;
  const message = downMessage(type, body);
  return message === undefined ? fail(MESSAGE_MALFORMED) : succeed({ seq, message });
}

/** A message whose MAC is genuine and whose body nobody has looked at. */
type Opened = { readonly seq: number; readonly type: number; readonly body: CborValue };

function seal(
  crypto: CryptoPort,
  account: StationAccount,
  direction: number,
  seq: number,
  type: number,
  body: CborValue,
): Uint8Array {
  const bytes = encodeCbor([seq, type, body, macOf(crypto, account, direction, seq, type, body)]);
  assert(bytes.length <= STATION_MESSAGE_BYTES_MAX, PROMISE_BROKEN);
  return bytes;
}

function open(
  crypto: CryptoPort,
  account: StationAccount,
  direction: number,
  bytes: Uint8Array,
): Result<Opened> {
  if (bytes.length > STATION_MESSAGE_BYTES_MAX) return fail(MESSAGE_MALFORMED);
  const value = decodeCbor(bytes);
  if (!value.ok || !isArray(value.value) || value.value.length !== 4) {
    return fail(MESSAGE_MALFORMED);
  }
  const seq = value.value[0];
  const type = value.value[1];
  const body = value.value[2];
  const mac = value.value[3];
  if (typeof seq !== "number" || seq < 0 || typeof type !== "number" || body === undefined) {
    return fail(MESSAGE_MALFORMED);
  }
  if (!(mac instanceof Uint8Array)) return fail(MESSAGE_MALFORMED);
  const expected = macOf(crypto, account, direction, seq, type, body);
  return equalBytes(mac, expected) ? succeed({ seq, type, body }) : fail(MAC_INVALID);
}

function macOf(
  crypto: CryptoPort,
  account: StationAccount,
  direction: number,
  seq: number,
  type: number,
  body: CborValue,
): Uint8Array {
  const covered = encodeCbor([direction, account.stationId, seq, type, body]);
  return sliceBytes(crypto.hmac(account.commandKey, covered), 0, MAC_BYTES);
}

function upShape(type: UpMessage["type"]): Shape<CborValue> {
  switch (type) {
    case UP_STATUS:
      return STATUS;
    case UP_KEY_PRESENT:
      return KEY_PRESENT;
    case UP_UPLOAD:
      return UPLOAD;
    default:
      return STATION_LOG;
  }
}

function upBody(message: UpMessage): CborValue {
  switch (message.type) {
    case UP_STATUS:
      return [message.nowS, message.power, message.batteryPercent, message.link, message.queued];
    case UP_KEY_PRESENT: {
      const asks: CborValue[] = [];
      for (const ask of message.timeAsks) asks.push([ask.devid, ask.nonce]);
      return [
        message.devid,
        message.ringseq,
        message.root16,
        message.listseq,
        message.nonce,
        message.batteryPercent,
        asks,
      ];
    }
    case UP_UPLOAD:
      return [message.sealed];
    default: {
      const events: CborValue[] = [];
      for (const item of message.events) events.push([item.tS, item.event, item.detail]);
      return [events];
    }
  }
}

function upMessage(type: number, body: CborValue): UpMessage | undefined {
  if (type === UP_STATUS && STATUS(body)) {
    return {
      type: UP_STATUS,
      nowS: body[0],
      power: body[1],
      batteryPercent: body[2],
      link: body[3],
      queued: body[4],
    };
  }
  if (type === UP_KEY_PRESENT && KEY_PRESENT(body)) {
    const timeAsks: CarriedTimeAsk[] = [];
    for (const ask of body[6]) timeAsks.push({ devid: ask[0], nonce: ask[1] });
    return {
      type: UP_KEY_PRESENT,
      devid: body[0],
      ringseq: body[1],
      root16: body[2],
      listseq: body[3],
      nonce: body[4],
      batteryPercent: body[5],
      timeAsks,
    };
  }
  if (type === UP_UPLOAD && UPLOAD(body)) return { type: UP_UPLOAD, sealed: body[0] };
  if (type === UP_STATION_LOG && STATION_LOG(body)) {
    const events: StationEvent[] = [];
    for (const item of body[0]) events.push({ tS: item[0], event: item[1], detail: item[2] });
    return { type: UP_STATION_LOG, events };
  }
  return undefined;
}

function downShape(type: DownMessage["type"]): Shape<CborValue> {
  switch (type) {
    case DOWN_BUNDLE:
      return BUNDLE;
    case DOWN_OBJECTS:
      return OBJECTS;
    case DOWN_UPLOAD_ACK:
      return UPLOAD_ACK;
    case DOWN_CONFIG:
      return CONFIG;
    case DOWN_SERVICE:
      return SERVICE;
    default:
      return REFUSED;
  }
}

function downBody(message: DownMessage): CborValue {
  switch (message.type) {
    case DOWN_BUNDLE:
      return [
        message.devid,
        message.hold,
        message.part,
        message.parts,
        message.bundle,
        message.objects,
      ];
    case DOWN_OBJECTS:
      return [message.devid, message.objects];
    case DOWN_UPLOAD_ACK:
      return message.seqs;
    case DOWN_CONFIG:
      return [message.nowS, message.presignedPerKey];
    case DOWN_SERVICE:
      return [message.serial, message.untilS];
    default:
      return [message.devid, message.code];
  }
}

function downMessage(type: number, body: CborValue): DownMessage | undefined {
  if (type === DOWN_BUNDLE && BUNDLE(body)) {
    if (body[2] >= body[3]) return undefined;
    return {
      type: DOWN_BUNDLE,
      devid: body[0],
      hold: body[1],
      part: body[2],
      parts: body[3],
      bundle: body[4],
      objects: body[5],
    };
  }
  if (type === DOWN_OBJECTS && OBJECTS(body)) {
    return { type: DOWN_OBJECTS, devid: body[0], objects: body[1] };
  }
  if (type === DOWN_UPLOAD_ACK && UPLOAD_ACK(body)) return { type: DOWN_UPLOAD_ACK, seqs: body };
  if (type === DOWN_CONFIG && CONFIG(body)) {
    return { type: DOWN_CONFIG, nowS: body[0], presignedPerKey: body[1] };
  }
  if (type === DOWN_REFUSED && REFUSED(body)) {
    return { type: DOWN_REFUSED, devid: body[0], code: body[1] };
  }
  if (type === DOWN_SERVICE && SERVICE(body)) {
    return { type: DOWN_SERVICE, serial: body[0], untilS: body[1] };
  }
  return undefined;
}
