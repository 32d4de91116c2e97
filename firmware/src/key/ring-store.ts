// SPDX-License-Identifier: EUPL-1.2
import {
  type CryptoPort,
  concatBytes,
  DELTA_MISMATCH,
  encodeSaltedLeaf,
  equalBytes,
  type Leaf,
  leafHash,
  MESSAGE_MALFORMED,
  nodeHash,
  octetAt,
  RING_FULL,
  RING_LEAVES_MAX,
  type Result,
  fail,
  saltOf,
  sliceBytes,
  succeed,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { readU32, writeU32 } from "../shared/page-journal.ts";
import type { RecordStore } from "../shared/record-store.ts";

/** Octets of the base or root prefix that a delta names. */
const ROOT_PREFIX_BYTES = 16;

// A slot is 12 octets, little endian: kind (u8) | ops (u8) | 0 (u16) | target (u32) | until (u32).
// An empty leaf is an erased slot; no kind is 0xFF, so the two cannot be confused.
const SLOT_BYTES = 12;
const SLOT_EMPTY = 0xff;
// Slots are written, hashed and searched in blocks of 32: the subtrees of level 5, whose roots and
// all above them are kept, so that a path costs one block of hashes and not the whole tree.
const BLOCK_SLOTS = 32;
const BLOCK_LEVEL = 5;
const BLOCK_BYTES = BLOCK_SLOTS * SLOT_BYTES;
const HASH_BYTES = 32;

/** What the commit record of a ring says. */
export interface ActiveRing {
  /** The signed head, as received. */
  readonly head: Uint8Array;
  /** Root of the tree, 32 octets. */
  readonly root: Uint8Array;
  /** Slots of the tree. */
  readonly size: number;
}

/** Where a ring lies in flash. */
export interface RingPlace {
  /** First page of the two areas. */
  readonly firstPage: number;
  /** Slots that one area holds: a power of two, at least 64. */
  readonly slotsMax: number;
  /** Id of the commit record. */
  readonly recordId: number;
}

/** One slot of a delta. */
export interface SlotChange {
  readonly slot: number;
  readonly leaf: Leaf | null;
}

/** The new ring that is being staged: what its head promises. */
export interface StagedRing {
  readonly head: Uint8Array;
  readonly root: Uint8Array;
  readonly size: number;
}

/** What a door is shown: the leaf as hashed, and its way to the root. */
export interface SlotProof {
  readonly saltedLeaf: Uint8Array;
  /** 32 octets for each level, from the leaf to the root. */
  readonly path: Uint8Array;
}

/**
 * One ring of a key in flash: old or new, never mixed.
 *
 * A delta is written slot by slot into the area that is not in use; the active ring is not touched
 * until one record names the other area, and that record is the only commit.
 */
export interface RingStore {
  /** The ring in use; undefined where none was ever activated. */
  active(): ActiveRing | undefined;
  /** First 16 octets of the root of the ring in use, of the empty tree without one. */
  root16(): Uint8Array;
  /**
   * Begins a new ring.
   *
   * @param base - First 16 octets of the root that the delta starts from; those of the empty tree
   *   mean that it lists every slot.
   * @returns Nothing, or `RING_FULL` for too many slots, or `DELTA_MISMATCH` for another base.
   */
  begin(staged: StagedRing, base: Uint8Array): Result<undefined>;
  /**
   * Writes the next slots of the delta.
   *
   * @param changes - In ascending order, also across calls.
   * @returns Nothing, or `MESSAGE_MALFORMED` for another order or a slot outside the ring, or
   *   `RING_FULL` for right 4001. After a fault the staged ring is gone and the active one stands.
   */
  apply(changes: readonly SlotChange[]): Result<undefined>;
  /**
   * Checks the root of what was staged and makes it the ring in use.
   *
   * @returns Nothing, or `DELTA_MISMATCH` when the root is not the head's, or `RING_FULL`.
   */
  commit(): Result<undefined>;
  /**
   * Puts a new head over the ring in use, whose root it must repeat.
   *
   * @returns Nothing, or `DELTA_MISMATCH`.
   */
  renew(staged: StagedRing): Result<undefined>;
  /** Forgets what was staged. */
  abandon(): void;
  /** Removes the ring. */
  clear(): void;
  /**
   * Finds the slot of a right.
   *
   * @param kind - 0 for a door, 1 for a group.
   * @param from - First slot to look at, so that a caller can go on behind a hit.
   * @returns The slot, or -1.
   */
  find(kind: number, target: number, from: number): number;
  /** The right in a slot, or null for an empty leaf. */
  leafAt(slot: number): Leaf | null;
  /** Leaf and path of a slot for a presentation. */
  proofOf(slot: number): SlotProof;
}

type Staging = {
  readonly ring: StagedRing;
  readonly area: number;
  /** True where unlisted slots come from the ring in use. */
  readonly keepsBase: boolean;
  block: number;
  slots: Uint8Array;
  nextSlot: number;
  leaves: number;
  readonly levels: number[];
  readonly hashes: Uint8Array[];
};

/** Pages that the two areas of a ring take together. */
export function ringPages(slotsMax: number, pageBytes: number): number {
  return 2 * Math.ceil(areaBytes(slotsMax) / pageBytes);
}

// One area: slots | nodes of level 5 and above | one octet for each slot to search by.
function areaBytes(slotsMax: number): number {
  return slotsMax * SLOT_BYTES + 2 * (slotsMax / BLOCK_SLOTS) * HASH_BYTES + slotsMax;
}

/**
 * Opens a ring.
 *
 * @param secret - Ring secret of this key, from which the salts are derived.
 */
export function createRingStore(
  ports: { readonly flash: FlashPort; readonly crypto: CryptoPort; readonly records: RecordStore },
  place: RingPlace,
  secret: Uint8Array,
): RingStore {
  const { flash, crypto, records } = ports;
  const areaPages = Math.ceil(areaBytes(place.slotsMax) / flash.pageBytes);
  const emptyRoot = crypto.hash(new Uint8Array(0));
  const emptyLeafHash = leafHash(crypto, new Uint8Array(0));
  let activeArea = 0;
  let active: ActiveRing | undefined;
  let staging: Staging | undefined;
  let searchOctets: Uint8Array | undefined;

  function addressOf(area: number): number {
    return (place.firstPage + area * areaPages) * flash.pageBytes;
  }

  function slotAddress(area: number, slot: number): number {
    return addressOf(area) + slot * SLOT_BYTES;
  }

  function nodeAddress(area: number, level: number, index: number): number {
    let base = 0;
    let count = place.slotsMax / BLOCK_SLOTS;
    for (let step = BLOCK_LEVEL; step < level; step += 1) {
      base += count;
      count >>= 1;
    }
    return addressOf(area) + place.slotsMax * SLOT_BYTES + (base + index) * HASH_BYTES;
  }

  function searchAddress(area: number): number {
    const nodeBytes = 2 * (place.slotsMax / BLOCK_SLOTS) * HASH_BYTES;
    return addressOf(area) + place.slotsMax * SLOT_BYTES + nodeBytes;
  }

  function programAcross(address: number, bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      const room = flash.pageBytes - ((address + done) % flash.pageBytes);
      const end = done + room < bytes.length ? done + room : bytes.length;
      flash.program(address + done, sliceBytes(bytes, done, end));
      done = end;
    }
  }

  function hashOfSlot(slots: Uint8Array, offset: number): Uint8Array {
    const leaf = decodeSlot(slots, offset);
    return leaf === null ? emptyLeafHash : leafHash(crypto, saltedOf(leaf));
  }

  function saltedOf(leaf: Leaf): Uint8Array {
    return encodeSaltedLeaf(leaf, saltOf(crypto, secret, leaf));
  }

  /** Hash of the subtree over `size` slots from `start` of the ring in use (RFC 9162 §2.1.1). */
  function subtreeHash(start: number, size: number): Uint8Array {
    if (size === 1) return hashOfSlot(flash.read(slotAddress(activeArea, start), SLOT_BYTES), 0);
    const half = splitOf(size);
    if (half * 2 === size && size >= BLOCK_SLOTS) {
      const level = levelOf(size);
      return flash.read(nodeAddress(activeArea, level, start / size), HASH_BYTES);
    }
    return nodeHash(crypto, subtreeHash(start, half), subtreeHash(start + half, size - half));
  }

  /** Adds a leaf to the frontier of the staged tree and keeps the nodes that a path will want. */
  function pushLeaf(stage: Staging, slot: number, hash: Uint8Array): void {
    let level = 0;
    let node = hash;
    let count = slot + 1;
    while ((count & 1) === 0) {
      stage.levels.pop();
      node = nodeHash(crypto, stage.hashes.pop() as Uint8Array, node);
      level += 1;
      count >>= 1;
      if (level >= BLOCK_LEVEL) flash.program(nodeAddress(stage.area, level, count - 1), node);
    }
    stage.levels.push(level);
    stage.hashes.push(node);
  }

  function stagedRoot(stage: Staging): Uint8Array {
    let root = stage.hashes.pop();
    if (root === undefined) return emptyRoot;
    for (;;) {
      const left = stage.hashes.pop();
      if (left === undefined) return root;
      root = nodeHash(crypto, left, root);
    }
  }

  function loadBlock(stage: Staging): void {
    const first = stage.block * BLOCK_SLOTS;
    const base = active;
    if (stage.keepsBase && base !== undefined && first < base.size) {
      // Slots behind the end of a ring are erased in flash, so the whole block can be taken.
      stage.slots = flash.read(slotAddress(activeArea, first), BLOCK_BYTES);
      return;
    }
    stage.slots = new Uint8Array(BLOCK_BYTES);
    stage.slots.fill(SLOT_EMPTY);
  }

  /** Writes the block in hand with its hashes; false when that was right 4001. */
  function flushBlock(stage: Staging): boolean {
    const first = stage.block * BLOCK_SLOTS;
    const search = new Uint8Array(BLOCK_SLOTS);
    search.fill(SLOT_EMPTY);
    for (let index = 0; index < BLOCK_SLOTS; index += 1) {
      const offset = index * SLOT_BYTES;
      if (first + index >= stage.ring.size) {
        encodeSlot(stage.slots, offset, null);
        continue;
      }
      const leaf = decodeSlot(stage.slots, offset);
      if (leaf !== null) {
        stage.leaves += 1;
        search[index] = searchOctetOf(leaf.kind, leaf.target);
      }
      pushLeaf(stage, first + index, hashOfSlot(stage.slots, offset));
    }
    if (stage.leaves > RING_LEAVES_MAX) return false;
    programAcross(slotAddress(stage.area, first), stage.slots);
    programAcross(searchAddress(stage.area) + first, search);
    stage.block += 1;
    return true;
  }

  function refuse(code: number): Result<undefined> {
    staging = undefined;
    return fail(code);
  }

  function writeCommit(ring: StagedRing, area: number): void {
    const image = new Uint8Array(8);
    writeU32(image, 0, area);
    writeU32(image, 4, ring.size);
    records.write(place.recordId, concatBytes([image, ring.root, ring.head]));
    activeArea = area;
    active = { head: ring.head, root: ring.root, size: ring.size };
    searchOctets = undefined;
  }

  function load(): void {
    const image = records.read(place.recordId);
    if (image === undefined || image.length < 8 + HASH_BYTES) return;
    activeArea = readU32(image, 0);
    active = {
      size: readU32(image, 4),
      root: sliceBytes(image, 8, 8 + HASH_BYTES),
      head: sliceBytes(image, 8 + HASH_BYTES),
    };
  }

  function root16(): Uint8Array {
    return sliceBytes(active === undefined ? emptyRoot : active.root, 0, ROOT_PREFIX_BYTES);
  }

  function begin(ring: StagedRing, base: Uint8Array): Result<undefined> {
    staging = undefined;
    if (ring.size > place.slotsMax) return fail(RING_FULL);
    const fromNothing = equalBytes(base, sliceBytes(emptyRoot, 0, ROOT_PREFIX_BYTES));
    if (!fromNothing && !equalBytes(base, root16())) return fail(DELTA_MISMATCH);
    const area = active === undefined ? 0 : 1 - activeArea;
    for (let page = 0; page < areaPages; page += 1) {
      flash.erase(place.firstPage + area * areaPages + page);
    }
    staging = {
      ring,
      area,
      keepsBase: !fromNothing,
      block: 0,
      slots: new Uint8Array(0),
      nextSlot: 0,
      leaves: 0,
      levels: [],
      hashes: [],
    };
    loadBlock(staging);
    return succeed(undefined);
  }

  function apply(changes: readonly SlotChange[]): Result<undefined> {
    const stage = staging;
    if (stage === undefined) return fail(DELTA_MISMATCH);
    for (const change of changes) {
      if (change.slot < stage.nextSlot || change.slot >= stage.ring.size) {
        return refuse(MESSAGE_MALFORMED);
      }
      while (change.slot >= (stage.block + 1) * BLOCK_SLOTS) {
        if (!flushBlock(stage)) return refuse(RING_FULL);
        loadBlock(stage);
      }
      encodeSlot(stage.slots, (change.slot % BLOCK_SLOTS) * SLOT_BYTES, change.leaf);
      stage.nextSlot = change.slot + 1;
    }
    return succeed(undefined);
  }

  function commit(): Result<undefined> {
    const stage = staging;
    if (stage === undefined) return fail(DELTA_MISMATCH);
    while (stage.block * BLOCK_SLOTS < stage.ring.size) {
      if (!flushBlock(stage)) return refuse(RING_FULL);
      loadBlock(stage);
    }
    if (!equalBytes(stagedRoot(stage), stage.ring.root)) return refuse(DELTA_MISMATCH);
    staging = undefined;
    writeCommit(stage.ring, stage.area);
    return succeed(undefined);
  }

  function renew(ring: StagedRing): Result<undefined> {
    const base = active;
    if (base === undefined || base.size !== ring.size || !equalBytes(base.root, ring.root)) {
      return fail(DELTA_MISMATCH);
    }
    writeCommit(ring, activeArea);
    return succeed(undefined);
  }

  function leafAt(slot: number): Leaf | null {
    return decodeSlot(flash.read(slotAddress(activeArea, slot), SLOT_BYTES), 0);
  }

  function find(kind: number, target: number, from: number): number {
    const ring = active;
    if (ring === undefined) return -1;
    if (searchOctets === undefined) {
      searchOctets = flash.read(searchAddress(activeArea), place.slotsMax);
    }
    const wanted = searchOctetOf(kind, target);
    // The search by octet runs natively; about one slot in 127 of the same kind is read in vain.
    let slot = searchOctets.indexOf(wanted, from);
    while (slot >= 0 && slot < ring.size) {
      const leaf = leafAt(slot);
      if (leaf !== null && leaf.kind === kind && leaf.target === target) return slot;
      slot = searchOctets.indexOf(wanted, slot + 1);
    }
    return -1;
  }

  function proofOf(slot: number): SlotProof {
    const ring = active as ActiveRing;
    const siblings: Uint8Array[] = [];
    let start = 0;
    let size = ring.size;
    while (size > 1) {
      const half = splitOf(size);
      if (slot - start < half) {
        siblings.push(subtreeHash(start + half, size - half));
        size = half;
      } else {
        siblings.push(subtreeHash(start, half));
        start += half;
        size -= half;
      }
    }
    siblings.reverse();
    const leaf = leafAt(slot);
    const saltedLeaf = leaf === null ? new Uint8Array(0) : saltedOf(leaf);
    return { saltedLeaf, path: concatBytes(siblings) };
  }

  load();
  return {
    active: () => active,
    root16,
    begin,
    apply,
    commit,
    renew,
    abandon() {
      staging = undefined;
    },
    clear() {
      staging = undefined;
      active = undefined;
      searchOctets = undefined;
      records.remove(place.recordId);
    },
    find,
    leafAt,
    proofOf,
  };
}

/** The largest power of two below `size` (RFC 9162 §2.1.1). */
function splitOf(size: number): number {
  let half = 1;
  while (half * 2 < size) half *= 2;
  return half;
}

function levelOf(size: number): number {
  let level = 0;
  for (let width = 1; width < size; width *= 2) level += 1;
  return level;
}

/** Never 0xFF, which is an empty slot's. */
function searchOctetOf(kind: number, target: number): number {
  return (target % 127) * 2 + (kind & 1);
}

function encodeSlot(slots: Uint8Array, offset: number, leaf: Leaf | null): void {
  if (leaf === null) {
    for (let index = 0; index < SLOT_BYTES; index += 1) slots[offset + index] = SLOT_EMPTY;
    return;
  }
  slots[offset] = leaf.kind;
  slots[offset + 1] = leaf.ops;
  slots[offset + 2] = 0;
  slots[offset + 3] = 0;
  writeU32(slots, offset + 4, leaf.target);
  writeU32(slots, offset + 8, leaf.untilS);
}

function decodeSlot(slots: Uint8Array, offset: number): Leaf | null {
  const kind = octetAt(slots, offset);
  if (kind === SLOT_EMPTY) return null;
  return {
    kind: kind === 1 ? 1 : 0,
    ops: octetAt(slots, offset + 1),
    target: readU32(slots, offset + 4),
    untilS: readU32(slots, offset + 8),
  };
}
