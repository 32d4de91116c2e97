// SPDX-License-Identifier: EUPL-1.2
import { sliceBytes } from "../bytes.ts";
import {
  DECISION_CODE,
  DECISION_ITEMS,
  DECISION_LOCKSEQ,
  DECISION_SHAPE,
  DECISION_TIME,
  DECISION_TOKENS,
  EAD_3_CERTIFICATE_LABEL,
  EAD_3_LABEL,
  FIRST_TOKEN,
  KEY_ARENA_BYTES,
  LOCK_CERTIFICATE_DEVID_AT,
  LOCK_CERTIFICATE_DOOR,
  LOCK_CERTIFICATE_EXP,
  LOCK_CERTIFICATE_GROUPS,
  LOCK_CERTIFICATE_IAT,
  LOCK_CERTIFICATE_PUBLIC_AT,
  LOCK_CERTIFICATE_SHAPE,
  LOCK_CERTIFICATE_TOKENS,
  OWN_CREDENTIAL,
  OWN_SECRET,
  PEER,
  PEER_PUBLIC,
  PLAINTEXT_2_MAC_AT,
  PLAINTEXT_2_PAYLOAD_AT,
  PLAINTEXT_2_PAYLOAD_BYTES,
  PLAINTEXT_2_SHAPE,
  PLAINTEXT_4_EAD_AT,
  PLAINTEXT_4_EAD_BYTES,
  PLAINTEXT_4_SHAPE,
  PROTECTED_LOCK_CERTIFICATE,
  TO_KEY,
  TO_LOCK,
  TOKEN_WORDS,
} from "../edhoc/arena.ts";
import { createInitiator, INITIATOR_DONE, INITIATOR_READY } from "../edhoc/initiator.ts";
import type { ArenaOperations, SessionStatus } from "../edhoc/operations.ts";
import {
  CLAIMS_MALFORMED,
  OBJECT_TOO_LONG,
  PROMISE_BROKEN,
  RECORD_INVALID,
  SESSION_MALFORMED,
  SESSION_STATE,
} from "../errors/code.ts";
import { assert, type ErrorCode } from "../errors/result.ts";
import { createCredentialCheck } from "./credential-check.ts";
import { createRecords } from "./records.ts";

const CREDENTIAL_BYTES_MAX = 256;
const LEAF_BYTES_MAX = 40;
const PATH_BYTES_MAX = 384;
const WANTS_MAX = 8;
const MAJOR_UINT = 0;
const MAJOR_BYTES = 2;
const MAJOR_ARRAY = 4;
const NOTHING = new Uint8Array(0);
const NO_LOCK: ProvenLock = {
  door: 0,
  groups: [],
  authority: 0,
  kid: NOTHING,
  expS: 0,
  iatS: 0,
};
const NO_WANTS: readonly number[] = [];
const NO_DECISION: LockDecision = { code: 0, lockseq: 0, tS: 0, wants: NO_WANTS };

/**
 * One organisation whose lock certificates a key believes.
 * @public
 */
export interface CertificateAuthority {
  readonly authority: number;
  readonly kid: Uint8Array;
  /** Ed25519 key of level 2 that signs lock certificates. */
  readonly publicKey: Uint8Array;
}

/**
 * What a key needs for all its sessions.
 * @public
 */
export interface KeyTrust {
  /** Static X25519 secret of the key, 32 octets; its public half is the head's `cnf`. */
  readonly agreementSecret: Uint8Array;
  /** At most eight: two epochs of each authority. */
  readonly anchors: readonly CertificateAuthority[];
}

/**
 * A lock that has proved itself.
 * @public
 */
export interface ProvenLock {
  readonly door: number;
  readonly groups: readonly number[];
  readonly authority: number;
  /** Key id of the level 2 key that signed its certificate. */
  readonly kid: Uint8Array;
  /** Validity of its certificate, UTC seconds; the key compares them with its own clock. */
  readonly expS: number;
  readonly iatS: number;
}

/**
 * What a lock decided.
 * @public
 */
export interface LockDecision {
  /** 0 granted, `DELIVER_FIRST`, or the reason to deny. */
  readonly code: ErrorCode;
  /** Number of the lock's log entry. */
  readonly lockseq: number;
  /** The lock's time, UTC seconds. */
  readonly tS: number;
  /** What the lock would like to be given: 1 floors, 2 time grant, 3 acknowledgement, 4 config. */
  readonly wants: readonly number[];
}

/**
 * The key's side of a door session: EDHOC Initiator and records.
 *
 * Messages are taken from and put into the arena at `MESSAGE`. Calls in a wrong order end the
 * session; after that only `reset` helps.
 * @public
 */
export interface KeyDoor {
  /** One of the `INITIATOR_` states. */
  readonly state: number;
  /** Why the session was refused, 0 if it was not. */
  readonly faultCode: ErrorCode;
  /** The lock, after `checkMessage2` returned 0. */
  readonly lock: ProvenLock;
  /** The decision, after `checkMessage4` returned 0. */
  readonly decision: LockDecision;

  load(trust: KeyTrust): void;
  /** Makes the ephemeral key between contacts; without it `start` does. */
  prepare(): void;
  /** Ends a session and wipes its secrets; an ephemeral key made early and never used stays. */
  reset(): void;
  /**
   * Begins a session under the ring head that will be CRED_I.
   * @returns octets of message_1 at `MESSAGE`, or 0
   */
  start(head: Uint8Array): number;
  /**
   * Checks message_2: the lock's certificate and its proof.
   * @returns 0, or the fault that ended the session
   */
  checkMessage2(bytes: number): ErrorCode;
  /**
   * Takes another head of the same key as CRED_I after the lock is known (emergency ring before
   * shift ring); optional, before `buildMessage3`.
   */
  useHead(head: Uint8Array): void;
  /**
   * Sends the issuer certificate of the head's issuing key along in message_3, for a lock that has
   * not heard of that key; optional, forgotten at the next start. At most 256 octets.
   */
  useCertificate(certificate: Uint8Array): void;
  /**
   * Shows one right.
   *
   * @param op - 1 enter, 2 leave
   * @param index - slot of the leaf in the ring
   * @param path - nodes of 32 octets each, leaf to root
   * @returns octets of message_3 at `MESSAGE`, or 0
   */
  buildMessage3(op: number, index: number, saltedLeaf: Uint8Array, path: Uint8Array): number;
  /**
   * Checks message_4 and reads the decision.
   * @returns 0, or the fault that ended the session
   */
  checkMessage4(bytes: number): ErrorCode;
  /** devid of the proven lock, a copy of 8 octets. */
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
   * @returns octets at `MESSAGE`, or 0 in a wrong state or for a body that is too long
   */
  sealRecord(type: number, body: Uint8Array): number;
}

interface KeyView extends SessionStatus {
  lock: ProvenLock;
  decision: LockDecision;
}

/**
 * Makes the key's side of the door over an arena of `KEY_ARENA_BYTES`; once, at boot.
 * @public
 */
export function createKeyDoor(operations: ArenaOperations, arena: Uint8Array): KeyDoor {
  assert(arena.length >= KEY_ARENA_BYTES && arena.byteOffset % 4 === 0, PROMISE_BROKEN);
  operations.lay();
  const { copy, putHead, read } = operations;
  const words = new Uint32Array(arena.buffer, arena.byteOffset, arena.length >> 2);
  const view: KeyView = {
    state: INITIATOR_READY,
    faultCode: 0,
    lock: NO_LOCK,
    decision: NO_DECISION,
  };
  const initiator = createInitiator(operations, view);
  const certificates = createCredentialCheck(operations, arena);
  const records = createRecords(operations, arena, TO_LOCK, TO_KEY);
  let anchors: readonly CertificateAuthority[] = [];
  let headBytes = 0;
  let issuerCertificate: Uint8Array = NOTHING;

  function load(trust: KeyTrust): void {
    arena.set(trust.agreementSecret, OWN_SECRET);
    anchors = trust.anchors;
    certificates.trust(anchors);
  }

  function reset(): void {
    initiator.reset();
    records.reset();
    view.lock = NO_LOCK;
    view.decision = NO_DECISION;
    issuerCertificate = NOTHING;
  }

  function useCertificate(certificate: Uint8Array): void {
    assert(certificate.length <= CREDENTIAL_BYTES_MAX, PROMISE_BROKEN);
    issuerCertificate = certificate;
  }

  function useHead(head: Uint8Array): void {
    assert(head.length <= CREDENTIAL_BYTES_MAX, PROMISE_BROKEN);
    arena.set(head, OWN_CREDENTIAL);
    headBytes = head.length;
  }

  function start(head: Uint8Array): number {
    issuerCertificate = NOTHING;
    useHead(head);
    return initiator.start();
  }

  function majorAt(token: number): number {
    return words[FIRST_TOKEN + token * TOKEN_WORDS] as number;
  }
  function argumentAt(token: number): number {
    return words[FIRST_TOKEN + token * TOKEN_WORDS + 2] as number;
  }

  // Reads `items` integers that begin at a token; undefined if one is something else.
  function integersAt(token: number, items: number): number[] | undefined {
    const integers: number[] = [];
    for (let index = 0; index < items; index += 1) {
      if (majorAt(token + index) !== MAJOR_UINT) return undefined;
      integers.push(argumentAt(token + index));
    }
    return integers;
  }

  // What a certificate says behind the fixed part: the groups, then the lock's signing key, which
  // a session does not use.
  function readCertificate(at: number, bytes: number, anchor: number): ErrorCode {
    const tokens = read(at, bytes, LOCK_CERTIFICATE_SHAPE);
    if (tokens === 0) return CLAIMS_MALFORMED;
    const groupCount = words[LOCK_CERTIFICATE_GROUPS] as number;
    const last = LOCK_CERTIFICATE_TOKENS + groupCount;
    if (tokens !== last + 1) return CLAIMS_MALFORMED;
    const groups = integersAt(LOCK_CERTIFICATE_TOKENS, groupCount);
    if (groups === undefined) return CLAIMS_MALFORMED;
    if (majorAt(last) !== MAJOR_BYTES || argumentAt(last) !== 32) return CLAIMS_MALFORMED;
    copy(PEER, words[LOCK_CERTIFICATE_DEVID_AT] as number, 8);
    copy(PEER_PUBLIC, words[LOCK_CERTIFICATE_PUBLIC_AT] as number, 32);
    const signer = anchors[anchor] as CertificateAuthority;
    view.lock = {
      door: words[LOCK_CERTIFICATE_DOOR] as number,
      groups,
      authority: signer.authority,
      kid: signer.kid,
      expS: words[LOCK_CERTIFICATE_EXP] as number,
      iatS: words[LOCK_CERTIFICATE_IAT] as number,
    };
    return 0;
  }

  function checkMessage2(bytes: number): ErrorCode {
    const opened = initiator.openMessage2(bytes);
    if (opened !== 0) return opened;
    const { plaintextAt, plaintextBytes } = initiator;
    if (read(plaintextAt, plaintextBytes, PLAINTEXT_2_SHAPE) === 0) {
      return initiator.refuse(SESSION_MALFORMED);
    }
    const payloadAt = words[PLAINTEXT_2_PAYLOAD_AT] as number;
    const payloadBytes = words[PLAINTEXT_2_PAYLOAD_BYTES] as number;
    const macAt = words[PLAINTEXT_2_MAC_AT] as number;
    // PLAINTEXT_2 = C_R | a1 0d | certificate | 48 MAC_2
    const certificateAt = plaintextAt + 3;
    const certificateBytes = macAt - 1 - certificateAt;
    const anchor = certificates.verify(certificateAt, certificateBytes, PROTECTED_LOCK_CERTIFICATE);
    if (anchor < 0) return initiator.refuse(certificates.faultCode);
    const claims = readCertificate(payloadAt, payloadBytes, anchor);
    if (claims !== 0) return initiator.refuse(claims);
    return initiator.proveResponder(certificateAt, certificateBytes);
  }

  // EAD_3 = ( ? ( -32771, bstr issuer-cert ), -32769, bstr presentation ),
  // presentation = [ op, index, bstr leaf, bstr path ].
  function buildMessage3(
    op: number,
    index: number,
    saltedLeaf: Uint8Array,
    path: Uint8Array,
  ): number {
    if (saltedLeaf.length > LEAF_BYTES_MAX || path.length > PATH_BYTES_MAX) {
      initiator.refuse(OBJECT_TOO_LONG);
      return 0;
    }
    const leafBytes = saltedLeaf.length;
    const pathBytes = path.length;
    // Their headings in place: in an interpreter four calls cost as much as a step of the session.
    const presentationBytes =
      2 +
      (index < 24 ? 1 : index < 0x100 ? 2 : 3) +
      (leafBytes < 24 ? 1 : 2) +
      leafBytes +
      (pathBytes < 24 ? 1 : pathBytes < 0x100 ? 2 : 3) +
      pathBytes;
    const certificateBytes = issuerCertificate.length;
    const hasCertificate = certificateBytes > 0;
    const eadBytes =
      (hasCertificate ? 3 + headBytesOf(certificateBytes) + certificateBytes : 0) +
      3 +
      headBytesOf(presentationBytes) +
      presentationBytes;
    const eadAt = initiator.placeOfEad3(headBytes, eadBytes);
    if (eadAt === 0) return 0;
    let at = eadAt;
    if (hasCertificate) {
      copy(at, EAD_3_CERTIFICATE_LABEL, 3);
      at = putHead(at + 3, 2, certificateBytes);
      arena.set(issuerCertificate, at);
      at += certificateBytes;
    }
    copy(at, EAD_3_LABEL, 3);
    at = putHead(at + 3, 2, presentationBytes);
    at = putHead(at, 4, 4);
    at = putHead(at, 0, op);
    at = putHead(at, 0, index);
    at = putHead(at, 2, leafBytes);
    arena.set(saltedLeaf, at);
    at = putHead(at + leafBytes, 2, pathBytes);
    arena.set(path, at);
    return initiator.showMessage3(headBytes, eadBytes);
  }

  function wantsIn(tokens: number): readonly number[] | undefined {
    if (words[DECISION_ITEMS] !== 4 || majorAt(DECISION_TOKENS) !== MAJOR_ARRAY) return undefined;
    const wantCount = argumentAt(DECISION_TOKENS);
    if (tokens !== DECISION_TOKENS + 1 + wantCount || wantCount > WANTS_MAX) return undefined;
    return integersAt(DECISION_TOKENS + 1, wantCount);
  }

  // decision = [ code, lockseq, t, ? want ], want a list of small integers.
  function readDecision(at: number, bytes: number): ErrorCode {
    const tokens = read(at, bytes, DECISION_SHAPE);
    if (tokens === 0) return SESSION_MALFORMED;
    const items = words[DECISION_ITEMS];
    const wants = items === 3 && tokens === DECISION_TOKENS ? NO_WANTS : wantsIn(tokens);
    if (wants === undefined) return SESSION_MALFORMED;
    view.decision = {
      code: words[DECISION_CODE] as number,
      lockseq: words[DECISION_LOCKSEQ] as number,
      tS: words[DECISION_TIME] as number,
      wants,
    };
    return 0;
  }

  function checkMessage4(bytes: number): ErrorCode {
    const opened = initiator.openMessage4(bytes);
    if (opened !== 0) return opened;
    const { plaintextAt, plaintextBytes } = initiator;
    if (read(plaintextAt, plaintextBytes, PLAINTEXT_4_SHAPE) === 0) {
      return initiator.refuse(SESSION_MALFORMED);
    }
    const decisionAt = words[PLAINTEXT_4_EAD_AT] as number;
    const fault = readDecision(decisionAt, words[PLAINTEXT_4_EAD_BYTES] as number);
    return fault === 0 ? 0 : initiator.refuse(fault);
  }

  function openRecord(bytes: number): number {
    const type = view.state === INITIATOR_DONE ? records.open(bytes) : -1;
    if (type < 0) {
      initiator.refuse(view.state === INITIATOR_DONE ? RECORD_INVALID : SESSION_STATE);
    }
    return type;
  }

  function sealRecord(type: number, body: Uint8Array): number {
    if (view.state === INITIATOR_DONE) return records.seal(type, body);
    initiator.refuse(SESSION_STATE);
    return 0;
  }

  return Object.assign(view, {
    load,
    prepare: initiator.prepare,
    reset,
    start,
    checkMessage2,
    useHead,
    useCertificate,
    buildMessage3,
    checkMessage4,
    peerDevid: () => sliceBytes(arena, PEER, PEER + 8),
    openRecord,
    recordBody: records.body,
    sealRecord,
  });
}

function headBytesOf(argument: number): number {
  return argument < 24 ? 1 : argument < 256 ? 2 : 3;
}
