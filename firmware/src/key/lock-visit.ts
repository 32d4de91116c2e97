// SPDX-License-Identifier: EUPL-1.2
import {
  ANCHOR_UNKNOWN,
  type CborValue,
  concatBytes,
  DELIVER_FIRST,
  decodeCbor,
  EDHOC_BYTES_MAX,
  ENTRY_DENIED_AT_KEY,
  ENTRY_PASSAGE,
  type ErrorCode,
  encodeCbor,
  equalBytes,
  FLOOR_STALE,
  isArray,
  LEAF_DOOR,
  LEAF_FOREIGN,
  LEAF_GROUP,
  LINK_EDHOC,
  LINK_MESSAGE_BYTES_MAX,
  LINK_RECORD,
  LINK_TIMEOUT,
  LOG_PART_ANSWER,
  MESSAGE,
  NO_DECISION,
  NO_RIGHT,
  OBJECT_ANSWER,
  OBJECT_BYTES_MAX,
  OBJECT_OLD,
  OP_ENTER,
  OP_LEAVE,
  OPERATION_NOT_ALLOWED,
  RECORD_DONE,
  RECORD_LOG_PART,
  RECORD_LOG_REQUEST,
  RECORD_OBJECT,
  RECORD_TIME_ASK,
  RECORD_WANT,
  RIGHT_EXPIRED,
  RING_EXPIRED,
  sliceBytes,
  TIME_ANSWER,
  TYP_LOCK_CONFIG,
  TYP_LOG_ACK,
  TYP_TIME_GRANT,
  WANT_ANSWER,
  WANT_TIME_GRANT,
} from "@nyckelring/protocol";
import { type Errand, seqFor } from "./courier-store.ts";
import type { KeyContext, Visit } from "./key-context.ts";
import { RING_SHIFT } from "./key-layout.ts";
import type { KeyRing } from "./key-rings.ts";
import {
  SIGNAL_DENIED,
  SIGNAL_EXPIRED,
  SIGNAL_GRANTED,
  SIGNAL_NEEDS_SYNC,
  SIGNAL_NO_CONTACT,
  SIGNAL_WORKING,
} from "./signals.ts";

/** Longest wait for message_2, in milliseconds. */
const HANDSHAKE_WAIT_MS = 2000;
/** Longest wait for message_4: the lock verifies, commits its entry and starts the motor. */
const DECISION_WAIT_MS = 5000;
/** Longest wait for the answer to a record. */
const RECORD_WAIT_MS = 2000;
/** Sessions of one contact: the first, and what presses on the button add. */
const SESSIONS_MAX = 3;
/** Parts of one sealed batch of a lock. */
const LOG_PARTS_MAX = 8;

const AWAITS_MESSAGE_2 = 1;
const AWAITS_MESSAGE_4 = 2;
const AWAITS_RECORD = 3;
const OVER = 4;

/** What a lock answered to `want`. */
type LockState = {
  readonly listseq: number;
  readonly cfgseq: number;
  readonly firstUnacked: number;
  readonly last: number;
};

/** The right that the key shows. */
type Choice = { readonly ring: KeyRing; readonly slot: number };

/**
 * Opens a door: session, decision, housekeeping.
 *
 * The key asks, the lock answers, and every wait ends by itself. Nothing is owed to the lock: a
 * withdrawal at any byte leaves both sides with what they had committed, and the next visit takes up
 * from there. Whatever the lock decided, the key's own entry is committed before the carer is told.
 *
 * @param lockDevid - From the hello: a hint for the log of an attempt that proved nothing.
 * @param wasReversed - A press before the hello has chosen the direction that was not expected.
 */
export function createLockVisit(
  key: KeyContext,
  lockDevid: Uint8Array,
  wasReversed: boolean,
): Visit {
  const door = key.door;
  let state = OVER;
  let sessions = 0;
  /** The operation that a press chose; 0 while the direction follows from the last passage. */
  let chosenOp = 0;
  /** Presses before message_3. */
  let isReversed = false;
  /** A press after message_3: another session follows when the answer is in. */
  let isAgain = false;
  let op = OP_ENTER;
  let ringseq = 0;
  let target = 0;
  let recordType = 0;
  let onRecord: ((body: CborValue) => void) | undefined;
  let errands: Errand[] = [];
  let lockState: LockState | undefined;
  let parts: Uint8Array[] = [];
  let wantsTime = false;

  function deny(reason: ErrorCode): void {
    const peer = door.lock.door === 0 ? lockDevid : door.peerDevid();
    const shift = key.rings.ringAt(RING_SHIFT);
    key.log.note({
      kind: ENTRY_DENIED_AT_KEY,
      op: 0,
      reason,
      peer,
      ring: shift === undefined ? 0 : shift.claims.ringseq,
      target: door.lock.door,
    });
    // A lock of a newer epoch than the key has heard of: a station has the certificate.
    key.show(reason === ANCHOR_UNKNOWN ? SIGNAL_NEEDS_SYNC : SIGNAL_DENIED);
    close();
  }

  function close(): void {
    state = OVER;
    key.link.relax();
    door.reset();
  }

  function lose(): void {
    if (state === AWAITS_MESSAGE_4) notePassage(NO_DECISION);
    else if (state === AWAITS_MESSAGE_2) noteTimeout();
    if (state !== AWAITS_RECORD) key.show(SIGNAL_NO_CONTACT);
    close();
  }

  function noteTimeout(): void {
    const peer = lockDevid;
    key.log.note({
      kind: ENTRY_DENIED_AT_KEY,
      op: 0,
      reason: LINK_TIMEOUT,
      peer,
      ring: 0,
      target: 0,
    });
  }

  function sendFromArena(kind: number, bytes: number, waitMs: number): void {
    key.link.send(kind, sliceBytes(key.arena, MESSAGE, MESSAGE + bytes));
    key.link.expect(waitMs, lose);
  }

  function begin(): void {
    const usable = key.rings.usable();
    const first = usable[0];
    sessions += 1;
    isAgain = false;
    isReversed = false;
    door.reset();
    const bytes = first === undefined ? 0 : door.start(first.head);
    if (bytes === 0) {
      deny(door.faultCode === 0 ? NO_RIGHT : door.faultCode);
      return;
    }
    key.show(SIGNAL_WORKING);
    state = AWAITS_MESSAGE_2;
    sendFromArena(LINK_EDHOC, bytes, HANDSHAKE_WAIT_MS);
  }

  function onMessage2(bytes: number): void {
    const fault = door.checkMessage2(bytes);
    if (fault !== 0) {
      deny(fault);
      return;
    }
    const nowS = key.clock.knownS();
    if (nowS !== undefined && nowS >= door.lock.expS) {
      deny(ANCHOR_UNKNOWN);
      return;
    }
    const shift = key.rings.ringAt(RING_SHIFT);
    const sinceS = shift === undefined ? 0 : shift.claims.nbfS;
    const usual = key.passages.nextOp(door.lock.door, sinceS);
    op = chosenOp === 0 ? usual : chosenOp;
    if (isReversed) op = otherOp(op);
    showRight();
  }

  function showRight(): void {
    const choice = chooseRight();
    if (typeof choice === "number") {
      deny(choice);
      return;
    }
    ringseq = choice.ring.claims.ringseq;
    target = door.lock.door;
    const head = choice.ring.head;
    door.useHead(head);
    const kid = choice.ring.claims.kid;
    door.useCertificate(key.trust.certificateToShow(kid, door.lock.authority, key.clock.tS()));
    const proof = choice.ring.store.proofOf(choice.slot);
    const bytes = door.buildMessage3(op, choice.slot, proof.saltedLeaf, proof.path);
    if (bytes === 0) {
      deny(door.faultCode);
      return;
    }
    state = AWAITS_MESSAGE_4;
    sendFromArena(LINK_EDHOC, bytes, DECISION_WAIT_MS);
  }

  /** The right for this door, or why there is none. */
  function chooseRight(): Choice | ErrorCode {
    let reason: ErrorCode = NO_RIGHT;
    const owner = door.lock.authority;
    const isGuest = key.trust.homeAuthority() !== owner;
    for (const ring of key.rings.usable()) {
      const byDoor = chooseLeaf(ring, isGuest ? LEAF_FOREIGN + owner : LEAF_DOOR, door.lock.door);
      if (byDoor >= 0) return { ring, slot: byDoor };
      if (byDoor < -1) reason = -byDoor;
      // The groups of a lock are its owner's.
      for (const group of isGuest ? [] : door.lock.groups) {
        const byGroup = chooseLeaf(ring, LEAF_GROUP, group);
        if (byGroup >= 0) return { ring, slot: byGroup };
        if (byGroup < -1) reason = -byGroup;
      }
    }
    return reason;
  }

  /** The slot of a leaf that covers the operation now; -1 for none, minus a code for a bad one. */
  function chooseLeaf(ring: KeyRing, kind: number, leafTarget: number): number {
    const nowS = key.clock.tS();
    let outcome = -1;
    let slot = ring.store.find(kind, leafTarget, 0);
    while (slot >= 0) {
      const leaf = ring.store.leafAt(slot);
      if (leaf !== null) {
        const covers = (leaf.ops & op) !== 0;
        if (covers && nowS < leaf.untilS) return slot;
        outcome = covers ? -RIGHT_EXPIRED : -OPERATION_NOT_ALLOWED;
      }
      slot = ring.store.find(kind, leafTarget, slot + 1);
    }
    return outcome;
  }

  function onMessage4(bytes: number): void {
    const fault = door.checkMessage4(bytes);
    if (fault !== 0) {
      notePassage(NO_DECISION);
      key.show(SIGNAL_DENIED);
      close();
      return;
    }
    for (const want of door.decision.wants) if (want === WANT_TIME_GRANT) wantsTime = true;
    if (door.decision.code === DELIVER_FIRST) {
      deliverFirst();
      return;
    }
    conclude(door.decision.code);
    keepHouse();
  }

  /** The lock wants the newest floor list before it decides; its answer carries the decision. */
  function deliverFirst(): void {
    const floors = key.courier.floorsOf(key.trust.homeAuthority());
    if (floors === undefined) {
      conclude(DELIVER_FIRST);
      close();
      return;
    }
    state = AWAITS_MESSAGE_4;
    askRecord(RECORD_OBJECT, key.courier.bytesOf(floors), DECISION_WAIT_MS, (body) => {
      if (!OBJECT_ANSWER(body)) {
        lose();
        return;
      }
      const decided = body[1];
      conclude(decided === undefined ? NO_DECISION : decided);
      keepHouse();
    });
  }

  function notePassage(reason: ErrorCode): void {
    const peer = door.peerDevid();
    key.log.note({ kind: ENTRY_PASSAGE, op, reason, peer, ring: ringseq, target });
  }

  function conclude(code: ErrorCode): void {
    state = AWAITS_RECORD;
    notePassage(code);
    if (code === 0) key.passages.note(target, op);
    key.show(signalOf(code));
  }

  // --- Housekeeping: whatever the rest of the contact allows, one question at a time. ---

  function askRecord(
    type: number,
    body: CborValue,
    waitMs: number,
    handle: (body: CborValue) => void,
  ): void {
    const bytes = door.sealRecord(type, encodeCbor(body));
    if (bytes === 0) {
      lose();
      return;
    }
    recordType = type === RECORD_LOG_REQUEST ? RECORD_LOG_PART : type;
    onRecord = handle;
    sendFromArena(LINK_RECORD, bytes, waitMs);
  }

  function keepHouse(): void {
    if (isAgain) {
      begin();
      return;
    }
    askRecord(RECORD_WANT, [], RECORD_WAIT_MS, (body) => {
      if (!WANT_ANSWER(body)) {
        finish();
        return;
      }
      lockState = { listseq: body[0], cfgseq: body[1], firstUnacked: body[3], last: body[4] };
      errands = errandsFor(lockState);
      deliverCertificate();
    });
  }

  /** What this lock still wants of what the key carries: grants first, they date its entries. */
  function errandsFor(lock: LockState): Errand[] {
    const devid = door.peerDevid();
    const wanted: Errand[] = [];
    const floors = key.courier.floorsOf(key.trust.homeAuthority());
    if (floors !== undefined && floors.number > lock.listseq) wanted.push(floors);
    for (const errand of key.courier.errandsFor(devid)) {
      const seq = seqFor(errand, devid);
      const isOld =
        (errand.typ === TYP_LOG_ACK && seq < lock.firstUnacked) ||
        (errand.typ === TYP_LOCK_CONFIG && seq <= lock.cfgseq);
      if (!isOld) wanted.push(errand);
    }
    return wanted;
  }

  /** A lock that shows a certificate of the epoch before cannot read a newer one without this. */
  function deliverCertificate(): void {
    const lock = door.lock;
    const certificate = key.trust.certificateMissing(lock.authority, lock.kid);
    if (isAgain || certificate.length === 0) deliverNext();
    else askRecord(RECORD_OBJECT, certificate, RECORD_WAIT_MS, deliverNext);
  }

  function deliverNext(): void {
    if (isAgain) {
      begin();
      return;
    }
    const errand = errands.shift();
    if (errand === undefined) {
      askTime();
      return;
    }
    askRecord(RECORD_OBJECT, key.courier.bytesOf(errand), RECORD_WAIT_MS, (body) => {
      const code = OBJECT_ANSWER(body) ? body[0] : undefined;
      // What is for one lock alone and has arrived, or will never be taken, is done with.
      const isSettled = code === 0 || code === OBJECT_OLD;
      if (isSettled && errand.targets.length === 1) key.courier.drop(errand);
      if (code === 0 && errand.typ === TYP_TIME_GRANT) wantsTime = false;
      deliverNext();
    });
  }

  function askTime(): void {
    if (!wantsTime) {
      askLog();
      return;
    }
    askRecord(RECORD_TIME_ASK, [], RECORD_WAIT_MS, (body) => {
      // A lock asks for itself. One that could ask for others would spoil what they have asked.
      if (TIME_ANSWER(body) && equalBytes(body[0], door.peerDevid())) {
        key.timeAsks.put({ devid: body[0], nonce: body[1] });
      }
      askLog();
    });
  }

  function askLog(): void {
    const lock = lockState;
    if (isAgain) {
      begin();
      return;
    }
    if (lock === undefined || lock.last < lock.firstUnacked) {
      finish();
      return;
    }
    parts = [];
    askPart();
  }

  function askPart(): void {
    askRecord(RECORD_LOG_REQUEST, [parts.length], RECORD_WAIT_MS, (body) => {
      if (!LOG_PART_ANSWER(body) || body[0] !== parts.length || body[1] > LOG_PARTS_MAX) {
        finish();
        return;
      }
      if (body[2].length > 0) parts.push(body[2]);
      if (parts.length > 0 && parts.length < body[1]) {
        askPart();
        return;
      }
      if (parts.length > 0) carry(concatBytes(parts));
      parts = [];
      finish();
    });
  }

  /** Keeps a sealed batch for the next station. The lock keeps its entries, so old ones may go. */
  function carry(sealed: Uint8Array): void {
    if (sealed.length > OBJECT_BYTES_MAX || sealed.length > key.carried.payloadBytesMax) return;
    const tag = key.carried.lastTag() + 1;
    while (!key.carried.append(tag, sealed)) {
      if (key.carried.freeOldestPage() === 0) return;
    }
  }

  function finish(): void {
    if (isAgain) {
      begin();
      return;
    }
    if (state !== OVER) {
      const bytes = door.sealRecord(RECORD_DONE, encodeCbor([]));
      if (bytes > 0) key.link.send(LINK_RECORD, sliceBytes(key.arena, MESSAGE, MESSAGE + bytes));
    }
    close();
  }

  function onRecordMessage(bytes: number): void {
    if (door.openRecord(bytes) !== recordType) {
      lose();
      return;
    }
    const body = decodeCbor(door.recordBody());
    if (!body.ok) {
      lose();
      return;
    }
    if (onRecord !== undefined) onRecord(isArray(body.value) ? body.value : []);
  }

  begin();
  isReversed = wasReversed;
  return {
    onMessage(kind, message) {
      if (state === OVER || message.length > LINK_MESSAGE_BYTES_MAX) return;
      if (kind === LINK_EDHOC && message.length > EDHOC_BYTES_MAX) return;
      if (kind !== LINK_EDHOC && kind !== LINK_RECORD) return;
      key.link.relax();
      key.arena.set(message, MESSAGE);
      if (kind === LINK_RECORD) onRecordMessage(message.length);
      else if (state === AWAITS_MESSAGE_2) onMessage2(message.length);
      else if (state === AWAITS_MESSAGE_4) onMessage4(message.length);
      else lose();
    },
    onButton() {
      if (state === AWAITS_MESSAGE_2) {
        isReversed = !isReversed;
        return;
      }
      if (isAgain || sessions >= SESSIONS_MAX || ringseq === 0) return;
      chosenOp = otherOp(op);
      isAgain = true;
      if (state === OVER) begin();
    },
    onWithdrawn() {
      if (state === AWAITS_MESSAGE_4) notePassage(NO_DECISION);
      state = OVER;
      door.reset();
    },
  };
}

function signalOf(code: ErrorCode): number {
  if (code === 0) return SIGNAL_GRANTED;
  if (code === RING_EXPIRED) return SIGNAL_EXPIRED;
  // The lock or the key lacks a floor list, which a station has.
  return code === DELIVER_FIRST || code === FLOOR_STALE ? SIGNAL_NEEDS_SYNC : SIGNAL_DENIED;
}

function otherOp(op: number): number {
  return op === OP_ENTER ? OP_LEAVE : OP_ENTER;
}
