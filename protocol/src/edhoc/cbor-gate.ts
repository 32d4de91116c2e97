// SPDX-License-Identifier: EUPL-1.2
import { TOKEN_WORDS } from "./arena.ts";

const DEPTH_MAX = 8;

/**
 * The strict gate of the door path; see `ArenaOperations.gate` for what it admits and writes.
 *
 * It is the reference for the native operation: one pass, no allocation, no recursion deeper than
 * the eight levels that an item may have.
 *
 * @param words - the same arena as 32-bit words, where the tokens go
 * @internal
 */
export function createGate(
  arena: Uint8Array,
  words: Uint32Array,
): (at: number, bytes: number, tokensAt: number, tokensMax: number) => number {
  let position = 0;
  let end = 0;
  let word = 0;
  let left = 0;

  // Passes one item and moves `position` behind it; false stops everything.
  function passItem(depth: number): boolean {
    if (position >= end || left === 0) return false;
    const initial = arena[position] as number;
    const major = initial >> 5;
    const argument = passArgument(initial & 31);
    if (argument < 0) return false;
    words[word] = major;
    words[word + 1] = position;
    words[word + 2] = argument;
    word += TOKEN_WORDS;
    left -= 1;
    if (major < 2) return true;
    if (major < 4) return passString(major === 3, argument);
    if (major === 4) return depth < DEPTH_MAX && passArray(argument, depth + 1);
    if (major === 5) return depth < DEPTH_MAX && passMap(argument, depth + 1);
    // Simple values in one octet: false, true, null. Tags (6) and floats never pass.
    return major === 7 && initial >= 0xf4 && initial <= 0xf6;
  }

  // RFC 8949 §4.2.1: an argument takes the fewest octets that can hold it.
  function passArgument(low: number): number {
    position += 1;
    if (low < 24) return low;
    const width = low === 24 ? 1 : low === 25 ? 2 : low === 26 ? 4 : 0;
    if (width === 0 || end - position < width) return -1;
    let argument = 0;
    for (let count = 0; count < width; count += 1) {
      argument = argument * 256 + (arena[position] as number);
      position += 1;
    }
    const least = width === 1 ? 24 : width === 2 ? 256 : 65536;
    return argument < least ? -1 : argument;
  }

  function passString(isText: boolean, length: number): boolean {
    if (length > end - position) return false;
    const after = position + length;
    if (isText) {
      for (let index = position; index < after; index += 1) {
        if ((arena[index] as number) > 0x7f) return false;
      }
    }
    position = after;
    return true;
  }

  function passArray(items: number, depth: number): boolean {
    for (let count = 0; count < items; count += 1) {
      if (!passItem(depth)) return false;
    }
    return true;
  }

  // Keys are integers or text and rise strictly, octet by octet, so none comes twice.
  function passMap(pairs: number, depth: number): boolean {
    let before = -1;
    let beforeEnd = -1;
    for (let count = 0; count < pairs; count += 1) {
      const key = position;
      if (key >= end) return false;
      const major = (arena[key] as number) >> 5;
      if (major !== 0 && major !== 1 && major !== 3) return false;
      if (!passItem(depth)) return false;
      if (before >= 0 && !rises(before, beforeEnd, key, position)) return false;
      before = key;
      beforeEnd = position;
      if (!passItem(depth)) return false;
    }
    return true;
  }

  function rises(one: number, oneEnd: number, other: number, otherEnd: number): boolean {
    let a = one;
    let b = other;
    while (a < oneEnd && b < otherEnd) {
      const difference = (arena[b] as number) - (arena[a] as number);
      if (difference !== 0) return difference > 0;
      a += 1;
      b += 1;
    }
    return a === oneEnd && b < otherEnd;
  }

  return function gate(at, bytes, tokensAt, tokensMax) {
    position = at;
    end = at + bytes;
    word = tokensAt >> 2;
    left = tokensMax;
    while (position < end) {
      if (!passItem(0)) return 0;
    }
    return tokensMax - left;
  };
}
