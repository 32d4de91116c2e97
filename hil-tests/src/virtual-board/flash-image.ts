// SPDX-License-Identifier: EUPL-1.2
import { closeSync, existsSync, openSync, readSync, writeSync } from "node:fs";

/** Thrown out of a flash operation when the power goes there; nothing after it is done. */
export class PowerCut extends Error {
  constructor() {
    super("the power was cut");
    this.name = "PowerCut";
  }
}

/** What a board's external or internal flash has, as far as Storage and firmware can see. */
export interface FlashGeometry {
  /** Address of the first octet, as the interpreter names it. */
  readonly start: number;
  readonly bytes: number;
  /** Octets of one erase page. */
  readonly pageBytes: number;
}

/** The flash of one board, in memory or in a file that is written through. */
export interface FlashImage {
  readonly geometry: FlashGeometry;
  /** Whether the file was there before, so that this is not the first start of the board. */
  readonly isOld: boolean;
  /** Words programmed and pages erased since the image was opened. */
  writes(): number;
  read(address: number, bytes: number): Uint8Array;
  /**
   * Clears bits, word by word; a cut between two words leaves the first part.
   *
   * @throws PowerCut when the given number of writes is reached, and ever after.
   */
  program(address: number, content: Uint8Array): void;
  /** Sets the page around an address to 0xFF. @throws PowerCut */
  erasePage(address: number): void;
  /** From now on the flash can be read, and writing it throws: the board has no power. */
  cutPower(): void;
  /** Power is back, and the count for the next cut starts anew; undefined: no cut. */
  restorePower(cutAfterWrites: number | undefined): void;
  /**
   * Plans a cut in the middle of an operation, a program or an erase, counted from 1 from now on;
   * undefined takes the plan back.
   *
   * @param onCut - Told at the cut, before the operation throws.
   */
  cutAtOperation(operation: number | undefined, onCut?: () => void): void;
  /** Puts a whole content in, as a programmer before the first start; counts no writes. */
  load(content: Uint8Array): void;
  close(): void;
}

const WORD_BYTES = 4;

/**
 * Opens the flash of a virtual board.
 *
 * The file is a plain image of the whole flash. Each word and each erased page goes to the system
 * before the call returns, so that a process that is killed leaves what a board would have.
 *
 * @param path - File of the image, made where it is missing; undefined keeps it in memory alone.
 * @throws when the file has another size than the flash.
 */
export function openFlashImage(geometry: FlashGeometry, path: string | undefined): FlashImage {
  const memory = Buffer.alloc(geometry.bytes, 0xff);
  const isOld = path !== undefined && existsSync(path);
  const file = path === undefined ? undefined : openSync(path, isOld ? "r+" : "w+");
  if (file !== undefined && isOld) {
    const got = readSync(
      file,
      memory,
      0,
      geometry.bytes + 1 > memory.length ? memory.length : 0,
      0,
    );
    if (got !== geometry.bytes) {
      closeSync(file);
      throw new Error(`${path} has ${got} octets, and the flash ${geometry.bytes}`);
    }
  } else if (file !== undefined) {
    writeSync(file, memory, 0, memory.length, 0);
  }
  let hasPower = true;
  let writes = 0;
  let left = Number.POSITIVE_INFINITY;
  let operationsLeft: number | undefined;
  let tellCut: () => void = () => undefined;

  function offsetOf(address: number, bytes: number): number {
    const offset = address - geometry.start;
    if (offset < 0 || offset + bytes > geometry.bytes) {
      throw new Error(`flash has no ${bytes} octets at ${address}`);
    }
    return offset;
  }

  function spend(): void {
    if (!hasPower || left <= 0) {
      if (hasPower) tellCut();
      hasPower = false;
      throw new PowerCut();
    }
    left -= 1;
    writes += 1;
  }

  /** Counts an operation of so many writes towards the planned cut, which hits its middle. */
  function begin(operationWrites: number): void {
    if (operationsLeft === undefined) return;
    operationsLeft -= 1;
    if (operationsLeft > 0) return;
    operationsLeft = undefined;
    left = Math.floor(operationWrites / 2);
  }

  function flush(offset: number, bytes: number): void {
    if (file !== undefined) {
      writeSync(file, memory, offset, bytes, offset);
    }
  }

  return {
    geometry,
    isOld,
    writes: () => writes,
    read(address, bytes) {
      const offset = offsetOf(address, bytes);
      return Uint8Array.from(memory.subarray(offset, offset + bytes));
    },
    program(address, content) {
      const offset = offsetOf(address, content.length);
      begin(Math.ceil(content.length / WORD_BYTES));
      let done = 0;
      try {
        while (done < content.length) {
          spend();
          const end = Math.min(content.length, done + WORD_BYTES - ((offset + done) % WORD_BYTES));
          for (; done < end; done += 1) {
            memory[offset + done] = (memory[offset + done] ?? 0) & (content[done] ?? 0);
          }
        }
      } finally {
        flush(offset, done);
      }
    },
    erasePage(address) {
      const offset = offsetOf(address, 1);
      const page = offset - (offset % geometry.pageBytes);
      begin(1);
      spend();
      memory.fill(0xff, page, page + geometry.pageBytes);
      flush(page, geometry.pageBytes);
    },
    cutPower() {
      hasPower = false;
    },
    restorePower(cutAfterWrites) {
      hasPower = true;
      operationsLeft = undefined;
      left = cutAfterWrites ?? Number.POSITIVE_INFINITY;
    },
    cutAtOperation(operation, onCut = () => undefined) {
      operationsLeft = operation;
      tellCut = onCut;
    },
    load(content) {
      memory.set(content);
      flush(0, memory.length);
    },
    close() {
      if (file !== undefined) {
        closeSync(file);
      }
    },
  };
}
