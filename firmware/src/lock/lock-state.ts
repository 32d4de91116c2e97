// SPDX-License-Identifier: EUPL-1.2
import {
  AUTHORITIES_MAX,
  concatBytes,
  type FloorList,
  type FloorSet,
  GROUPS_MAX,
  octetAt,
  PROFILE_CLOCK,
} from "@nyckelring/protocol";
import { RECORD_ROLE_FIRST } from "../shared/device-records.ts";
import {
  AUTHORITY_BYTES,
  type AuthorityKeys,
  decodeAuthority,
  encodeAuthority,
} from "../shared/issuer-trust.ts";
import { readU32, writeU32 } from "../shared/page-journal.ts";
import type { RecordStore } from "../shared/record-store.ts";

/** Record id: everything that a configuration or a certificate of an issuer changes. */
const RECORD_STATE = RECORD_ROLE_FIRST;
/** Record id: the lock's own certificate as signed. */
const RECORD_CERTIFICATE = RECORD_ROLE_FIRST + 1;
/** First record id of the time floors, one for each slot. */
const RECORD_TIME_FLOOR = RECORD_ROLE_FIRST + 4;
/** First record id of the floor lists, one for each slot. */
const RECORD_FLOORS = RECORD_TIME_FLOOR + AUTHORITIES_MAX;

// door | cfgseq | profile, clock policy, number of groups, number of slots | groups | slots
const AT_GROUPS = 12;
const AT_SLOTS = AT_GROUPS + 4 * GROUPS_MAX;
// longest window | operations mask, slot and two zeros | lowest epoch | sealing key | authority
const SEALING_KEY_BYTES = 16;
const AT_EPOCH_MIN = 8;
const AT_SEALING_KEY = 12;
const AT_AUTHORITY = AT_SEALING_KEY + SEALING_KEY_BYTES;
const SLOT_BYTES = AT_AUTHORITY + AUTHORITY_BYTES;

// authority | issuer epoch | listseq | ringfloor | floors
const FLOORS_HEAD_BYTES = 16;
const FLOOR_BYTES = 12;
const DEVID_BYTES = 8;

/** An authority at this lock: its keys and what its keys' holders may do here. */
export type LockAuthority = {
  /**
   * 0 to 3: where its time floor, its floor list and its log are kept, as long as it is configured.
   * The owner has 0.
   */
  readonly slot: number;
  readonly keys: AuthorityKeys;
  /** Sum of operation bits. */
  readonly opsmask: number;
  /** Longest window of a ring head, in seconds. */
  readonly maxvalidS: number;
  /** Lowest issuer epoch of its certificates. */
  readonly issuerEpochMin: number;
  /** Under which the log of its sessions is sealed to its issuer, 16 octets. */
  readonly sealingKey: Uint8Array;
};

/**
 * What a lock is and whom it trusts. It is one record, so that no power cut leaves the anchors of one
 * configuration beside the groups of another.
 */
export type LockState = {
  readonly door: number;
  readonly cfgseq: number;
  /** One of the `PROFILE_` constants. */
  readonly profile: number;
  /** What a lock with a clock does while it does not know the time. */
  readonly clockUnknown: number;
  readonly groups: readonly number[];
  /** The first one owns the lock. */
  readonly authorities: readonly LockAuthority[];
};

/** True for a lock with its own battery and clock. */
export function hasClock(state: LockState): boolean {
  return state.profile === PROFILE_CLOCK;
}

/** Reads the state of a lock; undefined on one that was never commissioned. */
export function readLockState(records: RecordStore): LockState | undefined {
  const bytes = records.read(RECORD_STATE);
  if (bytes === undefined || bytes.length < AT_SLOTS) return undefined;
  const groups: number[] = [];
  for (let index = 0; index < octetAt(bytes, 10); index += 1) {
    groups.push(readU32(bytes, AT_GROUPS + 4 * index));
  }
  const authorities: LockAuthority[] = [];
  for (let index = 0; index < octetAt(bytes, 11); index += 1) {
    const offset = AT_SLOTS + index * SLOT_BYTES;
    authorities.push({
      maxvalidS: readU32(bytes, offset),
      opsmask: octetAt(bytes, offset + 4),
      slot: octetAt(bytes, offset + 5),
      issuerEpochMin: readU32(bytes, offset + AT_EPOCH_MIN),
      sealingKey: bytes.subarray(offset + AT_SEALING_KEY, offset + AT_AUTHORITY),
      keys: decodeAuthority(bytes, offset + AT_AUTHORITY),
    });
  }
  return {
    door: readU32(bytes, 0),
    cfgseq: readU32(bytes, 4),
    profile: octetAt(bytes, 8),
    clockUnknown: octetAt(bytes, 9),
    groups,
    authorities,
  };
}

/** Replaces the state of a lock: old or new after any power cut. */
export function writeLockState(records: RecordStore, state: LockState): void {
  const head = new Uint8Array(AT_SLOTS);
  writeU32(head, 0, state.door);
  writeU32(head, 4, state.cfgseq);
  head[8] = state.profile;
  head[9] = state.clockUnknown;
  head[10] = state.groups.length;
  head[11] = state.authorities.length;
  let offset = AT_GROUPS;
  for (const group of state.groups) {
    writeU32(head, offset, group);
    offset += 4;
  }
  const parts: Uint8Array[] = [head];
  for (const authority of state.authorities) {
    const limits = new Uint8Array(AT_SEALING_KEY);
    writeU32(limits, 0, authority.maxvalidS);
    limits[4] = authority.opsmask;
    limits[5] = authority.slot;
    writeU32(limits, AT_EPOCH_MIN, authority.issuerEpochMin);
    parts.push(limits);
    parts.push(authority.sealingKey);
    parts.push(encodeAuthority(authority.keys));
  }
  records.writeTwice(RECORD_STATE, concatBytes(parts));
}

/** The lock's certificate as signed; undefined on a lock that was never commissioned. */
export function readLockCertificate(records: RecordStore): Uint8Array | undefined {
  return records.read(RECORD_CERTIFICATE);
}

/** Replaces the lock's certificate. */
export function writeLockCertificate(records: RecordStore, certificate: Uint8Array): void {
  records.write(RECORD_CERTIFICATE, certificate);
}

/** Record id of the time floor of a slot. */
export function timeFloorId(slot: number): number {
  return RECORD_TIME_FLOOR + slot;
}

/**
 * Reads the floor list of a slot; without one, a list with number 0 that denies nobody.
 *
 * The floors of an older issuer epoch still hold, because a rotation must not bring a revoked key
 * back, but their number starts anew: a stolen issuing key may have used up the numbers.
 */
export function readFloors(records: RecordStore, slot: number, keys: AuthorityKeys): FloorSet {
  const bytes = records.read(RECORD_FLOORS + slot);
  const authority = keys.authority;
  if (bytes === undefined || readU32(bytes, 0) !== authority) {
    return { authority, listseq: 0, ringfloor: 0, floors: [] };
  }
  // In the record they lie as the door path wants them.
  const floors = bytes.subarray(FLOORS_HEAD_BYTES);
  const isCurrent = readU32(bytes, 4) === epochOf(keys);
  const listseq = isCurrent ? readU32(bytes, 8) : 0;
  return { authority, listseq, ringfloor: readU32(bytes, 12), floors };
}

/** Replaces the floor list of a slot. */
export function writeFloors(
  records: RecordStore,
  slot: number,
  keys: AuthorityKeys,
  list: FloorList,
): void {
  const bytes = new Uint8Array(FLOORS_HEAD_BYTES + FLOOR_BYTES * list.floors.length);
  writeU32(bytes, 0, keys.authority);
  writeU32(bytes, 4, epochOf(keys));
  writeU32(bytes, 8, list.listseq);
  writeU32(bytes, 12, list.ringfloor);
  let at = FLOORS_HEAD_BYTES;
  for (const floor of list.floors) {
    bytes.set(floor.devid, at);
    writeU32(bytes, at + DEVID_BYTES, floor.minring);
    at += FLOOR_BYTES;
  }
  records.write(RECORD_FLOORS + slot, bytes);
}

function epochOf(keys: AuthorityKeys): number {
  return keys.ringKey === undefined ? 0 : keys.ringKey.issuerEpoch;
}
