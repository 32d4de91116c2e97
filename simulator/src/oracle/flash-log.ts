// SPDX-License-Identifier: EUPL-1.2

import { hex, type LogEntry, readLogEntry } from "./signed-objects.ts";

/** A log entry as it lies in flash. */
export type FoundEntry = { readonly entry: LogEntry; readonly bytes: string };

/** First byte of an array of nine items, the form of a log entry (RFC 8949 §3.1). */
const ENTRY_START = 0x89;

/**
 * Finds the log entries in raw pages of flash, without any knowledge of how the firmware keeps
 * them: it looks for the bytes of entries at every offset.
 *
 * A write that a power cut tore leaves no whole entry, or one whose number was used again later; so
 * one number can have several finds.
 *
 * @param pages - Raw content of the pages that were ever written.
 * @returns All finds, by number.
 */
export function findEntries(pages: Iterable<Uint8Array>): Map<number, FoundEntry[]> {
  const found = new Map<number, FoundEntry[]>();
  for (const page of pages) {
    for (let start = page.indexOf(ENTRY_START); start >= 0; ) {
      const bytes = entryAt(page, start);
      const entry = bytes === undefined ? undefined : readLogEntry(bytes);
      if (bytes !== undefined && entry !== undefined) {
        const finds = found.get(entry.n) ?? [];
        const text = hex(bytes);
        if (!finds.some((find) => find.bytes === text)) finds.push({ entry, bytes: text });
        found.set(entry.n, finds);
      }
      start = page.indexOf(ENTRY_START, start + 1);
    }
  }
  return found;
}

/** The bytes of the array that starts here, if it looks like an entry: integers and one peer. */
function entryAt(page: Uint8Array, start: number): Uint8Array | undefined {
  let at = start + 1;
  for (let item = 0; item < 9; item += 1) {
    const head = page[at];
    if (head === undefined) return undefined;
    if (item === 6) {
      if (head !== 0x48) return undefined;
      at += 9;
    } else {
      if (head > 0x1a) return undefined;
      at += head < 0x18 ? 1 : 1 + 2 ** (head - 0x18);
    }
  }
  return at <= page.length ? page.slice(start, at) : undefined;
}
