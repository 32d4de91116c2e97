// SPDX-License-Identifier: EUPL-1.2

import { equalBytes } from "../bytes.ts";
import { DEVID_BYTES } from "../cose/ids.ts";
import {
  FIRST_FLOOR,
  FLOORS,
  PEER,
  PEER_PUBLIC,
  PRESENTATION_LEAF_AT,
  PRESENTATION_LEAF_BYTES,
  PRESENTATION_OP,
  PRESENTATION_SHAPE,
  RING_HEAD_DEVID_AT,
  RING_HEAD_EXP,
  RING_HEAD_FLAGS,
  RING_HEAD_IAT,
  RING_HEAD_NBF,
  RING_HEAD_NEEDLIST,
  RING_HEAD_PUBLIC_AT,
  RING_HEAD_RINGSEQ,
  RING_HEAD_ROOT_AT,
  RING_HEAD_SHAPE,
  RING_HEAD_SIZE,
  SALTED_LEAF_KIND,
  SALTED_LEAF_OPS,
  SALTED_LEAF_SHAPE,
  SALTED_LEAF_TARGET,
  SALTED_LEAF_UNTIL,
} from "../edhoc/arena.ts";
import type { ArenaOperations } from "../edhoc/operations.ts";
import {
  ANCHOR_UNKNOWN,
  CBOR_MALFORMED,
  CLAIMS_MALFORMED,
  CLOCK_UNTRUSTED,
  COURIER_ONLY,
  DELIVER_FIRST,
  FLOOR_STALE,
  GRANTED,
  KEY_REVOKED,
  OPERATION_NOT_ALLOWED,
  PROMISE_BROKEN,
  RIGHT_EXPIRED,
  RING_EXPIRED,
  RING_NOT_YET_VALID,
  RING_REVOKED,
  TARGET_MISMATCH,
  WINDOW_TOO_LONG,
} from "../errors/code.ts";
import { assert, type ErrorCode } from "../errors/result.ts";
import {
  CLOCK_UNKNOWN_DENY,
  CLOCK_UNKNOWN_FLAGGED,
  EMERGENCY_S_MAX,
  FLAG_CLOCK_UNKNOWN_OK,
  FLAG_COURIER_ONLY,
  FLAG_EMERGENCY,
  FLOORS_MAX,
  LEAD_S_MAX,
  LEAF_DOOR,
  LEAF_FOREIGN,
  LEAF_GROUP,
  WINDOW_S_MAX,
} from "../message/types.ts";
import type { ClockInterval, FloorSet, LockTrust, TrustedAuthority } from "./lock-door.ts";

const FLOOR_BYTES = 12;
const FLOOR_WORDS = 3;

/**
 * What the peer has shown so far, for the log entry.
 * @internal
 */
export interface Shown {
  op: number;
  ringseq: number;
  target: number;
  flags: number;
  headIatS: number;
  anchor: number;
  clockUnknown: boolean;
}

/**
 * The access decision of a lock, over claims and a presentation that lie in the arena.
 *
 * The parts are called in the order of the protocol: claims, window and floors of the head before
 * the peer has proved its key, the presentation after. No part trusts what a later one checks.
 * @internal
 */
export interface AccessDecision {
  loadTrust(trust: LockTrust): void;
  setClock(clock: ClockInterval | undefined): void;
  /** Forgets what was shown. */
  reset(): void;
  /**
   * Reads the claims of a head whose signature was verified under an anchor.
   * @returns 0, or `CLAIMS_MALFORMED`
   */
  readHead(payloadAt: number, payloadBytes: number, anchor: number): ErrorCode;
  /**
   * Judges the head that was read: window against time, then floors.
   * @returns 0, `RING_EXPIRED`, `CLOCK_UNTRUSTED`, `RING_NOT_YET_VALID`, `RING_REVOKED` or
   *   `KEY_REVOKED`
   */
  judgeHead(): ErrorCode;
  /**
   * Judges the right that is shown under the head: leaf and path against the root, target,
   * operation, ends and lengths.
   *
   * @returns 0, `CBOR_MALFORMED`, `LEAF_NOT_IN_RING`, `TARGET_MISMATCH`, `COURIER_ONLY`,
   *   `OPERATION_NOT_ALLOWED`, `RIGHT_EXPIRED` or `WINDOW_TOO_LONG`
   */
  judgePresentation(at: number, bytes: number): ErrorCode;
  /**
   * Tells whether the floor list is as new as the head demands.
   * @returns 0, or `DELIVER_FIRST`
   */
  judgeNeed(): ErrorCode;
  /**
   * Judges the same head and right again, under the trust and time of now.
   * @returns as `judgeHead` and, besides, `ANCHOR_UNKNOWN`, `RIGHT_EXPIRED` or `FLOOR_STALE`
   */
  judgeAgain(): ErrorCode;
}

/**
 * Makes the access decision of one lock.
 *
 * @param words - the same arena as 32-bit words, where tokens and floors are read
 * @param shown - where it writes down what the peer has shown
 * @internal
 */
export function createAccessDecision(
  operations: ArenaOperations,
  arena: Uint8Array,
  words: Uint32Array,
  shown: Shown,
): AccessDecision {
  const { copy, find, proveLeaf, read } = operations;

  let owner = 0;
  let door = 0;
  let groups: readonly number[] = [];
  let anchors: readonly TrustedAuthority[] = [];
  let hasClock = false;
  let clockUnknownPolicy = 0;
  let clockLoS = 0;
  let clockHiS = 0;
  let clockKnown = false;
  // By index of the anchor.
  let listseqs: number[] = [];
  let ringfloors: number[] = [];
  let floorCounts: number[] = [];

  let expS = 0;
  let nbfS = 0;
  let iatS = 0;
  let ringSize = 0;
  let rootAt = 0;
  let needlist = 0;
  let untilS = 0;

  function floorsOf(authority: number, sets: readonly FloorSet[]): FloorSet | undefined {
    for (const set of sets) {
      if (set.authority === authority) return set;
    }
    return undefined;
  }

  function loadFloors(index: number, set: FloorSet | undefined): void {
    listseqs.push(set === undefined ? 0 : set.listseq);
    ringfloors.push(set === undefined ? 0 : set.ringfloor);
    const floors = set === undefined ? [] : set.floors;
    const isPacked = floors instanceof Uint8Array;
    const count = isPacked ? floors.length / FLOOR_BYTES : floors.length;
    assert(count <= FLOORS_MAX, PROMISE_BROKEN);
    floorCounts.push(count);
    if (isPacked) {
      arena.set(floors, FLOORS + index * FLOORS_MAX * FLOOR_BYTES);
      return;
    }
    floors.forEach((floor, place) => {
      const at = (index * FLOORS_MAX + place) * FLOOR_BYTES;
      arena.set(floor.devid, FLOORS + at);
      words[FIRST_FLOOR + at / 4 + 2] = floor.minring;
    });
  }

  // A session goes on under the anchor that signed its head, wherever that is now.
  function placeOfAnchor(before: TrustedAuthority | undefined): number {
    for (let index = 0; before !== undefined && index < anchors.length; index += 1) {
      if (equalBytes((anchors[index] as TrustedAuthority).publicKey, before.publicKey))
        return index;
    }
    return -1;
  }

  function loadTrust(trust: LockTrust): void {
    const before = shown.anchor < 0 ? undefined : anchors[shown.anchor];
    owner = trust.owner;
    door = trust.door;
    groups = trust.groups;
    anchors = trust.anchors;
    shown.anchor = placeOfAnchor(before);
    hasClock = trust.hasClock;
    clockUnknownPolicy = trust.clockUnknownPolicy;
    listseqs = [];
    ringfloors = [];
    floorCounts = [];
    anchors.forEach((anchor, index) => {
      loadFloors(index, floorsOf(anchor.authority, trust.floors));
    });
  }

  function setClock(clock: ClockInterval | undefined): void {
    clockKnown = clock !== undefined;
    clockLoS = clock === undefined ? 0 : clock.loS;
    clockHiS = clock === undefined ? 0 : clock.hiS;
  }

  function reset(): void {
    shown.op = 0;
    shown.ringseq = 0;
    shown.target = 0;
    shown.flags = 0;
    shown.headIatS = 0;
    shown.anchor = -1;
    shown.clockUnknown = false;
    untilS = 0;
  }

  /** The earliest time that it can be now: what issuer and own clock prove. */
  function timeFloorS(): number {
    const anchor = anchors[shown.anchor] as TrustedAuthority;
    return clockLoS > anchor.loS ? clockLoS : anchor.loS;
  }

  function readHead(payloadAt: number, payloadBytes: number, anchor: number): ErrorCode {
    if (read(payloadAt, payloadBytes, RING_HEAD_SHAPE) === 0) return CLAIMS_MALFORMED;
    expS = words[RING_HEAD_EXP] as number;
    nbfS = words[RING_HEAD_NBF] as number;
    iatS = words[RING_HEAD_IAT] as number;
    ringSize = words[RING_HEAD_SIZE] as number;
    rootAt = words[RING_HEAD_ROOT_AT] as number;
    needlist = words[RING_HEAD_NEEDLIST] as number;
    copy(PEER, words[RING_HEAD_DEVID_AT] as number, DEVID_BYTES);
    copy(PEER_PUBLIC, words[RING_HEAD_PUBLIC_AT] as number, 32);
    shown.anchor = anchor;
    shown.headIatS = iatS;
    shown.ringseq = words[RING_HEAD_RINGSEQ] as number;
    shown.flags = words[RING_HEAD_FLAGS] as number;
    return 0;
  }

  // The window is half open, [nbf, exp). An empty one is always over, and so is one that had ended when
  // its head was signed. A lock without a clock
  // has no upper bound on time: it refuses only what its time floor proves to be over.
  function judgeWindow(): ErrorCode {
    if (expS <= timeFloorS() || expS <= nbfS || expS <= iatS) return RING_EXPIRED;
    if (!hasClock) return GRANTED;
    if (clockKnown) return nbfS > clockHiS ? RING_NOT_YET_VALID : GRANTED;
    const isFlagged = (shown.flags & FLAG_CLOCK_UNKNOWN_OK) !== 0;
    if (clockUnknownPolicy === CLOCK_UNKNOWN_DENY) return CLOCK_UNTRUSTED;
    if (clockUnknownPolicy === CLOCK_UNKNOWN_FLAGGED && !isFlagged) return CLOCK_UNTRUSTED;
    shown.clockUnknown = true;
    return GRANTED;
  }

  function judgeFloors(): ErrorCode {
    const anchor = shown.anchor;
    if (shown.ringseq < (ringfloors[anchor] as number)) return RING_REVOKED;
    const tableAt = FLOORS + anchor * FLOORS_MAX * FLOOR_BYTES;
    const count = floorCounts[anchor] as number;
    const place = find(tableAt, count, PEER, (FLOOR_BYTES << 16) | DEVID_BYTES);
    if (place < 0) return GRANTED;
    const minring = words[FIRST_FLOOR + (anchor * FLOORS_MAX + place) * FLOOR_WORDS + 2] as number;
    return shown.ringseq < minring ? KEY_REVOKED : GRANTED;
  }

  function judgeHead(): ErrorCode {
    const reason = judgeWindow();
    return reason === GRANTED ? judgeFloors() : reason;
  }

  // A head is good from nbf on and was signed at iat, so no right under it that ends by then was ever
  // meant to open, whatever a lock without a clock knows of the time.
  function hasRightEnded(): boolean {
    return untilS <= timeFloorS() || untilS <= nbfS || untilS <= iatS;
  }

  // Each authority counts doors and groups on its own. A guest's own numbers mean nothing here: it
  // names this door as its owner does, and says so in the kind. Groups are the owner's alone.
  function isOwnTarget(kind: number, target: number): boolean {
    const isGuest = (anchors[shown.anchor] as TrustedAuthority).authority !== owner;
    if (isGuest) return kind === LEAF_FOREIGN + owner && target === door;
    if (kind === LEAF_DOOR) return target === door;
    if (kind !== LEAF_GROUP) return false;
    for (const group of groups) {
      if (group === target) return true;
    }
    return false;
  }

  // Lengths that a genuine head must keep whatever its issuer meant, and this authority's own.
  function judgeLengths(anchor: TrustedAuthority): ErrorCode {
    const windowS = expS - nbfS;
    if (windowS > anchor.maxvalidS || windowS > WINDOW_S_MAX) return WINDOW_TOO_LONG;
    if (nbfS - iatS > LEAD_S_MAX) return WINDOW_TOO_LONG;
    const isEmergency = (shown.flags & FLAG_EMERGENCY) !== 0;
    return isEmergency && expS - iatS > EMERGENCY_S_MAX ? WINDOW_TOO_LONG : GRANTED;
  }

  function judgeLeaf(leafAt: number, leafBytes: number): ErrorCode {
    if (read(leafAt, leafBytes, SALTED_LEAF_SHAPE) === 0) return CBOR_MALFORMED;
    const target = words[SALTED_LEAF_TARGET] as number;
    shown.target = target;
    untilS = words[SALTED_LEAF_UNTIL] as number;
    if (!isOwnTarget(words[SALTED_LEAF_KIND] as number, target)) return TARGET_MISMATCH;
    if ((shown.flags & FLAG_COURIER_ONLY) !== 0) return COURIER_ONLY;
    const anchor = anchors[shown.anchor] as TrustedAuthority;
    const allowed = (words[SALTED_LEAF_OPS] as number) & anchor.opsmask;
    if ((allowed & shown.op) === 0) return OPERATION_NOT_ALLOWED;
    return hasRightEnded() ? RIGHT_EXPIRED : judgeLengths(anchor);
  }

  function judgePresentation(at: number, bytes: number): ErrorCode {
    if (read(at, bytes, PRESENTATION_SHAPE) === 0) return CBOR_MALFORMED;
    const op = words[PRESENTATION_OP] as number;
    if (op === 0) return CBOR_MALFORMED;
    shown.op = op;
    const leafAt = words[PRESENTATION_LEAF_AT] as number;
    const leafBytes = words[PRESENTATION_LEAF_BYTES] as number;
    // The leaf is hashed as it came; only a leaf that the signed root covers is read.
    const fault = proveLeaf(rootAt, ringSize);
    return fault === 0 ? judgeLeaf(leafAt, leafBytes) : fault;
  }

  function judgeNeed(): ErrorCode {
    return needlist > (listseqs[shown.anchor] as number) ? DELIVER_FIRST : GRANTED;
  }

  function judgeAgain(): ErrorCode {
    if (shown.anchor < 0) return ANCHOR_UNKNOWN;
    const reason = judgeHead();
    if (reason !== GRANTED) return reason;
    if (hasRightEnded()) return RIGHT_EXPIRED;
    return judgeNeed() === GRANTED ? GRANTED : FLOOR_STALE;
  }

  return {
    loadTrust,
    setClock,
    reset,
    readHead,
    judgeHead,
    judgePresentation,
    judgeNeed,
    judgeAgain,
  };
}
