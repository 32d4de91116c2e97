// SPDX-License-Identifier: EUPL-1.2

/** Chance that follows from a seed. */
export interface Random {
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number;
  /** One of a list that is not empty. */
  pick<T>(items: readonly T[]): T;
}

/** Makes the chance of one input: seed and number of the input decide everything about it. */
export function createRandom(seed: number, input: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(input + 1, 0x85ebca77)) >>> 0;
  // The generator mulberry32.
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
  next();
  return {
    below: (end) => Math.floor((next() / 0x1_0000_0000) * end),
    pick(items) {
      const item = items[Math.floor((next() / 0x1_0000_0000) * items.length)];
      if (item === undefined) throw new Error("nothing to pick from");
      return item;
    },
  };
}
