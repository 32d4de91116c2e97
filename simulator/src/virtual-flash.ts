// SPDX-License-Identifier: EUPL-1.2

import type { FlashPort } from "@nyckelring/firmware";
import type { ComputeModel } from "./compute-model.ts";
import type { RandomStream } from "./prng.ts";
import type { Processor } from "./processor.ts";

/** A flash memory that outlives its board, and the view that the world has of it. */
export interface VirtualFlash {
  /** The port of the role; its work costs time and can be torn by the end of power. */
  readonly port: FlashPort;
  /** The port of the enrolment cable: same memory, no cost, no power cut. */
  readonly cable: FlashPort;
  /** Page numbers that were ever written, in ascending order. */
  writtenPages(): number[];
  /** The content of one page, a copy. */
  readPage(page: number): Uint8Array;
  /** The whole memory as a map of page to content; {@link VirtualFlash.restore} takes it back. */
  image(): ReadonlyMap<number, Uint8Array>;
  /** Replaces the whole memory, as an attacker does who copies one device into another. */
  restore(image: ReadonlyMap<number, Uint8Array>): void;
  /** Highest number of erases of one page. */
  wearMax(): number;
  /** How many programs or erases a power cut has torn so far. */
  tornCount(): number;
}

const WORD_BYTES = 4;

/**
 * Makes a flash memory of erased pages; only pages that are written take memory of the host.
 *
 * It is as strict as the hardware: a program only clears bits, stays in one page, and hits each
 * word once between two erases. A power cut inside a program leaves the first words done and a
 * drawn part of the bits of the next one; inside an erase it leaves drawn bits in the whole page.
 *
 * @param pageCount - Pages of 4096 bytes.
 * @param processor - Pays for the work and knows when power ends.
 * @param random - Draws the bits that a torn write leaves.
 * @param onWrite - Told before each program and erase how long it will take, in microseconds.
 * @public
 */
export function createVirtualFlash(
  pageCount: number,
  processor: Processor,
  model: ComputeModel,
  random: RandomStream,
  onWrite: (costUs: number) => void = () => undefined,
): VirtualFlash {
  const pageBytes = 4096;
  const pages = new Map<number, Uint8Array>();
  const erases = new Map<number, number>();
  let torn = 0;

  function pageForWriting(page: number): Uint8Array {
    let content = pages.get(page);
    if (content === undefined) {
      content = new Uint8Array(pageBytes).fill(0xff);
      pages.set(page, content);
    }
    return content;
  }

  function read(address: number, bytes: number): Uint8Array {
    checkRange(address, bytes);
    const result = new Uint8Array(bytes);
    let done = 0;
    while (done < bytes) {
      const page = Math.floor((address + done) / pageBytes);
      const offset = (address + done) % pageBytes;
      const count = Math.min(pageBytes - offset, bytes - done);
      const content = pages.get(page);
      if (content === undefined) result.fill(0xff, done, done + count);
      else result.set(content.subarray(offset, offset + count), done);
      done += count;
    }
    return result;
  }

  function checkRange(address: number, bytes: number): void {
    const isInside =
      Number.isInteger(address) && address >= 0 && address + bytes <= pageBytes * pageCount;
    if (!isInside || bytes < 1) throw new Error(`flash access out of range at ${address}`);
  }

  function program(address: number, bytes: Uint8Array, wordsAllowed: number): void {
    checkRange(address, bytes.length);
    const offset = address % pageBytes;
    if (offset % WORD_BYTES !== 0 || bytes.length % WORD_BYTES !== 0) {
      throw new Error(`flash program not aligned at ${address}`);
    }
    if (offset + bytes.length > pageBytes) throw new Error("flash program crosses a page");
    const content = pageForWriting(Math.floor(address / pageBytes));
    for (let index = 0; index < bytes.length; index += 1) {
      const old = content[offset + index] ?? 0;
      if (old !== 0xff) throw new Error(`flash word programmed twice at ${address + index}`);
    }
    const wholeBytes = Math.min(wordsAllowed * WORD_BYTES, bytes.length);
    content.set(bytes.subarray(0, wholeBytes), offset);
    if (wholeBytes === bytes.length) return;
    torn += 1;
    for (let index = wholeBytes; index < wholeBytes + WORD_BYTES; index += 1) {
      content[offset + index] = (bytes[index] ?? 0xff) | (random.drawU32() & 0xff);
    }
  }

  function erase(page: number, isTorn: boolean): void {
    checkRange(page * pageBytes, pageBytes);
    if (isTorn) {
      torn += 1;
      const content = pageForWriting(page);
      for (let index = 0; index < pageBytes; index += 1) {
        content[index] = (content[index] ?? 0) | (random.drawU32() & 0xff);
      }
      return;
    }
    pages.delete(page);
    erases.set(page, (erases.get(page) ?? 0) + 1);
  }

  const port: FlashPort = {
    pageBytes,
    pageCount,
    read: (address, bytes) => {
      processor.spend(0);
      return read(address, bytes);
    },
    program: (address, bytes) => {
      const costUs = (bytes.length / WORD_BYTES) * model.programWordUs;
      onWrite(costUs);
      const fittingUs = processor.spendTorn(costUs);
      program(address, bytes, Math.floor(fittingUs / model.programWordUs));
      if (fittingUs < costUs) processor.die();
    },
    erase: (page) => {
      onWrite(model.eraseUs);
      const fittingUs = processor.spendTorn(model.eraseUs);
      if (fittingUs > 0) erase(page, fittingUs < model.eraseUs);
      if (fittingUs < model.eraseUs) processor.die();
    },
  };

  const cable: FlashPort = {
    pageBytes,
    pageCount,
    read,
    program: (address, bytes) => program(address, bytes, bytes.length),
    erase: (page) => erase(page, false),
  };

  return {
    port,
    cable,
    writtenPages: () => [...pages.keys()].sort((left, right) => left - right),
    readPage: (page) => read(page * pageBytes, pageBytes),
    image: () => new Map([...pages].map(([page, content]) => [page, content.slice()])),
    restore: (image) => {
      pages.clear();
      for (const [page, content] of image) pages.set(page, content.slice());
    },
    wearMax: () => Math.max(0, ...erases.values()),
    tornCount: () => torn,
  };
}
