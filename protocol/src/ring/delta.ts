// SPDX-License-Identifier: EUPL-1.2
import { equalBytes, sliceBytes } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import { bytesOf, bytesUpTo, listOf, orNull, type ShapeValue, tuple, uint } from "../cbor/shape.ts";
import type { CborValue } from "../cbor/value.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import type { RingHead } from "../cwt/ring-head.ts";
import {
  DELTA_MALFORMED,
  MESSAGE_MALFORMED,
  PROMISE_BROKEN,
  RING_BASE_MISMATCH,
  RING_FULL,
  RING_ROOT_MISMATCH,
} from "../errors/code.ts";
import { assert, fail, type Result, succeed } from "../errors/result.ts";
import { OBJECT_BYTES_MAX, RING_LEAVES_MAX, RING_SIZE_MAX } from "../message/types.ts";
import { equalLeaves, LEAF, type Leaf, leafOf, leafValue } from "./leaf.ts";
import { ringRoot } from "./tree.ts";

const ROOT_HEAD_BYTES = 16;
/**
 * Longest encoded delta: one run of 4096 leaves of at most 18 octets, and the two roots. A second run
 * costs less than the slot that lies between.
 * @public
 */
export const RING_DELTA_BYTES_MAX = 73769;

// The three parts with the heads of their octet strings and of the array.
const BUNDLE_BYTES_MAX = RING_DELTA_BYTES_MAX + 2 * OBJECT_BYTES_MAX + 12;
// Neighbouring slots travel as one run: its first slot, then what each slot holds.
const RUN = tuple([uint(RING_SIZE_MAX - 1), listOf(orNull(LEAF), 1, RING_SIZE_MAX)]);
const DELTA = tuple([
  bytesOf(ROOT_HEAD_BYTES),
  bytesOf(ROOT_HEAD_BYTES),
  listOf(RUN, 0, RING_SIZE_MAX / 2),
]);
const BUNDLE = tuple([
  bytesUpTo(OBJECT_BYTES_MAX),
  orNull(bytesUpTo(RING_DELTA_BYTES_MAX)),
  orNull(bytesUpTo(OBJECT_BYTES_MAX)),
]);

/**
 * The slots of a ring, in order; null is a tombstone.
 * @public
 */
export type RingSlots = readonly (Leaf | null)[];

/**
 * One slot that differs.
 * @public
 */
export interface SlotChange {
  readonly slot: number;
  readonly leaf: Leaf | null;
}

/**
 * What turns one ring into another. It is not signed: the root in the new head proves it.
 * @public
 */
export interface RingDelta {
  /** First 16 octets of the root that it starts from. */
  readonly base16: Uint8Array;
  /** First 16 octets of the root that it leads to. */
  readonly new16: Uint8Array;
  /** In ascending order of slots. */
  readonly changes: readonly SlotChange[];
}

/**
 * What a key receives at a sync: a head, and what the ring or the floors lack.
 * @public
 */
export interface RingBundle {
  /** A signed ring head. */
  readonly head: Uint8Array;
  /** An encoded delta, or null for an unchanged ring. */
  readonly delta: Uint8Array | null;
  /** A signed floor list, or null. */
  readonly floors: Uint8Array | null;
}

/**
 * Places rights in slots so that every right that stays keeps its slot and the root changes little.
 * Rights that went leave tombstones; new ones take the first of those, then new slots.
 *
 * @param wanted - the rights of the new ring, each once
 * @returns the new slots, or `RING_FULL` with the number of rights for more than 4000
 * @public
 */
export function assignSlots(previous: RingSlots, wanted: readonly Leaf[]): Result<RingSlots> {
  if (wanted.length > RING_LEAVES_MAX) return fail(RING_FULL, wanted.length);
  const places: { [name: string]: number } = {};
  for (let slot = 0; slot < previous.length; slot += 1) {
    const leaf = previous[slot];
    if (leaf !== undefined && leaf !== null) places[nameOf(leaf)] = slot;
  }
  const slots: (Leaf | null)[] = [];
  for (let slot = 0; slot < previous.length; slot += 1) slots.push(null);
  const added: Leaf[] = [];
  for (const leaf of wanted) {
    const slot = places[nameOf(leaf)];
    if (slot === undefined) added.push(leaf);
    else slots[slot] = leaf;
  }
  let free = 0;
  for (const leaf of added) {
    while (free < slots.length && slots[free] !== null) free += 1;
    slots[free] = leaf;
  }
  return succeed(slots);
}

/**
 * The change from one ring to another of the same key.
 *
 * Requires: `next` has at least as many slots; a ring never shrinks. For a whole ring start from
 * no slots: its base is the root of the empty ring, which every key accepts.
 * @public
 */
export function diffRings(
  crypto: CryptoPort,
  secret: Uint8Array,
  previous: RingSlots,
  next: RingSlots,
): RingDelta {
  assert(next.length >= previous.length, PROMISE_BROKEN);
  const changes: SlotChange[] = [];
  for (let slot = 0; slot < next.length; slot += 1) {
    const before = slot < previous.length ? previous[slot] : null;
    const leaf = next[slot];
    assert(before !== undefined && leaf !== undefined, PROMISE_BROKEN);
    if (!equalLeaves(before, leaf)) changes.push({ slot, leaf });
  }
  return {
    base16: rootHead(ringRoot(crypto, secret, previous)),
    new16: rootHead(ringRoot(crypto, secret, next)),
    changes,
  };
}

/**
 * Applies a delta to the ring that a key holds and proves the outcome by the head.
 *
 * A delta whose base is the root of the empty ring replaces the whole ring.
 *
 * @returns the new slots, as many as the head says; `RING_BASE_MISMATCH` for another base,
 * `DELTA_MALFORMED` for slots beyond the head's size or out of order, `RING_FULL` for more than
 * 4000 live leaves, `RING_ROOT_MISMATCH` when the outcome is not what the head signs
 * @public
 */
export function applyRingDelta(
  crypto: CryptoPort,
  secret: Uint8Array,
  previous: RingSlots,
  delta: RingDelta,
  head: RingHead,
): Result<RingSlots> {
  const isWhole = equalBytes(delta.base16, rootHead(ringRoot(crypto, secret, [])));
  if (!isWhole && !equalBytes(delta.base16, rootHead(ringRoot(crypto, secret, previous)))) {
    return fail(RING_BASE_MISMATCH);
  }
  if (!equalBytes(delta.new16, rootHead(head.root))) return fail(RING_ROOT_MISMATCH);
  const kept = isWhole ? [] : previous;
  if (kept.length > head.size) return fail(DELTA_MALFORMED, head.size);
  const slots: (Leaf | null)[] = [];
  for (let slot = 0; slot < head.size; slot += 1) {
    const leaf = slot < kept.length ? kept[slot] : null;
    slots.push(leaf === undefined ? null : leaf);
  }
  let last = -1;
  for (const change of delta.changes) {
    if (change.slot <= last || change.slot >= head.size) return fail(DELTA_MALFORMED, change.slot);
    slots[change.slot] = change.leaf;
    last = change.slot;
  }
  const live = countLeaves(slots);
  if (live > RING_LEAVES_MAX) return fail(RING_FULL, live);
  if (!equalBytes(ringRoot(crypto, secret, slots), head.root)) return fail(RING_ROOT_MISMATCH);
  return succeed(slots);
}

/**
 * Counts the rights of a ring: its slots without tombstones.
 * @public
 */
export function countLeaves(slots: RingSlots): number {
  let count = 0;
  for (const leaf of slots) {
    if (leaf !== null) count += 1;
  }
  return count;
}

/**
 * The part of a root that names a ring: its first 16 octets.
 * @public
 */
export function rootHead(root: Uint8Array): Uint8Array {
  return sliceBytes(root, 0, ROOT_HEAD_BYTES);
}

/**
 * Encodes a delta.
 *
 * Requires: changes in ascending order of slots; anything else throws.
 * @public
 */
export function encodeRingDelta(delta: RingDelta): Uint8Array {
  const runs: [number, CborValue[]][] = [];
  let run: [number, CborValue[]] = [0, []];
  let next = -1;
  for (const change of delta.changes) {
    assert(change.slot >= next && change.slot < RING_SIZE_MAX, PROMISE_BROKEN);
    if (change.slot !== next) {
      run = [change.slot, []];
      runs.push(run);
    }
    run[1].push(change.leaf === null ? null : leafValue(change.leaf));
    next = change.slot + 1;
  }
  return encodeCbor([delta.base16, delta.new16, runs]);
}

/**
 * Reads a delta.
 *
 * @returns the delta, or `MESSAGE_MALFORMED`; runs that touch, overlap or leave the ring are none
 * @public
 */
export function decodeRingDelta(bytes: Uint8Array): Result<RingDelta> {
  if (bytes.length > RING_DELTA_BYTES_MAX) return fail(MESSAGE_MALFORMED);
  const value = decodeCbor(bytes);
  if (!value.ok || !DELTA(value.value)) return fail(MESSAGE_MALFORMED);
  const changes: SlotChange[] = [];
  let free = 0;
  for (const [first, leaves] of value.value[2]) {
    if (first < free || first + leaves.length > RING_SIZE_MAX) return fail(MESSAGE_MALFORMED);
    for (let place = 0; place < leaves.length; place += 1) {
      const leaf = leaves[place] as ShapeValue<typeof LEAF> | null;
      changes.push({ slot: first + place, leaf: leaf === null ? null : leafOf(leaf) });
    }
    // A run that went on in the next one would be a second way to say the same.
    free = first + leaves.length + 1;
  }
  return succeed({ base16: value.value[0], new16: value.value[1], changes });
}

/**
 * Encodes a bundle.
 * @public
 */
export function encodeRingBundle(bundle: RingBundle): Uint8Array {
  return encodeCbor([bundle.head, bundle.delta, bundle.floors]);
}

/**
 * Reads a bundle; its parts are not judged yet.
 *
 * @returns the bundle, or `MESSAGE_MALFORMED`
 * @public
 */
export function decodeRingBundle(bytes: Uint8Array): Result<RingBundle> {
  if (bytes.length > BUNDLE_BYTES_MAX) return fail(MESSAGE_MALFORMED);
  const value = decodeCbor(bytes);
  if (!value.ok || !BUNDLE(value.value)) return fail(MESSAGE_MALFORMED);
  const fields = value.value;
  return succeed({ head: fields[0], delta: fields[1], floors: fields[2] });
}

function nameOf(leaf: Leaf): string {
  return `${leaf.kind}.${leaf.target}.${leaf.ops}.${leaf.untilS}`;
}
