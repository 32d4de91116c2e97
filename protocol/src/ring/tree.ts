// SPDX-License-Identifier: EUPL-1.2
// The Merkle tree of RFC 9162 §2.1 over the slots of a ring.
//
// Its recursive definition equals this picture: level 0 holds the leaf hashes, each level above
// joins neighbours, and a last node without a neighbour moves up unchanged.

import { concatBytes, sliceBytes } from "../bytes.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import { LEAF_NOT_IN_RING, PROMISE_BROKEN } from "../errors/code.ts";
import { assert, fail, type Result, succeed } from "../errors/result.ts";
import { RING_SIZE_MAX } from "../message/types.ts";
import { type Leaf, slotBytes } from "./leaf.ts";

const HASH_BYTES = 32;
const LEAF_PREFIX = 0;
const NODE_PREFIX = 1;
// Prefix and two children. A hash is done with its input when it returns, so one place serves all.
const PAIR = new Uint8Array(1 + 2 * HASH_BYTES);
PAIR[0] = NODE_PREFIX;
// Nodes of this level and above are kept: 255 of them for the largest ring, 8 kB. An opening then
// costs at most 32 leaf hashes and their 25 nodes.
const KEPT_LEVEL = 5;

/**
 * A tree that answers paths without hashing the whole ring each time.
 * @public
 */
export interface RingTree {
  /** Slots of the ring. */
  readonly size: number;
  /**
   * The kept nodes, 32 octets each; whole when `root` was asked. A key may then store them beside its ring and
   * give them back to {@link createRingTree}.
   */
  readonly nodes: Uint8Array;
  /** The root over all slots. */
  root(): Uint8Array;
  /** The inclusion path of a slot, from the leaf upwards; RFC 9162 §2.1.3.1. */
  path(index: number): Uint8Array;
}

/**
 * The hash of a leaf, or of a tombstone for no octets.
 * @see RFC 9162 §2.1.1
 * @public
 */
export function leafHash(crypto: CryptoPort, leafBytes: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + leafBytes.length);
  input[0] = LEAF_PREFIX;
  input.set(leafBytes, 1);
  return crypto.hash(input);
}

/**
 * The hash of a node over its two children.
 * @see RFC 9162 §2.1.1
 * @public
 */
export function nodeHash(crypto: CryptoPort, left: Uint8Array, right: Uint8Array): Uint8Array {
  assert(left.length === HASH_BYTES && right.length === HASH_BYTES, PROMISE_BROKEN);
  PAIR.set(left, 1);
  PAIR.set(right, 1 + HASH_BYTES);
  return crypto.hash(PAIR);
}

/**
 * The root over the slots of a ring; of an empty ring the hash of nothing.
 *
 * Requires: at most 4096 slots.
 * @see RFC 9162 §2.1.1
 * @public
 */
export function ringRoot(
  crypto: CryptoPort,
  secret: Uint8Array,
  slots: readonly (Leaf | null)[],
): Uint8Array {
  return treeOfSlots(crypto, secret, slots).root();
}

/**
 * The inclusion path of one slot, from the leaf upwards, 32 octets a hash.
 *
 * Requires: `index < slots.length <= 4096`.
 * @see RFC 9162 §2.1.3.1
 * @public
 */
export function inclusionPath(
  crypto: CryptoPort,
  secret: Uint8Array,
  slots: readonly (Leaf | null)[],
  index: number,
): Uint8Array {
  return treeOfSlots(crypto, secret, slots).path(index);
}

/**
 * The root that a leaf and its path give.
 *
 * @param leafBytes - hashed as they are, never decoded here
 * @param path - exactly as many hashes as the place of the leaf demands
 * @returns the root to compare with the head's, or `LEAF_NOT_IN_RING` when index, size and length
 * of the path do not belong together
 * @see RFC 9162 §2.1.3.2
 * @public
 */
export function rootFromPath(
  crypto: CryptoPort,
  leafBytes: Uint8Array,
  index: number,
  size: number,
  path: Uint8Array,
): Result<Uint8Array> {
  return rootFromLeafHash(crypto, leafHash(crypto, leafBytes), index, size, path);
}

/**
 * The root that a leaf hash and its path give; see {@link rootFromPath}.
 * @public
 */
export function rootFromLeafHash(
  crypto: CryptoPort,
  hash: Uint8Array,
  index: number,
  size: number,
  path: Uint8Array,
): Result<Uint8Array> {
  if (index >= size || size > RING_SIZE_MAX) return fail(LEAF_NOT_IN_RING);
  if (hash.length !== HASH_BYTES) return fail(LEAF_NOT_IN_RING);
  let node = hash;
  let place = index;
  let last = size - 1;
  let offset = 0;
  while (last > 0) {
    const isRight = (place & 1) === 1;
    if (isRight || place < last) {
      if (offset + HASH_BYTES > path.length) return fail(LEAF_NOT_IN_RING);
      const sibling = sliceBytes(path, offset, offset + HASH_BYTES);
      node = isRight ? nodeHash(crypto, sibling, node) : nodeHash(crypto, node, sibling);
      offset += HASH_BYTES;
    }
    place >>= 1;
    last >>= 1;
  }
  return offset === path.length ? succeed(node) : fail(LEAF_NOT_IN_RING);
}

/**
 * Roots of blocks of 32 slots.
 * @public
 */
export interface BlockHashes {
  /** The root over the slots of a block, of which the last may have fewer. */
  root(block: number): Uint8Array;
}

/**
 * Nodes that a tree keeps, level 5 and above, level behind level.
 * @public
 */
export function ringNodesKept(size: number): number {
  let kept = 0;
  for (let count = countAt(size, KEPT_LEVEL); count > 0; count = (count + 1) >> 1) {
    kept += count;
    if (count === 1) break;
  }
  return kept;
}

/**
 * Makes a tree over leaf hashes that are fetched when needed.
 *
 * @param leafHashAt - the hash of a slot, {@link leafHash} of its octets
 * @param nodes - all kept nodes of the same ring, or undefined to compute them on demand
 * @param blocks - what is had cheaper than from leaf hashes
 * @public
 */
export function createRingTree(
  crypto: CryptoPort,
  size: number,
  leafHashAt: (index: number) => Uint8Array,
  nodes?: Uint8Array,
  blocks?: BlockHashes,
): RingTree {
  assert(size <= RING_SIZE_MAX, PROMISE_BROKEN);
  // Where each kept level begins in `nodes`, counted in nodes; the last entry is their number.
  const begins: number[] = [0];
  let keptCount = 0;
  for (let level = KEPT_LEVEL; countAt(size, level) > 0; level += 1) {
    keptCount += countAt(size, level);
    begins.push(keptCount);
    if (countAt(size, level) === 1) break;
  }
  const kept = nodes === undefined ? new Uint8Array(keptCount * HASH_BYTES) : nodes;
  assert(kept.length === keptCount * HASH_BYTES, PROMISE_BROKEN);
  // 1 for each kept node that is made. To look at its octets would take an interpreter longer than the hashes.
  const made = new Uint8Array(keptCount);

  function node(level: number, place: number): Uint8Array {
    if (level === 0) return leafHashAt(place);
    const known = level >= KEPT_LEVEL ? keptAt(level, place) : undefined;
    if (known !== undefined) return known;
    const hash =
      level === KEPT_LEVEL && blocks !== undefined ? blocks.root(place) : join(level, place);
    if (level >= KEPT_LEVEL) {
      kept.set(hash, numberOf(level, place) * HASH_BYTES);
      made[numberOf(level, place)] = 1;
    }
    return hash;
  }

  function join(level: number, place: number): Uint8Array {
    const left = node(level - 1, 2 * place);
    const hasRight = 2 * place + 1 < countAt(size, level - 1);
    return hasRight ? nodeHash(crypto, left, node(level - 1, 2 * place + 1)) : left;
  }

  function numberOf(level: number, place: number): number {
    return (begins[level - KEPT_LEVEL] as number) + place;
  }

  function keptAt(level: number, place: number): Uint8Array | undefined {
    const number = numberOf(level, place);
    if (nodes === undefined && made[number] !== 1) return undefined;
    return sliceBytes(kept, number * HASH_BYTES, (number + 1) * HASH_BYTES);
  }

  return {
    size,
    nodes: kept,

    root() {
      if (size === 0) return crypto.hash(new Uint8Array(0));
      let level = 0;
      while (countAt(size, level) > 1) level += 1;
      return node(level, 0);
    },

    path(index) {
      assert(index < size, PROMISE_BROKEN);
      const hashes: Uint8Array[] = [];
      for (let level = 0; countAt(size, level) > 1; level += 1) {
        const sibling = (index >> level) ^ 1;
        if (sibling < countAt(size, level)) hashes.push(node(level, sibling));
      }
      return concatBytes(hashes);
    },
  };
}

/**
 * Makes the tree over a ring's slots.
 * @public
 */
export function treeOfSlots(
  crypto: CryptoPort,
  secret: Uint8Array,
  slots: readonly (Leaf | null)[],
): RingTree {
  return createRingTree(crypto, slots.length, (index) => {
    const leaf = slots[index];
    assert(leaf !== undefined, PROMISE_BROKEN);
    return leafHash(crypto, slotBytes(crypto, secret, leaf));
  });
}

// Nodes of a level, the one that moved up unchanged included.
function countAt(size: number, level: number): number {
  return (size + (1 << level) - 1) >> level;
}
