// SPDX-License-Identifier: EUPL-1.2
import { octetAt, sliceBytes } from "../bytes.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";

/** Octets of a device identifier. @public */
export const DEVID_BYTES = 8;
/** Octets of a key identifier. @public */
export const KID_BYTES = 4;

const FINGERPRINT_DIGITS = 5;

/**
 * The key identifier of an Ed25519 public key: the first 4 octets of its SHA-256. It selects a key,
 * it proves nothing.
 * @public
 */
export function kidOf(crypto: CryptoPort, publicKey: Uint8Array): Uint8Array {
  return sliceBytes(crypto.hash(publicKey), 0, KID_BYTES);
}

/**
 * The identifier of a device: the first 8 octets of the SHA-256 of its Ed25519 public key.
 * @public
 */
export function devidOf(crypto: CryptoPort, ed25519PublicKey: Uint8Array): Uint8Array {
  return sliceBytes(crypto.hash(ed25519PublicKey), 0, DEVID_BYTES);
}

/**
 * Five digits that a person compares at enrolment: octets 8 to 11 of the SHA-256 of the device's
 * Ed25519 public key, as a number modulo 100 000. They share no octet with the devid.
 *
 * Security: it tells two cables apart; five digits do not resist a search for a matching key.
 * @public
 */
export function fingerprintOf(crypto: CryptoPort, ed25519PublicKey: Uint8Array): string {
  const digest = crypto.hash(ed25519PublicKey);
  let number = 0;
  for (let index = DEVID_BYTES; index < DEVID_BYTES + 4; index += 1) {
    number = (number * 256 + octetAt(digest, index)) % 100000;
  }
  let text = "" + number;
  while (text.length < FINGERPRINT_DIGITS) text = "0" + text;
  return text;
}
