// SPDX-License-Identifier: EUPL-1.2

/**
 * What our CBOR can say: integers below 2^32 in size, octet strings, ASCII text, arrays, maps with
 * integer or text keys, false, true and null. No floats, no undefined, no tags.
 * @see RFC 8949 §3
 * @public
 */
export type CborValue =
  | number
  | boolean
  | string
  | null
  | Uint8Array
  | readonly CborValue[]
  | CborMap;

/**
 * A map as a list of pairs; the encoder sorts them, the decoder gives them sorted.
 * @public
 */
export interface CborMap {
  readonly entries: readonly CborEntry[];
}

/** One pair of a map. @public */
export type CborEntry = readonly [key: number | string, value: CborValue];

/**
 * The deepest nesting of arrays and maps; the outermost one counts as 1.
 * @public
 */
export const CBOR_DEPTH_MAX = 8;

/** The largest integer; all of ours fit 32 bits. @public */
export const UINT_MAX = 0xffffffff;

/**
 * Makes a map of its pairs, in any order.
 * @public
 */
export function cborMap(entries: readonly CborEntry[]): CborMap {
  return { entries };
}

/**
 * Reads the value under a key.
 * @returns undefined when the map has no such key
 * @public
 */
export function mapGet(map: CborMap, key: number | string): CborValue | undefined {
  for (const entry of map.entries) {
    if (entry[0] === key) return entry[1];
  }
  return undefined;
}

/** Tells whether a value is an octet string. @public */
export function isBytes(value: CborValue): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** Tells whether a value is an array. @public */
export function isArray(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}

/** Tells whether a value is a map. @public */
export function isMap(value: CborValue): value is CborMap {
  return value !== null && typeof value === "object" && !isBytes(value) && !isArray(value);
}
