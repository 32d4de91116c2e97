// SPDX-License-Identifier: EUPL-1.2

import {
  ACK_MISMATCH,
  BOLT_JAMMED,
  chainNext,
  chainStart,
  decodeEntry,
  ENTRY_BOLT,
  ENTRY_BOOT,
  ENTRY_DENIED_AT_KEY,
  ENTRY_GAP,
  ENTRY_PASSAGE,
  ENTRY_POWER,
  ENTRY_SYNC,
  FLASH_WORN,
  LOG_FULL,
  LOG_GAP,
  RING_EXPIRED,
} from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { describe, expect, test } from "vitest";
import {
  type CutFlash,
  createCutFlash,
  runUntilCut,
  TEAR_MODES,
  WEAR_KINDS,
} from "../../test/cut-flash.ts";
import { createLogStore, type EntryFields, type LogStore } from "./log-store.ts";
import { createRecordStore } from "./record-store.ts";

const crypto = createNodeCrypto();
const RECORDS = { firstPage: 0, pageCount: 2 };
const LOG = { firstPage: 2, pageCount: 5 };
const PAGE_BYTES = 256;
const STATE_ID = 4;

function openLog(flash: CutFlash): LogStore {
  return createLogStore(flash, LOG, crypto, createRecordStore(flash, RECORDS, 8), STATE_ID);
}

function createFlash(seed = 1): CutFlash {
  return createCutFlash(7, PAGE_BYTES, seed);
}

function opening(tS: number): EntryFields {
  const peer = new Uint8Array(8).fill(tS & 0xff);
  return { tS, tq: 0, kind: ENTRY_PASSAGE, op: 1, reason: 0, peer, ring: 1, target: 77 };
}

function denial(tS: number): EntryFields {
  return { ...opening(tS), reason: RING_EXPIRED };
}

function acknowledge(log: LogStore, n: number): void {
  const chain = log.chainAt(n);
  if (chain === undefined) throw new Error("no chain");
  expect(log.acknowledge(n, chain.slice(0, 16)).ok).toBe(true);
}

function entryAt(log: LogStore, n: number) {
  const bytes = log.read(n);
  const entry = bytes === undefined ? undefined : decodeEntry(bytes);
  return entry?.ok ? entry.value : undefined;
}

/** Every retained entry must carry its own number and the chain must hold over all of them. */
function checkConsistency(log: LogStore): void {
  const first = log.firstN();
  let chain = log.chainAt(first - 1);
  expect(chain).toBeDefined();
  for (let n = first; n <= log.lastN(); n += 1) {
    expect(entryAt(log, n)?.n).toBe(n);
    const bytes = log.read(n);
    if (bytes !== undefined && chain !== undefined) chain = chainNext(crypto, chain, bytes);
    expect(log.chainAt(n)).toEqual(chain);
  }
  expect(log.read(log.lastN() + 1)).toBeUndefined();
  expect(log.chainAt(log.lastN() + 1)).toBeUndefined();
}

/** Numbers that are readable or covered by a gap record: nothing unacknowledged may be missing. */
function countUncovered(log: LogStore): number {
  const covered = new Set<number>();
  for (let n = log.firstN(); n <= log.lastN(); n += 1) {
    covered.add(n);
    const entry = entryAt(log, n);
    if (entry?.kind === ENTRY_GAP && entry.reason === LOG_GAP) {
      for (let lost = entry.ring; lost < entry.ring + entry.target; lost += 1) covered.add(lost);
    }
  }
  let missing = 0;
  for (let n = log.ackedN() + 1; n <= log.lastN(); n += 1) if (!covered.has(n)) missing += 1;
  return missing;
}

describe("event log", () => {
  test("G1: numbers entries from 1, chains them and finds them again after a boot", () => {
    const flash = createFlash();
    const log = openLog(flash);
    expect(log.lastN()).toBe(0);
    expect(log.firstN()).toBe(1);
    expect(log.chainAt(0)).toEqual(chainStart());
    for (let index = 1; index <= 9; index += 1) expect(log.append(opening(index))).toBe(index);
    checkConsistency(log);
    const booted = openLog(flash);
    expect(booted.lastN()).toBe(9);
    expect(booted.logEpoch()).toBe(1);
    expect(entryAt(booted, 5)?.tS).toBe(5);
    expect(booted.chainAt(9)).toEqual(log.chainAt(9));
    checkConsistency(booted);
    expect(flash.doublePrograms()).toBe(0);
  });

  test("L4: commits an entry with one program and no erase while the page has room", () => {
    const flash = createFlash();
    const log = openLog(flash);
    flash.cutAt(undefined);
    log.append(opening(1));
    expect(flash.operations()).toBe(1);
  });

  test("T3: frees entries on the right chain value only, and never moves back", () => {
    const flash = createFlash();
    const log = openLog(flash);
    for (let index = 1; index <= 6; index += 1) log.append(opening(index));
    const wrong = log.acknowledge(4, new Uint8Array(16));
    expect(wrong.ok ? 0 : wrong.fault.code).toBe(ACK_MISMATCH);
    const future = log.acknowledge(7, new Uint8Array(16));
    expect(future.ok ? 0 : future.fault.code).toBe(ACK_MISMATCH);
    expect(log.ackedN()).toBe(0);
    acknowledge(log, 4);
    expect(log.ackedN()).toBe(4);
    expect(log.acknowledge(2, new Uint8Array(16)).ok).toBe(true);
    expect(openLog(flash).ackedN()).toBe(4);
    expect(log.unackedCount()).toBe(2);
  });

  test("T3: keeps acknowledged entries readable until their page is needed", () => {
    const flash = createFlash();
    const log = openLog(flash);
    for (let index = 1; index <= 200; index += 1) {
      log.append(opening(index));
      acknowledge(log, index);
      if (index > 30) expect(log.lastN() - log.firstN()).toBeGreaterThan(10);
    }
    checkConsistency(log);
    for (let n = log.firstN(); n <= log.lastN(); n += 1) {
      expect(entryAt(log, n)?.kind).toBe(ENTRY_PASSAGE);
    }
  });

  test("G1: a full log drops the oldest entries and says which and how many", () => {
    const flash = createFlash();
    const log = openLog(flash);
    for (let index = 1; index <= 100; index += 1) {
      expect(log.append(opening(index))).toBeGreaterThan(0);
      log.settle(index, 0);
      expect(countUncovered(log)).toBe(0);
    }
    const gaps = [];
    for (let n = log.firstN(); n <= log.lastN(); n += 1) {
      const entry = entryAt(log, n);
      if (entry?.kind === ENTRY_GAP) gaps.push(entry);
    }
    expect(gaps.length).toBeGreaterThan(0);
    expect(gaps.at(-1)?.reason).toBe(LOG_GAP);
    checkConsistency(log);
  });

  test("K3: ten thousand denials between two openings leave both openings and the right count", () => {
    const flash = createFlash();
    let log = openLog(flash);
    const before = log.append(opening(1));
    for (let index = 0; index < 10_000; index += 1) {
      if (index % 997 === 0) log = openLog(flash);
      log.append(denial(100));
    }
    const after = log.append(opening(2));
    log.settle(3, 0);
    expect(entryAt(log, before)?.tS).toBe(1);
    expect(entryAt(log, after)?.tS).toBe(2);
    let denials = 0;
    for (let n = log.firstN(); n <= log.lastN(); n += 1) {
      const entry = entryAt(log, n);
      if (entry?.reason === RING_EXPIRED) denials += 1;
      if (entry?.kind === ENTRY_GAP && entry.reason === LOG_FULL) denials += entry.target;
    }
    expect(denials).toBe(10_000);
    expect(log.firstN()).toBe(1);
  });

  test.each([
    ["false stations", ENTRY_SYNC, 0],
    ["a bolt turned by hand", ENTRY_BOLT, 0],
    ["a blocked bolt", ENTRY_BOLT, BOLT_JAMMED],
    ["a battery pulled and put back", ENTRY_POWER, 0],
  ])("K3, threat 58: %s cannot push an opening out of the log", (_title, kind, reason) => {
    const log = openLog(createFlash());
    const before = log.append(opening(1));
    for (let index = 0; index < 1000; index += 1) log.append({ ...opening(100), kind, reason });
    log.settle(3, 0);
    expect(entryAt(log, before)?.tS).toBe(1);
    expect(log.firstN()).toBe(1);
  });

  test("K3: an acknowledgement makes room for denials again", () => {
    const flash = createFlash();
    const log = openLog(flash);
    let refused = 0;
    for (let index = 0; index < 20; index += 1) {
      if (log.append({ ...denial(5), kind: ENTRY_DENIED_AT_KEY }) === 0) refused += 1;
    }
    expect(refused).toBeGreaterThan(0);
    log.settle(6, 0);
    acknowledge(log, log.lastN());
    expect(log.append(denial(7))).toBeGreaterThan(0);
    log.settle(8, 0);
    let counted = 0;
    for (let n = log.firstN(); n <= log.lastN(); n += 1) {
      const entry = entryAt(log, n);
      if (entry?.kind === ENTRY_GAP) counted += entry.target;
    }
    expect(counted).toBe(refused);
  });

  test("T3: hands out batches from a cursor that wraps to the first unacknowledged entry", () => {
    const flash = createFlash();
    const log = openLog(flash);
    for (let index = 1; index <= 12; index += 1) log.append(opening(index));
    acknowledge(log, 2);
    const seen: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const slice = log.batch(log.cursor(), 5);
      if (slice === undefined) throw new Error("no batch");
      let chain = slice.prev;
      for (const bytes of slice.entries) chain = chainNext(crypto, chain, bytes);
      expect(slice.chain).toEqual(chain);
      expect(slice.prev).toEqual(log.chainAt(slice.first - 1));
      seen.push(slice.first, slice.entries.length);
      log.moveCursor(slice.first + slice.entries.length - 1);
    }
    expect(seen).toEqual([3, 5, 8, 5, 3, 5, 8, 5]);
    expect(openLog(flash).cursor()).toBe(3);
    acknowledge(log, 12);
    expect(log.batch(log.cursor(), 5)).toBeUndefined();
  });

  test("T3: what a courier lost goes with the next one, however many entries each visit adds", () => {
    const flash = createFlash();
    const carried = new Set<number>();
    for (let visit = 0; visit < 6; visit += 1) {
      const log = openLog(flash);
      log.append(opening(visit));
      const slice = log.batch(log.cursor(), 32);
      if (slice === undefined) throw new Error("no batch");
      const last = slice.first + slice.entries.length - 1;
      log.moveCursor(last);
      // The first two keys never come home.
      if (visit < 2) continue;
      for (let n = slice.first; n <= last; n += 1) carried.add(n);
    }
    expect([...carried].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
    const log = openLog(flash);
    log.moveCursor(6);
    log.beginCollection();
    expect(log.cursor()).toBe(1);
    log.moveCursor(5);
    log.beginCollection();
    expect(log.cursor()).toBe(6);
    log.askAgain(3);
    expect(log.cursor()).toBe(3);
    expect(log.resendCursor()).toBe(0);
  });

  test("T3: serves a re-send request anew only when it was served, and a replayed one frees or fills nothing", () => {
    const flash = createFlash();
    const log = openLog(flash);
    for (let index = 1; index <= 10; index += 1) log.append(opening(index));
    acknowledge(log, 8);
    log.askAgain(3);
    expect(log.resendCursor()).toBe(3);
    const slice = log.batch(log.resendCursor(), 4);
    expect(slice?.first).toBe(3);
    log.moveResendCursor(6);
    expect(openLog(flash).resendCursor()).toBe(7);
    log.moveResendCursor(8);
    expect(log.resendCursor()).toBe(0);
    log.askAgain(3);
    expect(log.resendCursor()).toBe(3);
    log.moveResendCursor(5);
    log.askAgain(3);
    expect(log.resendCursor()).toBe(6);
    log.moveResendCursor(8);
    expect(log.resendCursor()).toBe(0);
    expect(log.ackedN()).toBe(8);
    expect(log.cursor()).toBe(9);
  });

  test("L4: a log that was lost whole starts another epoch instead of using numbers twice", () => {
    const flash = createFlash();
    const log = openLog(flash);
    for (let index = 1; index <= 5; index += 1) log.append(opening(index));
    acknowledge(log, 5);
    for (let page = 2; page < 7; page += 1) flash.erase(page);
    const booted = openLog(flash);
    expect(booted.logEpoch()).toBe(2);
    expect(booted.ackedN()).toBe(0);
    expect(booted.append(opening(9))).toBe(1);
    expect(openLog(flash).logEpoch()).toBe(2);
  });

  test("F6: one flipped bit anywhere in the log is put right", () => {
    const flash = createFlash();
    const log = openLog(flash);
    for (let index = 1; index <= 11; index += 1) log.append(opening(index));
    const image = flash.image();
    for (let address = 2 * PAGE_BYTES; address < 7 * PAGE_BYTES; address += 3) {
      flash.restore(image);
      flash.flip(address, address % 8);
      const booted = openLog(flash);
      expect(booted.lastN()).toBe(11);
      for (let n = booted.firstN(); n <= 11; n += 1) expect(entryAt(booted, n)?.tS).toBe(n);
      checkConsistency(booted);
      expect(booted.append(opening(12))).toBe(12);
    }
  });

  test("L4: an entry damaged beyond repair does not shift the numbers of the others", () => {
    const flash = createFlash();
    const log = openLog(flash);
    for (let index = 1; index <= 11; index += 1) log.append(opening(index));
    const image = flash.image();
    // The last page is left alone: of its newest entry nobody can say whether it was ever written.
    let lost = 0;
    for (let address = 2 * PAGE_BYTES + 64; address < 4 * PAGE_BYTES; address += 7) {
      flash.restore(image);
      flash.flip(address, 4);
      flash.flip(address + 5, 1);
      const booted = openLog(flash);
      expect(booted.lastN()).toBe(11);
      for (let n = booted.firstN(); n <= 11; n += 1) {
        const entry = entryAt(booted, n);
        if (entry === undefined) lost += 1;
        else expect(entry.tS).toBe(n);
      }
      expect(booted.append(opening(12))).toBe(12);
    }
    expect(lost).toBeGreaterThan(10);
  });

  test.each(WEAR_KINDS)(
    "F7: a worn page of kind %s is retired, told of, and costs nothing but its room",
    (kind) => {
      const flash = createFlash();
      let log = openLog(flash);
      for (let index = 1; index <= 16; index += 1) log.append(opening(index));
      acknowledge(log, log.lastN());
      // Sixteen openings and a gap record fill the fifth page; the third is next but two.
      flash.wearOut(4, kind);
      let told = 0;
      for (let index = 17; index <= 80; index += 1) {
        const n = log.append(opening(index));
        log.settle(index, 0);
        if (index % 3 === 0) log = openLog(flash);
        expect(entryAt(log, n)?.tS).toBe(index);
        if (kind !== "no-read") checkConsistency(log);
        expect(countUncovered(log)).toBe(0);
        for (let at = log.ackedN() + 1; at <= log.lastN(); at += 1) {
          if (entryAt(log, at)?.reason === FLASH_WORN) told += 1;
        }
        acknowledge(log, log.lastN());
      }
      expect(told).toBe(1);
      expect(log.lastN() - log.firstN()).toBeGreaterThan(6);
    },
  );

  test("F7: pages die one after the other: each is told once, and the log goes on with the last two", () => {
    const flash = createFlash();
    let log = openLog(flash);
    const told: number[] = [];
    for (let index = 1; index <= 200; index += 1) {
      if (index % 40 === 0 && index <= 120) flash.wearOut(2 + index / 40, "no-program");
      log.append(opening(index));
      log.settle(index, 0);
      if (index % 5 === 0) log = openLog(flash);
      const last = entryAt(log, log.lastN());
      for (let n = log.ackedN() + 1; n <= log.lastN(); n += 1) {
        const entry = entryAt(log, n);
        if (entry?.kind === ENTRY_BOOT && entry.reason === FLASH_WORN) told.push(entry.target);
      }
      expect(last).toBeDefined();
      acknowledge(log, log.lastN());
    }
    // The third alarm, at 40 %, is the last before 30 %.
    expect(told).toEqual([80, 60, 40]);
  });

  test("L4: a boot reads a few places, however long the log is", () => {
    const flash = createCutFlash(140, 4096);
    const records = { firstPage: 0, pageCount: 8 };
    const area = { firstPage: 8, pageCount: 132 };
    const open = () =>
      createLogStore(flash, area, crypto, createRecordStore(flash, records), STATE_ID);
    let log = open();
    let calls = 0;
    let octets = 0;
    for (let index = 1; index <= 11_000; index += 1) {
      log.append(opening(index));
      if (index % 97 !== 0) continue;
      flash.takeReads();
      createRecordStore(flash, records);
      const before = flash.takeReads();
      log = open();
      const reads = flash.takeReads();
      calls = Math.max(calls, reads.calls - before.calls);
      octets = Math.max(octets, reads.octets - before.octets);
    }
    expect(log.lastN()).toBeGreaterThanOrEqual(11_000);
    expect(calls).toBeLessThanOrEqual(6);
    expect(octets).toBeLessThanOrEqual(4096 + 600);
  }, 60_000);

  /**
   * Goal: no cut loses an entry that was committed, repeats a number or leaves a hole.
   * Method: bring the log to every fill level over two rounds of its pages, unacknowledged and
   * acknowledged, with denials over the quota; cut the next append (or acknowledgement, or settle)
   * at each program and erase in each way; boot; compare with what was there before.
   */
  test("L4: a cut at every program and erase, torn in every way, loses nothing committed", () => {
    let cuts = 0;
    let erases = 0;
    const lags = [0, 3, 1000];
    for (let fill = 0; fill < 50; fill += 1) {
      // Pages hold three entries, so that nine fill levels meet every page position at every lag.
      for (const ackLag of lags.slice(fill % 3, (fill % 3) + 1)) {
        const flash = createFlash(fill + 1);
        const log = openLog(flash);
        for (let index = 1; index <= fill; index += 1) {
          log.append(index % 4 === 0 ? denial(index) : opening(index));
          if (log.lastN() > ackLag) acknowledge(log, log.lastN() - ackLag);
        }
        const image = flash.image();
        const lastN = log.lastN();
        const ackedN = log.ackedN();
        const before = new Map<number, string>();
        for (let n = log.firstN(); n <= lastN; n += 1) {
          before.set(n, Buffer.from(log.read(n) ?? []).toString("hex"));
        }
        const steps: ((victim: LogStore) => void)[] = [
          (victim) => victim.append(opening(9999)),
          (victim) => victim.append(denial(9999)),
          (victim) => victim.settle(9999, 0),
          (victim) => {
            const chain = victim.chainAt(lastN);
            if (chain !== undefined) victim.acknowledge(lastN, chain.slice(0, 16));
          },
        ];
        for (const step of steps) {
          flash.restore(image);
          const probe = openLog(flash);
          flash.cutAt(undefined);
          step(probe);
          const operations = flash.operations();
          if (operations > 1) erases += 1;
          for (let operation = 0; operation < operations; operation += 1) {
            for (const mode of TEAR_MODES) {
              flash.restore(image);
              flash.cutAt(undefined);
              const victim = openLog(flash);
              flash.cutAt(operation, mode);
              expect(runUntilCut(() => step(victim))).toBe(true);
              flash.cutAt(undefined);
              const booted = openLog(flash);
              expect(booted.logEpoch()).toBe(1);
              expect(booted.lastN()).toBeGreaterThanOrEqual(lastN);
              expect(booted.lastN()).toBeLessThanOrEqual(lastN + 2);
              expect([ackedN, lastN]).toContain(booted.ackedN());
              for (const [n, bytes] of before) {
                const now = booted.read(n);
                if (now !== undefined) expect(Buffer.from(now).toString("hex")).toBe(bytes);
                else if (n > booted.ackedN()) expect(n).toBeLessThan(booted.firstN() + 8);
              }
              checkConsistency(booted);
              const next = booted.append(opening(12345));
              expect(next).toBeGreaterThan(lastN);
              booted.settle(12346, 0);
              const last = openLog(flash);
              expect(entryAt(last, next)?.tS).toBe(12345);
              expect(countUncovered(last)).toBe(0);
              checkConsistency(last);
              cuts += 1;
            }
          }
        }
      }
    }
    expect(erases).toBeGreaterThan(10);
    expect(cuts).toBeGreaterThan(500);
  }, 120_000);
});
