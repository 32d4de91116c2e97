// SPDX-License-Identifier: EUPL-1.2
import {
  assert,
  type CryptoPort,
  chainStart,
  DEVID_BYTES,
  decodeEntry,
  ENTRY_BOLT,
  ENTRY_BOOT,
  ENTRY_DENIED_AT_KEY,
  ENTRY_GAP,
  ENTRY_PASSAGE,
  ENTRY_POWER,
  ENTRY_SYNC,
  type Entry,
  encodeEntry,
  FLASH_WORN,
  LOG_FULL,
  LOG_GAP,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { createLogLookup, type LogEnds, type LogLookup } from "./log-lookup.ts";
import {
  blankNumbers,
  encodeNumbers,
  isRetired,
  type LogNumbers,
  readNumbers,
  retire,
  retiredCount,
} from "./log-numbers.ts";
import {
  KIND_DENIAL,
  KIND_ENTRY,
  KIND_GAP,
  type LogPage,
  NO_SLOT,
  pageOfSequence,
  readLogPage,
  readSlot,
  slotIn,
  slotsOfPage,
  slotsUsed,
  writeLogPage,
  writeSlot,
} from "./log-page.ts";
import { erasePage, type PageArea, PROGRAM_TRIES, readPage, usedBytes } from "./page-journal.ts";
import type { RecordStore } from "./record-store.ts";

const DENIAL_QUOTA_DIVISOR = 4;

/** An entry before it has a number. Times in UTC seconds. */
export type EntryFields = Omit<Entry, "n">;

/** The writing end of a log: what a door needs of it. */
export interface LogRing {
  readonly ends: LogEnds;
  readonly numbers: LogNumbers;
  /** What lies between the ends, for the rest of the log. */
  readonly lookup: LogLookup;
  /** Makes the numbers durable. */
  save(): void;
  /** Lowest number that is still in flash, `lastN + 1` in an empty log. */
  oldestN(): number;
  /** Entries that fit while the page that follows is erased. */
  capacity(): number;
  /** Denials before the oldest page, since the epoch began. */
  denialsBeforeOldest(): number;
  /** Commits one entry; see the log store. */
  append(fields: EntryFields): number;
  /** Writes what the log has to tell of itself: counted denials, lost entries, worn pages. */
  settle(tS: number, tq: number): void;
}

/**
 * Opens the writing end of a log.
 *
 * A boot reads the page that the numbers name, the one behind it and the oldest one's head, however
 * long the log is. In the newest page the last slot in use is found by halving, and tells all counts.
 *
 * @param stateId - Record id of the numbers.
 */
export function openLogRing(
  flash: FlashPort,
  area: PageArea,
  crypto: CryptoPort,
  records: RecordStore,
  stateId: number,
): LogRing {
  const pageCount = area.pageCount;
  const slots = slotsOfPage(flash.pageBytes);
  const denialQuota = Math.floor(((pageCount - 1) * slots) / DENIAL_QUOTA_DIVISOR);
  const stored = readNumbers(records, stateId, pageCount);
  const numbers = stored === undefined ? blankNumbers(pageCount) : stored;
  const ends: LogEnds = { newest: undefined, oldest: undefined, lastN: 0 };
  const lookup = createLogLookup(flash, area, crypto, ends, numbers);

  let endSlot = 0;
  let pageDenials = 0;
  let gapSlot = NO_SLOT;
  let fullSlot = NO_SLOT;
  let gapN = 0;
  let gapUpTo = 0;
  let reported = 0;

  function save(): void {
    records.write(stateId, encodeNumbers(numbers));
  }

  function pageWith(sequence: number): LogPage | undefined {
    const state = readLogPage(flash, area, pageOfSequence(area, sequence));
    return state !== undefined && state.sequence === sequence ? state : undefined;
  }

  function indexOf(sequence: number): number {
    return (sequence - 1) % pageCount;
  }

  function findNewest(): LogPage | undefined {
    let newest = numbers.sequence === 0 ? undefined : pageWith(numbers.sequence);
    if (newest === undefined) {
      for (let index = 0; index < pageCount; index += 1) {
        const state = readLogPage(flash, area, area.firstPage + index);
        if (state !== undefined && (newest === undefined || state.sequence > newest.sequence)) {
          newest = state;
        }
      }
      return newest;
    }
    // A power cut can come between a new page and the numbers that name it.
    let sequence = newest.sequence;
    for (let step = 1; step < pageCount; step += 1) {
      sequence += 1;
      if (!isRetired(numbers, indexOf(sequence))) {
        const state = pageWith(sequence);
        if (state === undefined) return newest;
        newest = state;
      }
    }
    return newest;
  }

  /** The oldest page that is still there, but none with a lower sequence than asked for. */
  function findOldest(newest: LogPage, atLeast: number): LogPage {
    let sequence = newest.sequence > pageCount ? newest.sequence - pageCount + 1 : 1;
    if (sequence < atLeast) sequence = atLeast;
    while (sequence < newest.sequence) {
      const state = pageWith(sequence);
      if (state !== undefined) return state;
      sequence += 1;
    }
    return newest;
  }

  /**
   * Whether every entry of the oldest page is there. Where the newest page is full, a power cut may
   * have met the erase of the oldest one and left some of it.
   */
  function isWhole(oldest: LogPage, behind: LogPage): boolean {
    const content = readPage(flash, oldest.page);
    let whole = 0;
    for (let slot = 0; slot < slots; slot += 1) {
      if (slotIn(flash, content, oldest.sequence, slot) !== undefined) whole += 1;
    }
    return whole === behind.firstN - oldest.firstN;
  }

  /** Takes over where the newest page ends. */
  function resume(newest: LogPage): void {
    beginPage(newest);
    const content = readPage(flash, newest.page);
    endSlot = slotsUsed(usedBytes(flash, content));
    if (isRetired(numbers, indexOf(newest.sequence))) endSlot = slots;
    let oldest = findOldest(newest, 0);
    if (endSlot >= slots && newest.sequence - oldest.sequence === pageCount - 1) {
      const behind = findOldest(newest, oldest.sequence + 1);
      if (!isWhole(oldest, behind)) oldest = behind;
    }
    ends.oldest = oldest;
    for (let slot = endSlot - 1; slot >= 0; slot -= 1) {
      const last = slotIn(flash, content, newest.sequence, slot);
      if (last !== undefined) {
        ends.lastN = newest.firstN + last.index;
        pageDenials = last.denials;
        gapSlot = last.gapSlot;
        fullSlot = last.fullSlot;
        break;
      }
    }
    if (gapSlot !== NO_SLOT) learnGap(readSlot(flash, newest, gapSlot)?.entry);
    if (fullSlot !== NO_SLOT) learnGap(readSlot(flash, newest, fullSlot)?.entry);
  }

  function beginPage(state: LogPage): void {
    ends.newest = state;
    ends.lastN = state.firstN - 1;
    endSlot = 0;
    pageDenials = 0;
    gapSlot = NO_SLOT;
    fullSlot = NO_SLOT;
    gapN = state.gapN;
    gapUpTo = state.gapUpTo;
    reported = state.reported;
  }

  function learnGap(entry: Uint8Array | undefined): void {
    const gap = entry === undefined ? undefined : decodeEntry(entry);
    if (gap === undefined || !gap.ok) return;
    if (gap.value.reason === LOG_FULL) {
      reported = gap.value.ring;
    } else {
      gapN = gap.value.n;
      gapUpTo = gap.value.ring + gap.value.target - 1;
    }
  }

  /** Erases the oldest page and goes on there; a page that is worn out is never used again. */
  function openNextPage(): void {
    const last = ends.newest;
    const chain = last === undefined ? undefined : lookup.chainAfter(ends.lastN);
    let sequence = last === undefined ? 0 : last.sequence;
    for (let tries = 0; tries < pageCount; tries += 1) {
      sequence += 1;
      const index = indexOf(sequence);
      if (!isRetired(numbers, index)) {
        const state: LogPage = {
          page: area.firstPage + index,
          sequence,
          firstN: ends.lastN + 1,
          denials: last === undefined ? 0 : last.denials + pageDenials,
          gapN,
          gapUpTo,
          reported,
          chain: chain === undefined ? chainStart() : chain,
        };
        if (erasePage(flash, state.page) && writeLogPage(flash, state)) {
          beginPage(state);
          ends.oldest = findOldest(state, 0);
          numbers.sequence = sequence;
          save();
          return;
        }
        // Durable before the log goes on behind it, so that a boot knows that it was passed over.
        retire(numbers, index);
        save();
      }
    }
    assert(false, FLASH_WORN);
  }

  function appendEntry(fields: EntryFields, kind: number): number {
    const entry = encodeEntry({
      n: ends.lastN + 1,
      tS: fields.tS,
      tq: fields.tq,
      kind: fields.kind,
      op: fields.op,
      reason: fields.reason,
      peer: fields.peer,
      ring: fields.ring,
      target: fields.target,
    });
    for (let tries = 0; tries <= pageCount; tries += 1) {
      if (writeEntry(entry, kind, fields.reason === LOG_FULL)) return ends.lastN;
      openNextPage();
    }
    assert(false, FLASH_WORN);
    return 0;
  }

  /** Writes an entry into the newest page; false where it is full or no longer takes a write. */
  function writeEntry(entry: Uint8Array, kind: number, isOfDenials: boolean): boolean {
    const state = ends.newest;
    if (state === undefined) return false;
    let failures = 0;
    while (endSlot < slots && failures < PROGRAM_TRIES) {
      const slot = endSlot;
      endSlot += 1;
      const content = {
        kind,
        index: ends.lastN + 1 - state.firstN,
        denials: kind === KIND_DENIAL ? pageDenials + 1 : pageDenials,
        gapSlot: kind === KIND_GAP && !isOfDenials ? slot : gapSlot,
        fullSlot: kind === KIND_GAP && isOfDenials ? slot : fullSlot,
        entry,
      };
      if (writeSlot(flash, state, slot, content)) {
        ends.lastN += 1;
        pageDenials = content.denials;
        gapSlot = content.gapSlot;
        fullSlot = content.fullSlot;
        if (kind === KIND_GAP) learnGap(entry);
        return true;
      }
      failures += 1;
    }
    // What it holds stays readable until its turn comes again; then it is passed over.
    if (failures === PROGRAM_TRIES) {
      retire(numbers, indexOf(state.sequence));
      save();
    }
    return false;
  }

  function oldestN(): number {
    return ends.oldest === undefined ? ends.lastN + 1 : ends.oldest.firstN;
  }

  /**
   * Records entries that were overwritten before anybody acknowledged them.
   *
   * Each record names the whole range from the last acknowledgement on, so that the newest one is
   * enough when an older one is itself overwritten. The record may open a page and thereby drop
   * more; the second pass then finds a page with room.
   */
  function appendLostGap(tS: number, tq: number): void {
    const acked = numbers.acked;
    for (let pass = 0; pass < 2; pass += 1) {
      const oldest = oldestN();
      const told = gapN >= oldest && gapUpTo > acked ? gapUpTo : acked;
      if (told >= oldest - 1) return;
      appendOwn(tS, tq, ENTRY_GAP, LOG_GAP, acked + 1, oldest - 1 - acked);
    }
  }

  function appendDenialGap(tS: number, tq: number): void {
    const count = numbers.countedDenials - reported;
    if (count <= 0) return;
    appendOwn(tS, tq, ENTRY_GAP, LOG_FULL, numbers.countedDenials, count);
  }

  /** Tells the issuer of each worn page, long before the log is too short to be of use. */
  function appendWorn(tS: number, tq: number): void {
    const retired = retiredCount(numbers, pageCount);
    if (retired <= numbers.retiredTold) return;
    const percent = Math.floor((100 * (pageCount - retired)) / pageCount);
    appendOwn(tS, tq, ENTRY_BOOT, FLASH_WORN, retired, percent);
    numbers.retiredTold = retired;
    save();
  }

  function appendOwn(
    tS: number,
    tq: number,
    kind: number,
    reason: number,
    ring: number,
    target: number,
  ): void {
    const peer = new Uint8Array(DEVID_BYTES);
    const fields = { tS, tq, kind, op: 0 as const, reason, peer, ring, target };
    appendEntry(fields, kind === ENTRY_GAP ? KIND_GAP : KIND_ENTRY);
  }

  function denialsBeforeOldest(): number {
    return ends.oldest === undefined ? 0 : ends.oldest.denials;
  }

  /** Denials that are in flash and wait for an acknowledgement. */
  function unackedDenials(): number {
    const before = denialsBeforeOldest();
    const all = ends.newest === undefined ? 0 : ends.newest.denials + pageDenials;
    return all - (before > numbers.denialsAtAck ? before : numbers.denialsAtAck);
  }

  /** Numbers start at 1 again, which only another epoch makes unique. */
  function beginNextEpoch(): void {
    numbers.epoch += 1;
    numbers.acked = 0;
    numbers.denialsAtAck = 0;
    numbers.countedDenials = 0;
    numbers.nextCollected = 0;
    numbers.resendFrom = 0;
    numbers.resendNext = 0;
    numbers.sequence = 0;
    numbers.chainN = 0;
    records.writeTwice(stateId, encodeNumbers(numbers));
  }

  const newest = findNewest();
  // The new epoch is durable before its first page: a cut in between only skips a number.
  if (stored === undefined || newest === undefined) beginNextEpoch();
  if (newest === undefined) {
    openNextPage();
  } else {
    resume(newest);
  }
  if (numbers.chainN > ends.lastN) numbers.chainN = 0;

  return {
    ends,
    numbers,
    lookup,
    save,
    oldestN,
    capacity: () => (pageCount - retiredCount(numbers, pageCount) - 1) * slots,
    denialsBeforeOldest,
    append(fields) {
      const isDenial = isDenialEntry(fields);
      if (isDenial && unackedDenials() >= denialQuota) {
        numbers.countedDenials += 1;
        save();
        return 0;
      }
      appendLostGap(fields.tS, fields.tq);
      return appendEntry(fields, isDenial ? KIND_DENIAL : KIND_ENTRY);
    },
    settle(tS, tq) {
      // In this order: each of the others may itself open a page.
      appendWorn(tS, tq);
      appendDenialGap(tS, tq);
      appendLostGap(tS, tq);
    },
  };
}

/**
 * Tells whether an entry counts against the quota of denials: everything that somebody can bring
 * about as often as they like and prove nothing. A bolt is turned by hand, power comes and goes, and
 * what calls itself a station may be anybody's.
 */
function isDenialEntry(fields: EntryFields): boolean {
  switch (fields.kind) {
    case ENTRY_DENIED_AT_KEY:
    case ENTRY_SYNC:
    case ENTRY_BOLT:
    case ENTRY_POWER:
      return true;
    default:
      return fields.kind === ENTRY_PASSAGE && fields.reason !== 0;
  }
}
