// SPDX-License-Identifier: EUPL-1.2
import { concatBytes, sliceBytes } from "../bytes.ts";
import { PROMISE_BROKEN } from "../errors/code.ts";
import { assert } from "../errors/result.ts";
import type { CryptoPort } from "./crypto-port.ts";

const HASH_BYTES = 32;

/**
 * HKDF with SHA-256, extract and expand.
 *
 * Requires: at most 64 octets of salt, input and `info` each, and of output; what a device does in one.
 * @see RFC 5869 §2
 * @public
 */
export function hkdf(
  crypto: CryptoPort,
  salt: Uint8Array,
  ikm: Uint8Array,
  info: Uint8Array,
  bytes: number,
): Uint8Array {
  const { hkdf: inOne } = crypto;
  return inOne === undefined
    ? expand(crypto, extract(crypto, salt, ikm), info, bytes)
    : inOne(salt, ikm, info, bytes);
}

/**
 * HKDF-Extract with SHA-256: 32 octets of pseudorandom key.
 * @see RFC 5869 §2.2
 * @internal
 */
export function extract(crypto: CryptoPort, salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return crypto.hmac(salt, ikm);
}

/**
 * HKDF-Expand with SHA-256: `bytes` octets of output, at most 255 hashes long.
 * @see RFC 5869 §2.3
 * @internal
 */
export function expand(
  crypto: CryptoPort,
  prk: Uint8Array,
  info: Uint8Array,
  bytes: number,
): Uint8Array {
  assert(bytes <= 255 * HASH_BYTES, PROMISE_BROKEN);
  const output = new Uint8Array(bytes);
  let block: Uint8Array = new Uint8Array(0);
  let counter = 1;
  for (let offset = 0; offset < bytes; offset += HASH_BYTES) {
    block = crypto.hmac(prk, concatBytes([block, info, new Uint8Array([counter])]));
    const wanted = bytes - offset < HASH_BYTES ? bytes - offset : HASH_BYTES;
    output.set(wanted === HASH_BYTES ? block : sliceBytes(block, 0, wanted), offset);
    counter += 1;
  }
  return output;
}
