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
  const width = argument < 0x100 ? 1 : argument < 0x10000 ? 2 : 4;
  target[offset] = type | (width === 1 ? 24 : width === 2 ? 25 : 26);
  for (let octet = 0; octet < width; octet += 1) {
    target[offset + width - octet] = (argument >>> (8 * octet)) & 0xff;
  }
  return offset + 1 + width;
}
