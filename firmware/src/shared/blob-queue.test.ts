// SPDX-License-Identifier: EUPL-1.2
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCutFlash, runUntilCut, TEAR_MODES } from "../../test/cut-flash.ts";
import { createBlobQueue } from "./blob-queue.ts";

const AREA = { firstPage: 1, pageCount: 4 };
const PAGE = 512;

function blob(tag: number, bytes = 100): Uint8Array {
  return new Uint8Array(bytes).fill(tag & 0xff);
}

describe("blob queue", () => {
  test("T3: any sequence of puts, frees and boots keeps exactly what was put and not freed", () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant("put" as const),
        bytes: fc.oneof(fc.integer({ min: 1, max: 500 }), fc.constantFrom(116, 244, 484)),
      }),
      fc.record({ do: fc.constant("free" as const), pick: fc.nat(20) }),
      fc.record({ do: fc.constant("boot" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const flash = createCutFlash(6, PAGE);
        let queue = createBlobQueue(flash, AREA);
        let model: { tag: number; bytes: number }[] = [];
        let tag = 0;
        for (const move of steps) {
          if (move.do === "put") {
            const bytes = Math.min(move.bytes, queue.payloadBytesMax);
            tag += 1;
            if (queue.append(tag, blob(tag, bytes))) model.push({ tag, bytes });
            else expect(model.length).toBeGreaterThan(0);
          } else if (move.do === "free") {
            const picked = model[move.pick % Math.max(1, model.length)];
            if (picked !== undefined) queue.free(picked.tag);
            model = model.filter((item) => item !== picked);
          } else {
            queue = createBlobQueue(flash, AREA);
          }
          expect(queue.tags()).toEqual(model.map((item) => item.tag));
          for (const item of model)
            expect(queue.read(item.tag)).toEqual(blob(item.tag, item.bytes));
        }
        expect(flash.doublePrograms()).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test("T3: a page that blobs fill to the last octet still has room for the mark of each", () => {
    const flash = createCutFlash(6, PAGE);
    const queue = createBlobQueue(flash, AREA);
    for (let tag = 1; tag <= 8; tag += 1) expect(queue.append(tag, blob(tag, 116))).toBe(true);
    for (let tag = 1; tag <= 8; tag += 1) queue.free(tag);
    expect(createBlobQueue(flash, AREA).tags()).toEqual([]);
  });

  test("F8: a full queue refuses and keeps what it has; freeing makes room again", () => {
    const queue = createBlobQueue(createCutFlash(6, PAGE), AREA);
    let tag = 0;
    while (queue.append(tag + 1, blob(tag + 1))) tag += 1;
    expect(tag).toBeGreaterThanOrEqual(12);
    expect(queue.tags().length).toBe(tag);
    expect(queue.freeOldestPage()).toBeGreaterThan(1);
    expect(queue.append(tag + 1, blob(tag + 1))).toBe(true);
    expect(queue.read(tag + 1)).toEqual(blob(tag + 1));
  });

  test.each(TEAR_MODES)(
    "F2: a power cut (%s) at any operation loses no blob that was told",
    (mode) => {
      const scenario = (queue: ReturnType<typeof createBlobQueue>, told: number[]) => {
        for (let tag = 10; tag < 30; tag += 1) {
          queue.append(tag, blob(tag));
          told.push(tag);
          if (tag > 12) {
            const freed = tag - 3;
            told.splice(told.indexOf(freed), 1);
            queue.free(freed);
          }
        }
      };
      const dry = createCutFlash(6, PAGE);
      scenario(createBlobQueue(dry, AREA), []);
      const operations = dry.operations();
      expect(operations).toBeGreaterThan(30);
      for (let cut = 0; cut < operations; cut += 1) {
        const flash = createCutFlash(6, PAGE, cut + 1);
        const queue = createBlobQueue(flash, AREA);
        const told: number[] = [];
        flash.cutAt(cut, mode);
        expect(runUntilCut(() => scenario(queue, told))).toBe(true);
        flash.cutAt(undefined);
        const booted = createBlobQueue(flash, AREA);
        for (const tag of told) expect(booted.read(tag)).toEqual(blob(tag));
        // At most the blob that was under way, and the one that was being freed, are there besides.
        const extra = booted.tags().filter((tag) => told.indexOf(tag) < 0);
        expect(extra.length).toBeLessThanOrEqual(1);
        expect(booted.append(99, blob(99))).toBe(true);
        expect(booted.read(99)).toEqual(blob(99));
      }
    },
  );
});
