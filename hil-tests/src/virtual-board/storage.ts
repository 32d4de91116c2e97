// SPDX-License-Identifier: EUPL-1.2
import type { FlashImage } from "./flash-image.ts";

const HEADER_BYTES = 32;
const NAME_OFFSET = 4;
const NAME_BYTES = 28;
const SIZE_NONE = 0xffffff;

/** One header in the chain. */
interface StoredFile {
  /** Address of the header; the content follows it. */
  readonly address: number;
  readonly size: number;
  readonly name: string;
  readonly isDeleted: boolean;
}

/** The figures of `Storage.getStats()`. */
export interface StorageStats {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly fileBytes: number;
  readonly fileCount: number;
  readonly trashBytes: number;
  readonly trashCount: number;
}

/** Espruino's Storage over a flash image; texts are strings of octets. */
export interface Storage {
  list(): string[];
  read(name: string, offset?: number, bytes?: number): string | undefined;
  /**
   * Writes a file, or a part of one that was created with a size.
   *
   * @throws as the interpreter does: no content, too much content, no room, or octets that are
   *   not erased.
   */
  write(name: string, content: Uint8Array, offset: number, size: number): boolean;
  /** Address of a file's content in the flash; undefined where there is none. */
  addressOf(name: string): number | undefined;
  erase(name: string): void;
  eraseAll(): void;
  /** Moves all files to the front. A power cut inside loses files, as it does on a board. */
  compact(): void;
  stats(): StorageStats;
  /** Whether the chain of headers ends in erased flash; a board erases everything if not. */
  isValid(): boolean;
}

/**
 * Storage with the layout of a board: a chain of headers of 32 octets (24 bits of size, 8 of flags,
 * 28 octets of name), each followed by its content, padded to 4. Deleting zeroes the first word of
 * the name; nothing is ever written over anything.
 *
 * Written from the documented layout and from what the Linux build of the interpreter does.
 */
export function openStorage(flash: FlashImage): Storage {
  const { start, bytes: totalBytes, pageBytes } = flash.geometry;
  const end = start + totalBytes;

  function headerAt(address: number): StoredFile | undefined {
    if (address + HEADER_BYTES > end) {
      return undefined;
    }
    const octets = Buffer.from(flash.read(address, HEADER_BYTES));
    const size = octets.readUIntLE(0, 3);
    const word = octets.readUInt32LE(0);
    if (word === 0xffffffff || word === 0 || size === SIZE_NONE) {
      return undefined;
    }
    const name = octets.toString("latin1", NAME_OFFSET, NAME_OFFSET + NAME_BYTES);
    const isDeleted = octets.readUInt32LE(NAME_OFFSET) === 0;
    return { address, size, name: name.replace(/\0.*$/s, ""), isDeleted };
  }

  const next = (file: StoredFile): number => file.address + HEADER_BYTES + ((file.size + 3) & ~3);

  function chain(): { files: StoredFile[]; freeAt: number } {
    const files: StoredFile[] = [];
    let address = start;
    for (;;) {
      const file = headerAt(address);
      if (file === undefined || next(file) > end) {
        return { files, freeAt: address };
      }
      files.push(file);
      address = next(file);
    }
  }

  const find = (name: string): StoredFile | undefined =>
    chain().files.find((file) => !file.isDeleted && file.name === name.slice(0, NAME_BYTES));

  const content = (file: StoredFile): Uint8Array =>
    flash.read(file.address + HEADER_BYTES, file.size);

  const isErased = (address: number, bytes: number): boolean =>
    flash.read(address, bytes).every((octet) => octet === 0xff);

  function remove(file: StoredFile): void {
    flash.program(file.address + NAME_OFFSET, new Uint8Array(4));
  }

  function create(name: string, size: number): StoredFile | undefined {
    const needed = HEADER_BYTES + ((size + 3) & ~3);
    let { freeAt } = chain();
    if (freeAt + needed > end) {
      const { freeBytes, trashBytes } = stats();
      if (needed >= freeBytes + trashBytes) {
        return undefined;
      }
      compact();
      freeAt = chain().freeAt;
      if (freeAt + needed > end) {
        return undefined;
      }
    }
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUIntLE(size, 0, 3);
    header.write(name.slice(0, NAME_BYTES), NAME_OFFSET, "latin1");
    flash.program(freeAt, header);
    return headerAt(freeAt);
  }

  function stats(): StorageStats {
    const { files, freeAt } = chain();
    const sum = (list: readonly StoredFile[]): number =>
      list.reduce((bytes, file) => bytes + next(file) - file.address, 0);
    const live = files.filter((file) => !file.isDeleted);
    const trash = files.filter((file) => file.isDeleted);
    return {
      totalBytes,
      freeBytes: end - freeAt,
      fileBytes: sum(live),
      fileCount: live.length,
      trashBytes: sum(trash),
      trashCount: trash.length,
    };
  }

  function compact(): void {
    const { files, freeAt } = chain();
    const firstTrash = files.find((file) => file.isDeleted);
    if (firstTrash === undefined) {
      return;
    }
    const from = firstTrash.address - ((firstTrash.address - start) % pageBytes);
    const head = flash.read(from, firstTrash.address - from);
    const parts = files
      .filter((file) => !file.isDeleted && file.address > firstTrash.address)
      .map((file) => flash.read(file.address, next(file) - file.address));
    const moved = Buffer.concat([head, ...parts]);
    for (let page = from; page < freeAt; page += pageBytes) {
      flash.erasePage(page);
    }
    flash.program(from, moved);
  }

  return {
    list: () => chain().files.flatMap((file) => (file.isDeleted ? [] : [file.name])),
    read(name, offset = 0, bytes) {
      const file = find(name);
      if (file === undefined) {
        return undefined;
      }
      const last = bytes === undefined || bytes <= 0 ? file.size : offset + bytes;
      return Buffer.from(content(file).subarray(offset, last)).toString("latin1");
    },
    write(name, octets, offset, givenSize) {
      if (offset < 0 || givenSize < 0) {
        return false;
      }
      const size = givenSize === 0 ? octets.length : givenSize;
      if (size === 0) {
        throw new Error("Can't create zero length file");
      }
      let file = find(name);
      if (offset === 0 && file !== undefined) {
        const isFresh = file.size === size && isErased(file.address + HEADER_BYTES, size);
        if (!isFresh) {
          const isSame = file.size === size && Buffer.compare(content(file), octets) === 0;
          if (isSame) {
            return true;
          }
          remove(file);
          file = undefined;
        }
      }
      if (offset === 0 && file === undefined) {
        file = create(name, size);
      }
      if (file === undefined) {
        throw new Error("Unable to find or create file");
      }
      if (offset + octets.length > file.size) {
        throw new Error("Too much data for file size");
      }
      const address = file.address + HEADER_BYTES + offset;
      if (!isErased(address, octets.length)) {
        throw new Error("File already written with different data");
      }
      flash.program(address, octets);
      return true;
    },
    addressOf(name) {
      const file = find(name);
      return file === undefined ? undefined : file.address + HEADER_BYTES;
    },
    erase(name) {
      const file = find(name);
      if (file !== undefined) {
        remove(file);
      }
    },
    eraseAll() {
      for (let page = start; page < end; page += pageBytes) {
        if (!isErased(page, pageBytes)) {
          flash.erasePage(page);
        }
      }
    },
    compact,
    stats,
    isValid() {
      const { freeAt } = chain();
      return freeAt + HEADER_BYTES > end || isErased(freeAt, HEADER_BYTES);
    },
  };
}
