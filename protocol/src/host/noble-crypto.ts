// SPDX-License-Identifier: EUPL-1.2
import { cbc, ctr, ecb } from "@noble/ciphers/aes.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { getPublicKey, hashes, Point, sign } from "@noble/ed25519";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, equalBytes } from "../bytes.ts";
import type {
  AgreementKey,
  CryptoPort,
  SigningKey,
  VerificationKey,
} from "../crypto/crypto-port.ts";
import { isUsablePublicKey, isUsableSignature } from "../crypto/public-key.ts";
import {
  PROMISE_BROKEN,
  PUBLIC_KEY_INVALID,
  SEAL_INVALID,
  SHARED_SECRET_ZERO,
} from "../errors/code.ts";
import { assert, fail, type Result, succeed } from "../errors/result.ts";

// This package takes its hash from the caller.
hashes.sha512 = (message: Uint8Array) => sha512(message);

const KEY_BYTES = 32;
const AES_KEY_BYTES = 16;
const AES_BLOCK_BYTES = 16;
const NONCE_BYTES = 13;
// CCM with a 13-octet nonce leaves L = 2 octets for the length of the plaintext, RFC 3610 §2.
const PLAINTEXT_BYTES_MAX = 0xffff;
const ADDITIONAL_BYTES_MAX = 0xfeff;
/**
 * The crypto port over the noble packages, in plain JavaScript: a second implementation that runs
 * anywhere and that the first is compared with.
 * @public
 */
export function createNobleCrypto(): CryptoPort {
  return {
    hash: (message) => sha256(message),

    hmac: (key, message) => hmac(sha256, key, message),

    seal(key, nonce, additional, plaintext, tagBytes) {
      assert(key.length === AES_KEY_BYTES && nonce.length === NONCE_BYTES, PROMISE_BROKEN);
      const tag = ccmTag(key, nonce, additional, plaintext, tagBytes);
      return concatBytes([ccmStream(key, nonce, plaintext), tag]);
    },

    open(key, nonce, additional, ciphertext, tagBytes) {
      assert(key.length === AES_KEY_BYTES && nonce.length === NONCE_BYTES, PROMISE_BROKEN);
      const bodyBytes = ciphertext.length - tagBytes;
      if (bodyBytes < 0) return fail(SEAL_INVALID);
      const plaintext = ccmStream(key, nonce, ciphertext.slice(0, bodyBytes));
      const tag = ccmTag(key, nonce, additional, plaintext, tagBytes);
      return equalBytes(tag, ciphertext.slice(bodyBytes)) ? succeed(plaintext) : fail(SEAL_INVALID);
    },

    importVerificationKey(publicKey): Result<VerificationKey> {
      if (!isUsablePublicKey(publicKey)) return fail(PUBLIC_KEY_INVALID);
      const key = publicKey.slice();
      return succeed({
        publicKey: key,
        verify(message, signature) {
          if (!isUsableSignature(signature)) return false;
          try {
            return satisfiesExactly(key, message, signature);
          } catch {
            // The package throws for octets that are no point of the curve.
            return false;
          }
        },
      });
    },

    importSigningKey(seed): SigningKey {
      assert(seed.length === KEY_BYTES, PROMISE_BROKEN);
      const secret = seed.slice();
      return { publicKey: getPublicKey(secret), sign: (message) => sign(message, secret) };
    },

    importAgreementKey(secret): AgreementKey {
      assert(secret.length === KEY_BYTES, PROMISE_BROKEN);
      const kept = secret.slice();
      return {
        publicKey: x25519.getPublicKey(kept),
        agree(peerPublicKey) {
          if (peerPublicKey.length !== KEY_BYTES) return fail(SHARED_SECRET_ZERO);
          try {
            return succeed(x25519.getSharedSecret(kept, peerPublicKey));
          } catch {
            // The package refuses the all-zero result itself, RFC 7748 §6.1.
            return fail(SHARED_SECRET_ZERO);
          }
        },
      };
    },
  };
}

// RFC 8032 §5.1.7 without the cofactor: S B = R + k A. The package's own verification multiplies by
// the cofactor, also where it is told to be strict, and so takes signatures under keys of mixed order
// that a lock refuses. Its decoding of points is strict by default, and it throws for S >= L.
function satisfiesExactly(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const commitment = signature.subarray(0, KEY_BYTES);
  const challenge = littleEndian(sha512(concatBytes([commitment, publicKey, message])));
  const share = Point.fromBytes(publicKey).multiply(challenge % Point.CURVE().n, false);
  const response = Point.BASE.multiply(littleEndian(signature.subarray(KEY_BYTES)), false);
  return response.equals(Point.fromBytes(commitment).add(share));
}

function littleEndian(octets: Uint8Array): bigint {
  return octets.reduceRight((value, octet) => value * 256n + BigInt(octet), 0n);
}

// Counter mode over the blocks A_1, A_2, ...: RFC 3610 §2.3.
function ccmStream(key: Uint8Array, nonce: Uint8Array, text: Uint8Array): Uint8Array {
  return ctr(key, counterBlock(nonce, 1)).encrypt(text);
}

// The CBC-MAC of RFC 3610 §2.2, masked with S_0 of §2.3.
function ccmTag(
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  plaintext: Uint8Array,
  tagBytes: number,
): Uint8Array {
  assert(plaintext.length <= PLAINTEXT_BYTES_MAX, PROMISE_BROKEN);
  assert(additional.length <= ADDITIONAL_BYTES_MAX, PROMISE_BROKEN);
  const hasAdditional = additional.length > 0 ? 0x40 : 0;
  const flags = hasAdditional | (((tagBytes - 2) / 2) << 3) | 1;
  const first = concatBytes([new Uint8Array([flags]), nonce, uint16(plaintext.length)]);
  const prefix = hasAdditional > 0 ? uint16(additional.length) : new Uint8Array(0);
  const blocks = concatBytes([
    first,
    paddedToBlock(concatBytes([prefix, additional])),
    paddedToBlock(plaintext),
  ]);
  const zero = new Uint8Array(AES_BLOCK_BYTES);
  const chained = cbc(key, zero, { disablePadding: true }).encrypt(blocks);
  const mask = ecb(key, { disablePadding: true }).encrypt(counterBlock(nonce, 0));
  return chained
    .slice(-AES_BLOCK_BYTES, chained.length - AES_BLOCK_BYTES + tagBytes)
    .map((octet, index) => octet ^ (mask[index] as number));
}

function counterBlock(nonce: Uint8Array, counter: number): Uint8Array {
  return concatBytes([new Uint8Array([1]), nonce, uint16(counter)]);
}

function paddedToBlock(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / AES_BLOCK_BYTES) * AES_BLOCK_BYTES);
  padded.set(bytes);
  return padded;
}

function uint16(value: number): Uint8Array {
  return new Uint8Array([value >> 8, value & 0xff]);
}
