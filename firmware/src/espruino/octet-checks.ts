// SPDX-License-Identifier: EUPL-1.2
import type { FrameCheck } from "@nyckelring/protocol";
import type { ContactPort, FlashPort } from "../ports.ts";

/** What is asked of octets in a loop, where native code answers a hundred times faster. */
export interface OctetChecks {
  readonly frame: FrameCheck;
  readonly crc32: (bytes: Uint8Array) => number;
  /** As `FlashPort.usedBytes`; undefined where there is no native code for it. */
  readonly usedBytes: ((content: Uint8Array) => number) | undefined;
}

/** A line with the CRC of its frames. */
export function checkedContact(line: ContactPort, checks: OctetChecks): ContactPort {
  return { send: line.send, check: checks.frame };
}

/** Flash whose contents are checked so. */
export function checkedFlash(flash: FlashPort, checks: OctetChecks): FlashPort {
  const { pageBytes, pageCount, read, program, erase } = flash;
  const { crc32, usedBytes } = checks;
  if (usedBytes === undefined) return flash;
  return { pageBytes, pageCount, read, program, erase, crc32, usedBytes };
}
