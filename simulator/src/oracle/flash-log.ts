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
 * one number can have several finds. Two octets in front of an entry can happen to look like the
 * beginning of a longer one that ends at the same place; the entry is the shorter of the two.
 *
 * @param pages - Raw content of the pages that were ever written.
 * @returns All finds, by number.
 */
export function findEntries(pages: Iterable<Uint8Array>): Map<number, FoundEntry[]> {
  const found = new Map<number, FoundEntry[]>();
  for (const page of pages) {
    for (const bytes of entriesOf(page)) {
      const entry = readLogEntry(bytes);
      if (entry === undefined) continue;
      const finds = found.get(entry.n) ?? [];
      const text = hex(bytes);
      if (!finds.some((find) => find.bytes === text)) finds.push({ entry, bytes: text });
      found.set(entry.n, finds);
    }
  }
  return found;
}

/** Byte strings of a page that have the form of an entry; of two with one end, the later start. */
function entriesOf(page: Uint8Array): Uint8Array[] {
  const byEnd = new Map<number, Uint8Array>();
  for (let start = page.indexOf(ENTRY_START); start >= 0; ) {
    const end = endOfEntry(page, start);
    if (end !== undefined) byEnd.set(end, page.slice(start, end));
    start = page.indexOf(ENTRY_START, start + 1);
  }
  return [...byEnd.values()];
}

/** Where the array that starts here ends, if it looks like an entry: integers and one peer. */
function endOfEntry(page: Uint8Array, start: number): number | undefined {
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
  return at <= page.length ? at : undefined;
}
