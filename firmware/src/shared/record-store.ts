// SPDX-License-Identifier: EUPL-1.2
import { assert, FLASH_FULL, FLASH_WORN, octetAt, sliceBytes } from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import {
  appendRecord,
  type PageArea,
  type PageRecord,
  readRecordAt,
  readU32,
  recordBytes,
  scanPage,
  writeRecordAt,
  writeU32,
} from "./page-journal.ts";

const KIND_HALF_HEAD = 0;
const KIND_VALUE = 1;
const KIND_REMOVED = 2;
/** Magic number and generation. */
const HALF_HEAD_BYTES = 8;
/** The head stands twice, so that one flipped bit cannot bring back the half before. */
const HEAD_COPIES = 2;
const MAGIC = 0x3152_4b4e;
const ID_COUNT = 256;

/**
 * Small values of a device that must survive any power cut: each is old or new, never mixed.
 */
export interface RecordStore {
  /** The value last written under `id`, a fresh copy; undefined where there is none. */
  read(id: number): Uint8Array | undefined;
  /**
   * Replaces a value. When it returns, the new value is durable; a power cut before leaves the old.
   *
   * @param id - 0 to 255.
   * @param value - 0 octets up to `valueBytesMax`.
   */
  write(id: number, value: Uint8Array): void;
  /** Removes a value as atomically as `write` replaces one. */
  remove(id: number): void;
  /** The longest value, in octets: what fits a page beside its bookkeeping. */
  readonly valueBytesMax: number;
}

/**
 * Opens the record store of an area of pages; an area that holds none becomes an empty store.
 *
 * The area has two halves, A and B. One is active: values are appended to it, the last one of an
 * id counts. When it is full, the living values are copied to the other half, whose head with a
 * higher generation is programmed last; that word is the commit. The half that was left is erased
 * only when it is needed again, so that an interrupted erase never meets living values. Every page
 * of a half is erased once per filling of the half, which spreads the wear evenly.
 *
 * Requires: an even number of pages, at least two; living values fit one half.
 */
export function createRecordStore(flash: FlashPort, area: PageArea): RecordStore {
  const halfPages = area.pageCount >> 1;
  const valueBytesMax =
    flash.pageBytes - HEAD_COPIES * recordBytes(HALF_HEAD_BYTES) - recordBytes(1);
  let places: (PageRecord | undefined)[] = [];
  let generation = 0;
  let activeHalf = 0;
  let page = 0;
  let endOffset = 0;

  function firstPageOf(half: number): number {
    return area.firstPage + half * halfPages;
  }

  function clearPlaces(): void {
    places = [];
    for (let id = 0; id < ID_COUNT; id += 1) places.push(undefined);
  }

  function generationOf(half: number): number {
    for (let copy = 0; copy < HEAD_COPIES; copy += 1) {
      const offset = copy * recordBytes(HALF_HEAD_BYTES);
      const head = readRecordAt(flash, firstPageOf(half), offset, KIND_HALF_HEAD, HALF_HEAD_BYTES);
      if (head !== undefined && readU32(head, 0) === MAGIC) return readU32(head, 4);
    }
    return 0;
  }

  function loadHalf(half: number): void {
    clearPlaces();
    activeHalf = half;
    page = firstPageOf(half);
    for (let index = 0; index < halfPages; index += 1) {
      const scan = scanPage(flash, firstPageOf(half) + index);
      for (const record of scan.records) keepPlace(record);
      // Pages fill in order, so the last one with anything in it takes the next value.
      if (index === 0 || scan.endOffset > 0) {
        page = firstPageOf(half) + index;
        endOffset = scan.endOffset;
      }
    }
  }

  function keepPlace(record: PageRecord): void {
    if (record.kind !== KIND_VALUE && record.kind !== KIND_REMOVED) return;
    const id = octetAt(flash.read(record.address, 1), 0);
    places[id] = record.kind === KIND_VALUE ? record : undefined;
  }

  /** Appends to the active half; false where it is full. */
  function append(kind: number, payload: Uint8Array): boolean {
    const lastPage = firstPageOf(activeHalf) + halfPages - 1;
    for (;;) {
      const done = appendRecord(flash, page, endOffset, kind, payload);
      if (done !== undefined) {
        endOffset = done.endOffset;
        keepPlace(done.record);
        return true;
      }
      if (page === lastPage) return false;
      page += 1;
      endOffset = 0;
    }
  }

  /** Moves the living values, with one of them replaced, to the other half. */
  function switchHalf(changedId: number, kind: number, payload: Uint8Array): void {
    const old = places;
    activeHalf = 1 - activeHalf;
    page = firstPageOf(activeHalf);
    for (let index = 0; index < halfPages; index += 1) flash.erase(page + index);
    // The head's place stays free until every value is in: without a head the half does not count.
    endOffset = HEAD_COPIES * recordBytes(HALF_HEAD_BYTES);
    clearPlaces();
    for (let id = 0; id < ID_COUNT; id += 1) {
      const place = old[id];
      if (place !== undefined && id !== changedId) {
        assert(append(KIND_VALUE, flash.read(place.address, place.bytes)), FLASH_FULL);
      }
    }
    if (kind === KIND_VALUE) assert(append(KIND_VALUE, payload), FLASH_FULL);
    generation += 1;
    writeHead(activeHalf);
  }

  function writeHead(half: number): void {
    const head = new Uint8Array(HALF_HEAD_BYTES);
    writeU32(head, 0, MAGIC);
    writeU32(head, 4, generation);
    let written = 0;
    for (let copy = 0; copy < HEAD_COPIES; copy += 1) {
      const offset = copy * recordBytes(HALF_HEAD_BYTES);
      const record = writeRecordAt(flash, firstPageOf(half), offset, KIND_HALF_HEAD, head);
      if (record !== undefined) written += 1;
    }
    assert(written > 0, FLASH_WORN);
  }

  function commit(id: number, kind: number, payload: Uint8Array): void {
    if (generation === 0 || !append(kind, payload)) switchHalf(id, kind, payload);
  }

  const generationA = generationOf(0);
  const generationB = generationOf(1);
  generation = generationA > generationB ? generationA : generationB;
  if (generation > 0) {
    loadHalf(generationA > generationB ? 0 : 1);
  } else {
    // Nothing is laid out before there is something to keep: a page that could not be read at this
    // boot may be readable at the next.
    clearPlaces();
    activeHalf = 1;
  }

  return {
    valueBytesMax,
    read(id) {
      const place = places[id];
      if (place === undefined) return undefined;
      // An empty read is not allowed by the port, hence the whole payload with its id in front.
      return sliceBytes(flash.read(place.address, place.bytes), 1);
    },
    write(id, value) {
      assert(value.length <= valueBytesMax, FLASH_FULL);
      const payload = new Uint8Array(value.length + 1);
      payload[0] = id;
      payload.set(value, 1);
      commit(id, KIND_VALUE, payload);
    },
    remove(id) {
      if (places[id] === undefined) return;
      const payload = new Uint8Array(1);
      payload[0] = id;
      commit(id, KIND_REMOVED, payload);
    },
  };
}
