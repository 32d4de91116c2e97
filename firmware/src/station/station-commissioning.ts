// SPDX-License-Identifier: EUPL-1.2
import {
  FLASH_FULL,
  fail,
  type Result,
  type StationAccount,
  sliceBytes,
  succeed,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { openDeviceRecords } from "../shared/device-records.ts";
import { readU32, writeU32 } from "../shared/page-journal.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { RECORD_COMMISSION, stationLayout } from "./station-layout.ts";
import { type StationNetwork, writeNetwork } from "./station-network.ts";

const COMMAND_KEY_BYTES = 32;

/** What the issuer gives a station at enrolment, over the cable. */
export type StationProvision = StationAccount;

/**
 * Wipes a station and binds it to its issuer, over the cable.
 *
 * The command key is the only secret that a station holds; it is made by the issuer, because a
 * station has no generator that deserves trust.
 *
 * @param network - Where the broker is and how to get there; without it the station serves what was
 *   signed in advance.
 * @returns Nothing, or `FLASH_FULL` for a flash too small for a station.
 */
export function commissionStation(
  flash: FlashPort,
  provision: StationProvision,
  network?: StationNetwork,
): Result<undefined> {
  if (stationLayout(flash.pageCount) === undefined) return fail(FLASH_FULL);
  for (let page = 0; page < flash.pageCount; page += 1) flash.erase(page);
  const record = new Uint8Array(4 + COMMAND_KEY_BYTES);
  writeU32(record, 0, provision.stationId);
  record.set(provision.commandKey, 4);
  const records = openDeviceRecords(flash);
  records.write(RECORD_COMMISSION, record);
  if (network !== undefined) writeNetwork(records, network);
  return succeed(undefined);
}

/** Reads what commissioning left; undefined on a blank station. */
export function loadStationProvision(records: RecordStore): StationProvision | undefined {
  const record = records.read(RECORD_COMMISSION);
  if (record === undefined || record.length !== 4 + COMMAND_KEY_BYTES) return undefined;
  return { stationId: readU32(record, 0), commandKey: sliceBytes(record, 4) };
}
