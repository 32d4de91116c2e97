// SPDX-License-Identifier: EUPL-1.2
import { octetAt } from "../bytes.ts";
import { CBOR_MALFORMED } from "../errors/code.ts";
import type { Fault } from "../errors/result.ts";
import { CBOR_DEPTH_MAX } from "./value.ts";

let isGoodNatively: ((bytes: Uint8Array) => boolean) | undefined;

/**
 * Lets native code go through octets first: script takes a hundred times as long. What it does not find
 * good is gone through here again, for the place of the fault.
 *
 * Security: its verdict counts, so it must be the same gate.
 * @public
 */
export function useNativeGate(isGood: (bytes: Uint8Array) => boolean): void {
  isGoodNatively = isGood;
}

/**
 * The strict gate: lets pass exactly the octets that `encodeCbor` can produce, so that one value
 * has one encoding and no decoder behind the gate meets a surprise.
 *
 * Refused are truncation, trailing octets, lengths that lie, integers and lengths that are not
 * shortest or reach 2^32, indefinite lengths, map keys that are unsorted, repeated or neither
 * integer nor text, text beyond ASCII, tags, floats, every simple value but false, true and null,
 * and nesting deeper than 8. It allocates nothing that grows with the input.
 *
 * Security: run it before any other decoder. Decode, encode again and compare is not enough:
 * several libraries execute tags, loop on cycles or give equal octets for unequal input.
 *
 * @returns undefined when the octets are good, else `CBOR_MALFORMED` with the offset as detail
 * @see RFC 8949 §4.2.1
 * @public
 */
export function checkCbor(bytes: Uint8Array): Fault | undefined {
  if (isGoodNatively?.(bytes)) return undefined;
  const end = checkItem(bytes, 0, 1);
  if (end === bytes.length) return undefined;
  return { code: CBOR_MALFORMED, detail: end < 0 ? -1 - end : end };
}

/**
 * The argument of the head at `offset`: a value, a length or a count.
 *
 * Requires: octets that passed the gate.
 * @internal
 */
export function argumentAt(bytes: Uint8Array, offset: number): number {
  const short = octetAt(bytes, offset) & 31;
  if (short < 24) return short;
  if (short === 24) return octetAt(bytes, offset + 1);
  const high = octetAt(bytes, offset + 1) * 256 + octetAt(bytes, offset + 2);
  if (short === 25) return high;
  return high * 65536 + octetAt(bytes, offset + 3) * 256 + octetAt(bytes, offset + 4);
}

/**
 * The octets that the head at `offset` takes: 1, 2, 3 or 5.
 *
 * Requires: octets that passed the gate.
 * @internal
 */
export function headBytesAt(bytes: Uint8Array, offset: number): number {
  const short = octetAt(bytes, offset) & 31;
  if (short < 24) return 1;
  if (short === 24) return 2;
  return short === 25 ? 3 : 5;
}

// Each check gives the offset behind what it read, or -1 - offset of the octet that it refuses.

function refuseAt(offset: number): number {
  return -1 - offset;
}

function checkHead(bytes: Uint8Array, offset: number): number {
  const short = octetAt(bytes, offset) & 31;
  if (short < 24) return offset + 1;
  // 27 would be a value of 2^32 or more, 28 to 30 are not assigned, 31 is an indefinite length.
  if (short > 26) return refuseAt(offset);
  const end = offset + headBytesAt(bytes, offset);
  if (end > bytes.length) return refuseAt(offset);
  const argument = argumentAt(bytes, offset);
  const least = short === 24 ? 24 : short === 25 ? 0x100 : 0x10000;
  return argument < least ? refuseAt(offset) : end;
}

function checkItem(bytes: Uint8Array, offset: number, depth: number): number {
  if (offset >= bytes.length) return refuseAt(offset);
  const lead = octetAt(bytes, offset);
  if (lead < 24) return offset + 1;
  const start = checkHead(bytes, offset);
  if (start < 0) return start;
  const major = lead >> 5;
  if (major < 2) return start;
  if (major === 7) return lead >= 0xf4 && lead <= 0xf6 ? start : refuseAt(offset);
  if (major === 6) return refuseAt(offset);
  const count = argumentAt(bytes, offset);
  const room = bytes.length - start;
  if (major < 4) {
    if (count > room) return refuseAt(offset);
    return major === 2 ? start + count : checkAscii(bytes, start, start + count);
  }
  // Every item takes at least one octet, so a count that lies ends here and not in a long loop.
  if (depth > CBOR_DEPTH_MAX || count > room) return refuseAt(offset);
  return major === 4
    ? checkItems(bytes, start, count, depth + 1)
    : checkPairs(bytes, start, count, depth + 1);
}

function checkAscii(bytes: Uint8Array, start: number, end: number): number {
  for (let offset = start; offset < end; offset += 1) {
    if (octetAt(bytes, offset) > 0x7f) return refuseAt(offset);
  }
  return end;
}

function checkItems(bytes: Uint8Array, start: number, count: number, depth: number): number {
  let offset = start;
  for (let index = 0; index < count && offset >= 0; index += 1) {
    offset = checkItem(bytes, offset, depth);
  }
  return offset;
}

function checkPairs(bytes: Uint8Array, start: number, count: number, depth: number): number {
  let offset = start;
  let previous = -1;
  let previousEnd = -1;
  for (let index = 0; index < count; index += 1) {
    const key = offset;
    const keyEnd = checkItem(bytes, key, depth);
    if (keyEnd < 0) return keyEnd;
    const major = octetAt(bytes, key) >> 5;
    if (major !== 0 && major !== 1 && major !== 3) return refuseAt(key);
    if (previous >= 0 && !isBefore(bytes, previous, previousEnd, key)) {
      return refuseAt(key);
    }
    previous = key;
    previousEnd = keyEnd;
    offset = checkItem(bytes, keyEnd, depth);
    if (offset < 0) return offset;
  }
  return offset;
}

// Bytewise lexicographic order, strict: equal keys are not in order. No encoded item is the begin of
// another, so two keys differ before either ends, or they are the same. RFC 8949 §4.2.1.
function isBefore(bytes: Uint8Array, left: number, leftEnd: number, right: number): boolean {
  for (let index = 0; left + index < leftEnd; index += 1) {
    const difference = octetAt(bytes, left + index) - octetAt(bytes, right + index);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
