// SPDX-License-Identifier: EUPL-1.2
import { octetAt } from "@nyckelring/protocol";

import type { FlashWiring } from "../boards/board.ts";
import type { FlashPort } from "../ports.ts";
import { crc32Native } from "./crc32-native.ts";

/**
 * Pages in a file of the computer that runs the interpreter.
 *
 * The file is the plain image of the area, so that a host can prepare and read it. It is opened for
 * every access: what was programmed is then with the system, whenever the process ends.
 */
export function openDiskFlash(wiring: FlashWiring): FlashPort {
  const { name, pageBytes, pageCount } = wiring;
  const erased = new Uint8Array(pageBytes).fill(0xff);
  if (!isThere(name)) {
    const file = E.openFile(name, "w");
    for (let page = 0; page < pageCount; page += 1) {
      file.write(erased);
    }
    file.close();
  }

  function read(address: number, bytes: number): Uint8Array {
    const result = new Uint8Array(bytes);
    const file = E.openFile(name, "r");
    file.seek(address);
    let done = 0;
    while (done < bytes) {
      const part = E.toUint8Array(file.read(bytes - done) ?? "");
      if (part.length === 0) {
        break;
      }
      result.set(part, done);
      done += part.length;
    }
    file.close();
    return result;
  }

  function write(address: number, bytes: Uint8Array): void {
    const file = E.openFile(name, "r+");
    file.seek(address);
    file.write(bytes);
    file.close();
  }

  return {
    pageBytes,
    pageCount,
    read,
    program(address, bytes) {
      const old = read(address, bytes.length);
      for (let index = 0; index < bytes.length; index += 1) {
        old[index] = octetAt(old, index) & octetAt(bytes, index);
      }
      write(address, old);
    },
    erase: (page) => write(page * pageBytes, erased),
    crc32: crc32Native,
  };
}

function isThere(name: string): boolean {
  try {
    E.openFile(name, "r").close();
    return true;
  } catch {
    return false;
  }
}
