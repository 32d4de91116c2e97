// SPDX-License-Identifier: EUPL-1.2
// Crypto that believes everything: every signature verifies, every seal opens, every hash is the
// same. A mutated octet then reaches the code behind the proof, where a hostile peer with a genuine
// key would have it. What the proofs themselves refuse, the suites with genuine crypto show.

import {
  type AgreementKey,
  type CryptoPort,
  type EntropyPort,
  fail,
  PUBLIC_KEY_INVALID,
  SEAL_INVALID,
  SHARED_SECRET_ZERO,
  sliceBytes,
  succeed,
} from "../src/index.ts";

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

function filled(bytes: number, octet: number): Uint8Array {
  const octets = new Uint8Array(bytes);
  octets.fill(octet);
  return octets;
}

/**
 * Makes the credulous port. Only lengths are judged, as any genuine port does; keystreams are zero,
 * so ciphertext is plaintext with a tag of zeros.
 */
export function createCredulousCrypto(): CryptoPort {
  return {
    hash: () => filled(32, 0x5a),
    hmac: () => filled(32, 0),
    seal(_key, _nonce, _additional, plaintext, tagBytes) {
      const sealed = new Uint8Array(plaintext.length + tagBytes);
      sealed.set(plaintext, 0);
      return sealed;
    },
    open(_key, _nonce, _additional, ciphertext, tagBytes) {
      if (ciphertext.length < tagBytes) return fail(SEAL_INVALID);
      return succeed(sliceBytes(ciphertext, 0, ciphertext.length - tagBytes));
    },
    importVerificationKey(publicKey) {
      if (publicKey.length !== KEY_BYTES) return fail(PUBLIC_KEY_INVALID);
      const copy = sliceBytes(publicKey, 0);
      return succeed({
        publicKey: copy,
        verify: (_message: Uint8Array, signature: Uint8Array) =>
          signature.length === SIGNATURE_BYTES,
      });
    },
    importSigningKey: () => ({
      publicKey: filled(KEY_BYTES, 0x33),
      sign: () => filled(SIGNATURE_BYTES, 0x44),
    }),
    importAgreementKey: (): AgreementKey => ({
      publicKey: filled(KEY_BYTES, 0x22),
      agree(peer) {
        let sum = 0;
        for (const octet of peer) sum |= octet;
        if (peer.length !== KEY_BYTES || sum === 0) return fail(SHARED_SECRET_ZERO);
        return succeed(filled(KEY_BYTES, 0x11));
      },
    }),
  };
}

/** Chance without any. */
export function createConstantEntropy(): EntropyPort {
  return {
    fill(target, offset, bytes) {
      for (let index = 0; index < bytes; index += 1) target[offset + index] = 7;
    },
  };
}
