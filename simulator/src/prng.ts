// SPDX-License-Identifier: EUPL-1.2

import { createHash } from "node:crypto";

/**
 * A stream of chance that is fully determined by its seed and the labels that lead to it.
 *
 * Children are derived from the seed of a stream, never from its state, so one more draw in one
 * part of the world does not move the draws of another part.
 *
 * @public
 */
export interface RandomStream {
  /** A whole number from 0 to 2^32 - 1. */
  drawU32(): number;
  /** A whole number from 0 to `limit - 1`; `limit` is 1 to 2^32. */
  drawBelow(limit: number): number;
  /** A whole number from `low` to `high`, both included. */
  drawBetween(low: number, high: number): number;
  /** True with a chance of `permille` in 1000. */
  drawChance(permille: number): boolean;
  /** One element of a list that is not empty. */
  pick<T>(items: readonly T[]): T;
  /** The same elements in a drawn order; the argument is left as it is. */
  shuffle<T>(items: readonly T[]): T[];
  /** Fills `bytes` octets of `target` from `offset`; has the form of the entropy port. */
  fill(target: Uint8Array, offset: number, bytes: number): void;
  /** The child stream of this name; the same name always gives the same child. */
  split(label: string): RandomStream;
}

/**
 * Gives the root of the tree of random streams of one run.
 *
 * @param seed - Any text; the command line passes the decimal seed.
 * @public
 */
export function createRandomStream(seed: string): RandomStream {
  return streamOfSeed(createHash("sha256").update(`nyckelring simulator ${seed}`).digest());
}

function streamOfSeed(seed: Uint8Array): RandomStream {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  let a = view.getUint32(0);
  let b = view.getUint32(4);
  let c = view.getUint32(8);
  // The generator must not start in its all-zero state; one odd word is enough.
  let d = (view.getUint32(12) | 1) >>> 0;

  // xoshiro128** 1.1 by Blackman and Vigna: small, fast and good enough for drawing worlds. It is
  // no source of secrets; simulated devices use it only because a run must be repeatable.
  function drawU32(): number {
    const product = Math.imul(b, 5);
    const rotated = (product << 7) | (product >>> 25);
    const result = Math.imul(rotated, 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  }

  function drawBelow(limit: number): number {
    // Draws above the last whole multiple of the limit are thrown away, so that no value is
    // favoured.
    const end = 0x100000000 - (0x100000000 % limit);
    let value = drawU32();
    while (value >= end) value = drawU32();
    return value % limit;
  }

  function fill(target: Uint8Array, offset: number, bytes: number): void {
    for (let index = 0; index < bytes; index += 1) target[offset + index] = drawU32() & 0xff;
  }

  function pick<T>(items: readonly T[]): T {
    const item = items[drawBelow(items.length)];
    if (item === undefined) throw new Error("cannot pick from an empty list");
    return item;
  }

  function shuffle<T>(items: readonly T[]): T[] {
    const rest = items.slice();
    const shuffled: T[] = [];
    while (rest.length > 0) shuffled.push(...rest.splice(drawBelow(rest.length), 1));
    return shuffled;
  }

  return {
    drawU32,
    drawBelow,
    drawBetween: (low, high) => low + drawBelow(high - low + 1),
    drawChance: (permille) => drawBelow(1000) < permille,
    pick,
    shuffle,
    fill,
    split: (label) =>
      streamOfSeed(createHash("sha256").update(seed).update("/").update(label).digest()),
  };
}
