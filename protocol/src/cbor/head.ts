// SPDX-License-Identifier: EUPL-1.2

/**
 * Writes the shortest heading of an item, RFC 8949 §3.
 *
 * @param major - major type, 0 to 7
 * @param argument - below 2^32
 * @returns the offset behind it
 * @internal
 */
export function writeHead(
  target: Uint8Array,
  offset: number,
  major: number,
  argument: number,
): number {
  const type = major << 5;
  if (argument < 24) {
    target[offset] = type | argument;
    return offset + 1;
  }
  // Octet by octet: a loop costs an interpreter twice as much. What is stored keeps its lowest 8 bits.
  if (argument < 0x100) {
    target[offset] = type | 24;
    target[offset + 1] = argument;
    return offset + 2;
  }
  if (argument < 0x10000) {
    target[offset] = type | 25;
    target[offset + 1] = argument >>> 8;
    target[offset + 2] = argument;
    return offset + 3;
  }
  target[offset] = type | 26;
  target[offset + 1] = argument >>> 24;
  target[offset + 2] = argument >>> 16;
  target[offset + 3] = argument >>> 8;
  target[offset + 4] = argument;
  return offset + 5;
}
