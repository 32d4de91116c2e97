// SPDX-License-Identifier: EUPL-1.2

import { crc32 } from "node:zlib";
import type { FlashPort } from "../src/ports.ts";

/** Thrown by a port call at which power went away. */
export const POWER_CUT = { powerCut: true } as const;

/**
 * What a cut leaves of the operation that it hits: nothing done, the first words, a random subset
 * of the words, all but the last octet, everything (the cut follows the operation). An erase that is
 * hit leaves the page as it was, erased in part, reading differently each time, or erased.
 */
export const TEAR_MODES = ["none", "prefix", "subset", "all-but-last", "complete"] as const;
export type TearMode = (typeof TEAR_MODES)[number];

/**
 * How a page is worn out: programs without effect, erases without effect, an erase that leaves some
 * bits programmed, reads that come back as noise.
 */
export const WEAR_KINDS = ["no-program", "no-erase", "stuck-bits", "no-read"] as const;
export type WearKind = (typeof WEAR_KINDS)[number];

/** Flash in memory that behaves like NOR flash, wears out and loses power at a chosen operation. */
export interface CutFlash extends FlashPort {
  /** Programs and erases since `cutAt` or the start. */
  operations(): number;
  /** Cuts the power at the given operation, counted from 0 and from now; undefined for never. */
  cutAt(operation: number | undefined, mode?: TearMode): void;
  /** The whole content, as it is. */
  image(): Uint8Array;
  /** Puts an image back; what was worn out or unstable is whole again. */
  restore(image: Uint8Array): void;
  /** Erases of each page so far. */
  readonly erases: number[];
  /** Words that were programmed twice between two erases: the stores must never do that. */
  doublePrograms(): number;
  /** Reads since the last call, and their octets. */
  takeReads(): { readonly calls: number; readonly octets: number };
  /** Flips one bit of a cell at rest. */
  flip(address: number, bit: number): void;
  /** Makes one read in so many come back with a flipped bit; 0 for none. */
  disturbReads(oneIn: number): void;
  /** Wears a page out. */
  wearOut(page: number, kind: WearKind): void;
}

/** A stream of numbers that follows from its seed (xorshift). */
function createDice(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** The cells: what they hold, which of them are tired, and what a read makes of it. */
function createCells(pageCount: number, pageBytes: number, dice: () => number) {
  const memory = new Uint8Array(pageCount * pageBytes).fill(0xff);
  const programmed = new Uint8Array(memory.length / 4);
  const worn = new Map<number, WearKind>();
  /** Pages that an interrupted erase left between two states. */
  const unstable = new Set<number>();
  const reads = { calls: 0, octets: 0, disturbedOneIn: 0 };
  let doublePrograms = 0;

  function read(address: number, bytes: number): Uint8Array {
    if (bytes < 1 || address < 0 || address + bytes > memory.length) throw new Error("read range");
    reads.calls += 1;
    reads.octets += bytes;
    const content = memory.slice(address, address + bytes);
    for (let index = 0; worn.size + unstable.size > 0 && index < bytes; index += 1) {
      const page = Math.floor((address + index) / pageBytes);
      if (worn.get(page) === "no-read") content[index] = dice() & 0xff;
      // An unstable cell reads as erased or as what is left of it.
      else if (unstable.has(page))
        content[index] = (content[index] ?? 0) | (dice() & dice() & 0xff);
    }
    if (reads.disturbedOneIn > 0 && dice() % reads.disturbedOneIn === 0) {
      const index = dice() % bytes;
      content[index] = (content[index] ?? 0) ^ (1 << (dice() % 8));
    }
    return content;
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

  function erase(page: number): void {
    memory.fill(0xff, page * pageBytes, (page + 1) * pageBytes);
    programmed.fill(0, (page * pageBytes) / 4, ((page + 1) * pageBytes) / 4);
    unstable.delete(page);
    if (worn.get(page) === "stuck-bits") memory[page * pageBytes + (dice() % pageBytes)] = 0xef;
  }

  function restore(image: Uint8Array): void {
    memory.set(image);
    worn.clear();
    unstable.clear();
    reads.disturbedOneIn = 0;
    for (let word = 0; word < programmed.length; word += 1) {
      const isErased = [0, 1, 2, 3].every((index) => memory[word * 4 + index] === 0xff);
      programmed[word] = isErased ? 0 : 1;
    }
  }

  return {
    memory,
    worn,
    unstable,
    reads,
    read,
    programWord,
    erase,
    restore,
    doublePrograms: () => doublePrograms,
  };
}

type Cells = ReturnType<typeof createCells>;

function tearProgram(
  cells: Cells,
  mode: TearMode,
  dice: () => number,
  address: number,
  bytes: Uint8Array,
): void {
  const words = bytes.length / 4;
  const keep = dice() % words;
  for (let word = 0; word < words; word += 1) {
    const isLast = word === words - 1;
    const isDone =
      mode === "complete" ||
      (mode === "prefix" && word <= keep && !isLast) ||
      (mode === "subset" && !isLast && dice() % 2 === 0);
    if (isDone) cells.programWord(address, bytes, word * 4, 4);
    if (mode === "all-but-last") cells.programWord(address, bytes, word * 4, isLast ? 3 : 4);
  }
}

function tearErase(
  cells: Cells,
  mode: TearMode,
  dice: () => number,
  page: number,
  pageBytes: number,
): void {
  const { memory } = cells;
  const start = page * pageBytes;
  if (mode === "complete") cells.erase(page);
  // All cells of a page are erased together: at first few have turned, then most of them.
  const turnedOneIn = 2 ** (1 + (dice() % 10));
  for (let index = start; index < start + pageBytes; index += 1) {
    const old = memory[index] ?? 0;
    if (mode === "prefix") memory[index] = index - start < pageBytes / 2 ? 0xff : old;
    if (mode === "all-but-last") memory[index] = index % 64 === 0 ? old : 0xff;
    if (mode !== "subset") continue;
    for (let bit = 1; bit < 256; bit *= 2) {
      if (dice() % turnedOneIn === 0) memory[index] = (memory[index] ?? 0) | bit;
    }
  }
  if (mode === "subset") cells.unstable.add(page);
}

/** Creates erased flash. `seed` drives the random tears. */
export function createCutFlash(pageCount: number, pageBytes: number, seed = 1): CutFlash {
  const dice = createDice(seed);
  const cells = createCells(pageCount, pageBytes, dice);
  const erases: number[] = new Array(pageCount).fill(0);
  let operations = 0;
  let cutOperation: number | undefined;
  let cutMode: TearMode = "none";

  function isCut(): boolean {
    operations += 1;
    return cutOperation === operations - 1;
  }

  return {
    pageBytes,
    pageCount,
    erases,
    read: cells.read,
    crc32: (bytes) => crc32(bytes),
    program(address, bytes) {
      if (address % 4 !== 0 || bytes.length % 4 !== 0) throw new Error("program alignment");
      const page = Math.floor(address / pageBytes);
      if (address + bytes.length > (page + 1) * pageBytes)
        throw new Error("program crosses a page");
      if (isCut()) {
        tearProgram(cells, cutMode, dice, address, bytes);
        throw POWER_CUT;
      }
      if (cells.worn.get(page) === "no-program") return;
      for (let offset = 0; offset < bytes.length; offset += 4)
        cells.programWord(address, bytes, offset, 4);
    },
    erase(page) {
      if (page < 0 || page >= pageCount) throw new Error("erase range");
      if (isCut()) {
        tearErase(cells, cutMode, dice, page, pageBytes);
        throw POWER_CUT;
      }
      erases[page] = (erases[page] ?? 0) + 1;
      if (cells.worn.get(page) !== "no-erase") cells.erase(page);
    },
    operations: () => operations,
    cutAt(operation, mode = "none") {
      operations = 0;
      cutOperation = operation;
      cutMode = mode;
    },
    image: () => cells.memory.slice(),
    restore: cells.restore,
    doublePrograms: cells.doublePrograms,
    takeReads() {
      const { calls, octets } = cells.reads;
      cells.reads.calls = 0;
      cells.reads.octets = 0;
      return { calls, octets };
    },
    flip(address, bit) {
      cells.memory[address] = (cells.memory[address] ?? 0) ^ (1 << bit);
    },
    disturbReads(oneIn) {
      cells.reads.disturbedOneIn = oneIn;
    },
    wearOut(page, kind) {
      cells.worn.set(page, kind);
    },
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
