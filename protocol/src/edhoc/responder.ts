// SPDX-License-Identifier: EUPL-1.2
import { SESSION_MALFORMED, SESSION_STATE } from "../errors/code.ts";
import type { ErrorCode } from "../errors/result.ts";
import { EPHEMERAL, G_Y, MESSAGE, SESSION_SECRETS, SESSION_SECRETS_BYTES } from "./arena.ts";
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
  proveInitiator(credentialAt: number, credentialBytes: number): number;
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
export function createResponder(operations: ArenaOperations, status: SessionStatus): Responder {
  const { answer, close, dhBase, openSealed, random, wipe } = operations;
  const prove = operations.proveInitiator;
  let prepared = false;
  let credentialAt = 0;
  let credentialBytes = 0;
  let eadBytes = 0;

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

  function answerMessage1(bytes: number, ownBytes: number): number {
    if (status.state !== RESPONDER_READY) return refuse(SESSION_STATE);
    if (bytes !== MESSAGE_1_BYTES) return refuse(SESSION_MALFORMED);
    prepare();
    const answered = answer(bytes, ownBytes);
    if (answered < 0) return refuse(-answered);
    status.state = RESPONDER_ANSWERED;
    return answered;
  }

  // RFC 9528 §5.4.3, first half: decrypt; the credential inside is not looked at here.
  function openMessage3(bytes: number): number {
    if (status.state !== RESPONDER_ANSWERED) return refuse(SESSION_STATE);
    const at = openSealed(bytes);
    if (at < 0) return refuse(-at);
    responder.plaintextAt = at;
    responder.plaintextBytes = bytes - (at - MESSAGE) - TAG_BYTES;
    status.state = RESPONDER_OPENED;
    return 0;
  }

  // RFC 9528 §5.4.3, second half: the static key that the credential names made MAC_3.
  function proveInitiator(peerCredentialAt: number, peerBytes: number): number {
    if (status.state !== RESPONDER_OPENED) return refuse(SESSION_STATE);
    const eadAt = peerCredentialAt + peerBytes + 1 + TAG_BYTES;
    eadBytes = responder.plaintextAt + responder.plaintextBytes - eadAt;
    const fault = prove(peerCredentialAt, peerBytes, eadBytes);
    if (fault !== 0) return refuse(fault);
    credentialAt = peerCredentialAt;
    credentialBytes = peerBytes;
    status.state = RESPONDER_PROVEN;
    return 0;
  }

  function enterMessage4(): number {
    if (status.state !== RESPONDER_PROVEN) return refuse(SESSION_STATE);
    close(credentialAt, credentialBytes, eadBytes);
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
