// SPDX-License-Identifier: EUPL-1.2
import type { ErrorCode } from "../errors/result.ts";

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
  /** Keys with a lowest ring number of their own; at most 256. */
  readonly floors: readonly { readonly devid: Uint8Array; readonly minring: number }[];
}

/**
 * Everything that a lock judges by.
 * @public
 */
export interface LockTrust {
  /** Static X25519 secret of the lock, 32 octets. */
  readonly agreementSecret: Uint8Array;
  /** The lock's certificate as signed: CRED_R. */
  readonly certificate: Uint8Array;
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
 * The lock's side of a door session: EDHOC Responder, access decision, records.
 *
 * Messages are put into the arena at `MESSAGE` and answers are taken from `REPLY`. Calls that come
 * in a wrong order end the session; after that only `reset` helps.
 * @public
 */
export interface LockDoor {
  /** One of the `LOCK_…` states. */
  readonly state: number;
  /** Why the last call refused; for the log, never for the peer. */
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
  /** Index of the anchor that signed the head; -1 before. */
  readonly anchor: number;
  /** True when the decision was taken without knowing the time although the lock has a clock. */
  readonly clockUnknown: boolean;

  /** Takes over trust; at boot and whenever configuration, floors or certificates have changed. */
  loadTrust(trust: LockTrust): void;
  /**
   * Tells the lock's own clock as an interval, UTC seconds; undefined when it does not know.
   * A lock without a clock never calls it.
   */
  setClock(clock: { readonly loS: number; readonly hiS: number } | undefined): void;
  /** Makes the ephemeral key before it is needed; without it `answerMessage1` does. */
  prepare(): void;
  /** Ends a session and wipes its secrets; the next message_1 is welcome. */
  reset(): void;
  /**
   * Answers message_1.
   * @returns octets of message_2 at `REPLY`, or 0 to stay silent
   */
  answerMessage1(bytes: number): number;
  /**
   * Judges message_3.
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
   * @returns as `judgeMessage3`; `FLOOR_STALE` while the list is still too old
   */
  judgeAgain(): number;
  /** devid of the authenticated peer, a copy of 8 octets. */
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
   * @returns octets at `REPLY`, or 0 in a wrong state or for a body that is too long
   */
  sealRecord(type: number, body: Uint8Array): number;
}
