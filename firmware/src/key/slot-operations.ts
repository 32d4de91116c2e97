// SPDX-License-Identifier: EUPL-1.2

/** Answer of `beginDelta` for octets that memory holds in pieces: the script has to read them. */
export const DELTA_UNREACHABLE = -2;

/** Work over packed slots as they lie in flash, 12 octets each, done by native code. */
export interface SlotOperations {
  /** The leaf hashes of at most 32 slots, 32 octets each; good until the next call. */
  leaves(slots: Uint8Array, secret: Uint8Array): Uint8Array;
  /** The path of a slot among the first `count` of at most 32, leaf upwards; good until the next call. */
  path(slots: Uint8Array, count: number, index: number, secret: Uint8Array): Uint8Array;
  /** The root over the first `count` of at most 32 slots; good until the next call. */
  root(slots: Uint8Array, count: number, secret: Uint8Array): Uint8Array;
  /** What the hash of one slot covers, a copy: the leaf and its salt, or nothing. */
  saltedLeaf(slot: Uint8Array, secret: Uint8Array): Uint8Array;
  /** The path above the block of a slot, from the kept nodes of a ring; good until the next call. */
  keptPath(nodes: Uint8Array, size: number, slot: number): Uint8Array;
  /**
   * Looks through an encoded delta and stands before its first change. The octets must not change until the
   * last one is applied.
   *
   * @returns The number of changes, -1 for octets that are no delta, or `DELTA_UNREACHABLE`.
   */
  beginDelta(bytes: Uint8Array): number;
  /** The slot of the next change; -1 behind the last. */
  nextSlot(): number;
  /**
   * Applies the next changes, as long as they lie in the block of 32 slots that begins at a slot.
   *
   * @returns The slot behind the last change that was applied.
   */
  putDelta(firstSlot: number, slots: Uint8Array): number;
  /**
   * Writes the octets by which the slots of a block are searched, and empties the slots behind `count`.
   *
   * @returns How many rights there are.
   */
  indexBlock(slots: Uint8Array, count: number, search: Uint8Array): number;
}
