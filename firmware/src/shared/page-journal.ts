// SPDX-License-Identifier: EUPL-1.2
import { equalBytes, octetAt, sliceBytes } from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { crc32Of } from "./crc32.ts";
import { flippedBit } from "./flipped-bit.ts";

// One record on flash, aligned to words and programmed in one call:
//   octets in payload (u16) | kind (u8) | kind xor 0xA5 (u8) | CRC-32 (u32) | payload | zeros
// The CRC covers a salt that is not stored, the first four octets and the payload. The salt is what
// the page is good for now: what an earlier life left in a page that no longer erases is no record.
// All numbers are little endian.
/** Octets of a record before its payload. */
export const RECORD_HEAD_BYTES = 8;
const KIND_MASK = 0xa5;
const ERASED = 0xff;
/** What is read wrong once may be read right the next time. */
const READ_TRIES = 3;
/** A worn cell is tried once more behind the failed record before the page is given up. */
export const PROGRAM_TRIES = 3;

/** Octets that a record with this payload takes in a page. */
export function recordBytes(payloadBytes: number): number {
  return RECORD_HEAD_BYTES + ((payloadBytes + 3) & ~3);
}

/** A run of consecutive pages that one store owns. */
export type PageArea = { readonly firstPage: number; readonly pageCount: number };

/** One valid record in a page; its payload may lie in the content that it was found in. */
export type PageRecord = {
  readonly kind: number;
  /** Offset of the record in its page. */
  readonly offset: number;
  readonly payload: Uint8Array;
};

/** What a scan of a page found: its valid records in order, and where the next one may go. */
export type PageScan = { readonly records: readonly PageRecord[]; readonly endOffset: number };

/**
 * Finds the valid records of a page.
 *
 * A power cut in the middle of a program leaves octets that are neither erased nor a record. The
 * scan steps over them word by word, so that a cut costs the words that it tore and not the rest of
 * the page, and the next record lands on words that nobody has programmed.
 */
export function scanPage(flash: FlashPort, page: number, salt: number): PageScan {
  const content = readPage(flash, page);
  const endOffset = usedBytes(flash, content);
  return { records: recordsIn(flash, content, salt, 0, endOffset), endOffset };
}

/** The content of a whole page. */
export function readPage(flash: FlashPort, page: number): Uint8Array {
  return flash.read(page * flash.pageBytes, flash.pageBytes);
}

/** Finds the valid records between two offsets of a page. */
export function recordsIn(
  flash: FlashPort,
  content: Uint8Array,
  salt: number,
  from: number,
  endOffset: number,
): PageRecord[] {
  const records: PageRecord[] = [];
  let offset = from;
  while (offset < endOffset) {
    const record = recordIn(flash, content, salt, offset);
    if (record !== undefined) records.push(record);
    offset += record === undefined ? 4 : recordBytes(record.payload.length);
  }
  return records;
}

/**
 * Takes the record that begins at an offset; one flipped bit is put right.
 *
 * @param payloadBytes - Length of the payload where the caller knows it; otherwise the record's own
 *   word counts, or that word with one bit flipped back.
 */
export function recordIn(
  flash: FlashPort,
  content: Uint8Array,
  salt: number,
  offset: number,
  payloadBytes?: number,
): PageRecord | undefined {
  if (flash.records !== undefined) {
    const { payloadOf } = flash.records;
    const whole = payloadOf(content, offset, salt);
    if (whole >= 0 && (payloadBytes === undefined || payloadBytes === whole)) {
      const from = offset + RECORD_HEAD_BYTES;
      const payload = content.subarray(from, from + whole);
      return { kind: octetAt(content, offset + 2), offset, payload };
    }
  }
  if (offset + RECORD_HEAD_BYTES > content.length) return undefined;
  const kind = octetAt(content, offset + 2);
  const difference = kind ^ octetAt(content, offset + 3) ^ KIND_MASK;
  // At most one bit of the kind and its mirror may be wrong.
  if ((difference & (difference - 1)) !== 0) return undefined;
  const stated = octetAt(content, offset) + 256 * octetAt(content, offset + 1);
  const bytes = payloadBytes === undefined ? stated : payloadBytes;
  const wrong = stated ^ bytes;
  if ((wrong & (wrong - 1)) !== 0) return undefined;
  const record = checkedRecord(flash, content, salt, offset, bytes);
  if (record !== undefined || payloadBytes !== undefined) return record;
  for (let bit = 1; bit <= 0x8000; bit *= 2) {
    const other = checkedRecord(flash, content, salt, offset, stated ^ bit);
    if (other !== undefined) return other;
  }
  return undefined;
}

function checkedRecord(
  flash: FlashPort,
  content: Uint8Array,
  salt: number,
  offset: number,
  bytes: number,
): PageRecord | undefined {
  const end = offset + RECORD_HEAD_BYTES + bytes;
  if (offset + recordBytes(bytes) > content.length) return undefined;
  const covered = new Uint8Array(8 + bytes);
  writeU32(covered, 0, salt);
  covered.set(sliceBytes(content, offset, offset + 4), 4);
  covered.set(sliceBytes(content, offset + RECORD_HEAD_BYTES, end), 8);
  const syndrome = (crcOf(flash, covered) ^ readU32(content, offset + 4)) >>> 0;
  if (syndrome !== 0) {
    const bit = flippedBit(syndrome, covered.length);
    // A single bit of the syndrome is a flipped bit of the CRC itself; the salt cannot flip.
    if (bit < 32 && (syndrome & (syndrome - 1)) !== 0) return undefined;
    if (bit >= 32) covered[bit >> 3] = octetAt(covered, bit >> 3) ^ (1 << (bit & 7));
  }
  const kind = octetAt(covered, 6);
  if ((kind ^ octetAt(covered, 7)) !== KIND_MASK) return undefined;
  if (octetAt(covered, 4) + 256 * octetAt(covered, 5) !== bytes) return undefined;
  return { kind, offset, payload: sliceBytes(covered, 8) };
}

/**
 * Reads one record of a known place and length, without a look at the rest of the page.
 *
 * @returns The record, its offset counted from `address`; undefined where no valid record of this
 *   length begins there.
 */
export function readRecordAt(
  flash: FlashPort,
  salt: number,
  address: number,
  payloadBytes: number,
): PageRecord | undefined {
  for (let tries = 0; tries < READ_TRIES; tries += 1) {
    const content = flash.read(address, recordBytes(payloadBytes));
    const record = recordIn(flash, content, salt, 0, payloadBytes);
    if (record !== undefined) return record;
    // Nothing was ever written here: no second look will find a record.
    if (octetAt(content, 2) === ERASED && octetAt(content, 3) === ERASED) return undefined;
  }
  return undefined;
}

/**
 * Programs one record at a place that the caller chose, and reads it back.
 *
 * The record counts from the moment its last word is programmed: a power cut before leaves a CRC
 * that does not fit.
 *
 * @returns False where the page has no room for it or the cells no longer take it.
 */
export function writeRecordAt(
  flash: FlashPort,
  salt: number,
  address: number,
  kind: number,
  payload: Uint8Array,
): boolean {
  const bytes = recordBytes(payload.length);
  if ((address % flash.pageBytes) + bytes > flash.pageBytes) return false;
  const image = new Uint8Array(bytes);
  image[0] = payload.length & 0xff;
  image[1] = payload.length >> 8;
  image[2] = kind;
  image[3] = kind ^ KIND_MASK;
  image.set(payload, RECORD_HEAD_BYTES);
  writeU32(image, 4, crcOfImage(flash, image, salt));
  flash.program(address, image);
  return hasContent(flash, address, image);
}

/**
 * Appends one record and reads it back, past cells that no longer take a write.
 *
 * @param endOffset - Where the page's free words begin, from `scanPage` or the last append.
 * @returns Offset of the record, or -1 where the page has no room for it or no longer takes it.
 */
export function appendRecord(
  flash: FlashPort,
  salt: number,
  page: number,
  endOffset: number,
  kind: number,
  payload: Uint8Array,
): number {
  const bytes = recordBytes(payload.length);
  for (let tries = 0; tries < PROGRAM_TRIES; tries += 1) {
    const offset = endOffset + tries * bytes;
    if (offset + bytes > flash.pageBytes) return -1;
    if (writeRecordAt(flash, salt, page * flash.pageBytes + offset, kind, payload)) return offset;
  }
  return -1;
}

/**
 * Erases a page and looks whether it is erased, twice if need be.
 *
 * An interrupted erase can leave a page that reads as erased today and not tomorrow, so a page is
 * erased before every use, whatever it reads as.
 *
 * @returns False for a page that is worn out.
 */
export function erasePage(flash: FlashPort, page: number): boolean {
  for (let tries = 0; tries < 2; tries += 1) {
    flash.erase(page);
    if (isPageErased(flash, page)) return true;
  }
  return false;
}

/** True for a page that reads as erased. */
export function isPageErased(flash: FlashPort, page: number): boolean {
  for (let tries = 0; tries < READ_TRIES; tries += 1) {
    if (isErasedFrom(flash, readPage(flash, page), 0)) return true;
  }
  return false;
}

/** Where the erased words at the end of a page begin. */
export function usedBytes(flash: FlashPort, content: Uint8Array): number {
  if (flash.records !== undefined) {
    const { usedBytes: count } = flash.records;
    return count(content);
  }
  // Most pages of a store are blank: one look, and not one for each halving.
  if (isErasedFrom(flash, content, 0)) return 0;
  let low = 0;
  let high = content.length;
  // Erased up to the end is a yes or no that changes once, so it can be halved to its place.
  while (low < high) {
    const middle = ((low + high) >> 1) & ~3;
    if (isErasedFrom(flash, content, middle)) {
      high = middle;
    } else {
      low = middle + 4;
    }
  }
  return low;
}

/** CRC of so many erased octets. */
const blankChecks: Record<number, number> = {};

/** True where nothing was programmed from `offset` to the end of the content. */
export function isErasedFrom(flash: FlashPort, content: Uint8Array, offset: number): boolean {
  if (flash.records !== undefined) return usedBytes(flash, content) <= offset;
  if (flash.crc32 !== undefined) {
    // A used page is told apart by the place itself, and the checksum of what is blank is made once.
    if (offset < content.length && octetAt(content, offset) !== ERASED) return false;
    const bytes = content.length - offset;
    const known = blankChecks[bytes];
    const blank = known === undefined ? flash.crc32(new Uint8Array(bytes).fill(ERASED)) : known;
    blankChecks[bytes] = blank;
    return flash.crc32(offset === 0 ? content : content.subarray(offset)) === blank;
  }
  for (let index = offset; index < content.length; index += 1) {
    if (octetAt(content, index) !== ERASED) return false;
  }
  return true;
}

function crcOfImage(flash: FlashPort, image: Uint8Array, salt: number): number {
  if (flash.records === undefined) return crcOf(flash, coveredBy(image, salt));
  const { crcOf: nativeCrcOf } = flash.records;
  return nativeCrcOf(image, salt);
}

/** The CRC of a record whose first four octets and payload are laid out. */
export function crcOfRecord(record: Uint8Array, salt: number): number {
  return crc32Of(coveredBy(record, salt));
}

// Salt, first four octets, payload.
function coveredBy(record: Uint8Array, salt: number): Uint8Array {
  const bytes = octetAt(record, 0) + 256 * octetAt(record, 1);
  const covered = new Uint8Array(8 + bytes);
  writeU32(covered, 0, salt);
  covered.set(record.subarray(0, 4), 4);
  covered.set(record.subarray(RECORD_HEAD_BYTES, RECORD_HEAD_BYTES + bytes), 8);
  return covered;
}

function crcOf(flash: FlashPort, bytes: Uint8Array): number {
  return flash.crc32 === undefined ? crc32Of(bytes) : flash.crc32(bytes);
}

function hasContent(flash: FlashPort, address: number, expected: Uint8Array): boolean {
  for (let tries = 0; tries < READ_TRIES; tries += 1) {
    const content = flash.read(address, expected.length);
    const isEqual =
      flash.crc32 === undefined
        ? equalBytes(content, expected)
        : flash.crc32(content) === flash.crc32(expected);
    if (isEqual) return true;
  }
  return false;
}

/** Reads 32 bits, little endian. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return (
    (octetAt(bytes, offset) |
      (octetAt(bytes, offset + 1) << 8) |
      (octetAt(bytes, offset + 2) << 16) |
      (octetAt(bytes, offset + 3) << 24)) >>>
    0
  );
}

/** Writes 32 bits, little endian. */
export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value & 0xff;
  bytes[offset + 1] = (value >>> 8) & 0xff;
  bytes[offset + 2] = (value >>> 16) & 0xff;
  bytes[offset + 3] = (value >>> 24) & 0xff;
}
