// SPDX-License-Identifier: EUPL-1.2
import { assert, FLASH_FULL, sliceBytes } from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import {
  appendRecord,
  erasePage,
  type PageArea,
  readRecordAt,
  readU32,
  recordBytes,
  scanPage,
  writeU32,
} from "./page-journal.ts";

const KIND_BLOB = 1;
const KIND_FREED = 2;
const TAG_BYTES = 4;
/** Blobs have no generations: a tag is never used twice. */
const SALT = 0;

/**
 * A durable queue of opaque octet strings that others wait for: batches of locks on a key, uploads
 * and rings signed in advance at a station.
 */
export interface BlobQueue {
  /** The longest payload, in octets. */
  readonly payloadBytesMax: number;
  /**
   * Adds a payload behind all others. It is durable when this returns true.
   *
   * @param tag - The caller's number for it, greater than every tag in the queue.
   * @returns False where no page has room; nothing has changed then.
   */
  append(tag: number, payload: Uint8Array): boolean;
  /** The tags in the queue, oldest first; a fresh array. */
  tags(): number[];
  /** A payload, a fresh copy; undefined for a tag that is not in the queue, or damaged in flash. */
  read(tag: number): Uint8Array | undefined;
  /** Takes a payload out for good. An unknown tag is ignored, so a repeated call does no harm. */
  free(tag: number): void;
  /**
   * Takes out all payloads that share the oldest one's page, for a caller that may lose them.
   *
   * @returns How many it took out.
   */
  freeOldestPage(): number;
  /** The greatest tag that the flash still shows, freed ones included; 0 in an empty area. */
  readonly lastTag: () => number;
}

/** Where a blob lies: its page of the area, and its record in flash. */
type BlobPlace = {
  readonly tag: number;
  readonly page: number;
  readonly address: number;
  readonly payloadBytes: number;
};

/**
 * Opens the queue of an area of pages; an area that holds none becomes an empty queue.
 *
 * Blobs are appended to a page until it is full, then to the next page whose blobs are all freed.
 * Freeing appends a mark to the blob's own page, where room for it was kept, so it needs no erase
 * and a power cut leaves the blob either in the queue or out of it. A page is erased only when the
 * queue wants to write to it again.
 */
export function createBlobQueue(flash: FlashPort, area: PageArea): BlobQueue {
  const pageBytes = flash.pageBytes;
  const markBytes = recordBytes(TAG_BYTES);
  const payloadBytesMax = pageBytes - recordBytes(0) - TAG_BYTES - 4 - markBytes;
  let places: BlobPlace[] = [];
  const endOffsets: number[] = [];
  let writePage = 0;
  let lastTag = 0;

  function load(): void {
    for (let page = 0; page < area.pageCount; page += 1) {
      const scan = scanPage(flash, area.firstPage + page, SALT);
      // A page with content but no record was torn by an interrupted erase. It counts as full, and
      // with nothing living in it it is erased before its next use.
      endOffsets.push(scan.records.length === 0 && scan.endOffset > 0 ? pageBytes : scan.endOffset);
      for (const record of scan.records) {
        const tag = record.payload.length < TAG_BYTES ? 0 : readU32(record.payload, 0);
        if (tag > lastTag) {
          lastTag = tag;
          writePage = page;
        }
        if (record.kind === KIND_BLOB)
          places.push(placeAt(tag, page, record.offset, record.payload.length));
        if (record.kind === KIND_FREED) places = withoutTag(places, tag);
      }
    }
    places.sort((a, b) => a.tag - b.tag);
  }

  function placeAt(tag: number, page: number, offset: number, payloadBytes: number): BlobPlace {
    const address = (area.firstPage + page) * pageBytes + offset;
    return { tag, page, address, payloadBytes };
  }

  function livingOf(page: number): number {
    let living = 0;
    for (const place of places) if (place.page === page) living += 1;
    return living;
  }

  /** Room for one more blob in a page, the marks of its blobs and of this one kept free. */
  function hasRoom(page: number, payloadBytes: number): boolean {
    const marks = markBytes * (livingOf(page) + 1);
    const end = (endOffsets[page] as number) + recordBytes(TAG_BYTES + payloadBytes) + marks;
    return end <= pageBytes;
  }

  /** Finds or makes a page with room; -1 where there is none. */
  function pageFor(payloadBytes: number): number {
    for (let step = 0; step < area.pageCount; step += 1) {
      const page = (writePage + step) % area.pageCount;
      if (hasRoom(page, payloadBytes)) return page;
      if (livingOf(page) === 0) {
        // A page that does not erase counts as full until the next boot tries it again.
        const isErased = erasePage(flash, area.firstPage + page);
        endOffsets[page] = isErased ? 0 : pageBytes;
        if (isErased) return page;
      }
    }
    return -1;
  }

  function append(tag: number, payload: Uint8Array): boolean {
    assert(payload.length <= payloadBytesMax, FLASH_FULL);
    const image = new Uint8Array(TAG_BYTES + payload.length);
    writeU32(image, 0, tag);
    image.set(payload, TAG_BYTES);
    for (let tries = 0; tries < area.pageCount; tries += 1) {
      const page = pageFor(payload.length);
      if (page < 0) return false;
      const end = endOffsets[page] as number;
      const offset = appendRecord(flash, SALT, area.firstPage + page, end, KIND_BLOB, image);
      writePage = page;
      if (offset >= 0) {
        endOffsets[page] = offset + recordBytes(image.length);
        places.push(placeAt(tag, page, offset, image.length));
        if (tag > lastTag) lastTag = tag;
        return true;
      }
      // Worn cells: the page counts as full from here on.
      endOffsets[page] = pageBytes;
    }
    return false;
  }

  function placeOf(tag: number): BlobPlace | undefined {
    for (const place of places) if (place.tag === tag) return place;
    return undefined;
  }

  function free(tag: number): void {
    const place = placeOf(tag);
    if (place === undefined) return;
    const mark = new Uint8Array(TAG_BYTES);
    writeU32(mark, 0, tag);
    const end = endOffsets[place.page] as number;
    const offset = appendRecord(flash, SALT, area.firstPage + place.page, end, KIND_FREED, mark);
    // A mark that does not fit a worn page leaves the blob to come back at the next boot: it is
    // then handed over twice, which every receiver of blobs accepts.
    endOffsets[place.page] = offset < 0 ? pageBytes : offset + markBytes;
    places = withoutTag(places, tag);
  }

  load();
  return {
    payloadBytesMax,
    append,
    free,
    tags() {
      const tags: number[] = [];
      for (const place of places) tags.push(place.tag);
      return tags;
    },
    read(tag) {
      const place = placeOf(tag);
      if (place === undefined) return undefined;
      const record = readRecordAt(flash, SALT, place.address, place.payloadBytes);
      return record === undefined ? undefined : sliceBytes(record.payload, TAG_BYTES);
    },
    freeOldestPage() {
      const oldest = places[0];
      if (oldest === undefined) return 0;
      const taken: number[] = [];
      for (const place of places) if (place.page === oldest.page) taken.push(place.tag);
      for (const tag of taken) free(tag);
      return taken.length;
    },
    lastTag: () => lastTag,
  };
}

function withoutTag(places: readonly BlobPlace[], tag: number): BlobPlace[] {
  const kept: BlobPlace[] = [];
  for (const place of places) if (place.tag !== tag) kept.push(place);
  return kept;
}
