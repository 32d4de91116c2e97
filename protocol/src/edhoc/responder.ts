// SPDX-License-Identifier: EUPL-1.2
import { SESSION_MAC, SESSION_MALFORMED, SESSION_STATE } from "../errors/code.ts";
import type { ErrorCode } from "../errors/result.ts";
import {
  AEAD,
  EPHEMERAL,
  G_Y,
  HASH_1,
  MAC,
  MESSAGE,
  MESSAGE_1,
  MESSAGE_AAD,
  OWN_CREDENTIAL,
  OWN_SECRET,
  PEER_PUBLIC,
  PLAINTEXT_2_HEAD,
  SESSION_SECRETS,
  SESSION_SECRETS_BYTES,
  SHARED,
} from "./arena.ts";
import { createKeySchedule } from "./key-schedule.ts";
import type { ArenaOperations, SessionStatus } from "./operations.ts";

/** message_1 is awaited. @public */
export const RESPONDER_READY = 0;
/** message_2 is made and message_3 awaited. @public */
export const RESPONDER_ANSWERED = 1;
/** message_3 is decrypted; its sender has proved nothing yet. @public */
export const RESPONDER_OPENED = 2;
/** The initiator is authenticated; message_4 is to be made. @public */
export const RESPONDER_PROVEN = 3;
/** message_4 is made; records follow. @public */
export const RESPONDER_DONE = 4;
/** The session has ended with a fault; only a reset leads on. @public */
export const RESPONDER_DEAD = 5;

const MESSAGE_1_BYTES = 37;
const MESSAGE_BYTES_MAX = 1024;
const TAG_BYTES = 8;

/**
 * EDHOC Responder, RFC 9528 §5, for method 3, suite 0 and credentials by value.
 *
 * A step in the wrong state, or one that fails, wipes the secrets and ends the session. The caller
 * sees to the credential between `openMessage3` and `proveInitiator`.
 * @internal
 */
export interface Responder {
  /** Where the plaintext of message_3 lies after `openMessage3`. */
  plaintextAt: number;
  plaintextBytes: number;
  /** Makes Y and G_Y, unless that is done. */
  prepare(): void;
  reset(): void;
  /** Ends the session. @returns -1, for the caller to pass on */
  refuse(code: ErrorCode): number;
  /** @returns octets of message_2 at `MESSAGE`, or -1 */
  answerMessage1(bytes: number, credentialBytes: number): number;
  /** @returns 0 or -1 */
  openMessage3(bytes: number): number;
  /**
   * Requires: the credential was verified and its public key lies at `PEER_PUBLIC`.
   * @returns 0 or -1
   */
  proveInitiator(credentialAt: number, credentialBytes: number, macAt: number): number;
  /**
   * Closes the transcript and makes the keys of message_4.
   *
   * Requires: the plaintext of message_3 still lies where it was opened.
   * @returns 0 or -1
   */
  enterMessage4(): number;
}

/**
 * Makes the responder of one arena; its state and last fault are kept in `status`.
 * @internal
 */
export function createResponder(
  operations: ArenaOperations,
  arena: Uint8Array,
  status: SessionStatus,
): Responder {
  const { compare, copy, dh, dhBase, hash, open, putHead, random, unwrap, wipe } = operations;
  const schedule = createKeySchedule(operations);
  let prepared = false;
  let credentialAt = 0;
  let credentialBytes = 0;

  function prepare(): void {
    if (prepared) return;
    random(EPHEMERAL, 32);
    dhBase(EPHEMERAL, G_Y);
    prepared = true;
  }

  // A session that has not begun has no secret but an ephemeral key that nobody has seen.
  function reset(): void {
    if (status.state === RESPONDER_READY) return;
    wipe(SESSION_SECRETS, SESSION_SECRETS_BYTES);
    prepared = false;
    status.state = RESPONDER_READY;
    status.faultCode = 0;
  }

  function refuse(code: ErrorCode): number {
    wipe(SESSION_SECRETS, SESSION_SECRETS_BYTES);
    prepared = false;
    status.state = RESPONDER_DEAD;
    status.faultCode = code;
    return -1;
  }

  // RFC 9528 §5.2.3: method, suite and C_I are the only ones there are, EAD_1 is empty.
  function isMessage1(bytes: number): boolean {
    return (
      bytes === MESSAGE_1_BYTES && compare(MESSAGE, MESSAGE_1, 4) === 0 && arena[MESSAGE + 36] === 0
    );
  }

  // RFC 9528 §5.3.2. The message is built where message_1 lay, back to front: plaintext, MAC, hash
  // of the transcript around it, cover, and G_Y in front of it at last.
  function answerMessage1(bytes: number, ownBytes: number): number {
    if (status.state !== RESPONDER_READY) return refuse(SESSION_STATE);
    if (!isMessage1(bytes)) return refuse(SESSION_MALFORMED);
    prepare();
    hash(MESSAGE, MESSAGE_1_BYTES, HASH_1);
    const peerPublic = MESSAGE + 4;
    let fault = dh(EPHEMERAL, peerPublic, SHARED);
    if (fault !== 0) return refuse(fault);
    schedule.enterMessage2();
    fault = dh(OWN_SECRET, peerPublic, SHARED);
    if (fault !== 0) return refuse(fault);
    schedule.bindResponder();
    schedule.computeMac2(OWN_CREDENTIAL, ownBytes);

    const plaintextBytes = 3 + ownBytes + 1 + TAG_BYTES;
    const at = MESSAGE + (32 + plaintextBytes < 256 ? 2 : 3) + 32;
    copy(at, PLAINTEXT_2_HEAD, 3);
    copy(at + 3, OWN_CREDENTIAL, ownBytes);
    arena[at + 3 + ownBytes] = 0x48;
    copy(at + 4 + ownBytes, MAC, TAG_BYTES);
    schedule.closeMessage2(at, plaintextBytes, OWN_CREDENTIAL, ownBytes);
    schedule.coverMessage2(at, plaintextBytes);
    copy(at - 32, G_Y, 32);
    putHead(MESSAGE, 2, 32 + plaintextBytes);
    status.state = RESPONDER_ANSWERED;
    return at + plaintextBytes - MESSAGE;
  }

  // RFC 9528 §5.4.3, first half: decrypt; the credential inside is not looked at here.
  function openMessage3(bytes: number): number {
    if (status.state !== RESPONDER_ANSWERED) return refuse(SESSION_STATE);
    const at = bytes > MESSAGE_BYTES_MAX ? 0 : unwrap(MESSAGE, bytes);
    if (at === 0) return refuse(SESSION_MALFORMED);
    const sealedBytes = bytes - (at - MESSAGE);
    if (open(AEAD, MESSAGE_AAD, at, sealedBytes) !== 0) return refuse(SESSION_MAC);
    responder.plaintextAt = at;
    responder.plaintextBytes = sealedBytes - TAG_BYTES;
    status.state = RESPONDER_OPENED;
    return 0;
  }

  // RFC 9528 §5.4.3, second half: the static key that the credential names made MAC_3.
  function proveInitiator(peerCredentialAt: number, peerBytes: number, macAt: number): number {
    if (status.state !== RESPONDER_OPENED) return refuse(SESSION_STATE);
    const fault = dh(EPHEMERAL, PEER_PUBLIC, SHARED);
    if (fault !== 0) return refuse(fault);
    schedule.bindInitiator();
    const eadAt = macAt + TAG_BYTES;
    const eadBytes = responder.plaintextAt + responder.plaintextBytes - eadAt;
    schedule.computeMac3(peerCredentialAt, peerBytes, eadAt, eadBytes);
    if (compare(MAC, macAt, TAG_BYTES) !== 0) return refuse(SESSION_MAC);
    credentialAt = peerCredentialAt;
    credentialBytes = peerBytes;
    status.state = RESPONDER_PROVEN;
    return 0;
  }

  function enterMessage4(): number {
    if (status.state !== RESPONDER_PROVEN) return refuse(SESSION_STATE);
    const { plaintextAt, plaintextBytes } = responder;
    schedule.closeMessage3(plaintextAt, plaintextBytes, credentialAt, credentialBytes);
    schedule.enterMessage4();
    schedule.exportRecordKeys();
    status.state = RESPONDER_DONE;
    return 0;
  }

  const responder: Responder = {
    plaintextAt: 0,
    plaintextBytes: 0,
    prepare,
    reset,
    refuse,
    answerMessage1,
    openMessage3,
    proveInitiator,
    enterMessage4,
  };
  return responder;
}
