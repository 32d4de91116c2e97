// SPDX-License-Identifier: EUPL-1.2

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type CutFlash, createCutFlash } from "../../test/cut-flash.ts";
import { createBench, RIGHTS } from "../../test/key-bench.ts";
import { createRig, crypto, issuingOf, keyOf, plug, SHIFT_S } from "../../test/lock-rig.ts";
import { keyLayout } from "../key/key-layout.ts";
import { openLockLogs } from "../lock/lock-logs.ts";
import {
  openDeviceRecords,
  RECORD_AREA,
  RECORD_LOG_STATE,
  RECORD_SEALING_COUNTER,
} from "../shared/device-records.ts";
import { createLogStore, type LogStore } from "../shared/log-store.ts";
import { createNonceCounter } from "../shared/nonce-counter.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { openTimeFloor } from "../shared/time-floor.ts";
import { stationLayout } from "../station/station-layout.ts";
import { board as esp32s3 } from "./esp32s3.ts";
import { board as xiao } from "./xiao-nrf52840.ts";

const PAGE_BYTES = 4096;
const EVENTS_MIN = 10_000;
const STORAGE_PAGES = { xiao: 512, esp32s3: 224 };
/** A page of the XIAO's SPI flash, and of an nRF52's own, is good for so many erases. */
const RATED = { spi: 100_000, internal: 10_000 };
const YEARS = 10;
const EVENTS_A_DAY = 100;

type Reads = { readonly calls: number; readonly octets: number };
const budget = JSON.parse(
  readFileSync(new URL("./flash-budget.json", import.meta.url), "utf8"),
) as {
  readonly boot: { readonly lock: Reads; readonly key: Reads };
  readonly opening: { readonly lock: Reads; readonly key: Reads };
  readonly erasesPerYear: Readonly<Record<`${"lock" | "key"} ${"records" | "log"}`, number>>;
};
const DOCUMENT = readFileSync(new URL("../../../docs/flash.md", import.meta.url), "utf8");
const lockPages = xiao.flash.lock?.pageCount ?? 0;
const keyPages = xiao.flash.key?.pageCount ?? 0;
const stationPages = esp32s3.flash.station?.pageCount ?? 0;

function fields(tS: number) {
  const peer = new Uint8Array(8).fill(tS & 0xff);
  return { tS, tq: 0, kind: 1, op: 1 as const, reason: 0, peer, ring: 70_000, target: 1041 };
}

function openKeyLog(flash: CutFlash, records: RecordStore): LogStore {
  const layout = keyLayout(PAGE_BYTES, flash.pageCount);
  if (layout === undefined) throw new Error("no layout");
  return createLogStore(flash, layout.log, crypto, records, RECORD_LOG_STATE);
}

function openLockLog(flash: CutFlash, records: RecordStore): LogStore {
  return openLockLogs(flash, crypto, records).owner();
}

const LOGS = [
  ["lock", lockPages, openLockLog],
  ["key", keyPages, openKeyLog],
] as const;

/** Erases of one year with a hundred events a day, each a visit that hands its entry over. */
function liveOneYear(pageCount: number, open: typeof openLockLog): CutFlash {
  const flash = createCutFlash(pageCount, PAGE_BYTES);
  const records = openDeviceRecords(flash);
  // What a device keeps beside: identity, certificates, configuration, floors, the ring in use.
  for (let id = 16; id < 24; id += 1) records.write(id, new Uint8Array(300));
  const log = open(flash, records);
  const counter = createNonceCounter(records, RECORD_SEALING_COUNTER);
  const floor = openTimeFloor(records, 24, 1, 1, 0);
  for (let day = 0; day < 365; day += 1) {
    for (let event = 0; event < EVENTS_A_DAY; event += 1) {
      const n = log.append(fields(day * EVENTS_A_DAY + event));
      // Three shifts a day raise the time floor once each.
      if (event % 34 === 0) floor.raise(day * EVENTS_A_DAY + event + 1);
      counter.next();
      log.moveCursor(n);
    }
    const n = log.lastN();
    log.acknowledge(n, (log.chainAt(n) ?? new Uint8Array(32)).slice(0, 16));
  }
  return flash;
}

describe("flash of the reference boards", () => {
  test.each(LOGS)(
    "S6, G1: a %s holds ten thousand events that nobody has acknowledged",
    (_role, pageCount, open) => {
      const flash = createCutFlash(pageCount, PAGE_BYTES);
      const log = open(flash, openDeviceRecords(flash));
      for (let n = 1; n <= EVENTS_MIN; n += 1) log.append(fields(n));
      expect(log.firstN()).toBe(1);
      expect(log.lastN()).toBe(EVENTS_MIN);
      const booted = open(flash, openDeviceRecords(flash));
      expect(booted.firstN()).toBe(1);
      for (let n = 1; n <= EVENTS_MIN; n += 97) expect(booted.read(n)).toEqual(log.read(n));
      expect(flash.doublePrograms()).toBe(0);
    },
    120_000,
  );

  test("S6: the key's layout has room for four thousand rights, in 4096 slots", () => {
    const layout = keyLayout(PAGE_BYTES, keyPages);
    expect(layout?.rings[0]?.slotsMax).toBeGreaterThanOrEqual(4000);
  });

  test("F8: areas leave half of a board's Storage, or 31 pages of it, to two applications", () => {
    expect(STORAGE_PAGES.xiao - lockPages - 1).toBeGreaterThan(256);
    expect(STORAGE_PAGES.xiao - keyPages - 1).toBeGreaterThan(256);
    expect(STORAGE_PAGES.esp32s3 - stationPages - 1).toBeGreaterThanOrEqual(31);
  });

  test("L4: booting and opening read a few places of a lock with ten thousand entries", () => {
    const issuing = issuingOf();
    const carer = keyOf("carer", issuing);
    const rig = createRig({ issuing, pages: lockPages });
    const log = openLockLog(rig.flash, openDeviceRecords(rig.flash));
    for (let n = 1; n <= EVENTS_MIN; n += 1) log.append(fields(SHIFT_S - 5000));
    rig.flash.takeReads();
    rig.boot();
    const boot = rig.flash.takeReads();
    expect(plug(rig, carer).open({ head: carer.head({ iatS: SHIFT_S - 60 }) })).toMatchObject({
      code: 0,
    });
    const opening = rig.flash.takeReads();
    expect(boot.calls).toBeGreaterThan(5);
    expect(boot.calls).toBeLessThanOrEqual(budget.boot.lock.calls);
    expect(boot.octets).toBeLessThanOrEqual(budget.boot.lock.octets);
    expect(opening.calls).toBeLessThanOrEqual(budget.opening.lock.calls);
    expect(opening.octets).toBeLessThanOrEqual(budget.opening.lock.octets);
    console.info(
      `lock: boot ${boot.calls} reads of ${boot.octets} octets, opening ${opening.calls} of ${opening.octets}`,
    );
  }, 120_000);

  test("K1: booting and opening read a few places of a key with ten thousand entries", () => {
    const bench = createBench({ keyPages });
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    const log = openKeyLog(bench.key.flash, openDeviceRecords(bench.key.flash));
    for (let n = 1; n <= EVENTS_MIN; n += 1) log.append(fields(SHIFT_S - 5000));
    bench.key.flash.takeReads();
    bench.key.boot();
    const boot = bench.key.flash.takeReads();
    bench.visit(createRig());
    const opening = bench.key.flash.takeReads();
    expect(boot.calls).toBeGreaterThan(5);
    expect(boot.calls).toBeLessThanOrEqual(budget.boot.key.calls);
    expect(boot.octets).toBeLessThanOrEqual(budget.boot.key.octets);
    expect(opening.calls).toBeLessThanOrEqual(budget.opening.key.calls);
    expect(opening.octets).toBeLessThanOrEqual(budget.opening.key.octets);
    console.info(
      `key: boot ${boot.calls} reads of ${boot.octets} octets, opening ${opening.calls} of ${opening.octets}`,
    );
  }, 120_000);

  test.each(LOGS)(
    "F9: ten years of a hundred events a day wear no page of a %s by a tenth, and evenly",
    (role, pageCount, open) => {
      const flash = liveOneYear(pageCount, open);
      const used = (first: number, count: number) =>
        flash.erases.slice(first, first + count).filter((erases) => erases > 0);
      const records = used(RECORD_AREA.firstPage, RECORD_AREA.pageCount);
      const log = used(RECORD_AREA.pageCount, flash.pageCount - RECORD_AREA.pageCount);
      for (const [name, erases, pages] of [
        [`${role} records`, records, RECORD_AREA.pageCount],
        [`${role} log`, log, 128],
      ] as const) {
        expect(erases.length).toBeGreaterThanOrEqual(pages);
        const most = Math.max(...erases);
        const limit = budget.erasesPerYear[name];
        expect(most).toBeLessThanOrEqual(limit);
        expect(most / Math.min(...erases)).toBeLessThan(2);
        // The document tells the limits, which are what a board is chosen by.
        const ofInternal = (100 * YEARS * limit) / RATED.internal;
        const ofSpi = (100 * YEARS * limit) / RATED.spi;
        expect(ofSpi).toBeLessThan(10);
        expect(DOCUMENT).toContain(`| ${name} | ${limit} | ${ofSpi} % | ${ofInternal} % |`);
        console.info(`${name}: ${most} erases of the hottest page in a year`);
      }
    },
    120_000,
  );

  test("F9: the document tells the pages of every area as the code lays them out", () => {
    const rows: string[] = [];
    const row = (role: string, name: string, area: { firstPage: number; pageCount: number }) =>
      rows.push(`| ${role} | ${name} | ${area.firstPage} | ${area.pageCount} |`);
    const layout = keyLayout(PAGE_BYTES, keyPages);
    const shelf = stationLayout(stationPages);
    if (layout === undefined || shelf === undefined) throw new Error("no layout");
    row("all", "records", RECORD_AREA);
    row("key", "carried batches", layout.carried);
    row("key", "courier", layout.courier);
    row("key", "log", layout.log);
    row("station", "uploads", shelf.uploads);
    row("station", "shelf", shelf.shelf);
    for (const text of rows) expect(DOCUMENT).toContain(text);
    expect(DOCUMENT).toContain(`key ${keyPages}, lock ${lockPages}, station ${stationPages}`);
  });
});
