// SPDX-License-Identifier: EUPL-1.2
import { AUTHORITIES_MAX, type CryptoPort, concatBytes, equalBytes } from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { RECORD_AREA, RECORD_LOG_STATE, RECORD_ROLE_FIRST } from "../shared/device-records.ts";
import { createLogStore, type LogStore } from "../shared/log-store.ts";
import type { PageArea } from "../shared/page-journal.ts";
import type { RecordStore } from "../shared/record-store.ts";
import type { LockAuthority } from "./lock-state.ts";

/** First record id of the numbers of the guests' logs. */
const RECORD_GUEST_LOG_STATE = RECORD_ROLE_FIRST + 16;
/** First record id that says whose log an area holds. */
const RECORD_GUEST_LOG_OWNER = RECORD_GUEST_LOG_STATE + AUTHORITIES_MAX;
/** One guest in so many parts of the log area; the owner has the rest. */
const GUEST_SHARE = 8;
/** A log is a ring of pages, so it takes two at least. */
const GUEST_PAGES_MIN = 2;

/** The logs of a lock: one for each authority, so that none reads what happened in another's name. */
export interface LockLogs {
  /** Authorities for whose logs there is room: four, or one on a small flash. */
  readonly authoritiesMax: number;
  /** The owner's log, which also has what happens without a session. */
  owner(): LogStore;
  /** The log of the sessions of one authority. */
  of(authority: LockAuthority): LogStore;
  /** A contact begins, for all logs. */
  beginCollection(): void;
}

/**
 * Places and opens the logs of a lock in the flash behind the records.
 *
 * Each authority has an area of its own, and in it a log like any other: numbered, chained and
 * freed by that authority alone. A guest cannot crowd out the owner, and no power cut can mix two
 * chains. The areas stay where they are whatever the configuration says.
 *
 * The owner's log is opened when it is first asked for, a guest's when its first key comes. A guest's area
 * is erased when another authority than before
 * takes over the slot: the record that names the new one is written last, so a power cut in between
 * only repeats the erasing. The numbers' epoch goes on counting, so no number is given twice.
 */
export function openLockLogs(flash: FlashPort, crypto: CryptoPort, records: RecordStore): LockLogs {
  const allPages = flash.pageCount - RECORD_AREA.pageCount;
  const share = Math.floor(allPages / GUEST_SHARE);
  const guestPages = share < GUEST_PAGES_MIN ? 0 : share;
  const authoritiesMax = guestPages === 0 ? 1 : AUTHORITIES_MAX;
  const ownerPages = allPages - guestPages * (AUTHORITIES_MAX - 1);
  const ownerArea = { firstPage: RECORD_AREA.pageCount, pageCount: ownerPages };
  let ownerLog: LogStore | undefined;
  let guests: (LogStore | undefined)[] = [undefined, undefined, undefined, undefined];
  let guestTags: Uint8Array[] = [];
  for (let slot = 0; slot < AUTHORITIES_MAX; slot += 1) guestTags.push(new Uint8Array(0));

  function owner(): LogStore {
    if (ownerLog === undefined) {
      ownerLog = createLogStore(flash, ownerArea, crypto, records, RECORD_LOG_STATE);
    }
    return ownerLog;
  }

  function areaOf(slot: number): PageArea {
    const firstPage = RECORD_AREA.pageCount + ownerPages + (slot - 1) * guestPages;
    return { firstPage, pageCount: guestPages };
  }

  /** What tells one authority from the next in the same slot. */
  function tagOf(authority: LockAuthority): Uint8Array {
    const number = authority.keys.authority;
    return concatBytes([new Uint8Array([number >> 8, number & 0xff]), authority.keys.rootKey]);
  }

  function openGuest(authority: LockAuthority, tag: Uint8Array): LogStore {
    const slot = authority.slot;
    const area = areaOf(slot);
    const held = records.read(RECORD_GUEST_LOG_OWNER + slot);
    if (held === undefined || !equalBytes(held, tag)) {
      for (let page = 0; page < area.pageCount; page += 1) flash.erase(area.firstPage + page);
      records.write(RECORD_GUEST_LOG_OWNER + slot, tag);
    }
    return createLogStore(flash, area, crypto, records, RECORD_GUEST_LOG_STATE + slot);
  }

  function of(authority: LockAuthority): LogStore {
    const slot = authority.slot;
    if (slot === 0 || guestPages === 0) return owner();
    const tag = tagOf(authority);
    const open = guests[slot];
    if (open !== undefined && equalBytes(guestTags[slot] as Uint8Array, tag)) return open;
    const log = openGuest(authority, tag);
    guests = guests.map((other, index) => (index === slot ? log : other));
    guestTags = guestTags.map((other, index) => (index === slot ? tag : other));
    return log;
  }

  return {
    authoritiesMax,
    owner,
    of,
    beginCollection() {
      if (ownerLog !== undefined) ownerLog.beginCollection();
      for (const guest of guests) if (guest !== undefined) guest.beginCollection();
    },
  };
}
