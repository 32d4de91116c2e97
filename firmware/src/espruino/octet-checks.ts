// SPDX-License-Identifier: EUPL-1.2
import { type FrameOperations, useOctetMeans } from "@nyckelring/protocol";
import type { ContactPort, FlashPort, RecordChecks } from "../ports.ts";

/** What is asked of octets in a loop, where native code answers a hundred times faster. */
export interface OctetChecks {
  /** What reads and writes frames; undefined where there is no native code for it. */
  readonly frames: FrameOperations | undefined;
  readonly crc32: (bytes: Uint8Array) => number;
  /** What the stores in flash have native code for; undefined where there is none. */
  readonly records: RecordChecks | undefined;
}

/** A line whose frames are read and written so. */
export function checkedContact(line: ContactPort, checks: OctetChecks): ContactPort {
  return { send: line.send, frames: checks.frames };
}

/** Flash whose contents are checked so. */
export function checkedFlash(flash: FlashPort, checks: OctetChecks): FlashPort {
  const { pageBytes, pageCount, read, program, erase } = flash;
  const { crc32, records } = checks;
  if (records === undefined) return flash;
  return { pageBytes, pageCount, read, program, erase, crc32, records };
}

/**
 * Has octet strings be joined and compared by the interpreter itself, in place of loops of ours.
 *
 * Security: only beside native code, which judges tags and signatures; this comparison stops early.
 */
export function useOctetsOfInterpreter(): void {
  useOctetMeans({ equal: compareAsText, join: E.toUint8Array });
}

/** Compares octets of one length as the interpreter compares text; false where memory has no room for them. */
function compareAsText(a: Uint8Array, b: Uint8Array): boolean {
  const text = E.toString(a);
  return text !== undefined && text === E.toString(b);
}
