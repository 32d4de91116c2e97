// SPDX-License-Identifier: EUPL-1.2

import { hash } from "node:crypto";

const BLOCK_BYTES = 64;

/** One SHA-256 over octets made before. */
export function bareHash(message: Uint8Array): () => unknown {
  const input = message.slice();
  return () => hash("sha256", input, "buffer");
}

/**
 * One HMAC-SHA-256 as the two hashes that it is (RFC 2104 §2), over blocks made before. An Hmac
 * object of Node costs several times as much, so against it a ratio would flatter.
 */
export function bareHmac(key: Uint8Array, message: Uint8Array): () => unknown {
  const inner = new Uint8Array(BLOCK_BYTES + message.length);
  const outer = new Uint8Array(BLOCK_BYTES + 32);
  for (let index = 0; index < BLOCK_BYTES; index += 1) {
    inner[index] = (key[index] ?? 0) ^ 0x36;
    outer[index] = (key[index] ?? 0) ^ 0x5c;
  }
  inner.set(message, BLOCK_BYTES);
  return () => {
    outer.set(hash("sha256", inner, "buffer"), BLOCK_BYTES);
    return hash("sha256", outer, "buffer");
  };
}
