// SPDX-License-Identifier: EUPL-1.2
import { octetAt, sliceBytes } from "@nyckelring/protocol";

// L = 2^252 + 27742317777372353535851937790883648493, the order of the base point, in octets with
// the lowest first; RFC 8032 §5.1.
const ORDER: readonly number[] = [
  0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/** Tells whether 32 octets, the lowest first, are below L; RFC 8032 §5.1.7 asks it of S. */
export function isCanonicalScalar(bytes: Uint8Array): boolean {
  for (let index = 31; index >= 0; index -= 1) {
    const own = octetAt(bytes, index);
    const order = ORDER[index] ?? 0;
    if (own !== order) {
      return own < order;
    }
  }
  return false;
}

/** Reduces up to 64 octets modulo L to 32. */
export function reduceScalar(bytes: Uint8Array): Uint8Array {
  const wide = new Float64Array(64);
  for (let index = 0; index < bytes.length; index += 1) {
    wide[index] = octetAt(bytes, index);
  }
  return reduceWide(wide);
}

/** `left * right + addend` modulo L, all of 32 octets; RFC 8032 §5.1.6 step 5. */
export function multiplyAddScalar(
  left: Uint8Array,
  right: Uint8Array,
  addend: Uint8Array,
): Uint8Array {
  const wide = new Float64Array(64);
  for (let index = 0; index < 32; index += 1) {
    wide[index] = octetAt(addend, index);
  }
  for (let row = 0; row < 32; row += 1) {
    const factor = octetAt(left, row);
    for (let index = 0; index < 32; index += 1) {
      wide[row + index] = digitAt(wide, row + index) + factor * octetAt(right, index);
    }
  }
  return reduceWide(wide);
}

// Division in base 256 from the top: digit q of place i takes 16 * q * L off at place i - 32, for
// L is 16 * 256^31 plus a tail of 16 octets. Digits may be negative in between.
function reduceWide(wide: Float64Array): Uint8Array {
  carryUp(wide, 64);
  for (let place = 63; place >= 32; place -= 1) {
    const top = digitAt(wide, place);
    if (top !== 0) {
      for (let index = 0; index < 16; index += 1) {
        const at = place - 32 + index;
        wide[at] = digitAt(wide, at) - 16 * top * (ORDER[index] ?? 0);
      }
      wide[place] = 0;
      carryDown(wide, place);
    }
  }
  // What is left is a little more than 256 bits on either side of zero. The multiple of L in its top
  // goes first; what may then be missing below zero is put back.
  takeOrders(wide, Math.floor(digitAt(wide, 31) / 16));
  while (digitAt(wide, 31) < 0) {
    takeOrders(wide, -1);
  }
  const bytes = new Uint8Array(32);
  for (let index = 0; index < 32; index += 1) {
    bytes[index] = digitAt(wide, index);
  }
  return isCanonicalScalar(bytes) ? bytes : lessOrder(bytes);
}

function takeOrders(wide: Float64Array, count: number): void {
  for (let index = 0; index < 32; index += 1) {
    wide[index] = digitAt(wide, index) - count * (ORDER[index] ?? 0);
  }
  carryUp(wide, 31);
}

function lessOrder(bytes: Uint8Array): Uint8Array {
  const result = sliceBytes(bytes, 0, 32);
  let borrow = 0;
  for (let index = 0; index < 32; index += 1) {
    const digit = octetAt(bytes, index) - (ORDER[index] ?? 0) - borrow;
    borrow = digit < 0 ? 1 : 0;
    result[index] = digit & 0xff;
  }
  return result;
}

function carryUp(wide: Float64Array, count: number): void {
  for (let index = 0; index < count && index < 63; index += 1) {
    const carry = Math.floor(digitAt(wide, index) / 256);
    wide[index] = digitAt(wide, index) - carry * 256;
    wide[index + 1] = digitAt(wide, index + 1) + carry;
  }
}

function carryDown(wide: Float64Array, place: number): void {
  for (let index = place - 32; index < place - 1; index += 1) {
    const carry = Math.floor(digitAt(wide, index) / 256);
    wide[index] = digitAt(wide, index) - carry * 256;
    wide[index + 1] = digitAt(wide, index + 1) + carry;
  }
}

function digitAt(wide: Float64Array, index: number): number {
  return wide[index] as number;
}
