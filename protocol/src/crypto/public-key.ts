// SPDX-License-Identifier: EUPL-1.2
import { hexOf, octetAt, sliceBytes } from "../bytes.ts";

const PUBLIC_KEY_BYTES = 32;

// The y coordinates of the eight points whose order divides 8, little-endian: 1 (the identity),
// p - 1 (order 2), 0 (order 4), and the two of order 8. A sign bit tells the points of one pair
// apart and is cleared before the comparison.
const SMALL_ORDER_Y_HEX = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

/**
 * Tells whether an Ed25519 public key may be used at all: 32 octets, y below p, not of small order.
 *
 * Security: a key of small order verifies one crafted signature over any message in several
 * implementations, so every port asks here before it imports a key. Octets that are no point of
 * the curve pass; no signature verifies under them.
 *
 * @see RFC 8032 §5.1.3 for the canonical encoding
 * @public
 */
export function isUsablePublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return false;
  const y = sliceBytes(publicKey, 0);
  y[PUBLIC_KEY_BYTES - 1] = octetAt(y, PUBLIC_KEY_BYTES - 1) & 0x7f;
  if (!isBelowFieldPrime(y)) return false;
  // Compared as text: octets made at load would cost a board more than all else in its boot.
  const hex = hexOf(y);
  for (const small of SMALL_ORDER_Y_HEX) {
    if (hex === small) return false;
  }
  return true;
}

/**
 * Tells whether the first half of an Ed25519 signature may be used: a point R as strict as a key.
 *
 * Security: no honest signer makes an R of small order. The curve library of a lock refuses it, and
 * the lock's verdict is the one that counts, so every port asks here.
 *
 * @param signature - 64 octets; of another length it may not be used.
 * @see RFC 8032 §5.1.7
 * @public
 */
export function isUsableSignature(signature: Uint8Array): boolean {
  return (
    signature.length === 2 * PUBLIC_KEY_BYTES &&
    isUsablePublicKey(sliceBytes(signature, 0, PUBLIC_KEY_BYTES))
  );
}

// p = 2^255 - 19 is ed ff ... ff 7f: only values with all upper octets full can reach it.
function isBelowFieldPrime(y: Uint8Array): boolean {
  if (octetAt(y, PUBLIC_KEY_BYTES - 1) !== 0x7f) return true;
  for (let index = PUBLIC_KEY_BYTES - 2; index > 0; index -= 1) {
    if (octetAt(y, index) !== 0xff) return true;
  }
  return octetAt(y, 0) < 0xed;
}
