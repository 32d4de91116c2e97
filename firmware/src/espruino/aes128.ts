// SPDX-License-Identifier: EUPL-1.2
import { octetAt } from "@nyckelring/protocol";

/** AES-128 encryption; decryption is not needed, for CCM only ever encrypts. */
export interface Aes128 {
  encryptBlocks(key: Uint8Array, blocks: Uint8Array): Uint8Array;
  chainBlocks(key: Uint8Array, blocks: Uint8Array): Uint8Array;
}

/**
 * AES-128 of FIPS 197 in plain JavaScript, for builds of the interpreter that lack it.
 *
 * Security: looks up a table by secret octets, so it leaks through timing where a cache exists.
 */
export function createAes128(): Aes128 {
  let box: Uint8Array | undefined;

  function encryptAll(key: Uint8Array, blocks: Uint8Array, isChained: boolean): Uint8Array {
    if (box === undefined) {
      box = substitutionBox();
    }
    const schedule = expandKey(key, box);
    const result = new Uint8Array(blocks.length);
    const state = new Uint8Array(16);
    for (let offset = 0; offset < blocks.length; offset += 16) {
      for (let index = 0; index < 16; index += 1) {
        const before = isChained ? octetAt(state, index) : 0;
        state[index] = octetAt(blocks, offset + index) ^ before;
      }
      encryptBlock(state, schedule, box);
      result.set(state, offset);
    }
    return isChained ? state : result;
  }

  return {
    encryptBlocks: (key, blocks) => encryptAll(key, blocks, false),
    chainBlocks: (key, blocks) => encryptAll(key, blocks, true),
  };
}

// FIPS 197 §4.2: multiplication by x modulo x^8 + x^4 + x^3 + x + 1.
function timesX(value: number): number {
  return ((value << 1) ^ (value >> 7 === 1 ? 0x11b : 0)) & 0xff;
}

// FIPS 197 §5.1.1: the affine map of the inverse. 3 generates the field, so its powers pair each
// value with its inverse.
function substitutionBox(): Uint8Array {
  const powers = new Uint8Array(256);
  const box = new Uint8Array(256);
  let power = 1;
  for (let exponent = 0; exponent < 255; exponent += 1) {
    powers[exponent] = power;
    power = power ^ timesX(power);
  }
  for (let exponent = 0; exponent < 255; exponent += 1) {
    const inverse = octetAt(powers, (255 - exponent) % 255);
    let value = inverse;
    let mapped = inverse;
    for (let turn = 0; turn < 4; turn += 1) {
      value = ((value << 1) | (value >> 7)) & 0xff;
      mapped ^= value;
    }
    box[octetAt(powers, exponent)] = mapped ^ 0x63;
  }
  box[0] = 0x63;
  return box;
}

// FIPS 197 §5.2.
function expandKey(key: Uint8Array, box: Uint8Array): Uint8Array {
  const schedule = new Uint8Array(176);
  schedule.set(key, 0);
  let round = 1;
  for (let offset = 16; offset < 176; offset += 4) {
    const isFirst = offset % 16 === 0;
    for (let index = 0; index < 4; index += 1) {
      const from = isFirst ? offset - 4 + ((index + 1) % 4) : offset - 4 + index;
      let value = octetAt(schedule, from);
      if (isFirst) {
        value = octetAt(box, value) ^ (index === 0 ? round : 0);
      }
      schedule[offset + index] = octetAt(schedule, offset - 16 + index) ^ value;
    }
    if (isFirst) {
      round = timesX(round);
    }
  }
  return schedule;
}

// FIPS 197 §5.1.
function encryptBlock(state: Uint8Array, schedule: Uint8Array, box: Uint8Array): void {
  const shifted = new Uint8Array(16);
  addRoundKey(state, schedule, 0);
  for (let round = 1; round <= 10; round += 1) {
    // SubBytes and ShiftRows in one: column c of row r comes from column c + r.
    for (let index = 0; index < 16; index += 1) {
      shifted[index] = octetAt(box, octetAt(state, (5 * index) % 16));
    }
    if (round < 10) {
      mixColumns(state, shifted);
    } else {
      state.set(shifted, 0);
    }
    addRoundKey(state, schedule, 16 * round);
  }
}

function addRoundKey(state: Uint8Array, schedule: Uint8Array, offset: number): void {
  for (let index = 0; index < 16; index += 1) {
    state[index] = octetAt(state, index) ^ octetAt(schedule, offset + index);
  }
}

function mixColumns(state: Uint8Array, shifted: Uint8Array): void {
  for (let column = 0; column < 16; column += 4) {
    const a = octetAt(shifted, column);
    const b = octetAt(shifted, column + 1);
    const c = octetAt(shifted, column + 2);
    const d = octetAt(shifted, column + 3);
    const all = a ^ b ^ c ^ d;
    state[column] = a ^ all ^ timesX(a ^ b);
    state[column + 1] = b ^ all ^ timesX(b ^ c);
    state[column + 2] = c ^ all ^ timesX(c ^ d);
    state[column + 3] = d ^ all ^ timesX(d ^ a);
  }
}
