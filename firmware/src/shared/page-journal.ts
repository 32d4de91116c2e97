// SPDX-License-Identifier: EUPL-1.2
import { equalBytes, octetAt, sliceBytes } from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { crc32Of } from "./crc32.ts";

// One record on flash, aligned to words and programmed in one call:
//   octets in payload (u16) | kind (u8) | kind xor 0xA5 (u8) | CRC-32 (u32) | payload | zeros
// The CRC covers the first four octets and the payload. All numbers are little endian.
const RECORD_HEAD_BYTES = 8;
const KIND_MASK = 0xa5;
const ERASED = 0xff;
/** A worn cell is tried once more behind the failed record before the page is given up. */
const PROGRAM_TRIES = 3;

/** Octets that a record with this payload takes in a page. */
export function recordBytes(payloadBytes: number): number {
  return RECORD_HEAD_BYTES + ((payloadBytes + 3) & ~3);
}

/** A run of consecutive pages that one store owns. */
export type PageArea = { readonly firstPage: number; readonly pageCount: number };

/** One valid record in a page. */
export type PageRecord = {
  readonly kind: number;
  /** Byte address of the payload in flash. */
  readonly address: number;
  readonly bytes: number;
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
export function scanPage(flash: FlashPort, page: number): PageScan {
  const start = page * flash.pageBytes;
  const content = flash.read(start, flash.pageBytes);
  const records: PageRecord[] = [];
  let offset = 0;
  while (offset < content.length) {
    const bytes = validPayloadBytes(flash, content, offset);
    if (bytes >= 0) {
      records.push({
        kind: octetAt(content, offset + 2),
        address: start + offset + RECORD_HEAD_BYTES,
        bytes,
      });
      offset += recordBytes(bytes);
    } else if (isErasedFrom(flash, content, offset)) {
      break;
    } else {
      offset += 4;
    }
  }
  return { records, endOffset: offset };
}

/**
 * Reads one record of a known place if it is valid, without a look at the rest of the page.
 *
 * @returns The payload, or undefined where no valid record of `kind` and this length begins there.
 */
export function readRecordAt(
  flash: FlashPort,
  page: number,
  offset: number,
  kind: number,
  payloadBytes: number,
): Uint8Array | undefined {
  const address = page * flash.pageBytes + offset;
  const content = flash.read(address, recordBytes(payloadBytes));
  if (octetAt(content, 2) !== kind) return undefined;
  if (validPayloadBytes(flash, content, 0) !== payloadBytes) return undefined;
  return sliceBytes(content, RECORD_HEAD_BYTES, RECORD_HEAD_BYTES + payloadBytes);
}

/**
 * Programs one record at a place that the caller chose, and reads it back.
 *
 * @returns The record, or undefined where the cells no longer take it.
 */
export function writeRecordAt(
  flash: FlashPort,
  page: number,
  offset: number,
  kind: number,
  payload: Uint8Array,
): PageRecord | undefined {
  const image = encodeRecord(flash, kind, payload);
  const address = page * flash.pageBytes + offset;
  flash.program(address, image);
  if (!hasContent(flash, address, image)) return undefined;
  return { kind, address: address + RECORD_HEAD_BYTES, bytes: payload.length };
}

/**
 * Appends one record and reads it back.
 *
 * The record counts from the moment its last word is programmed: a power cut before leaves a CRC
 * that does not fit.
 *
 * @param endOffset - Where the page's free words begin, from `scanPage` or the last append.
 * @returns The record and the new end, or undefined where the page has no room for it (or its
 *   cells no longer take a write).
 */
export function appendRecord(
  flash: FlashPort,
  page: number,
  endOffset: number,
  kind: number,
  payload: Uint8Array,
): { readonly record: PageRecord; readonly endOffset: number } | undefined {
  const bytes = recordBytes(payload.length);
  let offset = endOffset;
  for (let tries = 0; tries < PROGRAM_TRIES; tries += 1) {
    if (offset + bytes > flash.pageBytes) return undefined;
    const record = writeRecordAt(flash, page, offset, kind, payload);
    offset += bytes;
    if (record !== undefined) return { record, endOffset: offset };
  }
  return undefined;
}

function encodeRecord(flash: FlashPort, kind: number, payload: Uint8Array): Uint8Array {
  const image = new Uint8Array(recordBytes(payload.length));
  image[0] = payload.length & 0xff;
  image[1] = payload.length >> 8;
  image[2] = kind;
  image[3] = kind ^ KIND_MASK;
  image.set(payload, RECORD_HEAD_BYTES);
  writeU32(image, 4, recordCrc(flash, image, 0, payload.length));
  return image;
}

function recordCrc(
  flash: FlashPort,
  content: Uint8Array,
  offset: number,
  payloadBytes: number,
): number {
  const covered = new Uint8Array(4 + payloadBytes);
  covered.set(sliceBytes(content, offset, offset + 4), 0);
  const payloadStart = offset + RECORD_HEAD_BYTES;
  covered.set(sliceBytes(content, payloadStart, payloadStart + payloadBytes), 4);
  return flash.crc32 === undefined ? crc32Of(covered) : flash.crc32(covered);
}

/** Octets of the payload of the valid record at `offset`, or -1 where there is none. */
function validPayloadBytes(flash: FlashPort, content: Uint8Array, offset: number): number {
  if (offset + RECORD_HEAD_BYTES > content.length) return -1;
  const kind = octetAt(content, offset + 2);
  if ((kind ^ KIND_MASK) !== octetAt(content, offset + 3)) return -1;
  const bytes = octetAt(content, offset) + 256 * octetAt(content, offset + 1);
  if (offset + recordBytes(bytes) > content.length) return -1;
  return readU32(content, offset + 4) === recordCrc(flash, content, offset, bytes) ? bytes : -1;
}

/** True where nothing was programmed from `offset` to the end of the page. */
function isErasedFrom(flash: FlashPort, content: Uint8Array, offset: number): boolean {
  // Most calls meet a torn word and end here; the rest of a page is a job for native code.
  if (octetAt(content, offset) !== ERASED || octetAt(content, offset + 3) !== ERASED) return false;
  if (flash.crc32 !== undefined) {
    const blank = new Uint8Array(content.length - offset).fill(ERASED);
    return flash.crc32(sliceBytes(content, offset)) === flash.crc32(blank);
  }
  for (let index = offset; index < content.length; index += 1) {
    if (octetAt(content, index) !== ERASED) return false;
  }
  return true;
}

function hasContent(flash: FlashPort, address: number, expected: Uint8Array): boolean {
  const content = flash.read(address, expected.length);
  if (flash.crc32 !== undefined) return flash.crc32(content) === flash.crc32(expected);
  return equalBytes(content, expected);
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
