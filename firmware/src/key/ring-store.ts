// SPDX-License-Identifier: EUPL-1.2
import {
  type CryptoPort,
  concatBytes,
  createRingTree,
  DELTA_MALFORMED,
  decodeRingDelta,
  equalBytes,
  fail,
  LEAF_FOREIGN,
  type Leaf,
  leafHash,
  MESSAGE_MALFORMED,
  octetAt,
  type Result,
  RING_BASE_MISMATCH,
  RING_DELTA_BYTES_MAX,
  RING_FULL,
  RING_LEAVES_MAX,
  RING_ROOT_MISMATCH,
  type RingTree,
  ringNodesKept,
  rootHead,
  type SlotChange,
  sliceBytes,
  slotBytes,
  succeed,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { readU32, writeU32 } from "../shared/page-journal.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { DELTA_UNREACHABLE, type SlotOperations } from "./slot-operations.ts";

// A slot is 12 octets, little endian: kind, 2 for a door of another authority (u8) | ops (u8) | that
// authority or 0 (u16) | target (u32) | until (u32).
// An empty leaf is an erased slot; no kind is 0xFF, so the two cannot be confused.
const SLOT_BYTES = 12;
const SLOT_EMPTY = 0xff;
// Slots are written in blocks of 32. Every 32 slots the tree keeps one node and those above it, so
// that a path costs one block of hashes and not the whole tree.
const BLOCK_SLOTS = 32;
const BLOCK_BYTES = BLOCK_SLOTS * SLOT_BYTES;
const HASH_BYTES = 32;
// area (u32) | size (u32) | root | head
const NOTHING = new Uint8Array(0);
const AT_ROOT = 8;
// Where an encoded delta names its base: behind the headings of the array and of the octets.
const AT_BASE = 2;
const BASE_BYTES = 16;
const AT_HEAD = AT_ROOT + HASH_BYTES;

/** What the head of a ring promises of it. */
export interface PromisedRing {
  /** The signed head, as received. */
  readonly head: Uint8Array;
  /** Root of the tree, 32 octets. */
  readonly root: Uint8Array;
  /** Slots of the tree. */
  readonly size: number;
}

/** What a ring is kept and proved with. */
export interface RingPorts {
  readonly flash: FlashPort;
  readonly crypto: CryptoPort;
  readonly records: RecordStore;
  /** Without it the leaves are hashed one by one over `crypto`. */
  readonly slotOperations?: SlotOperations | undefined;
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

/** What a door is shown: the leaf as hashed, and its way to the root. */
export interface SlotProof {
  readonly saltedLeaf: Uint8Array;
  /** 32 octets for each level, from the leaf to the root. */
  readonly path: Uint8Array;
}

/** A delta whose form is right. */
export interface ReadDelta {
  /** First 16 octets of the root that it starts from. */
  readonly base16: Uint8Array;
  /** The slot of the next change; -1 behind the last. */
  nextSlot(): number;
  /** As that of `SlotOperations`. */
  putDelta(firstSlot: number, slots: Uint8Array): number;
}

/**
 * One ring of a key in flash: old or new, never mixed.
 *
 * A delta is written slot by slot into the area that is not in use; the ring in use is not touched
 * until one record names the other area, and that record is the only commit.
 */
export interface RingStore {
  /** The ring in use; undefined where none was ever activated. */
  active(): PromisedRing | undefined;
  /** First 16 octets of the root of the ring in use, of the empty tree without one. */
  root16(): Uint8Array;
  /**
   * Begins a new ring. What was staged before is forgotten.
   *
   * @param base16 - First 16 octets of the root that the delta starts from; those of the empty tree
   *   mean that the delta lists every right.
   * @returns Nothing, or `RING_FULL` for more slots than the area has, or `RING_BASE_MISMATCH`.
   */
  begin(ring: PromisedRing, base16: Uint8Array): Result<undefined>;
  /**
   * Reads a delta, or the part of one that came.
   *
   * @returns What `apply` takes, good until the next call, or `MESSAGE_MALFORMED`.
   */
  readDelta(bytes: Uint8Array): Result<ReadDelta>;
  /**
   * Writes the next slots of the delta.
   *
   * @param delta - Its changes rise, also across calls.
   * @returns Nothing, or `DELTA_MALFORMED` for another order or a slot outside the ring, or
   *   `RING_FULL` for right 4001. After a fault nothing is staged and the ring in use stands.
   */
  apply(delta: ReadDelta): Result<undefined>;
  /**
   * Checks the root of what was staged, as it lies in flash, and makes it the ring in use.
   *
   * @returns Nothing, or `RING_ROOT_MISMATCH` when the root is not the head's, or `RING_FULL`.
   */
  commit(): Result<undefined>;
  /**
   * Puts a new head over the ring in use, whose root it must repeat.
   *
   * @returns Nothing, or `RING_BASE_MISMATCH`.
   */
  renew(ring: PromisedRing): Result<undefined>;
  /** Forgets what was staged. */
  abandon(): void;
  /** Removes the ring. */
  clear(): void;
  /**
   * Finds the slot of a right.
   *
   * @param kind - `LEAF_DOOR`, `LEAF_GROUP`, or `LEAF_FOREIGN` plus an authority.
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
  readonly ring: PromisedRing;
  readonly area: number;
  /** True where slots that the delta does not list come from the ring in use. */
  readonly keepsBase: boolean;
  block: number;
  slots: Uint8Array;
  nextSlot: number;
  leaves: number;
};

// One area: slots | kept nodes of the tree | one octet for each slot to search by.
function nodesOffset(slotsMax: number): number {
  return slotsMax * SLOT_BYTES;
}

function searchOffset(slotsMax: number): number {
  return nodesOffset(slotsMax) + 2 * (slotsMax / BLOCK_SLOTS) * HASH_BYTES;
}

function pagesOfArea(slotsMax: number, pageBytes: number): number {
  return Math.ceil((searchOffset(slotsMax) + slotsMax) / pageBytes);
}

/** Pages that the two areas of a ring take together. */
export function ringPages(slotsMax: number, pageBytes: number): number {
  return 2 * pagesOfArea(slotsMax, pageBytes);
}

/**
 * Opens a ring.
 *
 * @param secret - Ring secret of this key, from which the salts are derived.
 */
export function createRingStore(ports: RingPorts, place: RingPlace, secret: Uint8Array): RingStore {
  const flash = ports.flash;
  const crypto = ports.crypto;
  const records = ports.records;
  const slotsMax = place.slotsMax;
  const areaPages = pagesOfArea(slotsMax, flash.pageBytes);
  const emptyRoot16 = rootHead(crypto.hash(new Uint8Array(0)));
  let activeArea = 0;
  let active: PromisedRing | undefined;
  let staging: Staging | undefined;
  let searchOctets: Uint8Array | undefined;

  function addressOf(area: number): number {
    return (place.firstPage + area * areaPages) * flash.pageBytes;
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

  function leafOfArea(area: number, slot: number): Leaf | null {
    return decodeSlot(flash.read(addressOf(area) + slot * SLOT_BYTES, SLOT_BYTES), 0);
  }

  function treeOfArea(area: number, size: number, nodes: Uint8Array | undefined): RingTree {
    const native = ports.slotOperations;
    if (native === undefined) {
      const leafAt = (slot: number) =>
        leafHash(crypto, slotBytes(crypto, secret, leafOfArea(area, slot)));
      return createRingTree(crypto, size, leafAt, nodes);
    }
    const readBlock = (block: number) =>
      flash.read(addressOf(area) + block * BLOCK_BYTES, BLOCK_BYTES);
    // A path asks for the leaves of one block, a new ring for the roots of all.
    let block = -1;
    let hashes = NOTHING;
    const hashAt = (slot: number) => {
      const wanted = Math.floor(slot / BLOCK_SLOTS);
      if (wanted !== block) hashes = native.leaves(readBlock(wanted), secret);
      block = wanted;
      const at = (slot - block * BLOCK_SLOTS) * HASH_BYTES;
      return sliceBytes(hashes, at, at + HASH_BYTES);
    };
    const countOf = (place: number) => {
      const left = size - place * BLOCK_SLOTS;
      return left < BLOCK_SLOTS ? left : BLOCK_SLOTS;
    };
    return createRingTree(crypto, size, hashAt, nodes, {
      root(place) {
        block = -1;
        return sliceBytes(native.root(readBlock(place), countOf(place), secret), 0);
      },
    });
  }

  function loadBlock(stage: Staging): void {
    const first = stage.block * BLOCK_SLOTS;
    const base = active;
    if (stage.keepsBase && base !== undefined && first < base.size) {
      // Slots behind the end of a ring are erased in flash, so the whole block can be taken.
      stage.slots = flash.read(addressOf(activeArea) + first * SLOT_BYTES, BLOCK_BYTES);
      return;
    }
    stage.slots = new Uint8Array(BLOCK_BYTES);
    stage.slots.fill(SLOT_EMPTY);
  }

  /** Writes the block in hand and takes the next; false when that was right 4001. */
  function flushBlock(stage: Staging): boolean {
    const first = stage.block * BLOCK_SLOTS;
    const count = Math.min(stage.ring.size - first, BLOCK_SLOTS);
    const search = new Uint8Array(BLOCK_SLOTS);
    const index = ports.slotOperations?.indexBlock ?? indexInScript;
    stage.leaves += index(stage.slots, count, search);
    if (stage.leaves > RING_LEAVES_MAX) return false;
    programAcross(addressOf(stage.area) + first * SLOT_BYTES, stage.slots);
    programAcross(addressOf(stage.area) + searchOffset(slotsMax) + first, search);
    stage.block += 1;
    loadBlock(stage);
    return true;
  }

  function refuse(code: number): Result<undefined> {
    staging = undefined;
    return fail(code);
  }

  function writeCommit(ring: PromisedRing, area: number): void {
    const numbers = new Uint8Array(AT_ROOT);
    writeU32(numbers, 0, area);
    writeU32(numbers, 4, ring.size);
    records.writeTwice(place.recordId, concatBytes([numbers, ring.root, ring.head]));
    activeArea = area;
    active = ring;
    searchOctets = undefined;
  }

  function load(): void {
    const record = records.read(place.recordId);
    if (record === undefined || record.length < AT_HEAD) return;
    activeArea = readU32(record, 0);
    active = {
      size: readU32(record, 4),
      root: sliceBytes(record, AT_ROOT, AT_HEAD),
      head: sliceBytes(record, AT_HEAD),
    };
  }

  function root16(): Uint8Array {
    return active === undefined ? emptyRoot16 : rootHead(active.root);
  }

  function begin(ring: PromisedRing, base16: Uint8Array): Result<undefined> {
    staging = undefined;
    if (ring.size > slotsMax) return fail(RING_FULL, ring.size);
    const isWhole = equalBytes(base16, emptyRoot16);
    if (!isWhole && !equalBytes(base16, root16())) return fail(RING_BASE_MISMATCH);
    const area = active === undefined ? 0 : 1 - activeArea;
    for (let page = 0; page < areaPages; page += 1) {
      flash.erase(place.firstPage + area * areaPages + page);
    }
    const slots = new Uint8Array(0);
    staging = { ring, area, keepsBase: !isWhole, block: 0, slots, nextSlot: 0, leaves: 0 };
    loadBlock(staging);
    return succeed(undefined);
  }

  function readDelta(bytes: Uint8Array): Result<ReadDelta> {
    const native = ports.slotOperations;
    if (native === undefined) return readInScript(bytes);
    const { beginDelta, nextSlot, putDelta } = native;
    const changes = bytes.length > RING_DELTA_BYTES_MAX ? -1 : beginDelta(bytes);
    if (changes === DELTA_UNREACHABLE) return readInScript(bytes);
    if (changes < 0) return fail(MESSAGE_MALFORMED);
    const base16 = sliceBytes(bytes, AT_BASE, AT_BASE + BASE_BYTES);
    return succeed({ base16, nextSlot, putDelta });
  }

  function apply(delta: ReadDelta): Result<undefined> {
    const stage = staging;
    if (stage === undefined) return fail(RING_BASE_MISMATCH);
    for (let slot = delta.nextSlot(); slot >= 0; slot = delta.nextSlot()) {
      if (slot < stage.nextSlot || slot >= stage.ring.size) return refuse(DELTA_MALFORMED);
      while (slot >= (stage.block + 1) * BLOCK_SLOTS) {
        if (!flushBlock(stage)) return refuse(RING_FULL);
      }
      stage.nextSlot = delta.putDelta(stage.block * BLOCK_SLOTS, stage.slots);
      if (stage.nextSlot > stage.ring.size) return refuse(DELTA_MALFORMED);
    }
    return succeed(undefined);
  }

  function commit(): Result<undefined> {
    const stage = staging;
    if (stage === undefined) return fail(RING_BASE_MISMATCH);
    while (stage.block * BLOCK_SLOTS < stage.ring.size) {
      if (!flushBlock(stage)) return refuse(RING_FULL);
    }
    const tree = treeOfArea(stage.area, stage.ring.size, undefined);
    if (!equalBytes(tree.root(), stage.ring.root)) return refuse(RING_ROOT_MISMATCH);
    programAcross(addressOf(stage.area) + nodesOffset(slotsMax), tree.nodes);
    staging = undefined;
    writeCommit(stage.ring, stage.area);
    return succeed(undefined);
  }

  function renew(ring: PromisedRing): Result<undefined> {
    const base = active;
    if (base === undefined || base.size !== ring.size || !equalBytes(base.root, ring.root)) {
      return fail(RING_BASE_MISMATCH);
    }
    staging = undefined;
    writeCommit(ring, activeArea);
    return succeed(undefined);
  }

  function find(kind: number, target: number, from: number): number {
    const ring = active;
    if (ring === undefined) return -1;
    if (searchOctets === undefined) {
      searchOctets = flash.read(addressOf(activeArea) + searchOffset(slotsMax), slotsMax);
    }
    const wanted = searchOctetOf(kind, target);
    // The search by octet runs natively; about one slot in 127 of the same kind is read in vain.
    let slot = searchOctets.indexOf(wanted, from);
    while (slot >= 0 && slot < ring.size) {
      const leaf = leafOfArea(activeArea, slot);
      if (leaf !== null && leaf.kind === kind && leaf.target === target) return slot;
      slot = searchOctets.indexOf(wanted, slot + 1);
    }
    return -1;
  }

  function proofOf(slot: number): SlotProof {
    const size = active === undefined ? 0 : active.size;
    const nodeBytes = ringNodesKept(size) * HASH_BYTES;
    const nodes =
      nodeBytes === 0
        ? NOTHING
        : flash.read(addressOf(activeArea) + nodesOffset(slotsMax), nodeBytes);
    const native = ports.slotOperations;
    if (native === undefined) {
      return {
        saltedLeaf: slotBytes(crypto, secret, leafOfArea(activeArea, slot)),
        path: treeOfArea(activeArea, size, nodes).path(slot),
      };
    }
    const place = Math.floor(slot / BLOCK_SLOTS);
    const first = place * BLOCK_SLOTS;
    const count = size - first < BLOCK_SLOTS ? size - first : BLOCK_SLOTS;
    const slots = flash.read(addressOf(activeArea) + place * BLOCK_BYTES, BLOCK_BYTES);
    const at = (slot - first) * SLOT_BYTES;
    const { keptPath } = native;
    return {
      saltedLeaf: native.saltedLeaf(slots.subarray(at, at + SLOT_BYTES), secret),
      path: concatBytes([
        native.path(slots, count, slot - first, secret),
        keptPath(nodes, size, slot),
      ]),
    };
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
    readDelta,
    find,
    leafAt: (slot) => leafOfArea(activeArea, slot),
    proofOf,
  };
}

/** Reads a delta without native code. */
function readInScript(bytes: Uint8Array): Result<ReadDelta> {
  const read = decodeRingDelta(bytes);
  if (!read.ok) return read;
  const { base16, changes } = read.value;
  let next = 0;
  function nextSlot(): number {
    const change = changes[next];
    return change === undefined ? -1 : change.slot;
  }
  return succeed({
    base16,
    nextSlot,
    putDelta(firstSlot, slots) {
      let reached = firstSlot;
      while (nextSlot() >= firstSlot && nextSlot() < firstSlot + BLOCK_SLOTS) {
        const change = changes[next] as SlotChange;
        encodeSlot(slots, (change.slot - firstSlot) * SLOT_BYTES, change.leaf);
        reached = change.slot + 1;
        next += 1;
      }
      return reached;
    },
  });
}

/** As `indexBlock` of `SlotOperations`. */
function indexInScript(slots: Uint8Array, count: number, search: Uint8Array): number {
  let leaves = 0;
  search.fill(SLOT_EMPTY);
  for (let index = 0; index < BLOCK_SLOTS; index += 1) {
    const offset = index * SLOT_BYTES;
    if (index >= count) encodeSlot(slots, offset, null);
    const leaf = decodeSlot(slots, offset);
    if (leaf !== null) {
      leaves += 1;
      search[index] = searchOctetOf(leaf.kind, leaf.target);
    }
  }
  return leaves;
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
  // A door of another authority takes the octets behind for the number of that authority.
  const authority = leaf.kind < LEAF_FOREIGN ? 0 : leaf.kind - LEAF_FOREIGN;
  slots[offset] = leaf.kind - authority;
  slots[offset + 1] = leaf.ops;
  slots[offset + 2] = authority & 0xff;
  slots[offset + 3] = authority >> 8;
  writeU32(slots, offset + 4, leaf.target);
  writeU32(slots, offset + 8, leaf.untilS);
}

function decodeSlot(slots: Uint8Array, offset: number): Leaf | null {
  const kind = octetAt(slots, offset);
  if (kind === SLOT_EMPTY) return null;
  return {
    kind: kind + octetAt(slots, offset + 2) + octetAt(slots, offset + 3) * 256,
    ops: octetAt(slots, offset + 1),
    target: readU32(slots, offset + 4),
    untilS: readU32(slots, offset + 8),
  };
}
