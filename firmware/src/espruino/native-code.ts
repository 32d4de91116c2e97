// SPDX-License-Identifier: EUPL-1.2
import { assert, PROMISE_BROKEN } from "@nyckelring/protocol";

import { createEntryBinder } from "#native-call";

/** A bound entry: up to four integers in, one out; what is left out counts as zero. */
export type NativeCall = (a?: number, b?: number, c?: number, d?: number) => number;

/** Makes the entry at a place of the table callable. */
export type EntryBinder = (place: number) => NativeCall;

// Places in the entry table of firmware/native/entries.h; a test holds them to it.
export const ENTRY_BIND = 0;
export const ENTRY_STACK_POINTER = 1;
export const ENTRY_SHA256 = 2;
export const ENTRY_SHA512 = 3;
export const ENTRY_HMAC = 4;
export const ENTRY_HKDF_EXPAND = 5;
export const ENTRY_CCM_SEAL = 6;
export const ENTRY_CCM_OPEN = 7;
export const ENTRY_SIGNING_KEY = 8;
export const ENTRY_SIGN = 9;
export const ENTRY_VERIFY = 10;
export const ENTRY_X25519_BASE = 11;
export const ENTRY_X25519 = 12;
export const ENTRY_CRC32 = 14;
export const ENTRY_ARENA_DH_BASE = 18;
export const ENTRY_ARENA_SEAL = 24;
export const ENTRY_ARENA_OPEN = 25;
export const ENTRY_ARENA_COUNTER_KEY = 26;
export const ENTRY_ARENA_PUT_HEAD = 29;
export const ENTRY_ARENA_UNWRAP = 30;
export const ENTRY_ARENA_FIND = 33;
export const ENTRY_ARENA_COPY = 34;
export const ENTRY_ARENA_COMPARE = 36;
export const ENTRY_ARENA_WIPE = 37;
export const ENTRY_USABLE_KEY = 39;
export const ENTRY_ARENA_LAY = 40;
export const ENTRY_ARENA_HAIL = 41;
export const ENTRY_ARENA_ANSWER = 42;
export const ENTRY_ARENA_OPEN_ANSWER = 43;
export const ENTRY_ARENA_PROVE_RESPONDER = 44;
export const ENTRY_ARENA_SHOW = 45;
export const ENTRY_ARENA_OPEN_SEALED = 46;
export const ENTRY_ARENA_PROVE_INITIATOR = 47;
export const ENTRY_ARENA_CLOSE = 48;
export const ENTRY_ARENA_SEAL_ANSWER = 49;
export const ENTRY_ARENA_READ = 50;
export const ENTRY_ARENA_VERIFY_CREDENTIAL = 51;
export const ENTRY_ARENA_PROVE_LEAF = 52;
export const ENTRY_USED_BYTES = 53;
export const ENTRY_LEAF_HASHES = 15;
export const ENTRY_SUBTREE = 17;
export const ENTRY_BLOCK_PATH = 54;
export const ENTRY_RECORD_PAYLOAD = 55;
export const ENTRY_WATCH_OCTETS = 56;
export const ENTRY_SALTED_LEAF = 57;
export const ENTRY_KEPT_PATH = 58;
export const ENTRY_RECORD_CRC = 59;
export const ENTRY_WALK_RECORDS = 60;
export const ENTRY_BEGIN_DELTA = 61;
export const ENTRY_PUT_DELTA = 62;
export const ENTRY_SEARCH_OCTETS = 63;
export const ENTRY_GATE = 64;
export const ENTRY_LAY_FRAMES = 65;
export const ENTRY_STEP_FRAMES = 66;

/** Version of the table that this code was written for; `bind` answers it. */
const TABLE_VERSION = 2;
// The entries and the CRC lie in the first octets of the file, which the interpreter checks itself;
// the CRC then checks the rest. Behind the code stand both values, as words.
const HEAD_BYTES = 512;
const TRAILER_BYTES = 8;

/** The blob in memory. */
export interface NativeCode {
  /** What it lies in: as long as somebody holds this, the code stays. */
  readonly octets: Uint8Array;
  /** Address of its first octet. */
  readonly start: number;
  /** Makes an entry callable; the caller keeps what it gets. */
  readonly entry: EntryBinder;
  /**
   * Address of octets in memory, for one call.
   *
   * @throws where native code cannot reach them: short arrays lie in the middle of a variable, and
   *   long ones in pieces where the memory has no room in one.
   */
  addressOf(bytes: Uint8Array | Uint32Array): number;
  /**
   * Binds the operations of the door path to an arena. It must not move any more: nothing may call
   * `E.defrag` from here on.
   *
   * @param stackEnd - Lowest address of the stack; without it the interpreter is asked.
   */
  bind(arena: Uint8Array, stackEnd?: number): void;
}

/**
 * Takes over the blob from its file.
 *
 * Security: the check finds damage, not an attacker, who could as well change this script.
 *
 * @param file - The whole file, from the start of its buffer, or undefined where there is none.
 * @throws where there is none, it is damaged, lies where it cannot run, or has another table.
 */
export function loadNativeCode(file: Uint8Array | undefined): NativeCode {
  assert(file !== undefined && file.length > HEAD_BYTES + TRAILER_BYTES, PROMISE_BROKEN);
  const octets: Uint8Array = file;
  const start = E.getAddressOf(octets, true);
  assert(start !== 0 && (start & 3) === 0, PROMISE_BROKEN);
  const codeBytes = octets.length - TRAILER_BYTES;
  const trailer = new Uint32Array(octets.buffer, codeBytes, 2);
  const head = new Uint8Array(octets.buffer, 0, HEAD_BYTES);
  assert(E.CRC32(head) >>> 0 === trailer[0], PROMISE_BROKEN);
  const entry = createEntryBinder(start);
  const crc = entry(ENTRY_CRC32)(start, codeBytes, 0, 0) >>> 0;
  assert(crc === trailer[1], PROMISE_BROKEN);

  function addressOf(bytes: Uint8Array | Uint32Array): number {
    const address = E.getAddressOf(bytes, true);
    assert(address !== 0, PROMISE_BROKEN);
    return address;
  }

  return {
    octets,
    start,
    entry,
    addressOf,
    bind(arena, stackEnd) {
      const known = stackEnd === undefined ? process.memory(false).stackEndAddress : stackEnd;
      const end = known === undefined ? 0 : known;
      const version = entry(ENTRY_BIND)(addressOf(arena), arena.length, end, 0);
      assert(version === TABLE_VERSION, PROMISE_BROKEN);
    },
  };
}
