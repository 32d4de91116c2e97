// SPDX-License-Identifier: EUPL-1.2
import { assert, COUNTER_SPENT } from "@nyckelring/protocol";
import { readU32, writeU32 } from "./page-journal.ts";
import type { RecordStore } from "./record-store.ts";

/** One reservation in flash per so many numbers. */
const BLOCK = 64;
const COUNTER_MAX = 0xffff_ffff - BLOCK;

/** Numbers that a device uses once in its life. */
export interface NonceCounter {
  /** A number that this counter has never given out, whatever was lost to power cuts in between. */
  next(): number;
}

/**
 * Opens a counter whose upper end is reserved in flash, a block at a time.
 *
 * After a boot it goes on behind the reserved block: numbers are skipped, never repeated. Nothing
 * sets it back, neither a new ring nor a new configuration, because the sealing key that it serves
 * lives as long as the device's enrolment. A reservation stands twice, because one flipped bit in a
 * single record would bring back the reservation before it and with it 64 used numbers.
 *
 * @param id - Record id of the upper end.
 */
export function createNonceCounter(records: RecordStore, id: number): NonceCounter {
  const stored = records.read(id);
  let reserved = stored === undefined ? 0 : readU32(stored, 0);
  let upcoming = reserved;
  return {
    next() {
      if (upcoming === reserved) {
        assert(reserved <= COUNTER_MAX, COUNTER_SPENT);
        reserved += BLOCK;
        const value = new Uint8Array(4);
        writeU32(value, 0, reserved);
        records.writeTwice(id, value);
      }
      upcoming += 1;
      return upcoming;
    },
  };
}
