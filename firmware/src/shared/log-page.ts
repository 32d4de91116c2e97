// SPDX-License-Identifier: EUPL-1.2
import { ENTRY_BYTES_MAX, octetAt, sliceBytes } from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import {
  type PageArea,
  readRecordAt,
  readU32,
  recordBytes,
  recordIn,
  writeRecordAt,
  writeU32,
} from "./page-journal.ts";

// A page of the log: a head, then slots of one size. The pages of an area are used in turn, so the
// sequence of a page tells its place: the first page of the area has sequence 1, P + 1, 2 P + 1, ...

const KIND_PAGE_HEAD = 0;
/** An entry that must not be lost for the sake of denials. */
export const KIND_ENTRY = 1;
/** An entry that counts against the quota of denials. */
export const KIND_DENIAL = 2;
/** A gap record. It is an entry as well. */
export const KIND_GAP = 3;

const CHAIN_BYTES = 32;
// sequence | first n | denials before | gap n | gap up to | denials reported | chain before
const PAGE_HEAD_BYTES = 24 + CHAIN_BYTES;
const AT_CHAIN = 24;
const HEAD_BYTES = recordBytes(PAGE_HEAD_BYTES);

// entry's place from the page's first | denials of the page so far | slot of its newest record of
// lost entries | slot of its newest record of counted denials
const COUNTS_BYTES = 4;
const SLOT_BYTES = recordBytes(COUNTS_BYTES + ENTRY_BYTES_MAX);
/** No slot. */
export const NO_SLOT = 0xff;

/** What the head of one page says. */
export type LogPage = {
  readonly page: number;
  readonly sequence: number;
  /** Number of the first entry. */
  readonly firstN: number;
  /** Denials before the page, since the epoch began. */
  readonly denials: number;
  /** Number of the newest record of lost entries before the page, and up to where it tells. */
  readonly gapN: number;
  readonly gapUpTo: number;
  /** Counted denials that were reported before the page. */
  readonly reported: number;
  /** Chain value before the first entry. */
  readonly chain: Uint8Array;
};

/** What one slot holds: an entry, and what is true of its page up to and with it. */
export type LogSlot = {
  /** One of the KIND_ constants. */
  readonly kind: number;
  /** Number of the entry, counted from the page's first one. */
  readonly index: number;
  readonly denials: number;
  readonly gapSlot: number;
  readonly fullSlot: number;
  /** The encoded entry. */
  readonly entry: Uint8Array;
};

/** Entries that one page takes. */
export function slotsOfPage(pageBytes: number): number {
  return Math.floor((pageBytes - HEAD_BYTES) / SLOT_BYTES);
}

/** Page of an area that has a sequence. */
export function pageOfSequence(area: PageArea, sequence: number): number {
  return area.firstPage + ((sequence - 1) % area.pageCount);
}

/** Reads the head of a page; undefined for a page that is no part of the log. */
export function readLogPage(flash: FlashPort, area: PageArea, page: number): LogPage | undefined {
  const record = readRecordAt(flash, 0, page * flash.pageBytes, PAGE_HEAD_BYTES);
  if (record === undefined || record.kind !== KIND_PAGE_HEAD) return undefined;
  const head = record.payload;
  const sequence = readU32(head, 0);
  if (sequence === 0 || pageOfSequence(area, sequence) !== page) return undefined;
  return {
    page,
    sequence,
    firstN: readU32(head, 4),
    denials: readU32(head, 8),
    gapN: readU32(head, 12),
    gapUpTo: readU32(head, 16),
    reported: readU32(head, 20),
    chain: sliceBytes(head, AT_CHAIN),
  };
}

/** Programs the head of an erased page; false where the cells no longer take it. */
export function writeLogPage(flash: FlashPort, state: LogPage): boolean {
  const head = new Uint8Array(PAGE_HEAD_BYTES);
  writeU32(head, 0, state.sequence);
  writeU32(head, 4, state.firstN);
  writeU32(head, 8, state.denials);
  writeU32(head, 12, state.gapN);
  writeU32(head, 16, state.gapUpTo);
  writeU32(head, 20, state.reported);
  head.set(state.chain, AT_CHAIN);
  return writeRecordAt(flash, 0, state.page * flash.pageBytes, KIND_PAGE_HEAD, head);
}

/** Slots that are in use, torn ones included, by where the erased end of the page begins. */
export function slotsUsed(usedBytes: number): number {
  return usedBytes <= HEAD_BYTES ? 0 : Math.ceil((usedBytes - HEAD_BYTES) / SLOT_BYTES);
}

/** Takes a slot out of the content of its page; undefined where it holds no whole entry. */
export function slotIn(
  flash: FlashPort,
  content: Uint8Array,
  sequence: number,
  slot: number,
): LogSlot | undefined {
  const from = HEAD_BYTES + slot * SLOT_BYTES;
  return decodeSlot(flash, sliceBytes(content, from, from + SLOT_BYTES), sequence);
}

/** Reads one slot of a page; undefined where it holds no whole entry. */
export function readSlot(flash: FlashPort, state: LogPage, slot: number): LogSlot | undefined {
  const address = addressOfSlot(flash, state, slot);
  const found = decodeSlot(flash, flash.read(address, SLOT_BYTES), state.sequence);
  // What is read wrong once may be read right the next time.
  if (found !== undefined) return found;
  return decodeSlot(flash, flash.read(address, SLOT_BYTES), state.sequence);
}

function decodeSlot(flash: FlashPort, content: Uint8Array, sequence: number): LogSlot | undefined {
  const record = recordIn(flash, content, sequence, 0);
  if (record === undefined || record.payload.length <= COUNTS_BYTES) return undefined;
  return {
    kind: record.kind,
    index: octetAt(record.payload, 0),
    denials: octetAt(record.payload, 1),
    gapSlot: octetAt(record.payload, 2),
    fullSlot: octetAt(record.payload, 3),
    entry: sliceBytes(record.payload, COUNTS_BYTES),
  };
}

/** Programs one slot, once; false where the cells no longer take it. */
export function writeSlot(
  flash: FlashPort,
  state: LogPage,
  slot: number,
  content: LogSlot,
): boolean {
  const payload = new Uint8Array(COUNTS_BYTES + content.entry.length);
  payload[0] = content.index;
  payload[1] = content.denials;
  payload[2] = content.gapSlot;
  payload[3] = content.fullSlot;
  payload.set(content.entry, COUNTS_BYTES);
  const address = addressOfSlot(flash, state, slot);
  return writeRecordAt(flash, state.sequence, address, content.kind, payload);
}

function addressOfSlot(flash: FlashPort, state: LogPage, slot: number): number {
  return state.page * flash.pageBytes + HEAD_BYTES + slot * SLOT_BYTES;
}
