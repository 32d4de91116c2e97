// SPDX-License-Identifier: EUPL-1.2
import { readU32, writeU32 } from "../shared/page-journal.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { RECORD_DOWN_SEQ } from "./station-layout.ts";

/** Numbers below the highest one that may still come, because a broker may reorder. */
const WINDOW = 32;

/** Which commands of the issuer a station has carried out. */
export interface CommandWindow {
  /** True for a number that has not been taken, and is not too far behind the highest one. */
  isFresh(seq: number): boolean;
  /** True for a number above all others. */
  isNewest(seq: number): boolean;
  /** Notes durably that a command was carried out. */
  take(seq: number): void;
}

/**
 * Opens the window.
 *
 * Each number is taken at most once, also across power cuts. A command that was overtaken by others
 * on its way is welcome as long as it is among the last 32; a replayed or ancient one is not.
 */
export function openCommandWindow(records: RecordStore): CommandWindow {
  const stored = records.read(RECORD_DOWN_SEQ);
  let highest = stored === undefined ? 0 : readU32(stored, 0);
  /** Bit k stands for `highest - k`. */
  let taken = stored === undefined ? 0 : readU32(stored, 4);

  return {
    isFresh(seq) {
      if (seq > highest) return true;
      const age = highest - seq;
      return age < WINDOW && ((taken >>> age) & 1) === 0;
    },
    isNewest: (seq) => seq > highest,
    take(seq) {
      if (seq > highest) {
        const step = seq - highest;
        taken = step < WINDOW ? ((taken << step) | 1) >>> 0 : 1;
        highest = seq;
      } else {
        taken = (taken | (1 << (highest - seq))) >>> 0;
      }
      const value = new Uint8Array(8);
      writeU32(value, 0, highest);
      writeU32(value, 4, taken);
      records.write(RECORD_DOWN_SEQ, value);
    },
  };
}
