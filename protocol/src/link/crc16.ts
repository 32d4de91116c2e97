// SPDX-License-Identifier: EUPL-1.2
import { octetAt } from "../bytes.ts";

/**
 * CRC-16/CCITT-FALSE (polynomial 0x1021, initial value 0xFFFF, no reflection) over the octets from
 * `from` up to, not including, `to`. It finds noise on a wire, not an attacker.
 * @public
 */
export function crc16(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffff;
  for (let index = from; index < to; index += 1) {
    // Eight steps of the shift register at once: the polynomial has three terms below x^16.
    let mixed = ((crc >> 8) ^ octetAt(bytes, index)) & 0xff;
    mixed ^= mixed >> 4;
    crc = ((crc << 8) ^ (mixed << 12) ^ (mixed << 5) ^ mixed) & 0xffff;
  }
  return crc;
}
