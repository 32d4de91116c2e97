// SPDX-License-Identifier: EUPL-1.2
import { SESSION_MALFORMED, SESSION_STATE } from "../errors/code.ts";
import type { ErrorCode } from "../errors/result.ts";
import { EPHEMERAL, G_X, MESSAGE, SESSION_SECRETS, SESSION_SECRETS_BYTES } from "./arena.ts";
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

const MESSAGE_BYTES_MAX = 1024;
const TAG_BYTES = 8;

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
  proveResponder(credentialAt: number, credentialBytes: number): ErrorCode;
  /** @returns where EAD_3 of message_3 goes, or 0 */
  placeOfEad3(credentialBytes: number, eadBytes: number): number;
  /** Requires: EAD_3 lies in its place. @returns octets of message_3 at `MESSAGE`, or 0 */
  showMessage3(credentialBytes: number, eadBytes: number): number;
  /** @returns 0 or the fault */
  openMessage4(bytes: number): ErrorCode;
}

/**
 * Makes the initiator of one arena; its state and last fault are kept in `status`.
 * @internal
 */
export function createInitiator(operations: ArenaOperations, status: SessionStatus): Initiator {
  const { dhBase, hail, openAnswer, openSealed, random, show, wipe } = operations;
  const prove = operations.proveResponder;
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
    status.state = INITIATOR_STARTED;
    return hail();
  }

  // RFC 9528 §5.3.3, first half.
  function openMessage2(bytes: number): ErrorCode {
    if (status.state !== INITIATOR_STARTED) return refuse(SESSION_STATE);
    const at = openAnswer(bytes);
    if (at < 0) return refuse(-at);
    initiator.plaintextAt = at;
    initiator.plaintextBytes = bytes - (at - MESSAGE);
    status.state = INITIATOR_OPENED;
    return 0;
  }

  // RFC 9528 §5.3.3, second half: the static key that the credential names made MAC_2.
  function proveResponder(credentialAt: number, credentialBytes: number): ErrorCode {
    if (status.state !== INITIATOR_OPENED) return refuse(SESSION_STATE);
    const fault = prove(credentialAt, credentialBytes);
    if (fault !== 0) return refuse(fault);
    status.state = INITIATOR_PROVEN;
    return 0;
  }

  // RFC 9528 §5.4.2: PLAINTEXT_3 = ( ID_CRED_I, MAC_3, EAD_3 ).
  function placeOfEad3(credentialBytes: number, eadBytes: number): number {
    if (status.state !== INITIATOR_PROVEN) {
      refuse(SESSION_STATE);
      return 0;
    }
    const ead = 2 + credentialBytes + 1 + TAG_BYTES;
    const sealedBytes = ead + eadBytes + TAG_BYTES;
    const at = MESSAGE + (sealedBytes < 256 ? 2 : 3);
    if (at + sealedBytes > MESSAGE + MESSAGE_BYTES_MAX) {
      refuse(SESSION_MALFORMED);
      return 0;
    }
    return at + ead;
  }

  function showMessage3(credentialBytes: number, eadBytes: number): number {
    const shown =
      status.state === INITIATOR_PROVEN ? show(credentialBytes, eadBytes) : -SESSION_STATE;
    if (shown < 0) {
      refuse(-shown);
      return 0;
    }
    status.state = INITIATOR_SHOWN;
    return shown;
  }

  // RFC 9528 §5.5.3.
  function openMessage4(bytes: number): ErrorCode {
    if (status.state !== INITIATOR_SHOWN) return refuse(SESSION_STATE);
    const at = openSealed(bytes);
    if (at < 0) return refuse(-at);
    initiator.plaintextAt = at;
    initiator.plaintextBytes = bytes - (at - MESSAGE) - TAG_BYTES;
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
    placeOfEad3,
    showMessage3,
    openMessage4,
  };
  return initiator;
}
