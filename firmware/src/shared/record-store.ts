// SPDX-License-Identifier: EUPL-1.2
import { assert, FLASH_FULL, FLASH_WORN, octetAt } from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import {
  erasePage,
  isErasedFrom,
  isPageErased,
  type PageArea,
  type PageRecord,
  PROGRAM_TRIES,
  RECORD_HEAD_BYTES,
  readPage,
  readRecordAt,
  readU32,
  recordBytes,
  recordIn,
  scanPage,
  usedBytes,
  writeRecordAt,
  writeU32,
} from "./page-journal.ts";

const KIND_HALF_HEAD = 0;
const KIND_VALUE = 1;
const KIND_REMOVED = 2;
/** A value whose other copy lies beside it. */
const KIND_TWIN = 3;
/** Where every value lies at this point. */
const KIND_INDEX = 4;

/** Magic number and generation. */
const HALF_HEAD_BYTES = 8;
/** The head stands twice, so that no damage to one place can bring back the half before. */
const HEAD_COPIES = 2;
/** A head that is damaged is read once more. */
const HEAD_TRIES = 2;
const MAGIC = 0x3252_4b4e;
/** The last word of a payload: id (8 bits), padding (2), place of the record (10), of the index (10). */
const TAIL_BYTES = 4;
/** At most so many records are walked through at a boot. */
const INDEX_EVERY = 24;
const PLACE_BYTES = 4;
// What is known of the active half, as words, so that native code can go through a page: number of ids, place of
// the page that is walked through, its octets, records since the newest index, offset of that; then for each id
// the place of its record, in words from the start, and in the upper half its payload in octets.
const ID_COUNT_WORD = 0;
const PAGE_WORD = 1;
const PAGE_BYTES = 2;
const SINCE_INDEX = 3;
const INDEX_OFFSET = 4;
const FIRST_PLACE = 5;
/** The ids of a device's own records. */
const ID_COUNT = 48;

/**
 * Small values of a device that must survive any power cut: each is old or new, never mixed.
 */
export interface RecordStore {
  /** The value last written under `id`, a fresh copy; undefined where there is none. */
  read(id: number): Uint8Array | undefined;
  /**
   * Replaces a value. When it returns, the new value is durable; a power cut before leaves the old.
   *
   * @param id - From 0 to below the number of ids.
   * @param value - 0 octets up to `valueBytesMax`.
   */
  write(id: number, value: Uint8Array): void;
  /**
   * Replaces a value whose older one would be a danger, such as a counter or a time floor: it
   * stands twice, so that no damage to one place brings the older one back.
   */
  writeTwice(id: number, value: Uint8Array): void;
  /** Removes a value as atomically as `write` replaces one. */
  remove(id: number): void;
  /** The longest value, in octets: what fits a page beside its bookkeeping. */
  readonly valueBytesMax: number;
}

/** One half of the area, as far as it is known. */
type Half = {
  readonly half: number;
  readonly start: number;
  readonly end: number;
  /** Rises with each change of halves; 0 in a half that was never laid out. */
  generation: number;
  /** First page that takes writes: the one with the head. */
  headPage: number;
  /** The page that is written to. */
  page: number;
  /** See `FIRST_PLACE`. */
  readonly places: Uint32Array;
  /** The places alone, as an index holds them. */
  readonly index: Uint8Array;
};

/**
 * Opens the record store of an area of pages; an area that holds none becomes an empty store.
 *
 * The area has two halves, A and B. One is active: values are appended to it, the last one of an
 * id counts. When it is full, the living values are copied to the other half, whose head with a
 * higher generation is programmed last; that word is the commit. The half that was left is erased
 * only when it is needed again, so that an interrupted erase never meets living values. Every page
 * of a half is erased once per filling of the half, which spreads the wear evenly; a page that does
 * not erase is passed over.
 *
 * A boot is cheap: an index of all places stands at the start of every page but the first, and after
 * so many records again. The last record of the last page names it.
 *
 * Requires: an even number of pages, at least two, of at most 4096 octets; living values fit one half.
 *
 * @param idCount - How many ids there are.
 */
export function createRecordStore(
  flash: FlashPort,
  area: PageArea,
  idCount = ID_COUNT,
): RecordStore {
  const pageBytes = flash.pageBytes;
  const halfPages = area.pageCount >> 1;
  const headsBytes = HEAD_COPIES * recordBytes(HALF_HEAD_BYTES);
  const indexPayloadBytes = PLACE_BYTES * idCount + TAIL_BYTES;
  const indexBytes = recordBytes(indexPayloadBytes);
  const bookkeeping = headsBytes > indexBytes ? headsBytes : indexBytes;
  const valueBytesMax = pageBytes - bookkeeping - recordBytes(TAIL_BYTES);

  let endOffset = 0;

  /** The newest of the two halves, or one that was never laid out. */
  function findHalf(): Half {
    let newest = blankHalf(1, 0);
    for (let half = 0; half < 2; half += 1) {
      const found = headOf(half);
      if (found.generation > newest.generation) newest = found;
    }
    return newest;
  }

  function blankHalf(half: number, generation: number): Half {
    const start = area.firstPage + half * halfPages;
    const places = new Uint32Array(FIRST_PLACE + idCount);
    places[ID_COUNT_WORD] = idCount;
    return {
      half,
      start,
      end: start + halfPages,
      generation,
      headPage: start,
      page: start,
      places,
      index: new Uint8Array(places.buffer, PLACE_BYTES * FIRST_PLACE),
    };
  }

  function headOf(half: number): Half {
    const found = blankHalf(half, 0);
    // A page that did not erase still shows an older head, so all pages are asked.
    for (let page = found.start; page < found.end; page += 1) {
      const generation = generationOf(page);
      if (generation > found.generation) {
        found.generation = generation;
        found.headPage = page;
        found.page = page;
      }
    }
    return found;
  }

  /** Generation that the head of a page tells, 0 where it has none. */
  function generationOf(page: number): number {
    for (let tries = 0; tries < HEAD_TRIES; tries += 1) {
      const content = flash.read(page * pageBytes, headsBytes);
      // A flipped bit spoils one of the two kinds at most.
      const second = octetAt(content, 2 + (headsBytes >> 1));
      if (octetAt(content, 2) !== KIND_HALF_HEAD && second !== KIND_HALF_HEAD) return 0;
      for (let copy = 0; copy < HEAD_COPIES; copy += 1) {
        const offset = copy * recordBytes(HALF_HEAD_BYTES);
        const head = recordIn(flash, content, 0, offset, HALF_HEAD_BYTES);
        if (head !== undefined && readU32(head.payload, 0) === MAGIC)
          return readU32(head.payload, 4);
      }
    }
    return 0;
  }

  function load(): void {
    active.page = lastPage();
    const content = readPage(flash, active.page);
    endOffset = usedBytes(flash, content);
    const from = startOfWalk(content);
    if (from < 0) {
      loadSlowly();
      return;
    }
    takeRecords(active.page, content, from, endOffset);
  }

  /** Notes where the records between two offsets of a page lie. */
  function takeRecords(page: number, content: Uint8Array, from: number, end: number): void {
    active.places[PAGE_WORD] = ((page - active.start) * pageBytes) >> 2;
    active.places[PAGE_BYTES] = content.length;
    let offset = from;
    while (offset < end) {
      if (flash.records !== undefined) {
        const { walk } = flash.records;
        offset = walk(content, offset, end, active.generation, active.places);
        if (offset >= end) return;
      }
      const record = recordIn(flash, content, active.generation, offset);
      if (record !== undefined) keepPlace(page, record);
      offset += record === undefined ? 4 : recordBytes(record.payload.length);
    }
  }

  /** The last page of the active half that anything was written to. */
  function lastPage(): number {
    // A page that was passed over may read as erased, so the search begins at the end.
    for (let page = active.end - 1; page > active.headPage; page -= 1) {
      if (isUsed(page)) return page;
    }
    return active.headPage;
  }

  function isUsed(page: number): boolean {
    const content = flash.read(page * pageBytes, indexBytes);
    if (isErasedFrom(flash, content, 0)) return false;
    const index = recordIn(flash, content, active.generation, 0, indexPayloadBytes);
    // One that is damaged beyond repair is not erased, and values of this half follow it.
    if (index !== undefined) return index.kind === KIND_INDEX;
    return scanPage(flash, page, active.generation).records.length > 0;
  }

  /** Offset of the index that the last record names, or of the page's own; -1 where it is damaged. */
  function startOfWalk(content: Uint8Array): number {
    const isHeadPage = active.page === active.headPage;
    if (isHeadPage && endOffset <= headsBytes) return headsBytes;
    const tail = readU32(content, endOffset - TAIL_BYTES);
    const lastOffset = 4 * ((tail >>> 10) & 0x3ff);
    const last = recordIn(flash, content, active.generation, lastOffset);
    // A torn record names nothing: everything in the page is looked at then.
    const isWhole =
      last !== undefined && lastOffset + recordBytes(last.payload.length) === endOffset;
    const from = isWhole ? 4 * ((tail >>> 20) & 0x3ff) : 0;
    if (from === 0 && isHeadPage) return headsBytes;
    const index = recordIn(flash, content, active.generation, from, indexPayloadBytes);
    return index !== undefined && index.kind === KIND_INDEX ? from : -1;
  }

  /** Looks at every record of the active half, in order. */
  function loadSlowly(): void {
    for (let page = active.headPage; page <= active.page; page += 1) {
      const content = readPage(flash, page);
      takeRecords(page, content, 0, usedBytes(flash, content));
    }
  }

  function keepPlace(page: number, record: PageRecord): void {
    if (record.kind === KIND_INDEX) {
      active.index.set(record.payload.subarray(0, PLACE_BYTES * idCount), 0);
      active.places[INDEX_OFFSET] = record.offset;
      active.places[SINCE_INDEX] = 0;
      return;
    }
    if (record.kind === KIND_HALF_HEAD || record.payload.length < TAIL_BYTES) return;
    active.places[SINCE_INDEX] = sinceIndex() + 1;
    const id = idOf(record);
    if (id >= idCount) return;
    const words = ((page - active.start) * pageBytes + record.offset) >> 2;
    const bytes = record.kind === KIND_REMOVED ? 0 : record.payload.length;
    active.places[FIRST_PLACE + id] = words | (bytes << 16);
  }

  function sinceIndex(): number {
    return active.places[SINCE_INDEX] as number;
  }

  function placeOf(half: Half, id: number): number {
    return half.places[FIRST_PLACE + id] as number;
  }

  /** Programs one record in the page, past worn cells; false where it has no room. */
  function place(kind: number, id: number, value: Uint8Array): boolean {
    const padding = -value.length & 3;
    const payload = new Uint8Array(value.length + padding + TAIL_BYTES);
    payload.set(value, 0);
    const bytes = recordBytes(payload.length);
    for (let tries = 0; tries < PROGRAM_TRIES && endOffset + bytes <= pageBytes; tries += 1) {
      const offset = endOffset;
      endOffset += bytes;
      const index = kind === KIND_INDEX ? offset : (active.places[INDEX_OFFSET] as number);
      const tail = id | (padding << 8) | ((offset >> 2) << 10) | ((index >> 2) << 20);
      writeU32(payload, payload.length - TAIL_BYTES, tail >>> 0);
      const address = active.page * pageBytes + offset;
      if (writeRecordAt(flash, active.generation, address, kind, payload)) {
        keepPlace(active.page, { kind, offset, payload });
        return true;
      }
    }
    return false;
  }

  /** Begins the next page of the active half that takes an index; false where there is none. */
  function openNextPage(): boolean {
    while (active.page + 1 < active.end) {
      active.page += 1;
      endOffset = 0;
      active.places[INDEX_OFFSET] = 0;
      // It was erased with its half, but a cut may have torn the index that was to stand here.
      const isBlank = isPageErased(flash, active.page) || erasePage(flash, active.page);
      if (isBlank && place(KIND_INDEX, 0, active.index)) return true;
    }
    return false;
  }

  /** Appends to the active half; false where it is full. */
  function append(kind: number, id: number, value: Uint8Array): boolean {
    if (sinceIndex() >= INDEX_EVERY) place(KIND_INDEX, 0, active.index);
    for (;;) {
      if (place(kind, id, value)) return true;
      if (!openNextPage()) return false;
    }
  }

  /** Writes a value, twice where it is to have a twin; false where the half is full. */
  function appendValue(kind: number, id: number, value: Uint8Array): boolean {
    return append(kind, id, value) && (kind !== KIND_TWIN || append(kind, id, value));
  }

  /** Moves the living values, with one of them replaced, to the other half. */
  function switchHalf(changedId: number, kind: number, value: Uint8Array): void {
    const old = active;
    active = blankHalf(1 - old.half, old.generation + 1);
    for (let page = active.start; page < active.end; page += 1) erasePage(flash, page);
    assert(layOut(), FLASH_WORN);
    for (let id = 0; id < idCount; id += 1) {
      const record = id === changedId ? undefined : recordOf(old, id);
      if (record !== undefined) {
        assert(appendValue(record.kind, id, contentOf(record)), FLASH_FULL);
      }
    }
    if (kind !== KIND_REMOVED) assert(appendValue(kind, changedId, value), FLASH_FULL);
    writeHead();
  }

  /**
   * Chooses the page of the head: the first one that is erased and takes a write. The head's place
   * stays free until every value is in; without a head the half does not count.
   */
  function layOut(): boolean {
    for (let page = active.start; page < active.end; page += 1) {
      active.headPage = page;
      active.page = page;
      endOffset = headsBytes;
      if (isPageErased(flash, page) && place(KIND_INDEX, 0, active.index)) return true;
    }
    return false;
  }

  function writeHead(): void {
    const head = new Uint8Array(HALF_HEAD_BYTES);
    writeU32(head, 0, MAGIC);
    writeU32(head, 4, active.generation);
    let written = 0;
    for (let copy = 0; copy < HEAD_COPIES; copy += 1) {
      const address = active.headPage * pageBytes + copy * recordBytes(HALF_HEAD_BYTES);
      if (writeRecordAt(flash, 0, address, KIND_HALF_HEAD, head)) written += 1;
    }
    assert(written > 0, FLASH_WORN);
  }

  function commit(kind: number, id: number, value: Uint8Array): void {
    assert(id < idCount && value.length <= valueBytesMax, FLASH_FULL);
    if (active.generation === 0 || !appendValue(kind, id, value)) switchHalf(id, kind, value);
  }

  /** The living record of an id, or the one before it where that is damaged beyond repair. */
  function recordOf(half: Half, id: number): PageRecord | undefined {
    const entry = placeOf(half, id);
    const payloadBytes = entry >>> 16;
    if (payloadBytes === 0) return undefined;
    const address = half.start * pageBytes + 4 * (entry & 0xffff);
    const record = readRecordAt(flash, half.generation, address, payloadBytes);
    if (record !== undefined) return record;
    let found: PageRecord | undefined;
    for (let page = half.headPage; page <= half.page; page += 1) {
      for (const other of scanPage(flash, page, half.generation).records) {
        const isValue = other.kind === KIND_VALUE || other.kind === KIND_TWIN;
        if (isValue && idOf(other) === id) found = other;
      }
    }
    return found;
  }

  /** The value in a place whose record is right in every bit, where native code can tell; a door waits for these. */
  function readWhole(place: number): Uint8Array | undefined {
    if (flash.records === undefined) return undefined;
    const { payloadOf } = flash.records;
    const payloadBytes = place >>> 16;
    const address = active.start * pageBytes + 4 * (place & 0xffff);
    const content = flash.read(address, recordBytes(payloadBytes));
    if (payloadOf(content, 0, active.generation) !== payloadBytes) return undefined;
    const tailAt = RECORD_HEAD_BYTES + payloadBytes - TAIL_BYTES;
    return content.subarray(RECORD_HEAD_BYTES, tailAt - (octetAt(content, tailAt + 1) & 3));
  }

  let active = findHalf();
  // Nothing is laid out before there is something to keep: a page that could not be read at this
  // boot may be readable at the next.
  if (active.generation > 0) load();

  return {
    valueBytesMax,
    read(id) {
      if (placeOf(active, id) >>> 16 === 0) return undefined;
      const whole = readWhole(placeOf(active, id));
      if (whole !== undefined) return whole;
      const record = recordOf(active, id);
      return record === undefined ? undefined : contentOf(record);
    },
    write: (id, value) => commit(KIND_VALUE, id, value),
    writeTwice: (id, value) => commit(KIND_TWIN, id, value),
    remove(id) {
      if (placeOf(active, id) >>> 16 !== 0) {
        commit(KIND_REMOVED, id, new Uint8Array(0));
      }
    },
  };
}

function idOf(record: PageRecord): number {
  return octetAt(record.payload, record.payload.length - TAIL_BYTES);
}

/** A payload without its padding and its last word; it lies in what was read of the flash for it alone. */
function contentOf(record: PageRecord): Uint8Array {
  const payload = record.payload;
  const at = payload.length - TAIL_BYTES;
  return payload.subarray(0, at - (octetAt(payload, at + 1) & 3));
}
