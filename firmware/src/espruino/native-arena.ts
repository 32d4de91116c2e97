// SPDX-License-Identifier: EUPL-1.2
import {
  type ArenaOperations,
  assert,
  type EntropyPort,
  PROMISE_BROKEN,
} from "@nyckelring/protocol";

import {
  ENTRY_ARENA_COMPARE,
  ENTRY_ARENA_COPY,
  ENTRY_ARENA_COUNTER_KEY,
  ENTRY_ARENA_CRC,
  ENTRY_ARENA_DH,
  ENTRY_ARENA_DH_BASE,
  ENTRY_ARENA_EXTRACT,
  ENTRY_ARENA_FIND,
  ENTRY_ARENA_GATE,
  ENTRY_ARENA_HASH,
  ENTRY_ARENA_HASH_LEAF,
  ENTRY_ARENA_KDF,
  ENTRY_ARENA_OPEN,
  ENTRY_ARENA_PUT_HEAD,
  ENTRY_ARENA_SEAL,
  ENTRY_ARENA_SHAPE,
  ENTRY_ARENA_TREE_ROOT,
  ENTRY_ARENA_UNWRAP,
  ENTRY_ARENA_VERIFY,
  ENTRY_ARENA_WIPE,
  ENTRY_ARENA_XOR,
  ENTRY_UNHEX,
  type NativeCode,
} from "./native-code.ts";

/**
 * The operations of the door path as entries of the blob, without anything between the caller and
 * them: a session makes about a hundred calls, and a function around each would cost as much as all
 * its other JavaScript. The entries themselves refuse ranges outside the arena.
 */
export function createNativeOperations(
  native: NativeCode,
  entropy: EntropyPort,
  arena: Uint8Array,
): ArenaOperations {
  native.bind(arena);
  const entry = native.entry;
  return {
    lay(at, hex) {
      const text = E.toFlatString(hex);
      const textAt = E.getAddressOf(text, true);
      assert(textAt !== 0 && at + hex.length / 2 <= arena.length, PROMISE_BROKEN);
      entry(ENTRY_UNHEX)(textAt, hex.length, native.addressOf(arena) + at, 0);
    },
    random(at, bytes) {
      entropy.fill(arena, at, bytes);
    },
    dhBase: entry(ENTRY_ARENA_DH_BASE),
    dh: entry(ENTRY_ARENA_DH),
    verify: entry(ENTRY_ARENA_VERIFY),
    hash: entry(ENTRY_ARENA_HASH),
    extract: entry(ENTRY_ARENA_EXTRACT),
    kdf: entry(ENTRY_ARENA_KDF),
    seal: entry(ENTRY_ARENA_SEAL),
    open: entry(ENTRY_ARENA_OPEN),
    counterKey: entry(ENTRY_ARENA_COUNTER_KEY),
    gate: entry(ENTRY_ARENA_GATE),
    shape: entry(ENTRY_ARENA_SHAPE),
    putHead: entry(ENTRY_ARENA_PUT_HEAD),
    unwrap: entry(ENTRY_ARENA_UNWRAP),
    hashLeaf: entry(ENTRY_ARENA_HASH_LEAF),
    treeRoot: entry(ENTRY_ARENA_TREE_ROOT),
    find: entry(ENTRY_ARENA_FIND),
    copy: entry(ENTRY_ARENA_COPY),
    xor: entry(ENTRY_ARENA_XOR),
    compare: entry(ENTRY_ARENA_COMPARE),
    wipe: entry(ENTRY_ARENA_WIPE),
    crc: entry(ENTRY_ARENA_CRC),
  };
}
