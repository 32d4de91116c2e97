// SPDX-License-Identifier: EUPL-1.2
import type { ErrorCode } from "../errors/result.ts";

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
  /** At most four. */
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
  /** One of the `KEY_…` states. */
  readonly state: number;
  /** Why the last call refused. */
  readonly faultCode: ErrorCode;
  /** The lock, after `checkMessage2` returned 0. */
  readonly lock: ProvenLock;
  /** The decision, after `checkMessage4` returned 0. */
  readonly decision: LockDecision;

  load(trust: KeyTrust): void;
  /** Makes the ephemeral key between contacts; without it `start` does. */
  prepare(): void;
  /** Ends a session and wipes its secrets. */
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
   * @returns its type, or -1
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
