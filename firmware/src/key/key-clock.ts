// SPDX-License-Identifier: EUPL-1.2
import { TIME_CLOCK_CHECKED, TIME_CLOCK_UNCHECKED, TIME_FLOOR_ONLY } from "@nyckelring/protocol";
import type { ClockPort } from "../ports.ts";
import { readU32, writeU32 } from "../shared/page-journal.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { RECORD_CLOCK_CHECK, RECORD_TIME_FLOOR } from "./key-layout.ts";

/** A clock that is further behind a signed time than this has lost its own, in seconds. */
const LAG_S_MAX = 300;
/** A grant may have been under way so long before the clock is set by it, in seconds. */
const GRANT_AGE_S_MAX = 30;

/** A key's idea of the time. */
export interface KeyClock {
  /**
   * The time by the key's own clock, UTC seconds; undefined where the clock does not know, or is
   * behind what an issuer has signed.
   */
  knownS(): number | undefined;
  /** The best time for a log entry, UTC seconds. */
  tS(): number;
  /**
   * How good that time is.
   *
   * @param ringseq - Number of the shift ring in use; a check counts for one shift.
   */
  tq(ringseq: number): number;
  /** Notes a time that an issuer signed: it cannot be earlier than this. */
  raiseFloor(signedS: number): void;
  /**
   * Begins anew at the time when a new issuing key was certified: what the one before has signed
   * counts no more, because whoever stole it could have signed any time.
   */
  restartFloor(certifiedS: number): void;
  /** Sets or confirms the clock by a verified grant that answers the nonce of this contact. */
  applyGrant(grantedS: number): void;
  /** Notes for which shift ring the check of this contact counts. */
  settleCheck(ringseq: number): void;
}

/** Opens the time of a key. */
export function openKeyClock(clock: ClockPort, records: RecordStore): KeyClock {
  let floorS = numberIn(records, RECORD_TIME_FLOOR);
  let checkedRing = numberIn(records, RECORD_CLOCK_CHECK);
  let isChecked = false;

  function knownS(): number | undefined {
    const nowS = clock.nowS();
    return nowS === undefined || nowS + LAG_S_MAX < floorS ? undefined : nowS;
  }

  function keepFloor(timeS: number): void {
    floorS = timeS;
    writeNumber(records, RECORD_TIME_FLOOR, floorS);
  }

  return {
    knownS,
    tS() {
      const nowS = knownS();
      return nowS === undefined ? floorS : nowS;
    },
    tq(ringseq) {
      if (knownS() === undefined) return TIME_FLOOR_ONLY;
      return ringseq > 0 && ringseq === checkedRing ? TIME_CLOCK_CHECKED : TIME_CLOCK_UNCHECKED;
    },
    raiseFloor(signedS) {
      if (signedS > floorS) keepFloor(signedS);
    },
    restartFloor: keepFloor,
    applyGrant(grantedS) {
      const nowS = clock.nowS();
      // The grant was under way for a while: a clock that is a little ahead of it is right.
      if (nowS === undefined || nowS < grantedS || nowS > grantedS + GRANT_AGE_S_MAX) {
        clock.set(grantedS);
      }
      isChecked = true;
    },
    settleCheck(ringseq) {
      if (!isChecked) return;
      isChecked = false;
      if (ringseq === checkedRing) return;
      checkedRing = ringseq;
      writeNumber(records, RECORD_CLOCK_CHECK, ringseq);
    },
  };
}

function numberIn(records: RecordStore, id: number): number {
  const value = records.read(id);
  return value === undefined ? 0 : readU32(value, 0);
}

function writeNumber(records: RecordStore, id: number, number: number): void {
  const value = new Uint8Array(4);
  writeU32(value, 0, number);
  records.write(id, value);
}
