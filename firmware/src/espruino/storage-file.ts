// SPDX-License-Identifier: EUPL-1.2
import { octetAt } from "@nyckelring/protocol";

import { board } from "#board";

const HEADER_BYTES = 32;
const NAME_OFFSET = 4;
const NAME_BYTES = 28;
const NO_FILE_SIZE = 0xffffff;

/**
 * Address of the data of a file of Storage, as module Flash counts, or 0 where there is none.
 *
 * It walks the chain of headers: 24 bits of size, 8 of flags, 28 octets of name; then the data, padded
 * to 4. A deleted file has a zeroed name and keeps its place.
 *
 * @param start - Address of the first header.
 * @param bytes - Octets of the file; a file of another size is passed over unread.
 */
export function findStorageFile(start: number, name: string, bytes: number): number {
  const flash = require("Flash");
  let address = start;
  for (;;) {
    const header = flash.read(HEADER_BYTES, address);
    const size = octetAt(header, 0) + 256 * octetAt(header, 1) + 65536 * octetAt(header, 2);
    if (size === NO_FILE_SIZE) {
      return 0;
    }
    if (size === bytes && hasName(header, name)) {
      return address + HEADER_BYTES;
    }
    address += HEADER_BYTES + ((size + 3) & ~3);
  }
}

// As one string: a comparison octet by octet would cost more than the rest of the walk.
function hasName(header: Uint8Array, name: string): boolean {
  const end = NAME_OFFSET + name.length;
  const isWhole = name.length === NAME_BYTES || octetAt(header, end) === 0;
  return isWhole && E.toString(header).substring(NAME_OFFSET, end) === name;
}

/**
 * A whole file of Storage in memory, in one piece and from its start; undefined where there is none.
 *
 * Storage itself gives a string over the flash that everything else reads octet by octet: where its
 * chain can be walked, the file comes by one read of the flash.
 */
export function readStorageFile(name: string): Uint8Array | undefined {
  const file = require("Storage").read(name);
  if (file === undefined) return undefined;
  const start = board.storageStart;
  const at = start === undefined ? 0 : findStorageFile(start, name, file.length);
  return at === 0
    ? new Uint8Array(E.toArrayBuffer(E.toFlatString(file)))
    : require("Flash").read(file.length, at);
}
