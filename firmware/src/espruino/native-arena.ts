// SPDX-License-Identifier: EUPL-1.2
import {
  type ArenaOperations,
  assert,
  type EntropyPort,
  LAYOUT_CHECK,
  PROMISE_BROKEN,
} from "@nyckelring/protocol";

import {
  ENTRY_ARENA_ANSWER,
  ENTRY_ARENA_CLOSE,
  ENTRY_ARENA_COMPARE,
  ENTRY_ARENA_COPY,
  ENTRY_ARENA_COUNTER_KEY,
  ENTRY_ARENA_DH_BASE,
  ENTRY_ARENA_FIND,
  ENTRY_ARENA_HAIL,
  ENTRY_ARENA_LAY,
  ENTRY_ARENA_OPEN,
  ENTRY_ARENA_OPEN_ANSWER,
  ENTRY_ARENA_OPEN_SEALED,
  ENTRY_ARENA_PROVE_INITIATOR,
  ENTRY_ARENA_PROVE_LEAF,
  ENTRY_ARENA_PROVE_RESPONDER,
  ENTRY_ARENA_PUT_HEAD,
  ENTRY_ARENA_READ,
  ENTRY_ARENA_SEAL,
  ENTRY_ARENA_SEAL_ANSWER,
  ENTRY_ARENA_SHOW,
  ENTRY_ARENA_UNWRAP,
  ENTRY_ARENA_VERIFY_CREDENTIAL,
  ENTRY_ARENA_WIPE,
  type NativeCode,
} from "./native-code.ts";

/**
 * The operations of the door path as entries of the blob, without anything between the caller and
 * them: a function around each would cost a session as much as all its other JavaScript. The entries
 * themselves refuse ranges outside the arena.
 */
export function createNativeOperations(
  native: NativeCode,
  entropy: EntropyPort,
  arena: Uint8Array,
): ArenaOperations {
  native.bind(arena);
  const entry = native.entry;
  return {
    lay() {
      assert(entry(ENTRY_ARENA_LAY)(LAYOUT_CHECK, 0, 0, 0) === 0, PROMISE_BROKEN);
    },
    random(at, bytes) {
      entropy.fill(arena, at, bytes);
    },
    dhBase: entry(ENTRY_ARENA_DH_BASE),
    hail: entry(ENTRY_ARENA_HAIL),
    answer: entry(ENTRY_ARENA_ANSWER),
    openAnswer: entry(ENTRY_ARENA_OPEN_ANSWER),
    proveResponder: entry(ENTRY_ARENA_PROVE_RESPONDER),
    show: entry(ENTRY_ARENA_SHOW),
    openSealed: entry(ENTRY_ARENA_OPEN_SEALED),
    proveInitiator: entry(ENTRY_ARENA_PROVE_INITIATOR),
    close: entry(ENTRY_ARENA_CLOSE),
    sealAnswer: entry(ENTRY_ARENA_SEAL_ANSWER),
    read: entry(ENTRY_ARENA_READ),
    verifyCredential: entry(ENTRY_ARENA_VERIFY_CREDENTIAL),
    proveLeaf: entry(ENTRY_ARENA_PROVE_LEAF),
    find: entry(ENTRY_ARENA_FIND),
    seal: entry(ENTRY_ARENA_SEAL),
    open: entry(ENTRY_ARENA_OPEN),
    counterKey: entry(ENTRY_ARENA_COUNTER_KEY),
    putHead: entry(ENTRY_ARENA_PUT_HEAD),
    unwrap: entry(ENTRY_ARENA_UNWRAP),
    copy: entry(ENTRY_ARENA_COPY),
    compare: entry(ENTRY_ARENA_COMPARE),
    wipe: entry(ENTRY_ARENA_WIPE),
  };
}
