// SPDX-License-Identifier: EUPL-1.2

import { ANCHORS, KNOWN_CREDENTIAL } from "../edhoc/arena.ts";
import type { ArenaOperations } from "../edhoc/operations.ts";
import { PROMISE_BROKEN } from "../errors/code.ts";
import { assert, type ErrorCode } from "../errors/result.ts";

const ANCHORS_MAX = 8;
const ANCHOR_BYTES = 36;
const KID_BYTES = 4;

/**
 * Checks whose credential it is, before anything in its payload is read.
 * @internal
 */
export interface CredentialCheck {
  /** Why the last credential was refused. */
  faultCode: ErrorCode;
  /**
   * Trusts these keys from now on, at most eight.
   *
   * @param keys - kid of four octets and Ed25519 public key each
   */
  trust(keys: readonly { readonly kid: Uint8Array; readonly publicKey: Uint8Array }[]): void;
  /**
   * Verifies typ, kid and signature, in this order; always with the same typ.
   *
   * The last good credential is kept: the same octets under the same anchor need no second
   * signature verification.
   *
   * Requires: the strict gate and the shape of the message have passed; at most 256 octets.
   * @param typAt - the four octets with which the protected header must end
   * @returns index of the anchor, or -1 with `SIGNATURE_INVALID` or `ANCHOR_UNKNOWN`
   */
  verify(at: number, bytes: number, typAt: number): number;
}

/**
 * Makes the credential check of one arena.
 * @internal
 */
export function createCredentialCheck(
  operations: ArenaOperations,
  arena: Uint8Array,
): CredentialCheck {
  const { compare, verifyCredential } = operations;
  let anchors = 0;
  let knownBytes = 0;
  let knownAnchor = -1;

  const check: CredentialCheck = {
    faultCode: 0,

    trust(keys) {
      assert(keys.length <= ANCHORS_MAX, PROMISE_BROKEN);
      anchors = keys.length;
      knownBytes = 0;
      keys.forEach((key, index) => {
        arena.set(key.kid, ANCHORS + index * ANCHOR_BYTES);
        arena.set(key.publicKey, ANCHORS + index * ANCHOR_BYTES + KID_BYTES);
      });
    },

    // Under the same trust the same octets have the same typ, key id and signature.
    verify(at, bytes, typAt) {
      if (bytes === knownBytes && compare(at, KNOWN_CREDENTIAL, bytes) === 0) return knownAnchor;
      const anchor = verifyCredential(at, bytes, typAt, anchors);
      if (anchor < 0) {
        check.faultCode = -anchor;
        return -1;
      }
      knownBytes = bytes;
      knownAnchor = anchor;
      return anchor;
    },
  };
  return check;
}
