// SPDX-License-Identifier: EUPL-1.2
import { assert, FLASH_FULL, PROMISE_BROKEN } from "@nyckelring/protocol";

import type { FlashWiring } from "../boards/board.ts";
import type { FlashPort } from "../ports.ts";
import { crc32Native } from "./crc32-native.ts";
import { findStorageFile } from "./storage-file.ts";

const HEADER_BYTES = 32;

/**
 * Pages inside one pre-sized file of Storage.
 *
 * Storage itself survives no power cut while it compacts, and it compacts when it is full. So its
 * file is made once, right after the application, where there is room for it without compaction, and
 * only the pages inside its data area are ever
 * erased and programmed, through the `Flash` module; the chain of files is not touched again.
 *
 * @throws when the file is not there and cannot be made: the board has not been set up.
 */
export function openStorageFlash(wiring: FlashWiring): FlashPort {
  const { name, pageBytes, pageCount, storageStart } = wiring;
  const flash = require("Flash");
  // One page more than needed, because the data of a file starts anywhere in a page.
  const fileBytes = (pageCount + 1) * pageBytes;
  let dataStart = findStorageFile(storageStart, name, fileBytes);
  if (dataStart === 0) {
    const storage = require("Storage");
    // Without this look Storage would compact to make room, and a power cut in that erases all of it.
    assert(storage.getStats().freeBytes >= HEADER_BYTES + fileBytes, FLASH_FULL);
    storage.write(name, " ", 0, fileBytes);
    dataStart = findStorageFile(storageStart, name, fileBytes);
  }
  assert(dataStart !== 0, PROMISE_BROKEN);
  // A quotient stays a floating point number there, and the module takes integers only.
  const first = (Math.ceil(dataStart / pageBytes) * pageBytes) >>> 0;

  return {
    pageBytes,
    pageCount,
    read: (address, bytes) => flash.read(bytes, (first + address) >>> 0),
    program: (address, bytes) => flash.write(bytes, (first + address) >>> 0),
    erase(page) {
      // The erase unit of a board is at most our page; the Linux build has four to one.
      let address = (first + page * pageBytes) >>> 0;
      const end = address + pageBytes;
      while (address < end) {
        const unit = flash.getPage(address);
        assert(unit !== undefined && unit !== null && unit.length <= pageBytes, PROMISE_BROKEN);
        flash.erasePage(address);
        address += unit.length;
      }
    },
    crc32: crc32Native,
  };
}
