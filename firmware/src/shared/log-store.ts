// SPDX-License-Identifier: EUPL-1.2
import {
  ACK_MISMATCH,
  assert,
  type CryptoPort,
  chainNext,
  chainStart,
  DEVID_BYTES,
  decodeEntry,
  ENTRY_BOLT,
  ENTRY_BYTES_MAX,
  ENTRY_DENIED_AT_KEY,
  ENTRY_GAP,
  ENTRY_PASSAGE,
  ENTRY_POWER,
  ENTRY_SYNC,
  type Entry,
  encodeEntry,
  equalBytes,
  FLASH_WORN,
  fail,
  LOG_FULL,
  LOG_GAP,
  type Result,
  sliceBytes,
  succeed,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import {
  appendRecord,
  type PageArea,
  type PageRecord,
  readRecordAt,
  readU32,
  recordBytes,
  scanPage,
  writeU32,
} from "./page-journal.ts";
import type { RecordStore } from "./record-store.ts";

const KIND_PAGE_HEAD = 0;
/** An entry that must not be lost for the sake of denials. */
const KIND_ENTRY = 1;
/** An entry that counts against the quota of denials. */
const KIND_DENIAL = 2;
/** A gap record. It is an entry as well; its kind saves decoding all others at boot. */
const KIND_GAP = 3;

const CHAIN_BYTES = 32;
// sequence | first n | denials before | gap n | gap up to | denials reported | chain before
const PAGE_HEAD_BYTES = 24 + CHAIN_BYTES;
const AT_SEQUENCE = 0;
const AT_FIRST_N = 4;
const AT_DENIALS = 8;
const AT_GAP_N = 12;
const AT_GAP_UP_TO = 16;
const AT_REPORTED = 20;
const AT_CHAIN = 24;

const STATE_BYTES = 28;
const DENIAL_QUOTA_DIVISOR = 4;

/** An entry before it has a number. Times in UTC seconds. */
export type EntryFields = Omit<Entry, "n">;

/** A run of consecutive entries with the chain value in front of them. */
export type LogSlice = {
  /** Number of the first entry. */
  readonly first: number;
  /** Chain value of entry `first - 1`. */
  readonly prev: Uint8Array;
  /** Encoded entries, in order, at least one. */
  readonly entries: readonly Uint8Array[];
  /** Chain value of the last entry. */
  readonly chain: Uint8Array;
};

/** The event log of a device: numbered, chained, overwritten only where the issuer allowed it. */
export interface LogStore {
  /** Counts the lives of this log; grows only when the flash lost the log whole. */
  logEpoch(): number;
  /** Number of the newest entry, 0 in an empty log. */
  lastN(): number;
  /** Highest number that the issuer has acknowledged, 0 for none. */
  ackedN(): number;
  /** Lowest number that is still in flash, `lastN() + 1` in an empty log. */
  firstN(): number;
  /** Entries that wait for an acknowledgement. */
  unackedCount(): number;
  /** Entries that surely fit before one that waits for an acknowledgement is overwritten. */
  room(): number;
  /**
   * Commits one entry: when it returns, the entry survives any power cut.
   *
   * @returns The number of the entry, or 0 for a denial beyond the quota of unacknowledged denials,
   *   which is durable as one more in a count.
   */
  append(fields: EntryFields): number;
  /**
   * Writes the gap record for denials that were only counted, if there are any.
   *
   * @param tS - Time of the record, UTC seconds.
   * @param tq - Quality of that time.
   */
  settle(tS: number, tq: number): void;
  /** The bytes of entry `n`, or undefined where it is no longer (or not yet) there. */
  read(n: number): Uint8Array | undefined;
  /** Chain value after entry `n`; undefined where `n` is too old or not written yet. */
  chainAt(n: number): Uint8Array | undefined;
  /**
   * Allows every entry up to `n` to be overwritten. Older acknowledgements change nothing.
   *
   * Security: the caller has verified the issuer's signature. The chain value ties the issuer's
   * copy to ours: where the two differ, nothing is freed.
   *
   * @param chain16 - First 16 bytes of the issuer's chain value of entry `n`.
   * @returns Nothing, or `ACK_MISMATCH` for a number not written yet or another chain.
   */
  acknowledge(n: number, chain16: Uint8Array): Result<undefined>;
  /**
   * The consecutive entries from `from` on, or from the next one that is there.
   *
   * @param max - At most so many entries.
   * @returns The slice, or undefined where nothing is left.
   */
  batch(from: number, max: number): LogSlice | undefined;
  /**
   * A contact begins. Where everything that exists was handed out before, the next collection starts
   * again at the first unacknowledged entry: what a courier carried and lost goes with another one.
   * A boot is such a beginning.
   */
  beginCollection(): void;
  /** Where the next collection starts: behind the last one, or at the first unacknowledged entry. */
  cursor(): number;
  /** Notes durably that everything up to `n` was handed out. */
  moveCursor(n: number): void;
  /**
   * Notes a signed request of the issuer to hand out entries again.
   *
   * Unacknowledged ones are next in turn; acknowledged ones have a cursor of their own. Freed space
   * is not taken back: the request carries no number, and a replayed one must not be able to fill
   * the log. A repetition counts only when the request was served: its batch may have been lost with
   * its courier. So a replay can delay other entries by one round and lose none.
   */
  askAgain(from: number): void;
  /** The next entry of a pending re-send request, 0 for none. */
  resendCursor(): number;
  /** Notes durably that the re-send request was served up to `n`. */
  moveResendCursor(n: number): void;
}

/** What the head of one page says. */
type PageState = {
  readonly page: number;
  readonly sequence: number;
  readonly firstN: number;
  readonly head: Uint8Array;
};

/** The entries of one page, by number from the page's first one; holes are undefined. */
type PageEntries = { readonly page: number; readonly places: (PageRecord | undefined)[] };

/**
 * Opens the event log in an area of pages.
 *
 * Pages are used in turn. Each begins with a head that carries what is needed to go on from there:
 * the number of its first entry, the chain value before it and the counts. An append is one
 * programmed record, so a power cut leaves the entry or nothing. The page to erase next is always
 * the oldest; where it held entries that nobody acknowledged, a gap record with reason `LOG_GAP`,
 * their first number (`ring`) and their count (`target`) follows. It is derived from what is in
 * flash, so a cut between the erase and the record only delays it.
 *
 * Denials beyond the quota are counted; `settle` writes a gap record with reason `LOG_FULL`, how many
 * were counted since the last such record (`target`) and since the epoch began (`ring`).
 *
 * @param records - Holds the few numbers that change without an append.
 * @param stateId - Record id for them.
 */
export function createLogStore(
  flash: FlashPort,
  area: PageArea,
  crypto: CryptoPort,
  records: RecordStore,
  stateId: number,
): LogStore {
  const pageRoom = flash.pageBytes - recordBytes(PAGE_HEAD_BYTES);
  const capacity = (area.pageCount - 1) * Math.floor(pageRoom / recordBytes(ENTRY_BYTES_MAX));
  const denialQuota = Math.floor(capacity / DENIAL_QUOTA_DIVISOR);

  /** Retained pages, oldest first; the last one is written to. */
  let pages: PageState[] = [];
  let current: PageEntries = { page: -1, places: [] };
  let cached: PageEntries = { page: -1, places: [] };
  let endOffset = 0;
  let lastNumber = 0;
  let denials = 0;
  let gapN = 0;
  let gapUpTo = 0;
  let reportedDenials = 0;
  let chainN = -1;
  let chainValue: Uint8Array = chainStart();

  let epoch = 0;
  let acked = 0;
  let denialsAtAck = 0;
  let countedDenials = 0;
  let nextCollected = 0;
  let resendFrom = 0;
  let resendNext = 0;

  function loadState(): boolean {
    const state = records.read(stateId);
    if (state === undefined || state.length !== STATE_BYTES) return false;
    epoch = readU32(state, 0);
    acked = readU32(state, 4);
    denialsAtAck = readU32(state, 8);
    countedDenials = readU32(state, 12);
    nextCollected = readU32(state, 16);
    resendFrom = readU32(state, 20);
    resendNext = readU32(state, 24);
    return true;
  }

  function saveState(): void {
    const state = new Uint8Array(STATE_BYTES);
    writeU32(state, 0, epoch);
    writeU32(state, 4, acked);
    writeU32(state, 8, denialsAtAck);
    writeU32(state, 12, countedDenials);
    writeU32(state, 16, nextCollected);
    writeU32(state, 20, resendFrom);
    writeU32(state, 24, resendNext);
    records.write(stateId, state);
  }

  function readPageState(page: number): PageState | undefined {
    const head = readRecordAt(flash, page, 0, KIND_PAGE_HEAD, PAGE_HEAD_BYTES);
    if (head === undefined) return undefined;
    return { page, sequence: readU32(head, AT_SEQUENCE), firstN: readU32(head, AT_FIRST_N), head };
  }

  /** Finds the newest page and every page that belongs to the same run of sequences. */
  function findPages(): PageState[] {
    let newest: PageState | undefined;
    const found: (PageState | undefined)[] = [];
    for (let index = 0; index < area.pageCount; index += 1) {
      const state = readPageState(area.firstPage + index);
      found.push(state);
      if (state !== undefined && (newest === undefined || state.sequence > newest.sequence)) {
        newest = state;
      }
    }
    const kept: PageState[] = [];
    if (newest === undefined) return kept;
    for (let age = area.pageCount - 1; age >= 0; age -= 1) {
      const index = (newest.page - area.firstPage - age + area.pageCount) % area.pageCount;
      const state = found[index];
      if (state !== undefined && state.sequence === newest.sequence - age) kept.push(state);
    }
    return kept;
  }

  function loadEntries(state: PageState): PageEntries {
    const scan = scanPage(flash, state.page);
    const found = scan.records.filter((record) => record.kind !== KIND_PAGE_HEAD);
    if (state === newestPage()) endOffset = scan.endOffset;
    // The number comes from the entry itself: a record lost to a flipped bit must not shift the
    // numbers of those behind it. Where the last one fits its place, none is lost.
    const last = found[found.length - 1];
    const isWhole = last === undefined || numberOf(last) === state.firstN + found.length - 1;
    return { page: state.page, places: isWhole ? found : spreadByNumber(found, state.firstN) };
  }

  function spreadByNumber(
    found: readonly PageRecord[],
    firstN: number,
  ): (PageRecord | undefined)[] {
    const places: (PageRecord | undefined)[] = [];
    for (const record of found) {
      const index = numberOf(record) - firstN;
      if (index >= places.length) {
        while (places.length < index) places.push(undefined);
        places.push(record);
      }
    }
    return places;
  }

  /** Number of the entry in a record, 0 for octets that are none. */
  function numberOf(record: PageRecord): number {
    const entry = decodeEntry(flash.read(record.address, record.bytes));
    return entry.ok ? entry.value.n : 0;
  }

  function newestPage(): PageState {
    const state = pages[pages.length - 1];
    assert(state !== undefined, FLASH_WORN);
    return state;
  }

  function oldestN(): number {
    const state = pages[0];
    return state === undefined ? lastNumber + 1 : state.firstN;
  }

  function resume(): void {
    const state = newestPage();
    current = loadEntries(state);
    lastNumber = state.firstN - 1 + current.places.length;
    denials = readU32(state.head, AT_DENIALS);
    gapN = readU32(state.head, AT_GAP_N);
    gapUpTo = readU32(state.head, AT_GAP_UP_TO);
    reportedDenials = readU32(state.head, AT_REPORTED);
    for (const place of current.places) {
      if (place !== undefined) countEntry(place);
    }
  }

  /** Takes one entry of the newest page into the running counts. */
  function countEntry(place: PageRecord): void {
    if (place.kind === KIND_DENIAL) denials += 1;
    if (place.kind !== KIND_GAP) return;
    const gap = decodeEntry(flash.read(place.address, place.bytes));
    if (!gap.ok) return;
    if (gap.value.reason === LOG_FULL) {
      reportedDenials = gap.value.ring;
    } else {
      gapN = gap.value.n;
      gapUpTo = gap.value.ring + gap.value.target - 1;
    }
  }

  function pageOf(n: number): PageState | undefined {
    for (let index = pages.length - 1; index >= 0; index -= 1) {
      const state = pages[index];
      if (state !== undefined && state.firstN <= n) return n > lastNumber ? undefined : state;
    }
    return undefined;
  }

  function entriesOf(state: PageState): PageEntries {
    if (state.page === current.page) return current;
    if (state.page !== cached.page) cached = loadEntries(state);
    return cached;
  }

  function placeOf(n: number): PageRecord | undefined {
    const state = pageOf(n);
    if (state === undefined) return undefined;
    const places = entriesOf(state).places;
    const index = n - state.firstN;
    return index < places.length ? places[index] : undefined;
  }

  function readEntry(n: number): Uint8Array | undefined {
    const place = placeOf(n);
    return place === undefined ? undefined : flash.read(place.address, place.bytes);
  }

  function chainAfter(n: number): Uint8Array | undefined {
    const first = pages[0];
    if (first === undefined || n > lastNumber || n < first.firstN - 1) return undefined;
    // Entry n may close its page, so the value before the next page would do as well; hashing
    // forward from the page's head covers every case alike.
    const found = pageOf(n);
    const state = found === undefined ? first : found;
    let from = state.firstN;
    let chain: Uint8Array = sliceBytes(state.head, AT_CHAIN, AT_CHAIN + CHAIN_BYTES);
    if (chainN >= state.firstN && chainN <= n) {
      from = chainN + 1;
      chain = chainValue;
    }
    for (let number = from; number <= n; number += 1) {
      const bytes = readEntry(number);
      if (bytes !== undefined) chain = chainNext(crypto, chain, bytes);
    }
    chainN = n;
    chainValue = chain;
    return chain;
  }

  /** Erases the oldest page and goes on there. */
  function openNextPage(): void {
    const last = pages[pages.length - 1];
    const chain = chainAfter(lastNumber);
    let index = last === undefined ? 0 : last.page - area.firstPage;
    let sequence = last === undefined ? 0 : last.sequence;
    // A page that takes no head is worn out: it is passed over in every round.
    for (let tries = 0; tries < area.pageCount; tries += 1) {
      index = last === undefined && tries === 0 ? 0 : (index + 1) % area.pageCount;
      sequence += 1;
      const page = area.firstPage + index;
      pages = pages.filter((state) => state.page !== page);
      if (cached.page === page) cached = { page: -1, places: [] };
      flash.erase(page);
      const head = encodeHead(sequence, chain === undefined ? chainStart() : chain);
      const done = appendRecord(flash, page, 0, KIND_PAGE_HEAD, head);
      const state = done === undefined ? undefined : readPageState(page);
      if (done !== undefined && state !== undefined) {
        pages.push(state);
        current = { page, places: [] };
        endOffset = done.endOffset;
        return;
      }
    }
    assert(false, FLASH_WORN);
  }

  function encodeHead(sequence: number, chain: Uint8Array): Uint8Array {
    const head = new Uint8Array(PAGE_HEAD_BYTES);
    writeU32(head, AT_SEQUENCE, sequence);
    writeU32(head, AT_FIRST_N, lastNumber + 1);
    writeU32(head, AT_DENIALS, denials);
    writeU32(head, AT_GAP_N, gapN);
    writeU32(head, AT_GAP_UP_TO, gapUpTo);
    writeU32(head, AT_REPORTED, reportedDenials);
    head.set(chain, AT_CHAIN);
    return head;
  }

  function appendEntry(fields: EntryFields, kind: number): number {
    for (let tries = 0; tries < area.pageCount; tries += 1) {
      const n = lastNumber + 1;
      const done = appendRecord(flash, current.page, endOffset, kind, encode(n, fields));
      if (done !== undefined) {
        endOffset = done.endOffset;
        current.places.push(done.record);
        lastNumber = n;
        countEntry(done.record);
        return n;
      }
      openNextPage();
    }
    assert(false, FLASH_WORN);
    return 0;
  }

  function encode(n: number, fields: EntryFields): Uint8Array {
    return encodeEntry({
      n,
      tS: fields.tS,
      tq: fields.tq,
      kind: fields.kind,
      op: fields.op,
      reason: fields.reason,
      peer: fields.peer,
      ring: fields.ring,
      target: fields.target,
    });
  }

  /**
   * Records entries that were overwritten before anybody acknowledged them.
   *
   * Each record names the whole range from the last acknowledgement on, so that the newest one is
   * enough when an older one is itself overwritten. The record may open a page and thereby drop
   * more; the second pass then finds a page with room.
   */
  function appendLostGap(tS: number, tq: number): void {
    for (let pass = 0; pass < 2; pass += 1) {
      const oldest = oldestN();
      const told = gapN >= oldest && gapUpTo > acked ? gapUpTo : acked;
      if (told >= oldest - 1) return;
      appendEntry(gapFields(tS, tq, LOG_GAP, acked + 1, oldest - 1 - acked), KIND_GAP);
    }
  }

  function appendDenialGap(tS: number, tq: number): void {
    const count = countedDenials - reportedDenials;
    if (count <= 0) return;
    appendEntry(gapFields(tS, tq, LOG_FULL, countedDenials, count), KIND_GAP);
  }

  function denialsBeforeOldest(): number {
    const oldest = pages[0];
    return oldest === undefined ? denials : readU32(oldest.head, AT_DENIALS);
  }

  /** Denials that are in flash and wait for an acknowledgement. */
  function unackedDenials(): number {
    const before = denialsBeforeOldest();
    return denials - (before > denialsAtAck ? before : denialsAtAck);
  }

  /** Denials in the log up to and with entry `n`. */
  function denialsUpTo(n: number): number {
    const state = pageOf(n);
    if (state === undefined) return n < oldestN() ? denialsBeforeOldest() : denials;
    let count = readU32(state.head, AT_DENIALS);
    const places = entriesOf(state).places;
    for (let index = 0; index <= n - state.firstN && index < places.length; index += 1) {
      const place = places[index];
      if (place !== undefined && place.kind === KIND_DENIAL) count += 1;
    }
    return count;
  }

  function unackedCount(): number {
    return lastNumber > acked ? lastNumber - acked : 0;
  }

  /** Numbers start at 1 again, which only another epoch makes unique. */
  function beginNextEpoch(): void {
    epoch += 1;
    acked = 0;
    denialsAtAck = 0;
    countedDenials = 0;
    nextCollected = 0;
    resendFrom = 0;
    resendNext = 0;
    saveState();
  }

  const hasState = loadState();
  pages = findPages();
  if (pages.length > 0) {
    resume();
  } else {
    // The new epoch is durable before its first page: a cut in between only skips a number.
    if (hasState) beginNextEpoch();
    openNextPage();
  }
  if (!hasState) beginNextEpoch();
  if (nextCollected > lastNumber) nextCollected = 0;

  return {
    logEpoch() {
      return epoch;
    },
    lastN() {
      return lastNumber;
    },
    ackedN() {
      return acked;
    },
    firstN() {
      return oldestN();
    },
    unackedCount,
    room() {
      const count = unackedCount();
      return count < capacity ? capacity - count : 0;
    },
    append(fields) {
      const isDenial = isDenialEntry(fields);
      if (isDenial && unackedDenials() >= denialQuota) {
        countedDenials += 1;
        saveState();
        return 0;
      }
      appendLostGap(fields.tS, fields.tq);
      return appendEntry(fields, isDenial ? KIND_DENIAL : KIND_ENTRY);
    },
    settle(tS, tq) {
      // In this order: the record of counted denials may itself open a page.
      appendDenialGap(tS, tq);
      appendLostGap(tS, tq);
    },
    read(n) {
      return readEntry(n);
    },
    chainAt(n) {
      return chainAfter(n);
    },
    acknowledge(n, chain16) {
      if (n <= acked) return succeed(undefined);
      const chain = chainAfter(n);
      if (n > lastNumber) return fail(ACK_MISMATCH);
      // An entry that was overwritten unacknowledged leaves nothing to compare; its gap record
      // stands, and the issuer that got it through another key may close the range.
      if (chain !== undefined && !equalBytes(sliceBytes(chain, 0, 16), chain16)) {
        return fail(ACK_MISMATCH);
      }
      denialsAtAck = denialsUpTo(n);
      acked = n;
      saveState();
      return succeed(undefined);
    },
    batch(from, max) {
      let first = from < oldestN() ? oldestN() : from;
      while (first <= lastNumber && readEntry(first) === undefined) first += 1;
      const prev = first <= lastNumber ? chainAfter(first - 1) : undefined;
      if (prev === undefined) return undefined;
      const entries: Uint8Array[] = [];
      let bytes = readEntry(first);
      while (bytes !== undefined && entries.length < max) {
        entries.push(bytes);
        bytes = readEntry(first + entries.length);
      }
      const chain = chainAfter(first + entries.length - 1);
      return chain === undefined ? undefined : { first, prev, entries, chain };
    },
    beginCollection() {
      if (nextCollected > lastNumber) nextCollected = 0;
    },
    cursor() {
      const lowest = acked + 1 > oldestN() ? acked + 1 : oldestN();
      return nextCollected < lowest || nextCollected > lastNumber ? lowest : nextCollected;
    },
    moveCursor(n) {
      nextCollected = n + 1;
      saveState();
    },
    askAgain(from) {
      if (from > acked) {
        // Not durable: the cursor comes round to these entries by itself.
        nextCollected = from;
        return;
      }
      const isUnderWay = resendNext > 0 && resendNext <= acked;
      if (from === resendFrom && isUnderWay) return;
      resendFrom = from;
      resendNext = from;
      saveState();
    },
    resendCursor() {
      return resendNext > 0 && resendNext <= acked ? resendNext : 0;
    },
    moveResendCursor(n) {
      resendNext = n + 1;
      saveState();
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

function gapFields(
  tS: number,
  tq: number,
  reason: number,
  ring: number,
  target: number,
): EntryFields {
  const peer = new Uint8Array(DEVID_BYTES);
  return { tS, tq, kind: ENTRY_GAP, op: 0, reason, peer, ring, target };
}
