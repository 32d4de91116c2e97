// SPDX-License-Identifier: EUPL-1.2
import { SESSION_MAC, SESSION_MALFORMED, SESSION_STATE } from "../errors/code.ts";
import type { ErrorCode } from "../errors/result.ts";
import {
  AEAD,
  EPHEMERAL,
  G_X,
  G_Y,
  HASH_1,
  ID_CRED_HEAD,
  MAC,
  MESSAGE,
  MESSAGE_1,
  MESSAGE_AAD,
  OWN_CREDENTIAL,
  OWN_SECRET,
  PEER_PUBLIC,
  SESSION_SECRETS,
  SESSION_SECRETS_BYTES,
  SHARED,
} from "./arena.ts";
import { createKeySchedule } from "./key-schedule.ts";
import type { ArenaOperations, SessionStatus } from "./operations.ts";

/** A session can start. @public */
export const INITIATOR_READY = 0;
/** message_1 is made and message_2 awaited. @public */
export const INITIATOR_STARTED = 1;
/** message_2 is decrypted; its sender has proved nothing yet. @public */
export const INITIATOR_OPENED = 2;
/** The responder is authenticated; message_3 is to be made. @public */
export const INITIATOR_PROVEN = 3;
/** message_3 is made and message_4 awaited. @public */
export const INITIATOR_SHOWN = 4;
/** message_4 has come; records follow. @public */
export const INITIATOR_DONE = 5;
/** The session has ended with a fault; only a reset leads on. @public */
export const INITIATOR_DEAD = 6;

const MESSAGE_1_BYTES = 37;
const MESSAGE_BYTES_MAX = 1024;
const TAG_BYTES = 8;
const PLAINTEXT_2_BYTES_MAX = 268;

/**
 * EDHOC Initiator, RFC 9528 §5, for method 3, suite 0 and credentials by value.
 *
 * A step in the wrong state, or one that fails, wipes the secrets and ends the session. The caller
 * sees to the credential between `openMessage2` and `proveResponder`, and writes EAD_3.
 * @internal
 */
export interface Initiator {
  /** Where the plaintext of the last opened message lies. */
  plaintextAt: number;
  plaintextBytes: number;
  /** Makes X and G_X, unless that is done. */
  prepare(): void;
  reset(): void;
  /** Ends the session. @returns the code, for the caller to pass on */
  refuse(code: ErrorCode): ErrorCode;
  /** @returns octets of message_1 at `MESSAGE`, or 0 */
  start(): number;
  /** @returns 0 or the fault */
  openMessage2(bytes: number): ErrorCode;
  /**
   * Requires: the credential was verified and its public key lies at `PEER_PUBLIC`.
   * @returns 0 or the fault
   */
  proveResponder(credentialAt: number, credentialBytes: number, macAt: number): ErrorCode;
  /** Writes message_3 up to its MAC. @returns where EAD_3 goes, or 0 */
  layMessage3(credentialBytes: number, eadBytes: number): number;
  /** Requires: `layMessage3`, and EAD_3 written. @returns octets of message_3 at `MESSAGE` */
  sealMessage3(credentialBytes: number, eadAt: number, eadBytes: number): number;
  /** @returns 0 or the fault */
  openMessage4(bytes: number): ErrorCode;
}

/**
 * Makes the initiator of one arena; its state and last fault are kept in `status`.
 * @internal
 */
export function createInitiator(
  operations: ArenaOperations,
  arena: Uint8Array,
  status: SessionStatus,
): Initiator {
  const { compare, copy, dh, dhBase, hash, open, putHead, random, seal, unwrap, wipe } = operations;
  const schedule = createKeySchedule(operations);
  let prepared = false;

  function prepare(): void {
    if (prepared) return;
    random(EPHEMERAL, 32);
    dhBase(EPHEMERAL, G_X);
    prepared = true;
  }

  // A session that has not begun has no secret but an ephemeral key that nobody has seen.
  function reset(): void {
    if (status.state === INITIATOR_READY) return;
    wipe(SESSION_SECRETS, SESSION_SECRETS_BYTES);
    prepared = false;
    status.state = INITIATOR_READY;
    status.faultCode = 0;
  }

  function refuse(code: ErrorCode): ErrorCode {
    wipe(SESSION_SECRETS, SESSION_SECRETS_BYTES);
    prepared = false;
    status.state = INITIATOR_DEAD;
    status.faultCode = code;
    return code;
  }

  // RFC 9528 §5.2.2.
  function start(): number {
    if (status.state !== INITIATOR_READY) {
      refuse(SESSION_STATE);
      return 0;
    }
    prepare();
    copy(MESSAGE, MESSAGE_1, MESSAGE_1_BYTES);
    hash(MESSAGE_1, MESSAGE_1_BYTES, HASH_1);
    status.state = INITIATOR_STARTED;
    return MESSAGE_1_BYTES;
  }

  // RFC 9528 §5.3.3, first half: message_2 = bstr( G_Y, CIPHERTEXT_2 ).
  function openMessage2(bytes: number): ErrorCode {
    if (status.state !== INITIATOR_STARTED) return refuse(SESSION_STATE);
    const publicAt = bytes > MESSAGE_BYTES_MAX ? 0 : unwrap(MESSAGE, bytes);
    const at = publicAt + 32;
    const plaintextBytes = bytes - (at - MESSAGE);
    if (publicAt === 0 || plaintextBytes < 1 || plaintextBytes > PLAINTEXT_2_BYTES_MAX) {
      return refuse(SESSION_MALFORMED);
    }
    copy(G_Y, publicAt, 32);
    const fault = dh(EPHEMERAL, G_Y, SHARED);
    if (fault !== 0) return refuse(fault);
    schedule.enterMessage2();
    schedule.coverMessage2(at, plaintextBytes);
    initiator.plaintextAt = at;
    initiator.plaintextBytes = plaintextBytes;
    status.state = INITIATOR_OPENED;
    return 0;
  }

  // RFC 9528 §5.3.3, second half: the static key that the credential names made MAC_2.
  function proveResponder(credentialAt: number, credentialBytes: number, macAt: number): ErrorCode {
    if (status.state !== INITIATOR_OPENED) return refuse(SESSION_STATE);
    const fault = dh(EPHEMERAL, PEER_PUBLIC, SHARED);
    if (fault !== 0) return refuse(fault);
    schedule.bindResponder();
    schedule.computeMac2(credentialAt, credentialBytes);
    if (compare(MAC, macAt, TAG_BYTES) !== 0) return refuse(SESSION_MAC);
    const { plaintextAt, plaintextBytes } = initiator;
    schedule.closeMessage2(plaintextAt, plaintextBytes, credentialAt, credentialBytes);
    status.state = INITIATOR_PROVEN;
    return 0;
  }

  // RFC 9528 §5.4.2: PLAINTEXT_3 = ( ID_CRED_I, MAC_3, EAD_3 ), first without its MAC.
  function layMessage3(credentialBytes: number, eadBytes: number): number {
    if (status.state !== INITIATOR_PROVEN) {
      refuse(SESSION_STATE);
      return 0;
    }
    const plaintextBytes = 2 + credentialBytes + 1 + TAG_BYTES + eadBytes;
    const at = MESSAGE + (plaintextBytes + TAG_BYTES < 256 ? 2 : 3);
    if (at + plaintextBytes + TAG_BYTES > MESSAGE + MESSAGE_BYTES_MAX) {
      refuse(SESSION_MALFORMED);
      return 0;
    }
    copy(at, ID_CRED_HEAD, 2);
    copy(at + 2, OWN_CREDENTIAL, credentialBytes);
    arena[at + 2 + credentialBytes] = 0x48;
    initiator.plaintextAt = at;
    initiator.plaintextBytes = plaintextBytes;
    return at + 3 + credentialBytes + TAG_BYTES;
  }

  function sealMessage3(credentialBytes: number, eadAt: number, eadBytes: number): number {
    const { plaintextAt, plaintextBytes } = initiator;
    const isInOrder = status.state === INITIATOR_PROVEN;
    const fault = isInOrder ? dh(OWN_SECRET, G_Y, SHARED) : SESSION_STATE;
    if (fault !== 0) {
      refuse(fault);
      return 0;
    }
    schedule.bindInitiator();
    schedule.computeMac3(OWN_CREDENTIAL, credentialBytes, eadAt, eadBytes);
    copy(eadAt - TAG_BYTES, MAC, TAG_BYTES);
    schedule.closeMessage3(plaintextAt, plaintextBytes, OWN_CREDENTIAL, credentialBytes);
    seal(AEAD, MESSAGE_AAD, plaintextAt, plaintextBytes);
    putHead(MESSAGE, 2, plaintextBytes + TAG_BYTES);
    schedule.enterMessage4();
    schedule.exportRecordKeys();
    status.state = INITIATOR_SHOWN;
    return plaintextAt + plaintextBytes + TAG_BYTES - MESSAGE;
  }

  // RFC 9528 §5.5.3.
  function openMessage4(bytes: number): ErrorCode {
    if (status.state !== INITIATOR_SHOWN) return refuse(SESSION_STATE);
    const at = bytes > MESSAGE_BYTES_MAX ? 0 : unwrap(MESSAGE, bytes);
    if (at === 0) return refuse(SESSION_MALFORMED);
    const sealedBytes = bytes - (at - MESSAGE);
    if (open(AEAD, MESSAGE_AAD, at, sealedBytes) !== 0) return refuse(SESSION_MAC);
    initiator.plaintextAt = at;
    initiator.plaintextBytes = sealedBytes - TAG_BYTES;
    status.state = INITIATOR_DONE;
    return 0;
  }

  const initiator: Initiator = {
    plaintextAt: 0,
    plaintextBytes: 0,
    prepare,
    reset,
    refuse,
    start,
    openMessage2,
    proveResponder,
    layMessage3,
    sealMessage3,
    openMessage4,
  };
  return initiator;
}
