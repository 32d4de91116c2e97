// SPDX-License-Identifier: EUPL-1.2
// Cryptography of boards with a Cortex-M4: the crypto port and the operations of the door path over
// the blob of firmware/native. Lengths are checked here, because the entries trust their caller.
import {
  type AgreementKey,
  type ArenaOperations,
  assert,
  type CryptoPort,
  createFrameStep,
  type EntropyPort,
  encodeFrames,
  fail,
  LINK_MESSAGE_BYTES_MAX,
  PROMISE_BROKEN,
  PUBLIC_KEY_INVALID,
  SEAL_INVALID,
  SHARED_SECRET_ZERO,
  type SigningKey,
  sliceBytes,
  succeed,
  useNativeGate,
} from "@nyckelring/protocol";

import { DELTA_UNREACHABLE, type SlotOperations } from "../key/slot-operations.ts";
import { crcOfRecord } from "../shared/page-journal.ts";
import type { HealthTest } from "./entropy.ts";
import { createNativeOperations } from "./native-arena.ts";
import {
  ENTRY_BEGIN_DELTA,
  ENTRY_BLOCK_PATH,
  ENTRY_CCM_OPEN,
  ENTRY_CCM_SEAL,
  ENTRY_CRC32,
  ENTRY_GATE,
  ENTRY_HKDF_EXPAND,
  ENTRY_HMAC,
  ENTRY_KEPT_PATH,
  ENTRY_LAY_FRAMES,
  ENTRY_LEAF_HASHES,
  ENTRY_PUT_DELTA,
  ENTRY_RECORD_CRC,
  ENTRY_RECORD_PAYLOAD,
  ENTRY_SALTED_LEAF,
  ENTRY_SEARCH_OCTETS,
  ENTRY_SHA256,
  ENTRY_SIGN,
  ENTRY_SIGNING_KEY,
  ENTRY_STEP_FRAMES,
  ENTRY_SUBTREE,
  ENTRY_USABLE_KEY,
  ENTRY_USED_BYTES,
  ENTRY_VERIFY,
  ENTRY_WALK_RECORDS,
  ENTRY_WATCH_OCTETS,
  ENTRY_X25519,
  ENTRY_X25519_BASE,
  loadNativeCode,
  type NativeCall,
  type NativeCode,
} from "./native-code.ts";
import { type OctetChecks, useOctetsOfInterpreter } from "./octet-checks.ts";
import { readStorageFile } from "./storage-file.ts";

const KEY_BYTES = 32;
const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;
const AES_KEY_BYTES = 16;
const NONCE_BYTES = 13;
const LENGTH_MAX = 0xffff;

// Places in the scratch: an answer, an input that native code could not reach where it lies, another
// one, and the key block of AES-CCM.
const ANSWER = 0;
const FIRST = 64;
const SECOND = 128;
const CIPHER_KEY = 192;
// Where the cipher's key lies in other calls.
const PSEUDORANDOM_KEY = CIPHER_KEY;
const SCRATCH_BYTES = 224;
const INPUT_BYTES_MAX = 64;
/** Octets of a frame around its chunk, and the most in it. */
const FRAME_BYTES = 6;
const CHUNK_BYTES_MAX = 240;
/** With its frame it has room in one place of the scratch. */
const SHORT_MESSAGE_BYTES_MAX = INPUT_BYTES_MAX - FRAME_BYTES;
/** A block of a ring, and octets of one slot in flash. */
const BLOCK_SLOTS = 32;
const SLOT_BYTES = 12;
/** Five levels of neighbours. */
const BLOCK_PATH_BYTES = 160;
/** Seven levels more, in a ring of 4096. */
const KEPT_PATH_BYTES = 224;
/** Five, and more so that native code can reach them. */
const STATE_WORDS = 8;
/** What secrets are wiped with: `fill` takes the interpreter 2400 instructions an octet, `set` 300. */
const ZEROS = new Uint8Array(SCRATCH_BYTES);

let code: NativeCode | undefined;

function codeOfBoard(): NativeCode {
  if (code === undefined) {
    code = loadNativeCode(readStorageFile(nk.slot + ".native"));
  }
  return code;
}

/** The crypto port of a board whose slot holds the blob. */
export function openCrypto(): CryptoPort {
  return createNativeCrypto(codeOfBoard());
}

/** The operations of the door path over the same blob; once, since it knows one arena. */
export function openOperations(
  _crypto: CryptoPort,
  entropy: EntropyPort,
  arena: Uint8Array,
): ArenaOperations {
  return createNativeOperations(codeOfBoard(), entropy, arena);
}

/** What the link and the flash ask of octets, over the same blob. */
export function openOctetChecks(): OctetChecks {
  return createOctetChecks(codeOfBoard());
}

/**
 * What the link and the flash ask of octets, over a blob; decoders in script get its gate as well.
 *
 * What native code cannot reach is copied if it is short; one that memory holds in pieces is gone through
 * here, as slowly as that is: a frame must not be lost because memory has no room in one piece.
 */
export function createOctetChecks(native: NativeCode): OctetChecks {
  const spare = new Uint8Array(INPUT_BYTES_MAX);
  const spareAt = native.addressOf(spare);
  const layEntry = native.entry(ENTRY_LAY_FRAMES);
  const stepEntry = native.entry(ENTRY_STEP_FRAMES);
  const crcEntry = native.entry(ENTRY_CRC32);
  const usedEntry = native.entry(ENTRY_USED_BYTES);
  const recordEntry = native.entry(ENTRY_RECORD_PAYLOAD);
  const walkEntry = native.entry(ENTRY_WALK_RECORDS);
  const recordCrcEntry = native.entry(ENTRY_RECORD_CRC);
  const gateEntry = native.entry(ENTRY_GATE);
  const addressOf = E.getAddressOf;
  useOctetsOfInterpreter();
  useNativeGate((bytes) => {
    const at = placeOf(bytes);
    return at !== 0 && gateEntry(at, bytes.length, 0, 0) === 1;
  });

  function placeOf(bytes: Uint8Array): number {
    const at = addressOf(bytes, true);
    if (at !== 0 || bytes.length > INPUT_BYTES_MAX) return at;
    spare.set(bytes, 0);
    return spareAt;
  }

  return {
    frames: {
      encode(kind, message) {
        const bytes = message.length;
        const head = (kind << 16) | bytes;
        if (bytes <= SHORT_MESSAGE_BYTES_MAX) {
          spare.set(message, 0);
          return sliceBytes(spare, 0, layEntry(head, spareAt, spareAt, INPUT_BYTES_MAX));
        }
        const frames = new Uint8Array(bytes + FRAME_BYTES * Math.ceil(bytes / CHUNK_BYTES_MAX));
        // What is too long is refused there.
        const at = bytes > LINK_MESSAGE_BYTES_MAX ? 0 : addressOf(frames, true);
        if (at === 0) return encodeFrames(kind, message);
        let from = addressOf(message, true);
        if (from === 0) {
          // From the end of its own frames no octet is overwritten before it is moved.
          from = at + frames.length - bytes;
          frames.set(message, frames.length - bytes);
        }
        layEntry(head, from, at, frames.length);
        return frames;
      },
      createStep(memory) {
        const at = addressOf(memory, true);
        return at === 0 ? createFrameStep(memory) : stepEntry.bind(undefined, at);
      },
    },
    crc32(bytes) {
      const at = placeOf(bytes);
      return (at === 0 ? E.CRC32(bytes) : crcEntry(at, bytes.length, 0, 0)) >>> 0;
    },
    records: {
      usedBytes(content) {
        const at = addressOf(content, true);
        if (at !== 0 && (at & 3) === 0) return usedEntry(at, content.length, 0, 0);
        // In parts from the end: word by word in script an erased page would take seconds.
        for (let end = content.length & ~3; end > 0; ) {
          const from = end > INPUT_BYTES_MAX ? end - INPUT_BYTES_MAX : 0;
          spare.set(content.subarray(from, end), 0);
          const used = usedEntry(spareAt, end - from, 0, 0);
          if (used > 0) return from + used;
          end = from;
        }
        return 0;
      },
      payloadOf(content, offset, salt) {
        let at = addressOf(content, true);
        if (at === 0) at = placeOf(content);
        // What cannot be reached is gone through as what is damaged: slowly, and right.
        return at === 0 ? -1 : recordEntry(at + offset, content.length - offset, salt, 0);
      },
      walk(content, from, end, salt, places) {
        const at = addressOf(content, true);
        const placesAt = addressOf(places, true);
        if (at === 0 || placesAt === 0) return from;
        return walkEntry(at, (from << 16) | end, salt, placesAt);
      },
      crcOf(record, salt) {
        const at = placeOf(record);
        return (at === 0 ? crcOfRecord(record, salt) : recordCrcEntry(at, salt, 0, 0)) >>> 0;
      },
    },
  };
}

/** The tests of the generator, over the same blob. */
export function openHealthTest(): HealthTest {
  return createNativeHealthTest(codeOfBoard());
}

/** The tests of the generator, over a blob; see `entropy.ts`. */
export function createNativeHealthTest(native: NativeCode): HealthTest {
  // Last octet, its repeats, first octet of the window, seen, the same; none comes before the first.
  const state = new Uint32Array([0xffffffff, 0, 0xffffffff, 0, 0, 0, 0, 0]);
  const watchEntry = native.entry(ENTRY_WATCH_OCTETS);
  return (octets) =>
    watchEntry(native.addressOf(state), native.addressOf(octets), octets.length, 0) === 0;
}

/** Hashes over the slots of a ring, over the same blob. */
export function openSlotOperations(): SlotOperations {
  return createSlotOperations(codeOfBoard());
}

/** Hashes over the slots of a ring, over a blob; the answers lie in places of their own. */
export function createSlotOperations(native: NativeCode): SlotOperations {
  const hashes = new Uint8Array(BLOCK_SLOTS * HASH_BYTES);
  const root = new Uint8Array(INPUT_BYTES_MAX);
  const input = new Uint8Array(BLOCK_SLOTS * SLOT_BYTES);
  const path = new Uint8Array(BLOCK_PATH_BYTES);
  const pathAt = native.addressOf(path);
  const pathEntry = native.entry(ENTRY_BLOCK_PATH);
  const [hashesAt, rootAt, inputAt] = [
    native.addressOf(hashes),
    native.addressOf(root),
    native.addressOf(input),
  ];
  const kept = new Uint8Array(KEPT_PATH_BYTES);
  const keptAt = native.addressOf(kept);
  // How far a delta was applied; see tree.c.
  const state = new Uint32Array(STATE_WORDS);
  let delta = input;
  const beginEntry = native.entry(ENTRY_BEGIN_DELTA);
  const putEntry = native.entry(ENTRY_PUT_DELTA);
  const searchEntry = native.entry(ENTRY_SEARCH_OCTETS);
  const leafEntry = native.entry(ENTRY_SALTED_LEAF);
  const keptEntry = native.entry(ENTRY_KEPT_PATH);
  const leavesEntry = native.entry(ENTRY_LEAF_HASHES);
  const subtreeEntry = native.entry(ENTRY_SUBTREE);

  function placeOf(slots: Uint8Array): number {
    const at = E.getAddressOf(slots, true);
    if (at !== 0) return at;
    input.set(slots, 0);
    return inputAt;
  }

  // The secret lies behind the root, from where it is wiped again.
  function withSecret(secret: Uint8Array, run: (secretAt: number) => number): void {
    root.set(secret, HASH_BYTES);
    const status = run(rootAt + HASH_BYTES);
    root.set(ZEROS.subarray(0, HASH_BYTES), HASH_BYTES);
    assert(status === 0, PROMISE_BROKEN);
  }

  return {
    leaves(slots, secret) {
      const count = Math.floor(slots.length / SLOT_BYTES);
      assert(count <= BLOCK_SLOTS && secret.length === KEY_BYTES, PROMISE_BROKEN);
      withSecret(secret, (secretAt) => leavesEntry(placeOf(slots), count, secretAt, hashesAt));
      return hashes;
    },
    path(slots, count, index, secret) {
      assert(slots.length >= count * SLOT_BYTES && secret.length === KEY_BYTES, PROMISE_BROKEN);
      withSecret(secret, (secretAt) => leavesEntry(placeOf(slots), count, secretAt, hashesAt));
      const bytes = pathEntry(hashesAt, count, index, pathAt);
      return path.subarray(0, bytes);
    },
    root(slots, count, secret) {
      assert(slots.length >= count * SLOT_BYTES && secret.length === KEY_BYTES, PROMISE_BROKEN);
      withSecret(secret, (secretAt) => subtreeEntry(placeOf(slots), count, secretAt, rootAt));
      return new Uint8Array(root.buffer, 0, HASH_BYTES);
    },
    saltedLeaf(slot, secret) {
      assert(slot.length === SLOT_BYTES && secret.length === KEY_BYTES, PROMISE_BROKEN);
      // Twelve octets lie inside a variable, where native code cannot reach them.
      input.set(slot, 0);
      let bytes = 0;
      withSecret(secret, (secretAt) => {
        bytes = leafEntry(inputAt, secretAt, hashesAt, 0);
        return 0;
      });
      return sliceBytes(hashes, 0, bytes);
    },
    beginDelta(bytes) {
      const at = E.getAddressOf(bytes, true);
      const stateAt = E.getAddressOf(state, true);
      if (at === 0 || stateAt === 0) return DELTA_UNREACHABLE;
      delta = bytes;
      return beginEntry(at, bytes.length, stateAt, 0);
    },
    nextSlot: () => (state[2] === 0 ? -1 : (state[1] as number)),
    putDelta(firstSlot, slots) {
      const at = placeOf(slots);
      putEntry(native.addressOf(delta), native.addressOf(state), firstSlot, at);
      if (at === inputAt) slots.set(input, 0);
      return state[4] as number;
    },
    indexBlock(slots, count, search) {
      const at = placeOf(slots);
      const leaves = searchEntry(at, count, hashesAt, 0);
      if (at === inputAt) slots.set(input, 0);
      search.set(hashes.subarray(0, BLOCK_SLOTS), 0);
      return leaves;
    },
    keptPath(nodes, size, slot) {
      if (nodes.length === 0) return path.subarray(0, 0);
      const bytes = keptEntry(native.addressOf(nodes), size, slot, keptAt);
      return kept.subarray(0, bytes);
    },
  };
}

/**
 * The crypto port over a blob.
 *
 * Inputs that native code cannot reach are copied if they are short and refused otherwise; an answer
 * is made in the scratch, whose place is known, and copied out.
 */
export function createNativeCrypto(native: NativeCode): CryptoPort {
  const scratch = new Uint8Array(SCRATCH_BYTES);
  const scratchAt = native.addressOf(scratch);
  // Most devices use few of the entries at a boot, so each is bound when it is first called.
  const bound: NativeCall[] = [];

  function call(place: number, a: number, b: number, c: number, d: number): number {
    const known = bound[place];
    if (known !== undefined) return known(a, b, c, d);
    const made = native.entry(place);
    bound[place] = made;
    return made(a, b, c, d);
  }

  function place(bytes: Uint8Array, spare: number): number {
    assert(bytes.length <= LENGTH_MAX, PROMISE_BROKEN);
    if (bytes.length > INPUT_BYTES_MAX) return native.addressOf(bytes);
    scratch.set(bytes, spare);
    return scratchAt + spare;
  }

  function answer(bytes: number): Uint8Array {
    const copy = new Uint8Array(bytes);
    copy.set(scratch.subarray(ANSWER, ANSWER + bytes));
    return copy;
  }

  function wipe(at: number, bytes: number): void {
    scratch.set(ZEROS.subarray(0, bytes), at);
  }

  // The key block of the cipher entries: key, nonce, octets of tag.
  function placeCipherKey(key: Uint8Array, nonce: Uint8Array, tagBytes: 8 | 16): number {
    assert(key.length === AES_KEY_BYTES && nonce.length === NONCE_BYTES, PROMISE_BROKEN);
    scratch.set(key, CIPHER_KEY);
    scratch.set(nonce, CIPHER_KEY + AES_KEY_BYTES);
    scratch[CIPHER_KEY + AES_KEY_BYTES + NONCE_BYTES] = tagBytes;
    return scratchAt + CIPHER_KEY;
  }

  // Runs a cipher entry over a text in place. A short text is worked on in the scratch.
  function cipher(
    entry: number,
    keyAt: number,
    additional: Uint8Array,
    text: Uint8Array,
    bytes: number,
  ): number {
    assert(additional.length <= LENGTH_MAX && text.length <= LENGTH_MAX, PROMISE_BROKEN);
    const additionalAt = place(additional, FIRST);
    const textAt = place(text, SECOND);
    const status = call(entry, keyAt, additionalAt, textAt, (additional.length << 16) | bytes);
    if (text.length <= INPUT_BYTES_MAX) {
      text.set(scratch.subarray(SECOND, SECOND + text.length));
    }
    wipe(CIPHER_KEY, AES_KEY_BYTES + NONCE_BYTES);
    return status;
  }

  return {
    hash(message) {
      call(ENTRY_SHA256, place(message, FIRST), message.length, scratchAt + ANSWER, 0);
      return answer(HASH_BYTES);
    },
    hmac(key, message) {
      const keyAt = place(key, FIRST);
      const messageAt = place(message, SECOND);
      const lengths = (key.length << 16) | message.length;
      call(ENTRY_HMAC, keyAt, messageAt, lengths, scratchAt + ANSWER);
      wipe(FIRST, INPUT_BYTES_MAX);
      return answer(HASH_BYTES);
    },
    hkdf(salt, ikm, info, bytes) {
      const isShort = salt.length <= INPUT_BYTES_MAX && ikm.length <= INPUT_BYTES_MAX;
      assert(isShort && info.length <= INPUT_BYTES_MAX, PROMISE_BROKEN);
      assert(bytes <= INPUT_BYTES_MAX, PROMISE_BROKEN);
      const saltAt = place(salt, FIRST);
      const ikmAt = place(ikm, SECOND);
      const keyAt = scratchAt + PSEUDORANDOM_KEY;
      call(ENTRY_HMAC, saltAt, ikmAt, (salt.length << 16) | ikm.length, keyAt);
      const lengths = (bytes << 16) | info.length;
      call(ENTRY_HKDF_EXPAND, keyAt, place(info, FIRST), lengths, scratchAt + ANSWER);
      const derived = answer(bytes);
      wipe(ANSWER, SCRATCH_BYTES);
      return derived;
    },
    seal(key, nonce, additional, plaintext, tagBytes) {
      const sealed = new Uint8Array(plaintext.length + tagBytes);
      sealed.set(plaintext);
      const keyAt = placeCipherKey(key, nonce, tagBytes);
      cipher(ENTRY_CCM_SEAL, keyAt, additional, sealed, plaintext.length);
      return sealed;
    },
    open(key, nonce, additional, ciphertext, tagBytes) {
      const keyAt = placeCipherKey(key, nonce, tagBytes);
      if (ciphertext.length < tagBytes) return fail(SEAL_INVALID);
      const text = sliceBytes(ciphertext, 0);
      const status = cipher(ENTRY_CCM_OPEN, keyAt, additional, text, text.length);
      if (status !== 0) return fail(SEAL_INVALID);
      return succeed(sliceBytes(text, 0, text.length - tagBytes));
    },
    importVerificationKey(publicKey) {
      // In the interpreter this check alone would cost three times a verification.
      if (publicKey.length !== KEY_BYTES) return fail(PUBLIC_KEY_INVALID);
      if (call(ENTRY_USABLE_KEY, place(publicKey, FIRST), 0, 0, 0) !== 1) {
        return fail(PUBLIC_KEY_INVALID);
      }
      const own = sliceBytes(publicKey, 0);
      return succeed({
        publicKey: own,
        verify(message, signature) {
          if (signature.length !== SIGNATURE_BYTES) return false;
          const keyAt = place(own, FIRST);
          const signatureAt = place(signature, SECOND);
          // A short message takes the place of the answer, which a verdict does not need.
          const messageAt = place(message, ANSWER);
          return call(ENTRY_VERIFY, keyAt, messageAt, message.length, signatureAt) === 0;
        },
      });
    },
    importSigningKey(seed): SigningKey {
      assert(seed.length === KEY_BYTES, PROMISE_BROKEN);
      assert(call(ENTRY_SIGNING_KEY, place(seed, FIRST), scratchAt, 0, 0) === 0, PROMISE_BROKEN);
      const pair = answer(2 * KEY_BYTES);
      wipe(ANSWER, FIRST + KEY_BYTES);
      return {
        publicKey: sliceBytes(pair, KEY_BYTES),
        sign(message) {
          const messageAt = place(message, SECOND);
          const pairAt = place(pair, FIRST);
          const status = call(ENTRY_SIGN, pairAt, messageAt, message.length, scratchAt + ANSWER);
          wipe(FIRST, INPUT_BYTES_MAX);
          assert(status === 0, PROMISE_BROKEN);
          return answer(SIGNATURE_BYTES);
        },
      };
    },
    importAgreementKey(secret): AgreementKey {
      assert(secret.length === KEY_BYTES, PROMISE_BROKEN);
      const own = sliceBytes(secret, 0);
      assert(call(ENTRY_X25519_BASE, place(own, FIRST), scratchAt, 0, 0) === 0, PROMISE_BROKEN);
      wipe(FIRST, KEY_BYTES);
      return {
        publicKey: answer(KEY_BYTES),
        agree(peerPublicKey) {
          if (peerPublicKey.length !== KEY_BYTES) return fail(SHARED_SECRET_ZERO);
          const ownAt = place(own, FIRST);
          const peerAt = place(peerPublicKey, SECOND);
          const status = call(ENTRY_X25519, ownAt, peerAt, scratchAt + ANSWER, 0);
          wipe(FIRST, KEY_BYTES);
          if (status !== 0) return fail(SHARED_SECRET_ZERO);
          const shared = answer(KEY_BYTES);
          wipe(ANSWER, KEY_BYTES);
          return succeed(shared);
        },
      };
    },
  };
}
