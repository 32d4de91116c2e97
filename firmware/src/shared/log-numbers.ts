// SPDX-License-Identifier: EUPL-1.2
import { chainStart, octetAt, sliceBytes } from "@nyckelring/protocol";
import { readU32, writeU32 } from "./page-journal.ts";
import type { RecordStore } from "./record-store.ts";

const FIXED_BYTES = 72;
const AT_RETIRED_TOLD = 32;
const AT_CHAIN_N = 36;
const AT_CHAIN = 40;
const CHAIN_BYTES = 32;

/** The few numbers of a log that change without an append. */
export type LogNumbers = {
  epoch: number;
  acked: number;
  denialsAtAck: number;
  countedDenials: number;
  nextCollected: number;
  resendFrom: number;
  resendNext: number;
  /** Sequence of the page that was opened last, as a hint: the log goes on there or behind it. */
  sequence: number;
  /** Worn pages that an entry of the log has told. */
  retiredTold: number;
  /** An entry, and the chain value after it, so that a chain need not be hashed from afar. */
  chainN: number;
  chain: Uint8Array;
  /** One bit for each page of the area: set for one that is worn out. */
  retired: Uint8Array;
};

/** Numbers of a log that has none yet. */
export function blankNumbers(pageCount: number): LogNumbers {
  return {
    epoch: 0,
    acked: 0,
    denialsAtAck: 0,
    countedDenials: 0,
    nextCollected: 0,
    resendFrom: 0,
    resendNext: 0,
    sequence: 0,
    retiredTold: 0,
    chainN: 0,
    chain: chainStart(),
    retired: new Uint8Array((pageCount + 7) >> 3),
  };
}

/** Reads the numbers of a log; undefined where there are none. */
export function readNumbers(
  records: RecordStore,
  id: number,
  pageCount: number,
): LogNumbers | undefined {
  const bytes = records.read(id);
  const numbers = blankNumbers(pageCount);
  if (bytes === undefined || bytes.length < FIXED_BYTES) return undefined;
  numbers.epoch = readU32(bytes, 0);
  numbers.acked = readU32(bytes, 4);
  numbers.denialsAtAck = readU32(bytes, 8);
  numbers.countedDenials = readU32(bytes, 12);
  numbers.nextCollected = readU32(bytes, 16);
  numbers.resendFrom = readU32(bytes, 20);
  numbers.resendNext = readU32(bytes, 24);
  numbers.sequence = readU32(bytes, 28);
  numbers.retiredTold = readU32(bytes, AT_RETIRED_TOLD);
  numbers.chainN = readU32(bytes, AT_CHAIN_N);
  numbers.chain = sliceBytes(bytes, AT_CHAIN, AT_CHAIN + CHAIN_BYTES);
  // Without a worn page there are no bits for them.
  if (bytes.length === FIXED_BYTES + numbers.retired.length) {
    numbers.retired = sliceBytes(bytes, FIXED_BYTES);
  }
  return numbers;
}

/** The record of the numbers. */
export function encodeNumbers(numbers: LogNumbers): Uint8Array {
  const isWorn = numbers.retired.some((bits) => bits !== 0);
  const bytes = new Uint8Array(FIXED_BYTES + (isWorn ? numbers.retired.length : 0));
  writeU32(bytes, 0, numbers.epoch);
  writeU32(bytes, 4, numbers.acked);
  writeU32(bytes, 8, numbers.denialsAtAck);
  writeU32(bytes, 12, numbers.countedDenials);
  writeU32(bytes, 16, numbers.nextCollected);
  writeU32(bytes, 20, numbers.resendFrom);
  writeU32(bytes, 24, numbers.resendNext);
  writeU32(bytes, 28, numbers.sequence);
  writeU32(bytes, AT_RETIRED_TOLD, numbers.retiredTold);
  writeU32(bytes, AT_CHAIN_N, numbers.chainN);
  bytes.set(numbers.chain, AT_CHAIN);
  if (isWorn) bytes.set(numbers.retired, FIXED_BYTES);
  return bytes;
}

/** Whether a page of the area is worn out. */
export function isRetired(numbers: LogNumbers, index: number): boolean {
  return (octetAt(numbers.retired, index >> 3) & (1 << (index & 7))) !== 0;
}

/** Notes that a page of the area is worn out. */
export function retire(numbers: LogNumbers, index: number): void {
  numbers.retired[index >> 3] = octetAt(numbers.retired, index >> 3) | (1 << (index & 7));
}

/** How many pages of the area are worn out. */
export function retiredCount(numbers: LogNumbers, pageCount: number): number {
  let count = 0;
  for (let index = 0; index < pageCount; index += 1) {
    if (isRetired(numbers, index)) count += 1;
  }
  return count;
}
