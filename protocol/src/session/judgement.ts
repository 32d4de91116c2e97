// SPDX-License-Identifier: EUPL-1.2
import { sliceBytes } from "../bytes.ts";
import {
  CERTIFIED_3_CERTIFICATE_AT,
  CERTIFIED_3_CERTIFICATE_BYTES,
  CERTIFIED_3_EAD_AT,
  CERTIFIED_3_EAD_BYTES,
  CERTIFIED_3_SHAPE,
  PLAINTEXT_3_EAD_AT,
  PLAINTEXT_3_EAD_BYTES,
  PLAINTEXT_3_MAC_AT,
  PLAINTEXT_3_PAYLOAD_AT,
  PLAINTEXT_3_PAYLOAD_BYTES,
  PLAINTEXT_3_SHAPE,
  PROTECTED_RING_HEAD,
} from "../edhoc/arena.ts";
import type { ArenaOperations, SessionStatus } from "../edhoc/operations.ts";
import { RESPONDER_DONE, type Responder } from "../edhoc/responder.ts";
import {
  ANCHOR_UNKNOWN,
  DELIVER_FIRST,
  GRANTED,
  SESSION_MALFORMED,
  SESSION_STATE,
} from "../errors/code.ts";
import { createAccessDecision, type Shown } from "./access-decision.ts";
import { createCredentialCheck } from "./credential-check.ts";
import type { CertificateAdoption, ClockInterval, LockTrust } from "./lock-door.ts";

/**
 * What a lock makes of message_3: credential, right and proof in the order of the protocol.
 *
 * It is made when trust is first loaded, which is behind message_2: a lock that boots at every insertion
 * does without it until then.
 * @internal
 */
export interface Judgement {
  loadTrust(trust: LockTrust): void;
  setClock(clock: ClockInterval | undefined): void;
  /** Forgets what was shown. */
  reset(): void;
  /** As in {@link LockDoor}. */
  judgeMessage3(bytes: number): number;
  /** As in {@link LockDoor}. */
  judgeAgain(): number;
}

/**
 * Makes the judgement of one lock.
 *
 * @param words - the same arena as 32-bit words
 * @param shown - where it writes down what the peer has shown
 * @param adoptCertificate - without it the lock keeps the issuing keys that it was told of
 * @internal
 */
export function createJudgement(
  operations: ArenaOperations,
  arena: Uint8Array,
  words: Uint32Array,
  shown: Shown & SessionStatus,
  responder: Responder,
  adoptCertificate: CertificateAdoption | undefined,
): Judgement {
  const { read } = operations;
  const credentials = createCredentialCheck(operations, arena);
  const access = createAccessDecision(operations, arena, words, shown);
  let isWaitingForList = false;

  function loadTrust(trust: LockTrust): void {
    credentials.trust(trust.anchors);
    access.loadTrust(trust);
  }

  function reset(): void {
    access.reset();
    isWaitingForList = false;
  }

  /**
   * Verifies the head and, where only its issuing key is unknown, once more under the certificate
   * that came with it. A certificate that is not needed is not looked at.
   */
  function verifyHead(at: number, bytes: number, certificate: Uint8Array | undefined): number {
    const anchor = credentials.verify(at, bytes, PROTECTED_RING_HEAD);
    if (anchor >= 0 || credentials.faultCode !== ANCHOR_UNKNOWN) return anchor;
    if (certificate === undefined || adoptCertificate === undefined) return anchor;
    return adoptCertificate(certificate)
      ? credentials.verify(at, bytes, PROTECTED_RING_HEAD)
      : anchor;
  }

  // The order is the protocol's: form, whose head, what the head says against time and floors,
  // proof of its key. What the head deserved is told only to a peer that has proved it.
  function judgeMessage3(bytes: number): number {
    if (responder.openMessage3(bytes) !== 0) return -1;
    const { plaintextAt, plaintextBytes } = responder;
    const isPlain = read(plaintextAt, plaintextBytes, PLAINTEXT_3_SHAPE) !== 0;
    if (!isPlain && read(plaintextAt, plaintextBytes, CERTIFIED_3_SHAPE) === 0) {
      return responder.refuse(SESSION_MALFORMED);
    }
    const payloadAt = words[PLAINTEXT_3_PAYLOAD_AT] as number;
    const payloadBytes = words[PLAINTEXT_3_PAYLOAD_BYTES] as number;
    const macAt = words[PLAINTEXT_3_MAC_AT] as number;
    const presentationAt = words[isPlain ? PLAINTEXT_3_EAD_AT : CERTIFIED_3_EAD_AT] as number;
    const presentationBytes = words[
      isPlain ? PLAINTEXT_3_EAD_BYTES : CERTIFIED_3_EAD_BYTES
    ] as number;
    // PLAINTEXT_3 = a1 0d | head | 48 MAC_3 | EAD_3
    const headAt = plaintextAt + 2;
    const headBytes = macAt - 1 - headAt;

    const anchor = verifyHead(headAt, headBytes, isPlain ? undefined : copyOfCertificate());
    if (anchor < 0) return responder.refuse(credentials.faultCode);
    const claims = access.readHead(payloadAt, payloadBytes, anchor);
    if (claims !== 0) return responder.refuse(claims);
    const headReason = access.judgeHead();
    if (responder.proveInitiator(headAt, headBytes) !== 0) return -1;
    const rightReason = access.judgePresentation(presentationAt, presentationBytes);
    if (headReason !== GRANTED) return headReason;
    if (rightReason !== GRANTED) return rightReason;
    const need = access.judgeNeed();
    isWaitingForList = need === DELIVER_FIRST;
    return need;
  }

  function copyOfCertificate(): Uint8Array {
    const at = words[CERTIFIED_3_CERTIFICATE_AT] as number;
    return sliceBytes(arena, at, at + (words[CERTIFIED_3_CERTIFICATE_BYTES] as number));
  }

  function judgeAgain(): number {
    const isInOrder = shown.state === RESPONDER_DONE && isWaitingForList;
    if (!isInOrder) return responder.refuse(SESSION_STATE);
    isWaitingForList = false;
    return access.judgeAgain();
  }

  return { loadTrust, setClock: access.setClock, reset, judgeMessage3, judgeAgain };
}
