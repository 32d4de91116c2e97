// SPDX-License-Identifier: EUPL-1.2
import { octetAt } from "@nyckelring/protocol";

/**
 * Numbers modulo p = 2^255 - 19 as fifteen limbs of 17 bits, the lowest first.
 *
 * Fifteen times 17 is 255, so what a product carries out of the top comes back at the bottom times
 * 19 and nothing has to be shifted. Limbs are doubles because a product column stays below 2^53.
 * They may be negative between two products; only `encodeField` makes the value unique.
 *
 * Security: nothing here runs in constant time. It is for interpreters on which no native code
 * runs; a board that holds real secrets uses native curves.
 */
export type FieldElement = Float64Array;

/** Limbs of a field element. */
export const LIMB_COUNT = 15;

const LIMB_SIZE = 131072;

/**
 * Sum of `left[i] * right[i + offset]` over all i of `left`.
 *
 * The one inner loop of the curves. A board hands in its own, because fifteen steps of the
 * interpreter cost more than one call of a native function.
 */
export type DotProduct = (left: Float64Array, right: Float64Array, offset: number) => number;

/** The dot product in plain JavaScript. */
export function plainDotProduct(left: Float64Array, right: Float64Array, offset: number): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) {
    sum += limbAt(left, index) * limbAt(right, index + offset);
  }
  return sum;
}

/** Arithmetic modulo p over one dot product. Results are written to `target`, which may be an operand. */
export interface Field {
  multiply(target: FieldElement, left: FieldElement, right: FieldElement): void;
  /** `value` to the power 2, `times` times over. */
  squareTimes(target: FieldElement, value: FieldElement, times: number): void;
  add(target: FieldElement, left: FieldElement, right: FieldElement): void;
  subtract(target: FieldElement, left: FieldElement, right: FieldElement): void;
  /** `value` to the power p - 2: its inverse, and 0 for 0. */
  invert(target: FieldElement, value: FieldElement): void;
  /** `value` to the power (p - 5) / 8 = 2^252 - 3; RFC 8032 §5.1.3. */
  powerForRoot(target: FieldElement, value: FieldElement): void;
}

/** Makes the arithmetic; its two buffers are allocated once. */
export function createField(dot: DotProduct): Field {
  // Column k of a product is the sum of a[i] * b[k - i], and of 19 * a[i] * b[k - i + 15] for what
  // wraps around. With `a` reversed and `table` = 19 b, b that is one dot product at offset k + 1.
  const reversed = new Float64Array(LIMB_COUNT);
  const table = new Float64Array(2 * LIMB_COUNT);
  const power = new Float64Array(LIMB_COUNT);
  const base = new Float64Array(LIMB_COUNT);

  function multiply(target: FieldElement, left: FieldElement, right: FieldElement): void {
    reversed.set(left, 0);
    reversed.reverse();
    table.set(right, LIMB_COUNT);
    for (let index = 0; index < LIMB_COUNT; index += 1) {
      table[index] = 19 * limbAt(right, index);
    }
    let carry = 0;
    for (let index = 0; index < LIMB_COUNT; index += 1) {
      const column = dot(reversed, table, index + 1) + carry;
      carry = Math.floor(column / LIMB_SIZE);
      target[index] = column - carry * LIMB_SIZE;
    }
    const lowest = limbAt(target, 0) + 19 * carry;
    carry = Math.floor(lowest / LIMB_SIZE);
    target[0] = lowest - carry * LIMB_SIZE;
    target[1] = limbAt(target, 1) + carry;
  }

  function squareTimes(target: FieldElement, value: FieldElement, times: number): void {
    multiply(target, value, value);
    for (let done = 1; done < times; done += 1) {
      multiply(target, target, target);
    }
  }

  // value^(2^250 - 1), the part that both powers share; leaves value^11 in `base`.
  function raiseTo250(target: FieldElement, value: FieldElement): void {
    const power5 = new Float64Array(LIMB_COUNT);
    const power10 = new Float64Array(LIMB_COUNT);
    const power50 = new Float64Array(LIMB_COUNT);
    squareTimes(power, value, 1);
    squareTimes(base, power, 2);
    multiply(base, base, value);
    multiply(power, power, base);
    const nine = base;
    const eleven = power;
    const twentyTwo = new Float64Array(LIMB_COUNT);
    squareTimes(twentyTwo, eleven, 1);
    multiply(power5, twentyTwo, nine);
    squareTimes(power10, power5, 5);
    multiply(power10, power10, power5);
    const power20 = new Float64Array(LIMB_COUNT);
    squareTimes(power20, power10, 10);
    multiply(power20, power20, power10);
    const power40 = new Float64Array(LIMB_COUNT);
    squareTimes(power40, power20, 20);
    multiply(power40, power40, power20);
    squareTimes(power50, power40, 10);
    multiply(power50, power50, power10);
    const power100 = new Float64Array(LIMB_COUNT);
    squareTimes(power100, power50, 50);
    multiply(power100, power100, power50);
    const power200 = new Float64Array(LIMB_COUNT);
    squareTimes(power200, power100, 100);
    multiply(power200, power200, power100);
    squareTimes(power200, power200, 50);
    multiply(target, power200, power50);
    base.set(eleven, 0);
  }

  function invert(target: FieldElement, value: FieldElement): void {
    raiseTo250(target, value);
    squareTimes(target, target, 5);
    multiply(target, target, base);
  }

  function powerForRoot(target: FieldElement, value: FieldElement): void {
    const copy = new Float64Array(LIMB_COUNT);
    copy.set(value, 0);
    raiseTo250(target, copy);
    squareTimes(target, target, 2);
    multiply(target, target, copy);
  }

  return { multiply, squareTimes, add, subtract, invert, powerForRoot };
}

function add(target: FieldElement, left: FieldElement, right: FieldElement): void {
  for (let index = 0; index < LIMB_COUNT; index += 1) {
    target[index] = limbAt(left, index) + limbAt(right, index);
  }
}

function subtract(target: FieldElement, left: FieldElement, right: FieldElement): void {
  for (let index = 0; index < LIMB_COUNT; index += 1) {
    target[index] = limbAt(left, index) - limbAt(right, index);
  }
}

/** A small number as a field element. */
export function fieldOf(value: number): FieldElement {
  const element = new Float64Array(LIMB_COUNT);
  element[0] = value;
  return element;
}

/** Copies an element. */
export function copyField(value: FieldElement): FieldElement {
  const copy = new Float64Array(LIMB_COUNT);
  copy.set(value, 0);
  return copy;
}

/** Reads 32 octets, the lowest first, without the topmost bit; RFC 7748 §5. */
export function decodeField(bytes: Uint8Array): FieldElement {
  const element = new Float64Array(LIMB_COUNT);
  let bits = 0;
  let value = 0;
  let limb = 0;
  for (let index = 0; index < 32; index += 1) {
    value += (index === 31 ? octetAt(bytes, 31) & 0x7f : octetAt(bytes, index)) * (1 << bits);
    bits += 8;
    if (bits >= 17) {
      element[limb] = value & (LIMB_SIZE - 1);
      value >>>= 17;
      bits -= 17;
      limb += 1;
    }
  }
  if (limb < LIMB_COUNT) {
    element[limb] = value;
  }
  return element;
}

/** Writes the one value from 0 to p - 1 as 32 octets, the lowest first. */
export function encodeField(value: FieldElement): Uint8Array {
  const reduced = copyField(value);
  for (let pass = 0; pass < 3; pass += 1) {
    carryAround(reduced);
  }
  // The value is now below 2^255; p is taken off once if adding 19 reaches 2^255.
  let carry = 19;
  for (let index = 0; index < LIMB_COUNT; index += 1) {
    carry = Math.floor((limbAt(reduced, index) + carry) / LIMB_SIZE);
  }
  reduced[0] = limbAt(reduced, 0) + 19 * carry;
  carryUp(reduced);
  const bytes = new Uint8Array(32);
  let bits = 0;
  let pending = 0;
  let offset = 0;
  for (let index = 0; index < LIMB_COUNT; index += 1) {
    pending += limbAt(reduced, index) * (1 << bits);
    bits += 17;
    while (bits >= 8) {
      bytes[offset] = pending & 0xff;
      pending >>>= 8;
      bits -= 8;
      offset += 1;
    }
  }
  bytes[31] = pending & 0xff;
  return bytes;
}

function carryAround(value: FieldElement): void {
  const carry = carryUp(value);
  value[0] = limbAt(value, 0) + 19 * carry;
}

/** @returns what was carried out of the top, in units of 2^255. */
function carryUp(value: FieldElement): number {
  let carry = 0;
  for (let index = 0; index < LIMB_COUNT; index += 1) {
    const limb = limbAt(value, index) + carry;
    carry = Math.floor(limb / LIMB_SIZE);
    value[index] = limb - carry * LIMB_SIZE;
  }
  return carry;
}

function limbAt(value: Float64Array, index: number): number {
  return value[index] as number;
}
