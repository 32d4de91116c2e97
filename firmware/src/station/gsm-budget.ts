// SPDX-License-Identifier: EUPL-1.2
import type { TimerPort } from "../ports.ts";
import { readU32, writeU32 } from "../shared/page-journal.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { RECORD_GSM_BUDGET } from "./station-layout.ts";

const HOUR_MS = 3_600_000;
const HOURS_A_DAY = 24;
/** A day's octets are reserved in so many portions; each is one write. */
const PORTIONS = 16;
const RECORD_BYTES = 8;

/** What the mobile network may still cost today, across boots. */
export interface GsmBudget {
  /** Counts octets that go or came, durably as far as a portion reaches. */
  count(bytes: number): void;
  /** Octets of the running day: those that were counted, and what a boot had to assume. */
  spentBytes(): number;
  /** True once the day's octets are used up. */
  isSpent(): boolean;
}

/**
 * Opens the budget of a day.
 *
 * Flash holds what is reserved, a sixteenth of the day at a time, and the hours that the day has
 * lasted. A boot takes the whole reservation as spent, so no number of boots buys more than the
 * limit; each one that has sent something since the last wastes up to a portion. A day ends after 24
 * hours of running, because a station may not know the time: it is never shorter than a day of the
 * clock. So a day costs at most 16 writes for octets and 24 for hours, and none where nothing is sent.
 *
 * @param bytesPerDay - Octets in a day, 0 or more.
 */
export function createGsmBudget(
  records: RecordStore,
  timer: TimerPort,
  bytesPerDay: number,
): GsmBudget {
  const portion = Math.ceil(bytesPerDay / PORTIONS);
  const stored = records.read(RECORD_GSM_BUDGET);
  let reserved = stored === undefined ? 0 : readU32(stored, 0);
  let hours = stored === undefined ? 0 : readU32(stored, 4);
  let spent = reserved;
  let hourId = 0;

  function keep(): void {
    const value = new Uint8Array(RECORD_BYTES);
    writeU32(value, 0, reserved);
    writeU32(value, 4, hours);
    records.write(RECORD_GSM_BUDGET, value);
  }

  function startHour(): void {
    hourId = timer.after(HOUR_MS, () => {
      hourId = 0;
      hours += 1;
      if (hours >= HOURS_A_DAY) {
        hours = 0;
        spent = 0;
        reserved = 0;
      } else {
        startHour();
      }
      keep();
    });
  }

  if (reserved > 0) startHour();
  return {
    count(bytes) {
      spent += bytes;
      if (hourId === 0) startHour();
      if (spent <= reserved) return;
      reserved = spent + portion;
      keep();
    },
    spentBytes: () => spent,
    isSpent: () => spent >= bytesPerDay,
  };
}
