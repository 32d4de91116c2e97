// SPDX-License-Identifier: EUPL-1.2
import {
  ACK_MISMATCH,
  type CryptoPort,
  chainNext,
  equalBytes,
  fail,
  type Result,
  sliceBytes,
  succeed,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { type EntryFields, openLogRing } from "./log-ring.ts";
import type { PageArea } from "./page-journal.ts";
import type { RecordStore } from "./record-store.ts";

export type { EntryFields } from "./log-ring.ts";

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
   * Writes what the log has to tell of itself, if anything: denials that were only counted, entries that
   * were overwritten, pages that are worn out.
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
 * were counted since the last such record (`target`) and since the epoch began (`ring`). It also tells
 * of worn pages: kind `ENTRY_BOOT`, reason `FLASH_WORN`, how many there are (`ring`), and the percentage
 * of pages that is left (`target`).
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
  const ring = openLogRing(flash, area, crypto, records, stateId);
  const ends = ring.ends;
  const numbers = ring.numbers;
  const lookup = ring.lookup;
  if (numbers.nextCollected > ends.lastN) numbers.nextCollected = 0;

  function unackedCount(): number {
    return ends.lastN > numbers.acked ? ends.lastN - numbers.acked : 0;
  }

  return {
    logEpoch: () => numbers.epoch,
    lastN: () => ends.lastN,
    ackedN: () => numbers.acked,
    firstN: ring.oldestN,
    unackedCount,
    room() {
      const room = ring.capacity() - unackedCount();
      return room > 0 ? room : 0;
    },
    append: ring.append,
    settle: ring.settle,
    read: lookup.entryAt,
    chainAt: lookup.chainAfter,
    acknowledge(n, chain16) {
      if (n <= numbers.acked) return succeed(undefined);
      const chain = lookup.chainAfter(n);
      if (n > ends.lastN) return fail(ACK_MISMATCH);
      // An entry that was overwritten unacknowledged leaves nothing to compare; its gap record
      // stands, and the issuer that got it through another key may close the range.
      if (chain !== undefined && !equalBytes(sliceBytes(chain, 0, 16), chain16)) {
        return fail(ACK_MISMATCH);
      }
      numbers.denialsAtAck =
        n < ring.oldestN() ? ring.denialsBeforeOldest() : lookup.denialsUpTo(n);
      numbers.acked = n;
      ring.save();
      return succeed(undefined);
    },
    batch(from, max) {
      let first = from < ring.oldestN() ? ring.oldestN() : from;
      let bytes = lookup.entryAt(first);
      while (bytes === undefined && first <= ends.lastN) {
        first += 1;
        bytes = lookup.entryAt(first);
      }
      const prev = bytes === undefined ? undefined : lookup.chainAfter(first - 1);
      if (prev === undefined) return undefined;
      const entries: Uint8Array[] = [];
      let chain = prev;
      while (bytes !== undefined && entries.length < max) {
        entries.push(bytes);
        chain = chainNext(crypto, chain, bytes);
        bytes = lookup.entryAt(first + entries.length);
      }
      lookup.keepChain(first + entries.length - 1, chain);
      return { first, prev, entries, chain };
    },
    beginCollection() {
      if (numbers.nextCollected > ends.lastN) numbers.nextCollected = 0;
    },
    cursor() {
      const oldest = ring.oldestN();
      const lowest = numbers.acked + 1 > oldest ? numbers.acked + 1 : oldest;
      const next = numbers.nextCollected;
      return next < lowest || next > ends.lastN ? lowest : next;
    },
    moveCursor(n) {
      numbers.nextCollected = n + 1;
      ring.save();
    },
    askAgain(from) {
      if (from > numbers.acked) {
        // Not durable: the cursor comes round to these entries by itself.
        numbers.nextCollected = from;
        return;
      }
      const isUnderWay = numbers.resendNext > 0 && numbers.resendNext <= numbers.acked;
      if (from === numbers.resendFrom && isUnderWay) return;
      numbers.resendFrom = from;
      numbers.resendNext = from;
      ring.save();
    },
    resendCursor() {
      return numbers.resendNext > 0 && numbers.resendNext <= numbers.acked ? numbers.resendNext : 0;
    },
    moveResendCursor(n) {
      numbers.resendNext = n + 1;
      ring.save();
    },
  };
}
