// SPDX-License-Identifier: EUPL-1.2
import { octetAt } from "@nyckelring/protocol";

const REFLECTED_POLYNOMIAL = 0xedb88320;

// Sixteen entries instead of 256, and not before somebody asks: a board has a native CRC and never does.
function createNibbleTable(): Uint32Array {
  const table = new Uint32Array(16);
  for (let nibble = 0; nibble < 16; nibble += 1) {
    let remainder = nibble;
    for (let bit = 0; bit < 4; bit += 1) {
      remainder = remainder & 1 ? (remainder >>> 1) ^ REFLECTED_POLYNOMIAL : remainder >>> 1;
    }
    table[nibble] = remainder >>> 0;
  }
  return table;
}

let nibbleTable: Uint32Array | undefined;

/**
 * CRC-32 (ISO-HDLC: reflected, initial value and final xor all ones) of an octet string.
 *
 * Security: it finds accidents, torn writes and worn cells, never an attacker; what an attacker
 * may touch is signed or sealed.
 */
export function crc32Of(bytes: Uint8Array): number {
  if (nibbleTable === undefined) nibbleTable = createNibbleTable();
  const table = nibbleTable;
  let remainder = 0xffffffff;
  for (let index = 0; index < bytes.length; index += 1) {
    remainder ^= octetAt(bytes, index);
    remainder = (remainder >>> 4) ^ (table[remainder & 15] as number);
    remainder = (remainder >>> 4) ^ (table[remainder & 15] as number);
  }
  return (remainder ^ 0xffffffff) >>> 0;
}
