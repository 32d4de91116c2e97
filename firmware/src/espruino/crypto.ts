// SPDX-License-Identifier: EUPL-1.2
import {
  type AgreementKey,
  type CryptoPort,
  concatBytes,
  equalBytes,
  fail,
  isUsablePublicKey,
  octetAt,
  PUBLIC_KEY_INVALID,
  SEAL_INVALID,
  SHARED_SECRET_ZERO,
  type SigningKey,
  sliceBytes,
  succeed,
} from "@nyckelring/protocol";

import { createEd25519, type Ed25519 } from "./curve25519/ed25519.ts";
import { createField, type DotProduct } from "./curve25519/field.ts";
import { X25519_BASE, x25519 } from "./curve25519/x25519.ts";

const BLOCK_BYTES = 16;
const HASH_BLOCK_BYTES = 64;
const KEY_BYTES = 32;

/** What a board brings of its own; everything else of the port is built on these. */
export interface CryptoPrimitives {
  /** SHA-256, 32 octets. */
  sha256(message: Uint8Array): Uint8Array;
  /** SHA-512, 64 octets. */
  sha512(message: Uint8Array): Uint8Array;
  /** AES-128 of each block of 16 octets by itself. */
  encryptBlocks(key: Uint8Array, blocks: Uint8Array): Uint8Array;
  /** AES-128 in CBC mode from a zero vector: the last block of the result. */
  chainBlocks(key: Uint8Array, blocks: Uint8Array): Uint8Array;
  dot: DotProduct;
}

/**
 * The crypto port for an interpreter without native curves.
 *
 * Every function gives the same octets as the host's implementations; the public vectors say so.
 * X25519 and Ed25519 run in the interpreter and take seconds even on a computer, far more than the
 * step time of a door session on a microcontroller. That board needs native curves, which are
 * not part of this build.
 *
 * Security: not constant in time.
 */
export function createDeviceCrypto(primitives: CryptoPrimitives): CryptoPort {
  const field = createField(primitives.dot);
  // The curve's constants take a few hundred products: made when a signature is first needed, for
  // a key-powered lock pays for its boot at every insertion.
  let ed25519: Ed25519 | undefined;
  const signatures = (): Ed25519 => {
    if (ed25519 === undefined) {
      ed25519 = createEd25519(field, primitives.sha512);
    }
    return ed25519;
  };

  return {
    hash: primitives.sha256,
    hmac: (key, message) => hmacSha256(primitives, key, message),
    seal(key, nonce, additional, plaintext, tagBytes) {
      const tag = ccmTag(primitives, key, nonce, additional, plaintext, tagBytes);
      return concatBytes([applyKeyStream(primitives, key, nonce, plaintext, 1), tag]);
    },
    open(key, nonce, additional, ciphertext, tagBytes) {
      const bytes = ciphertext.length - tagBytes;
      if (bytes < 0) {
        return fail(SEAL_INVALID);
      }
      const body = sliceBytes(ciphertext, 0, bytes);
      const plaintext = applyKeyStream(primitives, key, nonce, body, 1);
      const tag = ccmTag(primitives, key, nonce, additional, plaintext, tagBytes);
      return equalBytes(tag, sliceBytes(ciphertext, bytes))
        ? succeed(plaintext)
        : fail(SEAL_INVALID);
    },
    importVerificationKey(publicKey) {
      if (!isUsablePublicKey(publicKey)) {
        return fail(PUBLIC_KEY_INVALID);
      }
      const own = sliceBytes(publicKey, 0);
      return succeed({
        publicKey: own,
        verify: (message, signature) => signatures().verify(own, message, signature),
      });
    },
    importSigningKey: (seed): SigningKey => signatures().importSecret(seed),
    importAgreementKey(secret): AgreementKey {
      const own = sliceBytes(secret, 0);
      return {
        publicKey: x25519(field, own, X25519_BASE),
        agree(peerPublicKey) {
          if (peerPublicKey.length !== KEY_BYTES) {
            return fail(SHARED_SECRET_ZERO);
          }
          const shared = x25519(field, own, peerPublicKey);
          // RFC 7748 §6.1: a point of small order gives zero, whatever the secret.
          return equalBytes(shared, new Uint8Array(KEY_BYTES))
            ? fail(SHARED_SECRET_ZERO)
            : succeed(shared);
        },
      };
    },
  };
}

// RFC 2104 §2.
function hmacSha256(
  primitives: CryptoPrimitives,
  key: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  const short = key.length > HASH_BLOCK_BYTES ? primitives.sha256(key) : key;
  const inner = new Uint8Array(HASH_BLOCK_BYTES);
  const outer = new Uint8Array(HASH_BLOCK_BYTES);
  for (let index = 0; index < HASH_BLOCK_BYTES; index += 1) {
    const octet = index < short.length ? octetAt(short, index) : 0;
    inner[index] = octet ^ 0x36;
    outer[index] = octet ^ 0x5c;
  }
  return primitives.sha256(concatBytes([outer, primitives.sha256(concatBytes([inner, message]))]));
}

// RFC 3610 §2.2 and §2.3: CBC-MAC over B_0, the additional data and the message, hidden by S_0.
function ccmTag(
  primitives: CryptoPrimitives,
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  plaintext: Uint8Array,
  tagBytes: number,
): Uint8Array {
  const additionalBytes = additional.length === 0 ? 0 : roundUp(additional.length + 2);
  const blocks = new Uint8Array(BLOCK_BYTES + additionalBytes + roundUp(plaintext.length));
  blocks[0] = (additional.length === 0 ? 0 : 64) + 8 * ((tagBytes - 2) / 2) + 1;
  blocks.set(nonce, 1);
  blocks[14] = plaintext.length >>> 8;
  blocks[15] = plaintext.length & 0xff;
  if (additional.length !== 0) {
    blocks[16] = additional.length >>> 8;
    blocks[17] = additional.length & 0xff;
    blocks.set(additional, 18);
  }
  blocks.set(plaintext, BLOCK_BYTES + additionalBytes);
  const mac = primitives.chainBlocks(key, blocks);
  return applyKeyStream(primitives, key, nonce, sliceBytes(mac, 0, tagBytes), 0);
}

// RFC 3610 §2.3: XOR with S_first, S_(first + 1) and so on.
function applyKeyStream(
  primitives: CryptoPrimitives,
  key: Uint8Array,
  nonce: Uint8Array,
  text: Uint8Array,
  first: number,
): Uint8Array {
  const result = new Uint8Array(text.length);
  if (text.length === 0) {
    return result;
  }
  const counters = new Uint8Array(roundUp(text.length));
  for (let offset = 0; offset < counters.length; offset += BLOCK_BYTES) {
    const counter = first + offset / BLOCK_BYTES;
    counters[offset] = 1;
    counters.set(nonce, offset + 1);
    counters[offset + 14] = counter >>> 8;
    counters[offset + 15] = counter & 0xff;
  }
  const stream = primitives.encryptBlocks(key, counters);
  for (let index = 0; index < text.length; index += 1) {
    result[index] = octetAt(text, index) ^ octetAt(stream, index);
  }
  return result;
}

function roundUp(bytes: number): number {
  return BLOCK_BYTES * Math.ceil(bytes / BLOCK_BYTES);
}
