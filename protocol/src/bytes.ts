// SPDX-License-Identifier: EUPL-1.2
// Octet strings, with only what Espruino's typed arrays can do as well: their `slice` returns a
// plain array there, and a view cannot start above offset 65535.

const HEX_DIGITS = "0123456789abcdef";

/**
 * Reads one octet.
 *
 * Requires: `0 <= index < bytes.length`; a missing index of a typed array throws on a board.
 * @public
 */
export function octetAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}

/**
 * What an interpreter does with octet strings by means of its own: a loop over 32 octets costs it as much as a
 * curve.
 * @public
 */
export interface OctetMeans {
  /**
   * Compares two of one length.
   *
   * Security: it may stop at the first difference. Tags and signatures are then for native code to judge.
   */
  readonly equal: (a: Uint8Array, b: Uint8Array) => boolean;
  /** Joins them into a new one; undefined where memory has no room for it. */
  readonly join: (parts: readonly Uint8Array[]) => Uint8Array | undefined;
}

// Variables of their own: a board without such means has no field of that name.
let equalOtherwise: OctetMeans["equal"] | undefined;
let joinOtherwise: OctetMeans["join"] | undefined;

/**
 * Has the functions here use these means from now on.
 * @public
 */
export function useOctetMeans({ equal, join }: OctetMeans): void {
  equalOtherwise = equal;
  joinOtherwise = join;
}

/**
 * Joins octet strings into a new one.
 * @public
 */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const made = joinOtherwise === undefined ? undefined : joinOtherwise(parts);
  if (made !== undefined) return made;
  let total = 0;
  for (const part of parts) total += part.length;
  const joined = new Uint8Array(total);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/**
 * Tells whether two octet strings are the same. Every octet is read, whatever the first difference, but see
 * {@link OctetMeans}.
 *
 * Security: the length is not hidden; compare only values whose length is public.
 * @public
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  if (equalOtherwise !== undefined) return equalOtherwise(a, b);
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) {
    difference |= octetAt(a, index) ^ octetAt(b, index);
  }
  return difference === 0;
}

/**
 * Copies the octets from `from` up to, not including, `to`; without `to` up to the end.
 *
 * Requires: `0 <= from <= to <= bytes.length`; on a board a view that begins above offset 65535 throws,
 * and nothing of ours is longer.
 * @public
 */
export function sliceBytes(bytes: Uint8Array, from: number, to?: number): Uint8Array {
  const view = bytes.subarray(from, to);
  // Made of the view itself it would cost an interpreter four times as much.
  const copy = new Uint8Array(view.length);
  copy.set(view, 0);
  return copy;
}

/**
 * Writes an octet string as lower-case hexadecimal digits.
 * @public
 */
export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 1) {
    const octet = octetAt(bytes, index);
    text += HEX_DIGITS.charAt(octet >> 4) + HEX_DIGITS.charAt(octet & 15);
  }
  return text;
}

/**
 * Reads hexadecimal digits of either case. It is for constants of our own and checked input: an
 * odd length or another character is a programmer error and throws.
 * @public
 */
export function bytesOfHex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new Error("hexadecimal text of odd length");
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    const high = digitOfHex(text.charCodeAt(2 * index));
    const low = digitOfHex(text.charCodeAt(2 * index + 1));
    bytes[index] = high * 16 + low;
  }
  return bytes;
}

function digitOfHex(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x61 + 10;
  if (code >= 0x41 && code <= 0x46) return code - 0x41 + 10;
  throw new Error("not a hexadecimal digit");
}
