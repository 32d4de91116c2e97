// SPDX-License-Identifier: EUPL-1.2
import { RECORD_AREA, RECORD_ROLE_FIRST } from "../shared/device-records.ts";
import type { PageArea } from "../shared/page-journal.ts";

// Flash of a station, in pages: records 8, uploads one half of the rest, and the other half the shelf
// with the rings that were signed in advance.

/** Record id: number and command key of the station. */
export const RECORD_COMMISSION = RECORD_ROLE_FIRST;
/** Record id: number of the last command. */
export const RECORD_DOWN_SEQ = RECORD_ROLE_FIRST + 1;
/** Record id: counter of the messages that go up. */
export const RECORD_UP_SEQ = RECORD_ROLE_FIRST + 2;
/** Record id: settings from the issuer. */
export const RECORD_CONFIG = RECORD_ROLE_FIRST + 3;

/** Record id: networks around the station. */
export const RECORD_NETWORK = RECORD_ROLE_FIRST + 4;
/** Record id: octets of the running day over the mobile network. */
export const RECORD_GSM_BUDGET = RECORD_ROLE_FIRST + 5;

const QUEUE_PAGES_MIN = 8;

/** Where everything lies in a station's flash. */
export interface StationLayout {
  /** Sealed batches on their way to the issuer. */
  readonly uploads: PageArea;
  /** Parts of rings for keys. */
  readonly shelf: PageArea;
}

/**
 * Places the stores of a station in its flash.
 *
 * @returns The layout, or undefined for a flash that is too small for a station.
 */
export function stationLayout(pageCount: number): StationLayout | undefined {
  const first = RECORD_AREA.firstPage + RECORD_AREA.pageCount;
  const half = (pageCount - first) >> 1;
  if (half < QUEUE_PAGES_MIN) return undefined;
  return {
    uploads: { firstPage: first, pageCount: half },
    shelf: { firstPage: first + half, pageCount: half },
  };
}
