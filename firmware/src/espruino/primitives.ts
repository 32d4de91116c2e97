// SPDX-License-Identifier: EUPL-1.2
import { assert, PROMISE_BROKEN } from "@nyckelring/protocol";

import { createAes128 } from "./aes128.ts";
import type { CryptoPrimitives } from "./crypto.ts";

/**
 * Binds what the interpreter has built in; what it lacks is made up for in JavaScript.
 *
 * AES without CCM is compiled into few boards (the XIAO has none), and its built-in CCM takes no
 * additional data, so it serves neither EDHOC nor COSE. The built-in counter mode ignores its
 * initial vector; counters are therefore encrypted as plain blocks.
 */
export function bindPrimitives(): CryptoPrimitives {
  const library = require("crypto");
  assert(library.SHA256 !== undefined && library.SHA512 !== undefined, PROMISE_BROKEN);
  const hasAes = typeof AES !== "undefined" && AES.encrypt !== undefined;
  const own = createAes128();
  return {
    sha256: (message) => new Uint8Array(library.SHA256(message)),
    sha512: (message) => new Uint8Array(library.SHA512(message)),
    encryptBlocks: hasAes
      ? (key, blocks) => new Uint8Array(AES.encrypt(blocks, key, { mode: "ECB" }))
      : own.encryptBlocks,
    chainBlocks: hasAes
      ? (key, blocks) => lastBlock(new Uint8Array(AES.encrypt(blocks, key, { mode: "CBC" })))
      : own.chainBlocks,
    dot: (left, right, offset) => E.convolve(left, right, offset),
  };
}

function lastBlock(blocks: Uint8Array): Uint8Array {
  return new Uint8Array(blocks.buffer, blocks.length - 16, 16);
}
