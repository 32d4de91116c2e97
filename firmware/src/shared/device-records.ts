// SPDX-License-Identifier: EUPL-1.2
import type { FlashPort } from "../ports.ts";
import type { PageArea } from "./page-journal.ts";
import { createRecordStore, type RecordStore } from "./record-store.ts";

/**
 * The pages of the record store, the same on every device, so that a cable tool finds the identity
 * before it knows what it holds in its hands.
 */
export const RECORD_AREA: PageArea = { firstPage: 0, pageCount: 8 };

/** Record id: the seed and public identity of the device. */
export const RECORD_IDENTITY = 1;
/** Record id: the key under which the device seals to its issuer. */
export const RECORD_SEALING_KEY = 2;
/** Record id: upper end of the sealing counter. */
export const RECORD_SEALING_COUNTER = 3;
/** Record id: numbers of the event log. */
export const RECORD_LOG_STATE = 4;
/** Record id: number of the service permit that was taken last. */
export const RECORD_SERVICE_SERIAL = 5;
/** First record id that belongs to the role; the ones below are shared. */
export const RECORD_ROLE_FIRST = 16;

/** Opens the record store of a device. */
export function openDeviceRecords(flash: FlashPort): RecordStore {
  return createRecordStore(flash, RECORD_AREA);
}
