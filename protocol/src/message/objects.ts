// SPDX-License-Identifier: EUPL-1.2
// The signed objects that are no claim sets: an array each, as the specification lists it.

import { bytesOf, listOf, tuple, uint, uint8, uint16, uint32 } from "../cbor/shape.ts";
import type { CborValue } from "../cbor/value.ts";
import { DEVID_BYTES, KID_BYTES } from "../cose/ids.ts";
import type { Anchor, Signer } from "../cose/sign1.ts";
import { signPayload, verifyPayload } from "../cwt/signed-payload.ts";
import { type Result, succeed } from "../errors/result.ts";
import {
  ACKS_MAX,
  AUTHORITIES_MAX,
  GROUPS_MAX,
  TYP_FIRMWARE_NOTE,
  TYP_FIRMWARE_PERMIT,
  TYP_LOCK_CONFIG,
  TYP_LOG_ACK,
  TYP_LOG_HEAD,
  TYP_RESEND,
  TYP_SERVICE_PERMIT,
  TYP_TIME_GRANT,
} from "./types.ts";

const NONCE_BYTES = 8;
const HASH_BYTES = 32;
const CHAIN_HEAD_BYTES = 16;
const PUBLIC_KEY_BYTES = 32;
const BOARD_BYTES = 8;

const DEVID = bytesOf(DEVID_BYTES);
const HASH = bytesOf(HASH_BYTES);

const TIME_GRANT = tuple([DEVID, bytesOf(NONCE_BYTES), uint32]);
const LOG_HEAD = tuple([DEVID, uint16, uint16, uint32, HASH, uint32, uint8]);
const ACK = tuple([DEVID, uint16, uint32, bytesOf(CHAIN_HEAD_BYTES)]);
const LOG_ACK = tuple([uint16, listOf(ACK, 1, ACKS_MAX)]);
const RESEND_ITEM = tuple([DEVID, uint16, uint32]);
const RESEND = tuple([uint16, listOf(RESEND_ITEM, 1, ACKS_MAX)]);
const CONFIG_ANCHOR = tuple([
  uint16,
  bytesOf(KID_BYTES),
  bytesOf(PUBLIC_KEY_BYTES),
  uint8,
  uint32,
  bytesOf(PUBLIC_KEY_BYTES),
  uint32,
]);
const LOCK_CONFIG = tuple([
  DEVID,
  uint32,
  uint32,
  listOf(uint32, 0, GROUPS_MAX),
  listOf(CONFIG_ANCHOR, 1, AUTHORITIES_MAX),
  tuple([uint(1), uint(2)]),
]);
const FIRMWARE_NOTE = tuple([uint16, uint32, uint32, uint32, HASH]);
const FIRMWARE_PERMIT = tuple([bytesOf(BOARD_BYTES), HASH, uint32]);
const SERVICE_PERMIT = tuple([DEVID, uint32, uint32]);

/**
 * The time, for one device that asked with a nonce.
 * @public
 */
export interface TimeGrant {
  readonly devid: Uint8Array;
  /** The device's question, 8 octets; it accepts the answer to its newest one only. */
  readonly nonce: Uint8Array;
  /** Time of signing; seconds UTC. */
  readonly nowS: number;
}

/**
 * A device's own signature over its log up to one entry.
 * @public
 */
export interface LogHead {
  readonly devid: Uint8Array;
  readonly logEpoch: number;
  readonly authority: number;
  /** Number of the newest entry; 0 for an empty log. */
  readonly n: number;
  /** Chain value after that entry. */
  readonly chain: Uint8Array;
  /** When the device signed, as well as it knows; seconds UTC. */
  readonly tS: number;
  /** How well it knows: one of the TIME_ constants. */
  readonly tq: number;
}

/**
 * One log that is committed up to one entry.
 * @public
 */
export interface LogAckItem {
  readonly devid: Uint8Array;
  readonly logEpoch: number;
  /** Number of the newest committed entry. */
  readonly n: number;
  /** First 16 octets of the chain value after it. */
  readonly chain16: Uint8Array;
}

/**
 * The issuer's word that it committed entries; only this makes them overwritable.
 * @public
 */
export interface LogAck {
  readonly authority: number;
  /** 1 to 25 logs. */
  readonly acks: readonly LogAckItem[];
}

/**
 * One log that the issuer wants again.
 * @public
 */
export interface ResendItem {
  readonly devid: Uint8Array;
  readonly logEpoch: number;
  /** Number of the first entry that it misses. */
  readonly from: number;
}

/**
 * What a restored issuer asks for.
 * @public
 */
export interface Resend {
  readonly authority: number;
  /** 1 to 25 logs. */
  readonly requests: readonly ResendItem[];
}

/**
 * An authority whose keys a lock accepts.
 * @public
 */
export interface ConfigAnchor {
  readonly authority: number;
  readonly kid: Uint8Array;
  /** The authority's root key, Ed25519. */
  readonly publicKey: Uint8Array;
  /** Operations that its keys may do here: sum of OPS_ constants. */
  readonly opsmask: number;
  /** Longest window that is accepted from it, in seconds. */
  readonly maxvalidS: number;
  /** X25519 key of its issuer, to which the lock seals the log of its sessions. */
  readonly agreementKey: Uint8Array;
  /** Lowest epoch of which the lock accepts a certificate of its root; an earlier one is withdrawn. */
  readonly issuerEpochMin: number;
}

/**
 * What a lock is and whom it trusts.
 * @public
 */
export interface LockConfig {
  readonly devid: Uint8Array;
  readonly door: number;
  /** Number of this configuration; the highest wins. */
  readonly cfgseq: number;
  /** At most 8. */
  readonly groups: readonly number[];
  /** 1 to 4; the first owns the lock. */
  readonly anchors: readonly ConfigAnchor[];
  /** One of the PROFILE_ constants. */
  readonly profile: number;
  /** One of the CLOCK_UNKNOWN_ constants. */
  readonly clockUnknown: number;
}

/**
 * Which firmware a device may install.
 * @public
 */
export interface FirmwareNote {
  readonly model: number;
  readonly version: number;
  /** A device refuses notes with a lower one than it runs. */
  readonly securityVersion: number;
  /** Octets of the image. */
  readonly size: number;
  /** SHA-256 of the image. */
  readonly digest: Uint8Array;
}

/**
 * Leave to install one build on one board although its security version is lower.
 * @public
 */
export interface FirmwarePermit {
  /** First 8 octets of SHA-256 over the serial number of the board's chip, as text. */
  readonly board: Uint8Array;
  /** SHA-256 of the manifest of the build. */
  readonly manifest: Uint8Array;
  /** Until when; seconds UTC. */
  readonly untilS: number;
}

/**
 * Leave to open the console of one device that was locked down.
 * @public
 */
export interface ServicePermit {
  readonly devid: Uint8Array;
  /** Number of the permit: a device takes each number once, and none below one that it took. */
  readonly serial: number;
  /** Until when; seconds UTC. */
  readonly untilS: number;
}

/**
 * Signs a time grant with a level 1 key.
 * @public
 */
export function signTimeGrant(grant: TimeGrant, signer: Signer): Uint8Array {
  const payload = [grant.devid, grant.nonce, grant.nowS];
  return signPayload(TYP_TIME_GRANT, TIME_GRANT, payload, signer);
}

/**
 * Verifies a time grant against level 1 keys. Device and nonce are the caller's to compare.
 *
 * @returns the grant, `SIGNATURE_INVALID` or `CLAIMS_MALFORMED`
 * @public
 */
export function verifyTimeGrant(bytes: Uint8Array, anchors: readonly Anchor[]): Result<TimeGrant> {
  const payload = verifyPayload(TYP_TIME_GRANT, TIME_GRANT, bytes, anchors);
  if (!payload.ok) return payload;
  const fields = payload.value;
  return succeed({ devid: fields[0], nonce: fields[1], nowS: fields[2] });
}

/**
 * Signs a log head with the device's own key.
 * @public
 */
export function signLogHead(head: LogHead, signer: Signer): Uint8Array {
  const payload = [head.devid, head.logEpoch, head.authority, head.n, head.chain, head.tS, head.tq];
  return signPayload(TYP_LOG_HEAD, LOG_HEAD, payload, signer);
}

/**
 * Verifies a log head against the key of the device.
 *
 * @returns the head, `SIGNATURE_INVALID` or `CLAIMS_MALFORMED`
 * @public
 */
export function verifyLogHead(bytes: Uint8Array, anchors: readonly Anchor[]): Result<LogHead> {
  const payload = verifyPayload(TYP_LOG_HEAD, LOG_HEAD, bytes, anchors);
  if (!payload.ok) return payload;
  const fields = payload.value;
  return succeed({
    devid: fields[0],
    logEpoch: fields[1],
    authority: fields[2],
    n: fields[3],
    chain: fields[4],
    tS: fields[5],
    tq: fields[6],
  });
}

/**
 * Signs an acknowledgement with a level 1 key. None, or more than 25 logs throw.
 * @public
 */
export function signLogAck(ack: LogAck, signer: Signer): Uint8Array {
  const acks: CborValue[] = [];
  for (const item of ack.acks) acks.push([item.devid, item.logEpoch, item.n, item.chain16]);
  return signPayload(TYP_LOG_ACK, LOG_ACK, [ack.authority, acks], signer);
}

/**
 * Verifies an acknowledgement against level 1 keys. Whether it fits the log is for the log's owner
 * to compare.
 *
 * @returns the acknowledgement, `SIGNATURE_INVALID` or `CLAIMS_MALFORMED`
 * @public
 */
export function verifyLogAck(bytes: Uint8Array, anchors: readonly Anchor[]): Result<LogAck> {
  const payload = verifyPayload(TYP_LOG_ACK, LOG_ACK, bytes, anchors);
  if (!payload.ok) return payload;
  const acks: LogAckItem[] = [];
  for (const item of payload.value[1]) {
    acks.push({ devid: item[0], logEpoch: item[1], n: item[2], chain16: item[3] });
  }
  return succeed({ authority: payload.value[0], acks });
}

/**
 * Signs a re-send request with a level 1 key. None, or more than 25 logs throw.
 * @public
 */
export function signResend(resend: Resend, signer: Signer): Uint8Array {
  const requests: CborValue[] = [];
  for (const item of resend.requests) requests.push([item.devid, item.logEpoch, item.from]);
  return signPayload(TYP_RESEND, RESEND, [resend.authority, requests], signer);
}

/**
 * Verifies a re-send request against level 1 keys.
 *
 * @returns the request, `SIGNATURE_INVALID` or `CLAIMS_MALFORMED`
 * @public
 */
export function verifyResend(bytes: Uint8Array, anchors: readonly Anchor[]): Result<Resend> {
  const payload = verifyPayload(TYP_RESEND, RESEND, bytes, anchors);
  if (!payload.ok) return payload;
  const requests: ResendItem[] = [];
  for (const item of payload.value[1]) {
    requests.push({ devid: item[0], logEpoch: item[1], from: item[2] });
  }
  return succeed({ authority: payload.value[0], requests });
}

/**
 * Signs a lock configuration with a level 2 key. More than 8 groups, no authority or more than 4
 * throw.
 * @public
 */
export function signLockConfig(config: LockConfig, signer: Signer): Uint8Array {
  const anchors: CborValue[] = [];
  for (const anchor of config.anchors) {
    anchors.push([
      anchor.authority,
      anchor.kid,
      anchor.publicKey,
      anchor.opsmask,
      anchor.maxvalidS,
      anchor.agreementKey,
      anchor.issuerEpochMin,
    ]);
  }
  const payload = [
    config.devid,
    config.door,
    config.cfgseq,
    config.groups,
    anchors,
    [config.profile, config.clockUnknown],
  ];
  return signPayload(TYP_LOCK_CONFIG, LOCK_CONFIG, payload, signer);
}

/**
 * Verifies a lock configuration against level 2 keys.
 *
 * @returns the configuration, `SIGNATURE_INVALID` or `CLAIMS_MALFORMED`
 * @public
 */
export function verifyLockConfig(
  bytes: Uint8Array,
  anchors: readonly Anchor[],
): Result<LockConfig> {
  const payload = verifyPayload(TYP_LOCK_CONFIG, LOCK_CONFIG, bytes, anchors);
  if (!payload.ok) return payload;
  const fields = payload.value;
  const trusted: ConfigAnchor[] = [];
  for (const item of fields[4]) {
    trusted.push({
      authority: item[0],
      kid: item[1],
      publicKey: item[2],
      opsmask: item[3],
      maxvalidS: item[4],
      agreementKey: item[5],
      issuerEpochMin: item[6],
    });
  }
  return succeed({
    devid: fields[0],
    door: fields[1],
    cfgseq: fields[2],
    groups: fields[3],
    anchors: trusted,
    profile: fields[5][0],
    clockUnknown: fields[5][1],
  });
}

/**
 * Signs a firmware note with a level 3 key.
 * @public
 */
export function signFirmwareNote(note: FirmwareNote, signer: Signer): Uint8Array {
  const payload = [note.model, note.version, note.securityVersion, note.size, note.digest];
  return signPayload(TYP_FIRMWARE_NOTE, FIRMWARE_NOTE, payload, signer);
}

/**
 * Verifies a firmware note against level 3 keys.
 *
 * @returns the note, `SIGNATURE_INVALID` or `CLAIMS_MALFORMED`
 * @public
 */
export function verifyFirmwareNote(
  bytes: Uint8Array,
  anchors: readonly Anchor[],
): Result<FirmwareNote> {
  const payload = verifyPayload(TYP_FIRMWARE_NOTE, FIRMWARE_NOTE, bytes, anchors);
  if (!payload.ok) return payload;
  const fields = payload.value;
  return succeed({
    model: fields[0],
    version: fields[1],
    securityVersion: fields[2],
    size: fields[3],
    digest: fields[4],
  });
}

/**
 * Signs a firmware permit with a level 3 key.
 * @public
 */
export function signFirmwarePermit(permit: FirmwarePermit, signer: Signer): Uint8Array {
  const payload = [permit.board, permit.manifest, permit.untilS];
  return signPayload(TYP_FIRMWARE_PERMIT, FIRMWARE_PERMIT, payload, signer);
}

/**
 * Verifies a firmware permit against level 3 keys. Board, build and time are the caller's to compare.
 *
 * @returns the permit, `SIGNATURE_INVALID` or `CLAIMS_MALFORMED`
 * @public
 */
export function verifyFirmwarePermit(
  bytes: Uint8Array,
  anchors: readonly Anchor[],
): Result<FirmwarePermit> {
  const payload = verifyPayload(TYP_FIRMWARE_PERMIT, FIRMWARE_PERMIT, bytes, anchors);
  if (!payload.ok) return payload;
  const fields = payload.value;
  return succeed({ board: fields[0], manifest: fields[1], untilS: fields[2] });
}

/**
 * Signs a service permit with a level 2 key.
 * @public
 */
export function signServicePermit(permit: ServicePermit, signer: Signer): Uint8Array {
  const payload = [permit.devid, permit.serial, permit.untilS];
  return signPayload(TYP_SERVICE_PERMIT, SERVICE_PERMIT, payload, signer);
}

/**
 * Verifies a service permit against level 2 keys. Device, number and time are the caller's to compare.
 *
 * @returns the permit, `SIGNATURE_INVALID` or `CLAIMS_MALFORMED`
 * @public
 */
export function verifyServicePermit(
  bytes: Uint8Array,
  anchors: readonly Anchor[],
): Result<ServicePermit> {
  const payload = verifyPayload(TYP_SERVICE_PERMIT, SERVICE_PERMIT, bytes, anchors);
  if (!payload.ok) return payload;
  const fields = payload.value;
  return succeed({ devid: fields[0], serial: fields[1], untilS: fields[2] });
}
