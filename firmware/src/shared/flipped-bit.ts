// SPDX-License-Identifier: EUPL-1.2

const REFLECTED_POLYNOMIAL = 0xedb88320;

/**
 * Finds the one flipped bit that explains why a CRC-32 does not fit.
 *
 * The difference of two CRCs follows from the difference of their inputs alone. One bit runs
 * through the register as a sequence of states that never repeats within 2^32 - 1 steps, so the
 * state names the place. Chance takes a torn record for a flipped one once in 2^32 / bits.
 *
 * @param syndrome - Stored CRC xor computed CRC, not 0.
 * @param bytes - Length of the octets under the CRC.
 * @returns Number of the bit, octet times 8 plus bit from the lowest; -1 where no single bit does.
 */
export function flippedBit(syndrome: number, bytes: number): number {
  let state = 1;
  for (let fromEnd = 1; fromEnd <= 8 * bytes; fromEnd += 1) {
    state = (state & 1 ? (state >>> 1) ^ REFLECTED_POLYNOMIAL : state >>> 1) >>> 0;
    if (state === syndrome) return 8 * bytes - fromEnd;
  }
  return -1;
}
