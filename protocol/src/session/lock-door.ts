// SPDX-License-Identifier: EUPL-1.2
import { sliceBytes } from "../bytes.ts";
import {
  DECISION_DRAFT,
  EAD_4_LABEL,
  LOCK_ARENA_BYTES,
  MESSAGE,
  OWN_CREDENTIAL,
  OWN_SECRET,
  PEER,
  TO_KEY,
  TO_LOCK,
} from "../edhoc/arena.ts";
import type { ArenaOperations, SessionStatus } from "../edhoc/operations.ts";
import { createResponder, RESPONDER_DONE, RESPONDER_READY } from "../edhoc/responder.ts";
import { PROMISE_BROKEN, RECORD_INVALID, SESSION_STATE } from "../errors/code.ts";
import { assert, type ErrorCode } from "../errors/result.ts";
import type { Shown } from "./access-decision.ts";
import { createJudgement, type Judgement } from "./judgement.ts";
import { createRecords } from "./records.ts";

const TAG_BYTES = 8;
const WANTS_MAX = 8;
const CREDENTIAL_BYTES_MAX = 256;

/**
 * One organisation that a lock trusts: its present ring-issuing key and what it may ask for.
 * @public
 */
export interface TrustedAuthority {
  readonly authority: number;
  /** First four octets of SHA-256 of the public key. */
  readonly kid: Uint8Array;
  /** Ed25519 key of level 1 that signs ring heads and floor lists. */
  readonly publicKey: Uint8Array;
  /** Operations that this organisation may have done here: bit 1 enter, bit 2 leave. */
  readonly opsmask: number;
  /** Longest window, in seconds, that the lock accepts from it. */
  readonly maxvalidS: number;
  /** Time floor: the newest verified `iat` of this issuer's epoch, UTC seconds. */
  readonly loS: number;
}

/**
 * The newest floor list of one authority.
 * @public
 */
export interface FloorSet {
  readonly authority: number;
  readonly listseq: number;
  /** Lowest ring number that any key may show. */
  readonly ringfloor: number;
  /**
   * Keys with a lowest ring number of their own; at most 256. Packed they lie as in the arena, 12 octets each:
   * devid, then the number, little endian; a list of objects would take an interpreter seconds.
   */
  readonly floors: readonly { readonly devid: Uint8Array; readonly minring: number }[] | Uint8Array;
}

/**
 * What a lock proves who it is by; message_2 needs no more.
 * @public
 */
export interface LockCredential {
  /** Static X25519 secret of the lock, 32 octets. */
  readonly agreementSecret: Uint8Array;
  /** The lock's certificate as signed, CRED_R; at most 256 octets. */
  readonly certificate: Uint8Array;
}

/**
 * Everything that a lock judges by.
 * @public
 */
export interface LockTrust {
  /** Number of the authority that owns the lock, as whose the door and the groups are numbered. */
  readonly owner: number;
  readonly door: number;
  readonly groups: readonly number[];
  /** At most four. */
  readonly anchors: readonly TrustedAuthority[];
  /** At most one for each anchor. */
  readonly floors: readonly FloorSet[];
  /** False for a key-powered lock, which has no upper bound on time. */
  readonly hasClock: boolean;
  /** What a lock with a clock does while it does not know the time: 0 open, 1 deny, 2 flag 2 only. */
  readonly clockUnknownPolicy: number;
}

/**
 * What time it can be by the lock's own clock, UTC seconds.
 * @public
 */
export interface ClockInterval {
  readonly loS: number;
  readonly hiS: number;
}

/**
 * Takes an issuer certificate that came with a head of an unknown issuing key.
 *
 * Security: the peer has proved nothing yet; only the root's signature counts.
 *
 * @param certificate - From untrusted hands, a copy.
 * @returns True where it was adopted, durably, and `loadTrust` was called.
 * @public
 */
export type CertificateAdoption = (certificate: Uint8Array) => boolean;

/**
 * The lock's side of a door session: EDHOC Responder, access decision, records.
 *
 * Messages are put into the arena at `MESSAGE` and answers are taken from `REPLY`. Calls that come
 * in a wrong order end the session; after that only `reset` helps.
 * @public
 */
export interface LockDoor {
  /** One of the `RESPONDER_` states. */
  readonly state: number;
  /** Why the session was refused, 0 if it was not; for the log, never for the peer. */
  readonly faultCode: ErrorCode;
  /** What the peer asked for: 1 enter, 2 leave; 0 before a presentation was read. */
  readonly op: number;
  readonly ringseq: number;
  /** Door or group number of the leaf that was shown. */
  readonly target: number;
  /** Flags of the head: 1 emergency, 2 clock-unknown ok, 4 courier only. */
  readonly flags: number;
  /** Signing time of the verified head, UTC seconds; raise the time floor of the anchor to it. */
  readonly headIatS: number;
  /** Index of the anchor that signed the head; -1 before, or when it is trusted no more. */
  readonly anchor: number;
  /** True when the decision was taken without knowing the time although the lock has a clock. */
  readonly clockUnknown: boolean;

  /** Takes over who the lock is; before the first message_1 and whenever its certificate has changed. */
  loadCredential(credential: LockCredential): void;
  /**
   * Takes over trust; before the first message_3 and whenever configuration, floors or issuing keys have
   * changed.
   */
  loadTrust(trust: LockTrust): void;
  /**
   * Tells the lock's own clock; undefined when it does not know. A lock without a clock never calls it.
   *
   * Requires: trust was loaded.
   */
  setClock(clock: ClockInterval | undefined): void;
  /** Makes the ephemeral key before it is needed; without it `answerMessage1` does. */
  prepare(): void;
  /**
   * Ends a session and wipes its secrets; the next message_1 is welcome. An ephemeral key that was
   * made early and never used stays.
   */
  reset(): void;
  /**
   * Answers message_1.
   * @returns octets of message_2 at `REPLY`, or 0 to stay silent
   */
  answerMessage1(bytes: number): number;
  /**
   * Judges message_3.
   *
   * A head of an issuing key that the lock does not know is judged under the certificate that comes
   * with it, if the lock adopts that.
   * @returns 0 to open, `DELIVER_FIRST`, or the reason to deny; -1 for a peer that proved nothing
   */
  judgeMessage3(bytes: number): number;
  /**
   * Makes message_4 with the decision; after the log entry is committed.
   * @returns octets at `REPLY`, or 0 in a wrong state
   */
  buildMessage4(code: ErrorCode, lockseq: number, tS: number, wants: readonly number[]): number;
  /**
   * Judges again after `DELIVER_FIRST`, when a floor list was delivered and `loadTrust` called.
   * @returns as `judgeMessage3`; `FLOOR_STALE` while the list is still too old, `ANCHOR_UNKNOWN` if
   *   the anchor of the head has gone
   */
  judgeAgain(): number;
  /** devid of the authenticated peer, a copy of 8 octets. */
  peerDevid(): Uint8Array;
  /**
   * Opens a record at `MESSAGE`.
   * @returns its type, or -1, which ends the session
   */
  openRecord(bytes: number): number;
  /** Body of the last opened record as encoded CBOR, not checked yet; a copy. */
  recordBody(): Uint8Array;
  /**
   * Seals a record.
   * @returns octets at `REPLY`, or 0 in a wrong state or for a body that is too long
   */
  sealRecord(type: number, body: Uint8Array): number;
}

/**
 * Makes the lock's side of the door over an arena of `LOCK_ARENA_BYTES`; once, at boot.
 *
 * It answers nothing before `loadCredential` and judges nothing before `loadTrust`.
 *
 * @param adoptCertificate - Without it the lock keeps the issuing keys that it was told of.
 * @public
 */
export function createLockDoor(
  operations: ArenaOperations,
  arena: Uint8Array,
  adoptCertificate?: CertificateAdoption,
): LockDoor {
  assert(arena.length >= LOCK_ARENA_BYTES && arena.byteOffset % 4 === 0, PROMISE_BROKEN);
  operations.lay();
  const { copy, putHead, sealAnswer } = operations;
  const words = new Uint32Array(arena.buffer, arena.byteOffset, arena.length >> 2);
  const shown: Shown & SessionStatus = {
    state: RESPONDER_READY,
    faultCode: 0,
    op: 0,
    ringseq: 0,
    target: 0,
    flags: 0,
    headIatS: 0,
    anchor: -1,
    clockUnknown: false,
  };
  const responder = createResponder(operations, shown);
  let judgement: Judgement | undefined;
  const records = createRecords(operations, arena, TO_KEY, TO_LOCK);
  let certificateBytes = 0;

  function loadCredential({ agreementSecret, certificate }: LockCredential): void {
    assert(certificate.length <= CREDENTIAL_BYTES_MAX, PROMISE_BROKEN);
    arena.set(agreementSecret, OWN_SECRET);
    arena.set(certificate, OWN_CREDENTIAL);
    certificateBytes = certificate.length;
  }

  function loadTrust(trust: LockTrust): void {
    if (judgement === undefined) {
      judgement = createJudgement(operations, arena, words, shown, responder, adoptCertificate);
    }
    judgement.loadTrust(trust);
  }

  function reset(): void {
    responder.reset();
    records.reset();
    if (judgement !== undefined) judgement.reset();
  }

  function answerMessage1(bytes: number): number {
    const answered =
      certificateBytes === 0
        ? responder.refuse(SESSION_STATE)
        : responder.answerMessage1(bytes, certificateBytes);
    return answered < 0 ? 0 : answered;
  }

  // decision = [ code, lockseq, t, ? want ]; the want list is there only if it names something.
  function writeDecision(code: ErrorCode, lockseq: number, tS: number, wants: readonly number[]) {
    let at = putHead(DECISION_DRAFT, 4, wants.length > 0 ? 4 : 3);
    at = putHead(at, 0, code);
    at = putHead(at, 0, lockseq);
    at = putHead(at, 0, tS);
    if (wants.length > 0) {
      at = putHead(at, 4, wants.length);
      for (const want of wants) at = putHead(at, 0, want);
    }
    return at - DECISION_DRAFT;
  }

  // RFC 9528 §5.5.2: PLAINTEXT_4 = EAD_4.
  function buildMessage4(
    code: ErrorCode,
    lockseq: number,
    tS: number,
    wants: readonly number[],
  ): number {
    assert(wants.length <= WANTS_MAX, PROMISE_BROKEN);
    if (responder.enterMessage4() !== 0) return 0;
    const decisionBytes = writeDecision(code, lockseq, tS, wants);
    const plaintextBytes = 3 + (decisionBytes < 24 ? 1 : 2) + decisionBytes;
    const at = MESSAGE + (plaintextBytes + TAG_BYTES < 24 ? 1 : 2);
    copy(at, EAD_4_LABEL, 3);
    copy(putHead(at + 3, 2, decisionBytes), DECISION_DRAFT, decisionBytes);
    return sealAnswer(plaintextBytes);
  }

  function openRecord(bytes: number): number {
    if (shown.state !== RESPONDER_DONE) return responder.refuse(SESSION_STATE);
    const type = records.open(bytes);
    return type < 0 ? responder.refuse(RECORD_INVALID) : type;
  }

  function sealRecord(type: number, body: Uint8Array): number {
    if (shown.state === RESPONDER_DONE) return records.seal(type, body);
    responder.refuse(SESSION_STATE);
    return 0;
  }

  return Object.assign(shown, {
    loadCredential,
    loadTrust,
    setClock(clock: ClockInterval | undefined) {
      assert(judgement !== undefined, PROMISE_BROKEN);
      judgement.setClock(clock);
    },
    prepare: responder.prepare,
    reset,
    answerMessage1,
    judgeMessage3(bytes: number) {
      return judgement === undefined
        ? responder.refuse(SESSION_STATE)
        : judgement.judgeMessage3(bytes);
    },
    buildMessage4,
    judgeAgain() {
      return judgement === undefined ? responder.refuse(SESSION_STATE) : judgement.judgeAgain();
    },
    peerDevid: () => sliceBytes(arena, PEER, PEER + 8),
    openRecord,
    recordBody: records.body,
    sealRecord,
  });
}
