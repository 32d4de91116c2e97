// SPDX-License-Identifier: EUPL-1.2
import { RING_SIZE_MAX } from "@nyckelring/protocol";
import { RECORD_AREA, RECORD_ROLE_FIRST } from "../shared/device-records.ts";
import type { PageArea } from "../shared/page-journal.ts";
import { type RingPlace, ringPages } from "./ring-store.ts";

// Flash of a key, in pages of 4096 octets. The log takes what is left, so that a larger flash means
// a longer log and nothing else:
//
//   records 8 | shift ring 30 | emergency ring 2 | carried batches 10 | courier 12 | log

/** Index of the ring for the shift. */
export const RING_SHIFT = 0;
/** Index of the ring for one emergency. */
export const RING_EMERGENCY = 1;
/** Rings on a key. */
export const RING_COUNT = 2;

const SMALL_RING_SLOTS = 64;
const CARRIED_PAGES = 10;
const COURIER_PAGES = 12;
const LOG_PAGES_MIN = 4;

/** Record id: the commit record of a ring; one for each ring follows. */
const RECORD_RING_FIRST = RECORD_ROLE_FIRST;
/** Record id: root key of the authority and ring secret. Its presence makes the key commissioned. */
export const RECORD_COMMISSION = RECORD_ROLE_FIRST + 3;
/** Record id: number of the shift ring at whose sync the clock was checked. */
export const RECORD_CLOCK_CHECK = RECORD_ROLE_FIRST + 4;
/** Record id: requests of locks for the time that wait for a station. */
export const RECORD_TIME_ASKS = RECORD_ROLE_FIRST + 5;
/** Record id: the newest time that an issuer signed. */
export const RECORD_TIME_FLOOR = RECORD_ROLE_FIRST + 6;
/** Record id: the first issuer certificate; `CERTIFICATES_MAX` ids belong to them. */
export const RECORD_CERTIFICATE_FIRST = RECORD_ROLE_FIRST + 8;
/** Issuer certificates that a key keeps: two levels of four authorities, two epochs of each. */
export const CERTIFICATES_MAX = 16;

/** Where everything lies in a key's flash. */
export interface KeyLayout {
  readonly rings: readonly RingPlace[];
  readonly carried: PageArea;
  readonly courier: PageArea;
  readonly log: PageArea;
}

/**
 * Places the stores of a key in its flash.
 *
 * @returns The layout, or undefined for a flash that is too small for a key.
 */
export function keyLayout(pageBytes: number, pageCount: number): KeyLayout | undefined {
  const rings: RingPlace[] = [];
  let page = RECORD_AREA.firstPage + RECORD_AREA.pageCount;
  for (let ring = 0; ring < RING_COUNT; ring += 1) {
    const slotsMax = ring === RING_SHIFT ? RING_SIZE_MAX : SMALL_RING_SLOTS;
    rings.push({ firstPage: page, slotsMax, recordId: RECORD_RING_FIRST + ring });
    page += ringPages(slotsMax, pageBytes);
  }
  const carried = { firstPage: page, pageCount: CARRIED_PAGES };
  page += CARRIED_PAGES;
  const courier = { firstPage: page, pageCount: COURIER_PAGES };
  page += COURIER_PAGES;
  if (page + LOG_PAGES_MIN > pageCount) return undefined;
  return { rings, carried, courier, log: { firstPage: page, pageCount: pageCount - page } };
}
