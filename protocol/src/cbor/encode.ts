// SPDX-License-Identifier: EUPL-1.2
import { PROMISE_BROKEN } from "../errors/code.ts";
import { assert } from "../errors/result.ts";
import { writeHead } from "./head.ts";
import {
  CBOR_DEPTH_MAX,
  type CborEntry,
  type CborMap,
  type CborValue,
  isArray,
  UINT_MAX,
} from "./value.ts";

/**
 * Encodes a value; equal values have equal octets.
 *
 * Requires: integers of at most 32 bits, ASCII text, no key twice, at most 8 levels; anything else
 * is a programmer error and throws.
 *
 * @see RFC 8949 §4.2.1 for the rules: shortest heads, definite lengths, keys in bytewise order
 * @public
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const target = new Uint8Array(measure(value, 1));
  write(target, 0, value);
  return target;
}

// Two passes, measure and write, so that one buffer of the right size is made once.

// What comes most is asked first, and small numbers are told in place: in an interpreter each call counts.

function measure(value: CborValue, depth: number): number {
  if (typeof value === "number") return isSmall(value) ? 1 : headBytes(argumentOf(value));
  if (value instanceof Uint8Array) return headBytes(value.length) + value.length;
  if (value === null || typeof value === "boolean") return 1;
  if (typeof value === "string") return headBytes(value.length) + value.length;
  assert(depth <= CBOR_DEPTH_MAX, PROMISE_BROKEN);
  if (isArray(value)) {
    let total = headBytes(value.length);
    for (const item of value) total += measure(item, depth + 1);
    return total;
  }
  let total = headBytes(value.entries.length);
  for (const entry of value.entries) {
    total += measure(entry[0], depth + 1) + measure(entry[1], depth + 1);
  }
  return total;
}

function write(target: Uint8Array, offset: number, value: CborValue): number {
  if (typeof value === "number") {
    if (!isSmall(value)) return writeHead(target, offset, value < 0 ? 1 : 0, argumentOf(value));
    target[offset] = value;
    return offset + 1;
  }
  if (value instanceof Uint8Array) {
    const start = writeHead(target, offset, 2, value.length);
    target.set(value, start);
    return start + value.length;
  }
  if (typeof value === "boolean") {
    target[offset] = value ? 0xf5 : 0xf4;
    return offset + 1;
  }
  if (value === null) {
    target[offset] = 0xf6;
    return offset + 1;
  }
  if (typeof value === "string") return writeText(target, offset, value);
  if (isArray(value)) {
    let next = writeHead(target, offset, 4, value.length);
    for (const item of value) next = write(target, next, item);
    return next;
  }
  return writeMap(target, offset, value);
}

function isSmall(value: number): boolean {
  return value < 24 && (value & 0x1f) === value;
}

function writeText(target: Uint8Array, offset: number, text: string): number {
  const start = writeHead(target, offset, 3, text.length);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    assert(code < 0x80, PROMISE_BROKEN);
    target[start + index] = code;
  }
  return start + text.length;
}

function writeMap(target: Uint8Array, offset: number, map: CborMap): number {
  let next = writeHead(target, offset, 5, map.entries.length);
  const sorted: CborEntry[] = [];
  for (const entry of map.entries) sorted.push(entry);
  sorted.sort(compareEntries);
  let previous: CborEntry | undefined;
  for (const entry of sorted) {
    assert(previous === undefined || previous[0] !== entry[0], PROMISE_BROKEN);
    next = write(target, next, entry[0]);
    next = write(target, next, entry[1]);
    previous = entry;
  }
  return next;
}

// The bytewise order of encoded keys without encoding them: all non-negative integers by value,
// then all negative ones from -1 downwards, then text by length and by characters.
function compareEntries(a: CborEntry, b: CborEntry): number {
  const left = a[0];
  const right = b[0];
  if (typeof left === "number" && typeof right === "number") {
    if (left < 0 !== right < 0) return left < 0 ? 1 : -1;
    return left < 0 ? right - left : left - right;
  }
  if (typeof left === "string" && typeof right === "string") {
    if (left.length !== right.length) return left.length - right.length;
    if (left === right) return 0;
    return left < right ? -1 : 1;
  }
  return typeof left === "number" ? -1 : 1;
}

// The argument of an integer's head: n itself, or -1 - n for a negative one; RFC 8949 §3.1.
function argumentOf(value: number): number {
  const argument = value < 0 ? -1 - value : value;
  assert(argument <= UINT_MAX && Math.floor(argument) === argument, PROMISE_BROKEN);
  return argument;
}

function headBytes(argument: number): number {
  if (argument < 24) return 1;
  if (argument < 0x100) return 2;
  if (argument < 0x10000) return 3;
  return 5;
}
