// SPDX-License-Identifier: EUPL-1.2

import { describe, expect, test } from "vitest";
import { createCutFlash, runUntilCut, TEAR_MODES, WEAR_KINDS } from "../../test/cut-flash.ts";
import type { FlashPort, RecordChecks } from "../ports.ts";
import { crc32Of } from "./crc32.ts";
import { createNonceCounter } from "./nonce-counter.ts";
import {
  appendRecord,
  crcOfRecord,
  isErasedFrom,
  readPage,
  recordBytes,
  recordIn,
  recordsIn,
  usedBytes,
} from "./page-journal.ts";
import { createRecordStore, type RecordStore } from "./record-store.ts";

const AREA = { firstPage: 1, pageCount: 4 };
/** Few, so that an index fits a small page. */
const IDS = 10;

function sampleValue(id: number, version: number): Uint8Array {
  const value = new Uint8Array(5 + ((id * 7 + version * 3) % 40));
  value.fill((id * 31 + version) & 0xff);
  value[0] = id;
  value[1] = version & 0xff;
  return value;
}

function contentOf(store: RecordStore, ids: readonly number[]): string {
  return ids.map((id) => Buffer.from(store.read(id) ?? []).toString("hex")).join("|");
}

describe("record store", () => {
  test("computes the CRC-32 of the standard check string", () => {
    expect(crc32Of(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  test("L4: gives back after a boot what was written last, removed values excepted", () => {
    const flash = createCutFlash(6, 256);
    const store = createRecordStore(flash, AREA, IDS);
    for (let version = 0; version < 100; version += 1) {
      for (let id = 0; id < 5; id += 1) store.write(id, sampleValue(id, version));
    }
    store.remove(3);
    const reopened = createRecordStore(flash, AREA, IDS);
    expect(reopened.read(3)).toBeUndefined();
    for (const id of [0, 1, 2, 4]) expect(reopened.read(id)).toEqual(sampleValue(id, 99));
    expect(flash.doublePrograms()).toBe(0);
  });

  test("L4: keeps an empty value apart from none and takes the longest one", () => {
    const flash = createCutFlash(6, 256);
    const store = createRecordStore(flash, AREA, IDS);
    store.write(1, new Uint8Array(0));
    const longest = new Uint8Array(store.valueBytesMax).fill(7);
    store.write(2, longest);
    const reopened = createRecordStore(flash, AREA, IDS);
    expect(reopened.read(1)).toEqual(new Uint8Array(0));
    expect(reopened.read(2)).toEqual(longest);
    expect(reopened.read(9)).toBeUndefined();
    expect(() => store.write(2, new Uint8Array(store.valueBytesMax + 1))).toThrow();
  });

  /**
   * Goal: a value is old or new after a power cut at any program or erase, and all others stay.
   * Method: fill the store to different levels so that the update falls on a plain append, a page
   * change and a change of halves; cut each update at each operation in each way; then boot, write
   * again and boot once more.
   */
  test("L4: a value is old or new after a cut at every program and erase, torn in every way", () => {
    const ids = [0, 1, 2, 3];
    let cuts = 0;
    let halfChanges = 0;
    for (let fill = 0; fill < 40; fill += 1) {
      const flash = createCutFlash(6, 256, fill + 1);
      const store = createRecordStore(flash, AREA, IDS);
      for (const id of ids) store.write(id, sampleValue(id, 0));
      for (let index = 0; index < fill; index += 1)
        store.write(index % 3, sampleValue(index % 3, index));
      const before = contentOf(store, ids);
      const others = contentOf(store, [0, 1]);
      const image = flash.image();
      flash.cutAt(undefined);
      store.write(3, sampleValue(3, 77));
      const operations = flash.operations();
      const after = contentOf(store, ids);
      if (operations > 1) halfChanges += 1;
      for (let operation = 0; operation < operations; operation += 1) {
        for (const mode of TEAR_MODES) {
          flash.restore(image);
          flash.cutAt(undefined);
          const victim = createRecordStore(flash, AREA, IDS);
          flash.cutAt(operation, mode);
          expect(runUntilCut(() => victim.write(3, sampleValue(3, 77)))).toBe(true);
          flash.cutAt(undefined);
          const booted = createRecordStore(flash, AREA, IDS);
          const found = contentOf(booted, ids);
          expect([before, after]).toContain(found);
          if (mode === "complete" && operation === operations - 1) expect(found).toBe(after);
          for (let version = 0; version < 12; version += 1)
            booted.write(3, sampleValue(3, version));
          booted.write(2, sampleValue(2, 5));
          const last = createRecordStore(flash, AREA, IDS);
          expect(last.read(3)).toEqual(sampleValue(3, 11));
          expect(last.read(2)).toEqual(sampleValue(2, 5));
          expect(contentOf(last, [0, 1])).toBe(others);
          cuts += 1;
        }
      }
    }
    expect(halfChanges).toBeGreaterThan(2);
    expect(cuts).toBeGreaterThan(200);
  });

  test("L4: survives a cut while the first write lays out an empty area", () => {
    for (let operation = 0; operation < 5; operation += 1) {
      for (const mode of TEAR_MODES) {
        const flash = createCutFlash(6, 256);
        flash.cutAt(operation, mode);
        const first = createRecordStore(flash, AREA, IDS);
        expect(runUntilCut(() => first.write(1, sampleValue(1, 0)))).toBe(true);
        flash.cutAt(undefined);
        expect([undefined, sampleValue(1, 0)]).toContainEqual(
          createRecordStore(flash, AREA, IDS).read(1),
        );
        createRecordStore(flash, AREA, IDS).write(1, sampleValue(1, 1));
        expect(createRecordStore(flash, AREA, IDS).read(1)).toEqual(sampleValue(1, 1));
      }
    }
  });

  test("L4: lays out nothing before there is something to keep", () => {
    const flash = createCutFlash(6, 256);
    createRecordStore(flash, AREA, IDS).write(1, sampleValue(1, 1));
    const image = flash.image();
    flash.restore(new Uint8Array(image.length).fill(0));
    flash.cutAt(undefined);
    const store = createRecordStore(flash, AREA, IDS);
    expect(store.read(1)).toBeUndefined();
    expect(flash.operations()).toBe(0);
    flash.restore(image);
    expect(createRecordStore(flash, AREA, IDS).read(1)).toEqual(sampleValue(1, 1));
  });

  test("L4: reads and writes the same with a board's native CRC", () => {
    const flash = createCutFlash(6, 256);
    let calls = 0;
    const native = {
      ...flash,
      crc32(bytes: Uint8Array) {
        calls += 1;
        return crc32Of(bytes);
      },
    };
    const store = createRecordStore(native, AREA, IDS);
    for (let version = 0; version < 60; version += 1) store.write(1, sampleValue(1, version));
    expect(createRecordStore(flash, AREA, IDS).read(1)).toEqual(sampleValue(1, 59));
    expect(createRecordStore(native, AREA, IDS).read(1)).toEqual(sampleValue(1, 59));
    expect(calls).toBeGreaterThan(100);
  });

  test("L4: passes over cells that no longer take a write", () => {
    const flash = createCutFlash(6, 256);
    let writes = 0;
    const worn = {
      ...flash,
      program(address: number, bytes: Uint8Array) {
        writes += 1;
        if (writes % 5 !== 4) flash.program(address, bytes);
      },
    };
    const store = createRecordStore(worn, AREA, IDS);
    for (let version = 0; version < 40; version += 1) {
      store.write(version % 4, sampleValue(version % 4, version));
      expect(store.read(version % 4)).toEqual(sampleValue(version % 4, version));
    }
    expect(createRecordStore(worn, AREA, IDS).read(3)).toEqual(sampleValue(3, 39));
  });

  test("F6: one flipped bit anywhere in a record is put right, with either CRC", () => {
    const flash = createCutFlash(6, 256);
    createRecordStore(flash, AREA, IDS).write(1, sampleValue(1, 1));
    const image = flash.image();
    const used = image.findLastIndex((octet) => octet !== 0xff) + 1;
    const { crc32: _native, ...plain } = flash;
    let flips = 0;
    for (let address = 0; address < used; address += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        flash.restore(image);
        flash.flip(address, bit);
        expect(createRecordStore(flash, AREA, IDS).read(1)).toEqual(sampleValue(1, 1));
        if (flips % 5 === 0) {
          expect(createRecordStore(plain, AREA, IDS).read(1)).toEqual(sampleValue(1, 1));
        }
        flips += 1;
      }
    }
    expect(flips).toBeGreaterThan(300);
  });

  test("F6: a value that is damaged beyond repair is not trusted, its twin takes its place", () => {
    const flash = createCutFlash(6, 256);
    const store = createRecordStore(flash, AREA, IDS);
    store.write(1, sampleValue(1, 1));
    store.writeTwice(2, sampleValue(2, 1));
    store.writeTwice(2, sampleValue(2, 2));
    const image = flash.image();
    const used = image.findLastIndex((octet) => octet !== 0xff) + 1;
    let lost = 0;
    for (let address = 0; address + 9 < used; address += 1) {
      flash.restore(image);
      for (const [apart, bit] of [
        [0, 1],
        [4, 6],
        [9, 3],
      ] as const) {
        flash.flip(address + apart, bit);
      }
      const booted = createRecordStore(flash, AREA, IDS);
      const found = booted.read(1);
      if (found === undefined) lost += 1;
      else expect(found).toEqual(sampleValue(1, 1));
      // Three flips never reach both copies, which are further apart than that.
      const twin = booted.read(2);
      if (twin !== undefined) expect(twin).toEqual(sampleValue(2, 2));
    }
    expect(lost).toBeGreaterThan(20);
  });

  test("F6: values read right through a disturbed read path", () => {
    const flash = createCutFlash(6, 512);
    const area = { firstPage: 1, pageCount: 4 };
    const store = createRecordStore(flash, area, IDS);
    flash.disturbReads(10);
    for (let version = 0; version < 200; version += 1) {
      store.write(version % 5, sampleValue(version % 5, version));
      expect(store.read(version % 5)).toEqual(sampleValue(version % 5, version));
      if (version % 10 === 9) {
        const booted = createRecordStore(flash, area, IDS);
        expect(booted.read(version % 5)).toEqual(sampleValue(version % 5, version));
      }
    }
  });

  test.each(WEAR_KINDS)(
    "F7: goes on beside a worn page of kind %s and keeps every value",
    (kind) => {
      const area = { firstPage: 1, pageCount: 8 };
      for (let page = 1; page < 9; page += 1) {
        const flash = createCutFlash(10, 256);
        let store = createRecordStore(flash, area, IDS);
        const write = (version: number) => {
          store.write(version % 3, sampleValue(version % 3, version));
          expect(store.read(version % 3)).toEqual(sampleValue(version % 3, version));
        };
        store.write(7, sampleValue(7, 1));
        // The page dies while the other half is in use, so that it takes no value with it.
        const otherHalf = page < 5 ? 5 : 1;
        const before = flash.erases[otherHalf] ?? 0;
        let version = 0;
        while (flash.erases[otherHalf] === before) {
          version += 1;
          write(version);
        }
        flash.wearOut(page, kind);
        for (let more = 0; more < 150; more += 1) {
          version += 1;
          write(version);
          if (more % 7 !== 0) continue;
          store = createRecordStore(flash, area, IDS);
          expect(store.read(version % 3)).toEqual(sampleValue(version % 3, version));
          expect(store.read(7)).toEqual(sampleValue(7, 1));
        }
      }
    },
  );

  test("L4: a boot reads a few places, however many values were written before", () => {
    const flash = createCutFlash(8, 4096);
    const area = { firstPage: 0, pageCount: 8 };
    createRecordStore(flash, area).write(1, sampleValue(1, 0));
    let calls = 0;
    let octets = 0;
    for (let version = 0; version < 2000; version += 1) {
      createRecordStore(flash, area).write(version % 6, sampleValue(version % 6, version));
      flash.takeReads();
      createRecordStore(flash, area);
      const reads = flash.takeReads();
      calls = Math.max(calls, reads.calls);
      octets = Math.max(octets, reads.octets);
    }
    expect(calls).toBeLessThanOrEqual(12);
    expect(octets).toBeLessThanOrEqual(4096 + 1500);
  });

  test("spreads erases evenly over the pages of both halves", () => {
    const flash = createCutFlash(6, 256);
    const store = createRecordStore(flash, AREA, IDS);
    for (let version = 0; version < 3000; version += 1) store.write(1, sampleValue(1, version));
    const used = flash.erases.slice(1, 5);
    expect(Math.max(...used) - Math.min(...used)).toBeLessThanOrEqual(1);
    expect(flash.erases[0]).toBe(0);
    expect(flash.erases[5]).toBe(0);
  });
});

describe("nonce counter", () => {
  test("L4: never repeats a number, whatever power cut meets the reservation", () => {
    const flash = createCutFlash(6, 256);
    createRecordStore(flash, AREA, IDS).write(1, new Uint8Array(1));
    const seen = new Set<number>();
    for (let boot = 0; boot < 200; boot += 1) {
      flash.cutAt(undefined);
      const counter = createNonceCounter(createRecordStore(flash, AREA, IDS), 9);
      flash.cutAt(boot % 14, TEAR_MODES[boot % TEAR_MODES.length] ?? "none");
      runUntilCut(() => {
        for (let index = 0; index < 70 + (boot % 90); index += 1) {
          const number = counter.next();
          expect(seen.has(number)).toBe(false);
          seen.add(number);
        }
      });
    }
    expect(seen.size).toBeGreaterThan(800);
  });

  test("L4: never repeats a number when the newest reservation is lost to a flipped bit", () => {
    const flash = createCutFlash(6, 4096);
    createRecordStore(flash, AREA, IDS).write(1, new Uint8Array(1));
    let highest = 0;
    for (let boot = 0; boot < 6; boot += 1) {
      const counter = createNonceCounter(createRecordStore(flash, AREA, IDS), 9);
      for (let index = 0; index <= 40 * boot; index += 1) {
        const number = counter.next();
        expect(number).toBeGreaterThan(highest);
        highest = number;
      }
      // The newest reservation is the record that was programmed last; records are whole words.
      const image = flash.image();
      let last = image.length - 1;
      while (image[last] === 0xff) last -= 1;
      const word = last & ~3;
      image[word] = (image[word] ?? 0) ^ 1;
      flash.restore(image);
    }
  });

  test("writes flash twice for 64 numbers", () => {
    const flash = createCutFlash(6, 4096);
    createRecordStore(flash, AREA, IDS).write(1, new Uint8Array(1));
    const counter = createNonceCounter(createRecordStore(flash, AREA, IDS), 9);
    flash.cutAt(undefined);
    for (let index = 0; index < 640; index += 1) counter.next();
    expect(flash.operations()).toBe(20);
  });
});

/** What native code answers, made of the reference: a record that is right in every bit, or -1. */
function recordChecks(): RecordChecks {
  return {
    usedBytes(content) {
      let used = content.length & ~3;
      while (used > 0 && content.subarray(used - 4, used).every((octet) => octet === 0xff))
        used -= 4;
      return used;
    },
    payloadOf(content, offset, salt) {
      const [low = 0, high = 0, kind = 0, mirror = 0] = content.subarray(offset, offset + 4);
      const bytes = low + 256 * high;
      const end = offset + 8 + ((bytes + 3) & ~3);
      if (content.length - offset < 8 || end > content.length) return -1;
      if ((kind ^ mirror) !== 0xa5) return -1;
      const stored = new DataView(content.buffer, content.byteOffset).getUint32(offset + 4, true);
      return crcOfRecord(content.subarray(offset, end), salt) === stored ? bytes : -1;
    },
    crcOf: crcOfRecord,
    // The script goes through the page then, record for record.
    walk: (_content, from) => from,
  };
}

/**
 * Goal: a board's native checks change nothing but the cost.
 * Method: contents that end used, torn, in an octet of 0xff or erased, with the checks and without.
 */
test("finds where a page is erased the same way with a board's own count", () => {
  const flash = createCutFlash(2, 256);
  const native: FlashPort = { ...flash, records: recordChecks() };
  for (const used of [0, 1, 3, 4, 5, 8, 120, 252, 255, 256]) {
    for (const lastOctet of [0x00, 0xfe, 0xff]) {
      const content = new Uint8Array(256).fill(0xff);
      content.fill(0x5a, 0, used);
      if (used > 0) content[used - 1] = lastOctet;
      expect(usedBytes(native, content), `${used}`).toBe(usedBytes(flash, content));
      for (const offset of [0, 4, 120, 252]) {
        expect(isErasedFrom(native, content, offset)).toBe(isErasedFrom(flash, content, offset));
      }
    }
  }
});

/**
 * Goal: the same again for values, whose records are read in one step where they are whole.
 * Method: values of every padding, each bit of one record flipped at every read, with the checks and without.
 */
test("reads the same values with a board's own check, whatever bit is flipped", () => {
  const flash = createCutFlash(6, 256);
  const values = [0, 1, 2, 3, 4, 13].map((bytes) => new Uint8Array(bytes).fill(0x5a + bytes));
  const written = createRecordStore(flash, AREA, IDS);
  for (const [id, value] of values.entries()) written.write(id, value);
  const whole = createRecordStore({ ...flash, records: recordChecks() }, AREA, IDS);
  for (const [id, value] of values.entries()) expect(whole.read(id)).toEqual(value);
  expect(whole.read(values.length)).toBeUndefined();
  const image = flash.read(0, 6 * 256);
  const from = image.findIndex(
    (_octet, at) => values[5]?.every((one, i) => image[at + i] === one) === true,
  );
  for (let bit = 8 * (from - 8); bit < 8 * (from + 20); bit += 1) {
    const flipping: FlashPort = {
      ...flash,
      read(address, bytes) {
        const content = flash.read(address, bytes);
        const at = (bit >> 3) - address;
        if (at >= 0 && at < bytes) content[at] = (content[at] ?? 0) ^ (1 << (bit & 7));
        return content;
      },
    };
    const native = createRecordStore({ ...flipping, records: recordChecks() }, AREA, IDS);
    const script = createRecordStore(flipping, AREA, IDS);
    for (let id = 0; id <= values.length; id += 1) {
      expect(native.read(id), `bit ${bit} of ${id}`).toEqual(script.read(id));
    }
    expect(native.read(5), `bit ${bit}`).toEqual(values[5]);
  }
});

/**
 * Goal: the same again for records: whole ones, every flipped bit of one, and every wrong offset.
 * Method: a page with three records, asked for with the native checks and without.
 */
test("finds the same records with a board's own check, whole or damaged", () => {
  const salt = 0x1234_5678;
  const flash = createCutFlash(2, 256);
  const native: FlashPort = { ...flash, records: recordChecks() };
  let end = 0;
  for (const [kind, bytes] of [
    [1, 0],
    [4, 13],
    [3, 40],
  ] as const) {
    const payload = Uint8Array.from({ length: bytes }, (_none, index) => index * kind);
    const offset = appendRecord(native, salt, 0, end, kind, payload);
    expect(offset).toBe(end);
    end += recordBytes(bytes);
  }
  const whole = readPage(flash, 0);
  expect(recordsIn(native, whole, salt, 0, end).map((record) => record.kind)).toEqual([1, 4, 3]);
  let mended = 0;
  for (let bit = 0; bit < 8 * end; bit += 1) {
    const content = Uint8Array.from(whole);
    content[bit >> 3] = (content[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const expected = recordsIn(flash, content, salt, 0, end);
    expect(recordsIn(native, content, salt, 0, end), `bit ${bit}`).toEqual(expected);
    if (expected.length === 3) mended += 1;
  }
  expect(mended).toBe(8 * end);
  for (let offset = 0; offset < 256; offset += 4) {
    for (const bytes of [undefined, 0, 13, 14, 40]) {
      const expected = recordIn(flash, whole, salt, offset, bytes);
      expect(recordIn(native, whole, salt, offset, bytes), `${offset}`).toEqual(expected);
    }
  }
});
