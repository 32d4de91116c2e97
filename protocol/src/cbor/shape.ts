// SPDX-License-Identifier: EUPL-1.2
// Shapes are the rows of the specification in code: a guard says what a value must look like, its
// bounds included, and tells the compiler the same. One guard serves encoder and decoder.

import { type CborMap, type CborValue, isArray, isBytes, isMap, UINT_MAX } from "./value.ts";

/** Tells whether a value has a shape. @public */
export type Shape<T extends CborValue> = (value: CborValue) => value is T;

/** The type that a shape proves. @public */
export type ShapeValue<S> = S extends Shape<infer T> ? T : never;

type ShapeValues<S extends readonly Shape<CborValue>[]> = {
  readonly [Index in keyof S]: ShapeValue<S[Index]>;
};

/** An unsigned integer of at most `max`. @public */
export function uint(max: number): Shape<number> {
  return (value): value is number => typeof value === "number" && value >= 0 && value <= max;
}

/** An unsigned integer from `min` to `max`. @public */
export function uintFrom(min: number, max: number): Shape<number> {
  return (value): value is number => typeof value === "number" && value >= min && value <= max;
}

/** An octet string of exactly `length`. @public */
export function bytesOf(length: number): Shape<Uint8Array> {
  return (value): value is Uint8Array => isBytes(value) && value.length === length;
}

/** An octet string of at most `max`. @public */
export function bytesUpTo(max: number): Shape<Uint8Array> {
  return (value): value is Uint8Array => isBytes(value) && value.length <= max;
}

/** The one value that it names. @public */
export function exactly<const T extends number | string | boolean | null>(wanted: T): Shape<T> {
  return (value): value is T => value === wanted;
}

/** Null, or a value of the shape. @public */
export function orNull<T extends CborValue>(shape: Shape<T>): Shape<T | null> {
  return (value): value is T | null => value === null || shape(value);
}

/** An array of `min` to `max` items of one shape. @public */
export function listOf<T extends CborValue>(
  item: Shape<T>,
  min: number,
  max: number,
): Shape<readonly T[]> {
  return (value): value is readonly T[] => {
    if (!isArray(value) || value.length < min || value.length > max) return false;
    for (const member of value) {
      if (!item(member)) return false;
    }
    return true;
  };
}

/** An array with one shape per place. @public */
export function tuple<const S extends readonly Shape<CborValue>[]>(
  shapes: S,
): Shape<ShapeValues<S> & readonly CborValue[]> {
  return (value): value is ShapeValues<S> & readonly CborValue[] => {
    if (!isArray(value) || value.length !== shapes.length) return false;
    for (let index = 0; index < shapes.length; index += 1) {
      const shape = shapes[index];
      const member = value[index];
      if (shape === undefined || member === undefined || !shape(member)) return false;
    }
    return true;
  };
}

/**
 * A map with exactly these keys, in the order of the encoding; read the values with `mapGet`.
 * @public
 */
export function mapOf(
  members: readonly (readonly [key: number, shape: Shape<CborValue>])[],
): Shape<CborMap> {
  return (value): value is CborMap => {
    if (!isMap(value) || value.entries.length !== members.length) return false;
    for (let index = 0; index < members.length; index += 1) {
      const member = members[index];
      const entry = value.entries[index];
      if (member === undefined || entry === undefined) return false;
      if (entry[0] !== member[0] || !member[1](entry[1])) return false;
    }
    return true;
  };
}

/** Any unsigned integer of 32 bits: times, sequences, doors, groups. @public */
export const uint32: Shape<number> = uint(UINT_MAX);

/** Any unsigned integer of 16 bits. @public */
export const uint16: Shape<number> = uint(0xffff);

/** Any unsigned integer of 8 bits. @public */
export const uint8: Shape<number> = uint(0xff);
