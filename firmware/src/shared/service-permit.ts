// SPDX-License-Identifier: EUPL-1.2
import {
  type ErrorCode,
  equalBytes,
  GRANTED,
  HOLDER_MISMATCH,
  OBJECT_OLD,
  type ServicePermit,
} from "@nyckelring/protocol";
import { RECORD_SERVICE_SERIAL } from "./device-records.ts";
import { readU32, writeU32 } from "./page-journal.ts";
import type { RecordStore } from "./record-store.ts";

/** What became of a service permit. */
export interface PermitOutcome {
  /** `GRANTED` for taken or known, else the reason. */
  readonly code: ErrorCode;
  /** True the one time that the permit opens the console. */
  readonly isNew: boolean;
}

/**
 * Takes a verified service permit: once, by its own device, before its end.
 *
 * The number is durable before the answer, so a power cut can spend a permit and never use it twice.
 *
 * @param nowS - The latest time that the device knows, UTC seconds.
 * @returns `GRANTED`, also for the permit that was taken last, `HOLDER_MISMATCH` for another device's,
 *   `OBJECT_OLD` for a number below the last one and for a permit that has ended.
 */
export function takeServicePermit(
  records: RecordStore,
  devid: Uint8Array,
  permit: ServicePermit,
  nowS: number,
): PermitOutcome {
  if (!equalBytes(permit.devid, devid)) return { code: HOLDER_MISMATCH, isNew: false };
  const stored = records.read(RECORD_SERVICE_SERIAL);
  const last = stored === undefined ? 0 : readU32(stored, 0);
  if (permit.serial === last) return { code: GRANTED, isNew: false };
  if (permit.serial < last || permit.untilS <= nowS) return { code: OBJECT_OLD, isNew: false };
  const value = new Uint8Array(4);
  writeU32(value, 0, permit.serial);
  // One that came back would open the console once more.
  records.writeTwice(RECORD_SERVICE_SERIAL, value);
  return { code: GRANTED, isNew: true };
}
