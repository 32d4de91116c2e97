// SPDX-License-Identifier: EUPL-1.2

import { ANCHORS, KNOWN_CREDENTIAL, PROTECTED_HEAD, SIGNATURE1, SIGNED } from "../edhoc/arena.ts";
import type { ArenaOperations } from "../edhoc/operations.ts";
import { ANCHOR_UNKNOWN, PROMISE_BROKEN, SIGNATURE_INVALID } from "../errors/code.ts";
import { assert, type ErrorCode } from "../errors/result.ts";

const ANCHORS_MAX = 8;
const ANCHOR_BYTES = 36;
const KID_BYTES = 4;
const SIGNATURE_BYTES = 64;

// A credential is [ bstr protected, {}, bstr payload, bstr signature ], and its protected header
// always takes 13 octets, so these places are fixed: 84 4d | header | a0 | payload | 58 40 | ...
const HEADER_AT = 2;
const KID_AT = HEADER_AT + 5;
const TYP_AT = KID_AT + KID_BYTES;
const SIGNATURE_ITEM_BYTES = 2 + SIGNATURE_BYTES;
// What is signed repeats the credential from its header to its payload; only the unprotected map
// between them, a0, gives way to the empty external_aad, 40 (RFC 9052 §4.4).
const SIGNED_HEADER_AT = SIGNED + 12;
const SIGNED_EXTERNAL_AAD_AT = SIGNED_HEADER_AT + 14;

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
   * Verifies typ, kid and signature, in this order.
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
  const { compare, copy, find, verify } = operations;
  let anchors = 0;
  let knownBytes = 0;
  let knownAnchor = -1;

  function refuse(code: ErrorCode): number {
    check.faultCode = code;
    return -1;
  }

  /** Index of the next anchor with a kid, from `from` on; -1 for none. */
  function findAnchor(from: number, kidAt: number): number {
    const sizes = (ANCHOR_BYTES << 16) | KID_BYTES;
    const found = find(ANCHORS + from * ANCHOR_BYTES, anchors - from, kidAt, sizes);
    return found < 0 ? -1 : from + found;
  }

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

    verify(at, bytes, typAt) {
      if (compare(at + HEADER_AT, PROTECTED_HEAD, 5) !== 0) return refuse(SIGNATURE_INVALID);
      if (compare(at + TYP_AT, typAt, 4) !== 0) return refuse(SIGNATURE_INVALID);
      let anchor = findAnchor(0, at + KID_AT);
      if (anchor < 0) return refuse(ANCHOR_UNKNOWN);
      const isKnown = bytes === knownBytes && compare(at, KNOWN_CREDENTIAL, bytes) === 0;
      if (isKnown) return knownAnchor;

      copy(SIGNED, SIGNATURE1, 12);
      copy(SIGNED_HEADER_AT, at + 1, bytes - 1 - SIGNATURE_ITEM_BYTES);
      arena[SIGNED_EXTERNAL_AAD_AT] = 0x40;
      const signedBytes = 12 + bytes - 1 - SIGNATURE_ITEM_BYTES;
      // Four octets of kid are soon found twice by whoever looks for that: each of them is tried, or
      // one organisation could shut the door on another's keys.
      for (;;) {
        const publicKeyAt = ANCHORS + anchor * ANCHOR_BYTES + KID_BYTES;
        const fault = verify(publicKeyAt, SIGNED, signedBytes, at + bytes - SIGNATURE_BYTES);
        if (fault === 0) break;
        anchor = findAnchor(anchor + 1, at + KID_AT);
        if (anchor < 0) return refuse(fault);
      }
      copy(KNOWN_CREDENTIAL, at, bytes);
      knownBytes = bytes;
      knownAnchor = anchor;
      return anchor;
    },
  };
  return check;
}
