// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { findEntries } from "./flash-log.ts";

/** Entry 9: time, quality, kind, operation, reason, peer, ring, target. */
const ENTRY = Buffer.from("89091a6b053a980101010048812fb9db7212f5d3041829", "hex");

function pageOf(...parts: readonly Uint8Array[]): Uint8Array {
  const page = new Uint8Array(4096).fill(0xff);
  page.set(Buffer.concat(parts), 40);
  return page;
}

test("T3: an entry is found wherever it lies, once for each copy of its bytes", () => {
  const found = findEntries([pageOf(ENTRY), pageOf(Buffer.from([0, 1, 2]), ENTRY)]);
  expect([...found.keys()]).toEqual([9]);
  expect(found.get(9)).toHaveLength(1);
  expect(found.get(9)?.[0]?.entry).toMatchObject({ n: 9, kind: 1, op: 1, ring: 4, target: 41 });
});

test("T3: octets in front of an entry do not make it another one (seed 129)", () => {
  const found = findEntries([pageOf(Buffer.from([0x89, 0x19]), ENTRY)]);
  expect([...found.keys()]).toEqual([9]);
});

test("T3: what a torn write leaves of an entry is nothing, or has the number of the entry", () => {
  // Without knowledge of the firmware's checksums a last octet that is missing cannot be told from
  // one that is 0xFF. The number is used again by the next entry, and the finds are compared then.
  for (let bytes = 1; bytes < ENTRY.length; bytes += 1) {
    const numbers = [...findEntries([pageOf(ENTRY.subarray(0, bytes))]).keys()];
    expect(numbers.every((n) => n === 9)).toBe(true);
  }
});
