// SPDX-License-Identifier: EUPL-1.2

import type { FlashPort } from "../src/ports.ts";

/** Thrown by a port call at which power went away. */
export const POWER_CUT = { powerCut: true } as const;

/**
 * What a cut leaves of the operation that it hits: nothing done, the first words, a random subset
 * of the words, all but the last octet, everything (the cut follows the operation). An erase that is
 * hit leaves the page as it was, random bits, or erased.
 */
export const TEAR_MODES = ["none", "prefix", "subset", "all-but-last", "complete"] as const;
export type TearMode = (typeof TEAR_MODES)[number];

/** Flash in memory that behaves like NOR flash and loses power at a chosen operation. */
export interface CutFlash extends FlashPort {
  /** Programs and erases since `cutAt` or the start. */
  operations(): number;
  /** Cuts the power at the given operation, counted from 0 and from now; undefined for never. */
  cutAt(operation: number | undefined, mode?: TearMode): void;
  /** The whole content, as it is. */
  image(): Uint8Array;
  /** Puts an image back. */
  restore(image: Uint8Array): void;
  /** Erases of each page so far. */
  readonly erases: number[];
  /** Words that were programmed twice between two erases: the stores must never do that. */
  doublePrograms(): number;
}

/** Creates erased flash. `seed` drives the random tears. */
export function createCutFlash(pageCount: number, pageBytes: number, seed = 1): CutFlash {
  const memory = new Uint8Array(pageCount * pageBytes).fill(0xff);
  const programmed = new Uint8Array(memory.length / 4);
  const erases: number[] = new Array(pageCount).fill(0);
  let operations = 0;
  let cutOperation: number | undefined;
  let cutMode: TearMode = "none";
  let doublePrograms = 0;
  let random = seed >>> 0 || 1;

  function nextRandom(): number {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    random >>>= 0;
    return random;
  }

  function programWord(address: number, bytes: Uint8Array, offset: number, octets: number): void {
    const word = (address + offset) >> 2;
    if (programmed[word] === 1) doublePrograms += 1;
    programmed[word] = 1;
    for (let index = 0; index < octets; index += 1) {
      const at = address + offset + index;
      memory[at] = (memory[at] ?? 0) & (bytes[offset + index] ?? 0);
    }
  }

  function tearProgram(address: number, bytes: Uint8Array): void {
    const words = bytes.length / 4;
    const keep = nextRandom() % words;
    for (let word = 0; word < words; word += 1) {
      const isLast = word === words - 1;
      if (cutMode === "complete") programWord(address, bytes, word * 4, 4);
      if (cutMode === "prefix" && word <= keep && !isLast) programWord(address, bytes, word * 4, 4);
      if (cutMode === "subset" && !isLast && nextRandom() % 2 === 0) {
        programWord(address, bytes, word * 4, 4);
      }
      if (cutMode === "all-but-last") programWord(address, bytes, word * 4, isLast ? 3 : 4);
    }
  }

  function tearErase(page: number): void {
    const start = page * pageBytes;
    if (cutMode === "none") return;
    if (cutMode === "complete") {
      memory.fill(0xff, start, start + pageBytes);
      programmed.fill(0, start / 4, (start + pageBytes) / 4);
      return;
    }
    for (let index = start; index < start + pageBytes; index += 1) {
      const old = memory[index] ?? 0;
      if (cutMode === "prefix") memory[index] = index - start < pageBytes / 2 ? 0xff : old;
      if (cutMode === "subset") memory[index] = old | (nextRandom() & 0xff);
      if (cutMode === "all-but-last") memory[index] = index % 64 === 0 ? old : 0xff;
    }
  }

  function isCut(): boolean {
    operations += 1;
    return cutOperation === operations - 1;
  }

  return {
    pageBytes,
    pageCount,
    erases,
    read(address, bytes) {
      if (bytes < 1 || address < 0 || address + bytes > memory.length)
        throw new Error("read range");
      return memory.slice(address, address + bytes);
    },
    program(address, bytes) {
      if (address % 4 !== 0 || bytes.length % 4 !== 0) throw new Error("program alignment");
      const page = Math.floor(address / pageBytes);
      if (address + bytes.length > (page + 1) * pageBytes)
        throw new Error("program crosses a page");
      if (isCut()) {
        tearProgram(address, bytes);
        throw POWER_CUT;
      }
      for (let offset = 0; offset < bytes.length; offset += 4)
        programWord(address, bytes, offset, 4);
    },
    erase(page) {
      if (page < 0 || page >= pageCount) throw new Error("erase range");
      if (isCut()) {
        tearErase(page);
        throw POWER_CUT;
      }
      erases[page] = (erases[page] ?? 0) + 1;
      memory.fill(0xff, page * pageBytes, (page + 1) * pageBytes);
      programmed.fill(0, (page * pageBytes) / 4, ((page + 1) * pageBytes) / 4);
    },
    operations: () => operations,
    cutAt(operation, mode = "none") {
      operations = 0;
      cutOperation = operation;
      cutMode = mode;
    },
    image: () => memory.slice(),
    restore(image) {
      memory.set(image);
      programmed.fill(0);
      for (let word = 0; word < programmed.length; word += 1) {
        for (let index = 0; index < 4; index += 1) {
          if (memory[word * 4 + index] !== 0xff) programmed[word] = 1;
        }
      }
    },
    doublePrograms: () => doublePrograms,
  };
}

/** Runs a step that may be cut; true when the power went away in it. */
export function runUntilCut(step: () => void): boolean {
  try {
    step();
    return false;
  } catch (error) {
    if (error === POWER_CUT) return true;
    throw error;
  }
}
