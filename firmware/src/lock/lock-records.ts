// SPDX-License-Identifier: EUPL-1.2
import {
  type CborValue,
  CONTACT_ENTRIES_MAX,
  type CryptoPort,
  DEVID_BYTES,
  decodeRecordAsk,
  ENTRY_OBJECT,
  type ErrorCode,
  encodeCbor,
  GRANTED,
  kidOf,
  LINK_MESSAGE_BYTES_MAX,
  LINK_RECORD,
  LOG_ASK,
  LOG_PART_BYTES_MAX,
  type LockDoor,
  MESSAGE,
  MESSAGE_MALFORMED,
  OBJECT_ASK,
  RECORD_DONE,
  RECORD_LOG_PART,
  RECORD_LOG_REQUEST,
  RECORD_OBJECT,
  RECORD_TIME_ASK,
  RECORD_WANT,
  REPLY,
  sliceBytes,
  TYP_FLOOR_LIST,
  TYP_ISSUER_CERTIFICATE,
  TYP_TIME_GRANT,
  typOf,
} from "@nyckelring/protocol";
import type { ServicePort } from "../ports.ts";
import { RECORD_SEALING_COUNTER } from "../shared/device-records.ts";
import type { DeviceIdentity } from "../shared/identity.ts";
import type { MessageLink } from "../shared/link.ts";
import type { LogStore } from "../shared/log-store.ts";
import { createNonceCounter } from "../shared/nonce-counter.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { sealBatch } from "../shared/sealed-batch.ts";
import type { TimeFloor } from "../shared/time-floor.ts";
import type { LockClock } from "./lock-clock.ts";
import type { LockLogs } from "./lock-logs.ts";
import { applyObject, type LockUnderObjects, type ObjectOutcome } from "./lock-objects.ts";
import { type LockAuthority, type LockState, readFloors } from "./lock-state.ts";

/** Longest wait for the next record, in milliseconds. */
export const RECORD_STEP_MS = 10_000;

const NOTHING = new Uint8Array(0);

/** A lock in the middle of its life: what the decision and what comes after it share. */
export type DoorLock = {
  readonly crypto: CryptoPort;
  readonly records: RecordStore;
  readonly identity: DeviceIdentity;
  readonly door: LockDoor;
  readonly arena: Uint8Array;
  readonly link: MessageLink;
  readonly logs: LockLogs;
  readonly service: ServicePort | undefined;
  state: LockState;
  clock: LockClock | undefined;
  /** Authorities in the order in which the door path knows them. */
  trusted: LockAuthority[];
  /** The authority whose key is here, once it has proved itself. */
  visitor: LockAuthority | undefined;
  /** True while a clock that is known was set under an issuing key that may since be withdrawn. */
  isClockOld: boolean;
  /** True while the door path may show an older certificate than the flash holds. */
  isCredentialOld: boolean;
  /** True while the door path judges by an older time floor than the flash holds. */
  isTrustOld: boolean;
  /** True from a decision on: records may come. */
  isSettled: boolean;
  /** True while the key owes a floor list for which the decision waits. */
  isDecisionOpen: boolean;
  peer: Uint8Array;
  /** Where entries go: the log of the authority whose key is here, otherwise the owner's. */
  log(): LogStore;
  floorOf(authority: LockAuthority): TimeFloor;
  replaceState(state: LockState): void;
  loadTrust(): void;
  entryTime(): { readonly tS: number; readonly tq: number };
  append(kind: number, op: 0 | 1 | 2, reason: ErrorCode, ring: number, target: number): number;
  finalDecision(code: ErrorCode): ErrorCode;
  commitDecision(decision: ErrorCode): number;
  endSession(): void;
};

/** What a lock does after its decision; no door waits for it. */
export interface LockRecords {
  /** One record of the key. */
  take(message: Uint8Array): void;
  adoptCertificate(bytes: Uint8Array): boolean;
  /** The session is over. */
  forget(): void;
  /** A plug went in or out. */
  beginContact(): void;
}

/**
 * Creates the part of a lock that answers records: objects in, sealed batches out.
 *
 * It is loaded after the decision, so that a lock which lives for a second evaluates at its boot only
 * what opens the door.
 */
export function createLockRecords(lock: DoorLock): LockRecords {
  const counter = createNonceCounter(lock.records, RECORD_SEALING_COUNTER);
  let sealed: Uint8Array = NOTHING;
  let sealedUpTo = 0;
  let isResent = false;
  let contactEntries = 0;
  const underObjects: LockUnderObjects = {
    crypto: lock.crypto,
    records: lock.records,
    identity: lock.identity,
    authoritiesMax: lock.logs.authoritiesMax,
    logOf: lock.logs.of,
    clock() {
      return lock.clock;
    },
    state() {
      return lock.state;
    },
    replaceState: lock.replaceState,
    service: lock.service,
    timeFloor: lock.floorOf,
  };

  function take(message: Uint8Array): void {
    if (!lock.isSettled || message.length > LINK_MESSAGE_BYTES_MAX) {
      lock.endSession();
      return;
    }
    lock.link.relax();
    lock.arena.set(message, MESSAGE);
    const type = lock.door.openRecord(message.length);
    const body = type < 0 ? undefined : decodeRecordAsk(type, lock.door.recordBody());
    if (body === undefined || !body.ok) {
      lock.endSession();
      return;
    }
    answerRecord(type, body.value);
  }

  function answerRecord(type: number, body: CborValue): void {
    switch (type) {
      case RECORD_WANT:
        sendRecord(RECORD_WANT, wantBody());
        break;
      case RECORD_OBJECT:
        sendRecord(RECORD_OBJECT, takeObject(body));
        break;
      case RECORD_LOG_REQUEST:
        sendRecord(RECORD_LOG_PART, logPart(body));
        break;
      case RECORD_TIME_ASK:
        sendRecord(RECORD_TIME_ASK, [lock.identity.devid, timeNonce()]);
        break;
      case RECORD_DONE:
        lock.endSession();
        break;
      default:
        // Nothing else exists, whoever asks: not for staff, not for an installer.
        lock.endSession();
        break;
    }
  }

  function sendRecord(type: number, body: CborValue): void {
    const bytes = lock.door.sealRecord(type, encodeCbor(body));
    if (bytes === 0) {
      lock.endSession();
      return;
    }
    lock.link.send(LINK_RECORD, sliceBytes(lock.arena, REPLY, REPLY + bytes));
    lock.link.expect(RECORD_STEP_MS, lock.endSession);
  }

  function wantBody(): CborValue {
    const authority = lock.trusted[lock.door.anchor];
    const listseq =
      authority === undefined
        ? 0
        : readFloors(lock.records, authority.slot, authority.keys).listseq;
    return [
      listseq,
      lock.state.cfgseq,
      lock.log().logEpoch(),
      lock.log().cursor(),
      lock.log().lastN(),
    ];
  }

  function timeNonce(): Uint8Array {
    if (lock.clock !== undefined) return lock.clock.ask();
    // A lock without a clock has nothing to set; the answer still raises its time floor.
    return new Uint8Array(DEVID_BYTES);
  }

  function takeObject(body: CborValue): CborValue {
    if (!OBJECT_ASK(body)) return [MESSAGE_MALFORMED];
    const outcome = applyObject(underObjects, body);
    lock.isCredentialOld = true;
    lock.isTrustOld = true;
    if (outcome.isChanged) afterChange(outcome);
    const isFloors = outcome.typ === TYP_FLOOR_LIST && outcome.code === GRANTED;
    if (!lock.isDecisionOpen || !isFloors) return [outcome.code];
    if (lock.clock !== undefined) lock.door.setClock(lock.clock.interval());
    const again = lock.door.judgeAgain();
    lock.isDecisionOpen = false;
    if (again < 0) return [outcome.code];
    const decision = lock.finalDecision(again);
    const lockseq = lock.commitDecision(decision);
    return [outcome.code, decision, lockseq, lock.entryTime().tS];
  }

  /**
   * Takes the certificate that came with the head of an issuing key that the lock does not know.
   * It is durable before the head is judged by it, so no power cut opens a door for a key that the
   * lock forgets again.
   */
  function adoptCertificate(bytes: Uint8Array): boolean {
    if (typOf(bytes) !== TYP_ISSUER_CERTIFICATE) return false;
    const outcome = applyObject(underObjects, bytes);
    if (outcome.isChanged) afterChange(outcome);
    return outcome.isChanged;
  }

  function afterChange(outcome: ObjectOutcome): void {
    // A withdrawn key may have set the clock: the next grant says what time it is.
    if (outcome.typ === TYP_ISSUER_CERTIFICATE) lock.isClockOld = true;
    if (outcome.typ === TYP_TIME_GRANT) lock.isClockOld = false;
    lock.append(ENTRY_OBJECT, 0, outcome.code, outcome.sequence, outcome.typ);
    lock.loadTrust();
  }

  /** Part 0 seals what is next; the other parts cut the same bytes. */
  function logPart(body: CborValue): CborValue {
    if (!LOG_ASK(body)) return [0, 0, NOTHING];
    const part = body[0];
    if (part === 0) sealNext();
    const parts = Math.ceil(sealed.length / LOG_PART_BYTES_MAX);
    if (part >= parts) return [part, parts, NOTHING];
    const from = part * LOG_PART_BYTES_MAX;
    const to =
      from + LOG_PART_BYTES_MAX < sealed.length ? from + LOG_PART_BYTES_MAX : sealed.length;
    if (part === parts - 1) {
      if (isResent) {
        lock.log().moveResendCursor(sealedUpTo);
      } else {
        lock.log().moveCursor(sealedUpTo);
      }
    }
    return [part, parts, sliceBytes(sealed, from, to)];
  }

  function sealNext(): void {
    sealed = NOTHING;
    const room = CONTACT_ENTRIES_MAX - contactEntries;
    if (room <= 0) return;
    const time = lock.entryTime();
    lock.log().settle(time.tS, time.tq);
    const resendFrom = lock.log().resendCursor();
    isResent = resendFrom > 0;
    const slice = lock.log().batch(isResent ? resendFrom : lock.log().cursor(), room);
    const authority = lock.trusted[lock.door.anchor];
    if (slice === undefined || authority === undefined) return;
    contactEntries += slice.entries.length;
    sealedUpTo = slice.first + slice.entries.length - 1;
    const sealer = {
      devid: lock.identity.devid,
      authority: authority.keys.authority,
      kid: kidOf(lock.crypto, lock.identity.signingPublicKey),
      signingKey: lock.crypto.importSigningKey(lock.identity.signingSeed()),
      sealingKey: authority.sealingKey,
      counter,
    };
    sealed = sealBatch(lock.crypto, sealer, slice, lock.log().logEpoch(), time.tS, time.tq);
  }

  return {
    take,
    adoptCertificate,
    forget() {
      sealed = NOTHING;
    },
    beginContact() {
      contactEntries = 0;
    },
  };
}
