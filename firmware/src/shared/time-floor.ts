// SPDX-License-Identifier: EUPL-1.2
import { readU32, writeU32 } from "./page-journal.ts";
import type { RecordStore } from "./record-store.ts";

const RECORD_BYTES = 8;

/** The lowest time that it can be now, by what an issuer has signed. */
export interface TimeFloor {
  /** UTC seconds; 0 before anything was verified. */
  loS(): number;
  /**
   * Raises the floor, durably before it returns; an older time changes nothing.
   *
   * @param timeS - A verified `iat`, UTC seconds. Never a `nbf` or `exp`, which lie in the future.
   */
  raise(timeS: number): void;
}

/**
 * Opens the time floor of one authority under its issuer epoch.
 *
 * The floor never sinks within an epoch. A record of an older epoch does not count: the certificate
 * of the new one sets the floor to its own signing time, which cures a floor that a stolen issuing
 * key has pushed into the future. A record of another authority does not count either; slots are
 * reused.
 *
 * @param id - Record id of the slot.
 * @param authority - 0 to 65535.
 * @param issuerEpoch - Epoch of the certificate in force.
 * @param certificateIatS - When that certificate was signed, UTC seconds.
 */
export function openTimeFloor(
  records: RecordStore,
  id: number,
  authority: number,
  issuerEpoch: number,
  certificateIatS: number,
): TimeFloor {
  const tag = tagOf(authority, issuerEpoch);
  const record = records.read(id);
  let lowestS = certificateIatS;
  if (record !== undefined && record.length === RECORD_BYTES && readU32(record, 0) === tag) {
    const storedS = readU32(record, 4);
    if (storedS > lowestS) lowestS = storedS;
  }
  return {
    loS() {
      return lowestS;
    },
    raise(timeS) {
      if (timeS <= lowestS) return;
      const value = new Uint8Array(RECORD_BYTES);
      writeU32(value, 0, tag);
      writeU32(value, 4, timeS);
      records.writeTwice(id, value);
      lowestS = timeS;
    },
  };
}

// Epochs count rotations of an offline root: 16 bits are more than any lock sees.
function tagOf(authority: number, issuerEpoch: number): number {
  return (authority * 0x10000 + (issuerEpoch & 0xffff)) >>> 0;
}
