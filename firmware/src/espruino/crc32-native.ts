// SPDX-License-Identifier: EUPL-1.2

/** The interpreter's CRC-32: a byte loop in JavaScript costs a hundred times more. */
export function crc32Native(bytes: Uint8Array): number {
  return E.CRC32(bytes) >>> 0;
}
