// SPDX-License-Identifier: EUPL-1.2
import { type CryptoPort, chainNext } from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import type { LogNumbers } from "./log-numbers.ts";
import {
  type LogPage,
  type LogSlot,
  pageOfSequence,
  readLogPage,
  readSlot,
  slotsOfPage,
} from "./log-page.ts";
import type { PageArea } from "./page-journal.ts";

/** The two ends of a log: what a boot has to find, and all that an append needs. */
export type LogEnds = {
  /** The page that is written to. */
  newest: LogPage | undefined;
  oldest: LogPage | undefined;
  /** Number of the newest entry, 0 in an empty log. */
  lastN: number;
};

/** Finds entries and chain values between the ends of a log. */
export interface LogLookup {
  /** The encoded entry, or undefined where it is no longer there, not yet, or damaged. */
  entryAt(n: number): Uint8Array | undefined;
  /** Chain value after entry `n`; undefined where `n` is too old or not written yet. */
  chainAfter(n: number): Uint8Array | undefined;
  /** Chain value after entry `n` as a caller has worked it out, so that nobody hashes it again. */
  keepChain(n: number, chain: Uint8Array): void;
  /** Denials in the log up to and with entry `n`, since the epoch began. */
  denialsUpTo(n: number): number;
}

/** Opens the inside of a log. It keeps one page head and reads the rest when asked. */
export function createLogLookup(
  flash: FlashPort,
  area: PageArea,
  crypto: CryptoPort,
  ends: LogEnds,
  numbers: LogNumbers,
): LogLookup {
  const slots = slotsOfPage(flash.pageBytes);
  let found: LogPage | undefined;
  /** Number of the first entry behind the page that was found. */
  let foundEnd = 0;

  function pageOf(n: number): LogPage | undefined {
    const oldest = ends.oldest;
    const newest = ends.newest;
    if (oldest === undefined || newest === undefined) return undefined;
    if (n > ends.lastN || n < oldest.firstN) return undefined;
    if (n >= newest.firstN) return newest;
    const isInReach = found !== undefined && found.sequence >= oldest.sequence;
    if (isInReach && found !== undefined && found.firstN <= n && n < foundEnd) return found;
    let low = oldest;
    let lowSequence = oldest.sequence;
    let highSequence = newest.sequence;
    let end = newest.firstN;
    while (highSequence - lowSequence > 1) {
      const middle = (lowSequence + highSequence) >>> 1;
      const state = pageUpTo(middle, lowSequence);
      if (state === undefined) {
        lowSequence = middle;
      } else if (state.firstN <= n) {
        low = state;
        lowSequence = middle;
      } else {
        end = state.firstN;
        highSequence = state.sequence;
      }
    }
    found = low;
    foundEnd = end;
    return low;
  }

  /** The page with a sequence, or the next lower one whose head can be read. */
  function pageUpTo(sequence: number, above: number): LogPage | undefined {
    for (let at = sequence; at > above; at -= 1) {
      const state = readLogPage(flash, area, pageOfSequence(area, at));
      if (state !== undefined && state.sequence === at) return state;
    }
    return undefined;
  }

  function slotOf(n: number): LogSlot | undefined {
    const state = pageOf(n);
    if (state === undefined) return undefined;
    const index = n - state.firstN;
    // Torn slots push entries back, so an entry lies in its own slot or a later one.
    let slot = index;
    while (slot < slots) {
      const content = readSlot(flash, state, slot);
      if (content !== undefined && content.index === index) return content;
      if (content !== undefined && content.index > index) return undefined;
      slot += content === undefined ? 1 : index - content.index;
    }
    return undefined;
  }

  function entryAt(n: number): Uint8Array | undefined {
    const slot = slotOf(n);
    return slot === undefined ? undefined : slot.entry;
  }

  function keepChain(n: number, chain: Uint8Array): void {
    numbers.chainN = n;
    numbers.chain = chain;
  }

  function chainAfter(n: number): Uint8Array | undefined {
    const oldest = ends.oldest;
    if (oldest === undefined || n > ends.lastN || n < oldest.firstN - 1) return undefined;
    // Entry n may close its page, so the value before the next page would do as well; hashing
    // forward from the page's head covers every case alike.
    const state = pageOf(n);
    const page = state === undefined ? oldest : state;
    let from = page.firstN;
    let chain = page.chain;
    if (numbers.chainN >= page.firstN && numbers.chainN <= n) {
      from = numbers.chainN + 1;
      chain = numbers.chain;
    }
    for (let number = from; number <= n; number += 1) {
      const bytes = entryAt(number);
      if (bytes !== undefined) chain = chainNext(crypto, chain, bytes);
    }
    keepChain(n, chain);
    return chain;
  }

  function denialsUpTo(n: number): number {
    const oldest = ends.oldest;
    if (oldest === undefined) return 0;
    for (let number = n; number >= oldest.firstN; number -= 1) {
      const state = pageOf(number);
      const slot = slotOf(number);
      if (state !== undefined && slot !== undefined) return state.denials + slot.denials;
    }
    return oldest.denials;
  }

  return { entryAt, chainAfter, keepChain, denialsUpTo };
}
