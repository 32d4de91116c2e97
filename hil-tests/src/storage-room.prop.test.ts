// SPDX-License-Identifier: EUPL-1.2
import fc from "fast-check";
import { expect, test } from "vitest";

import { type Chain, planRoom } from "./storage-room.ts";
import { openFlashImage } from "./virtual-board/flash-image.ts";
import { openStorage } from "./virtual-board/storage.ts";

const SEED = Number(process.env["SEED"]);
const PAGE_BYTES = 1024;
const GEOMETRY = { start: 0x10000000, bytes: 128 * PAGE_BYTES, pageBytes: PAGE_BYTES };
const SPARE_BYTES = 1024;

/** Files of a Storage in their order, each deleted or not. */
const storages = fc.array(
  fc.record({ bytes: fc.integer({ min: 1, max: 9000 }), isDeleted: fc.boolean() }),
  { minLength: 1, maxLength: 40 },
);
const wishes = fc.array(fc.integer({ min: 1, max: 12_000 }), { minLength: 1, maxLength: 5 });

/** A Storage with these files, as far as there is room, and its chain as a board would read it. */
function fill(files: readonly { readonly bytes: number; readonly isDeleted: boolean }[]) {
  const flash = openFlashImage(GEOMETRY, undefined);
  const storage = openStorage(flash);
  const entries: { address: number; size: number; name: string }[] = [];
  let freeAt = GEOMETRY.start;
  for (const [index, { bytes }] of files.entries()) {
    const next = freeAt + 32 + ((bytes + 3) & ~3);
    if (next <= GEOMETRY.start + GEOMETRY.bytes) {
      storage.write(`file-${index}`, Buffer.alloc(bytes, index + 1), 0, 0);
      entries.push({ address: freeAt, size: bytes, name: `file-${index}` });
      freeAt = next;
    }
  }
  for (const [index, entry] of entries.entries()) {
    if (files[index]?.isDeleted === true) {
      storage.erase(entry.name);
      entry.name = "";
    }
  }
  const end = GEOMETRY.start + GEOMETRY.bytes;
  const chain: Chain = { entries, pageBytes: PAGE_BYTES, freeAt, end };
  return { flash, storage, chain };
}

/** All that a Storage holds, by name. */
function contents(storage: ReturnType<typeof openStorage>): ReadonlyMap<string, string> {
  return new Map(storage.list().map((name) => [name, storage.read(name) ?? ""]));
}

/**
 * Goal: making room costs no file, whenever it ends, and gives places that can be written.
 * Method: any Storage and any wishes. After each word and each page of the plan the chain must be whole
 * and hold what it held, besides empty files that were wished for. Then the wishes are written.
 */
test("room is made without a moment at which a file is missing or another one appears", () => {
  let plans = 0;
  fc.assert(
    fc.property(storages, wishes, (files, sizes) => {
      const { flash, storage, chain } = fill(files);
      const wanted = sizes.map((bytes, index) => ({ name: `new-${index}`, bytes }));
      const plan = planRoom(chain, new Set(), wanted, SPARE_BYTES);
      if (plan === undefined) {
        return;
      }
      plans += plan.placed.length;
      const before = contents(storage);
      const check = (): void => {
        expect(storage.isValid()).toBe(true);
        expect(storage.stats().freeBytes).toBe(chain.end - chain.freeAt);
        const held = contents(storage);
        for (const [name, content] of before) {
          expect(held.get(name)).toBe(content);
        }
        for (const name of held.keys()) {
          expect(before.has(name) || plan.placed.includes(name)).toBe(true);
        }
      };
      for (const step of plan.steps) {
        if (step.kind === "erase") {
          flash.erasePage(step.address);
          check();
        } else {
          for (let offset = 0; offset < step.octets.length; offset += 4) {
            flash.program(step.address + offset, step.octets.subarray(offset, offset + 4));
            check();
          }
        }
      }
      expect(new Set(storage.list())).toEqual(new Set([...before.keys(), ...plan.placed]));
      for (const { name, bytes } of wanted.filter((file) => plan.placed.includes(file.name))) {
        expect(storage.read(name)).toBe("\u00ff".repeat(bytes));
      }
      const free = storage.stats().freeBytes;
      for (const { name, bytes } of wanted) {
        storage.write(name, Buffer.alloc(bytes, 0xaa), 0, 0);
      }
      const atEnd = wanted.filter(({ name }) => !plan.placed.includes(name));
      const used = atEnd.reduce((sum, { bytes }) => sum + 32 + ((bytes + 3) & ~3), 0);
      expect(storage.stats().freeBytes).toBe(free - used);
      expect(storage.stats().freeBytes).toBeGreaterThanOrEqual(SPARE_BYTES);
      expect(contents(storage).size).toBe(before.size + wanted.length);
    }),
    { seed: SEED, numRuns: 300 },
  );
  expect(plans).toBeGreaterThan(50);
});

test("a Storage without deleted files of a page has no room to make", () => {
  const { chain } = fill([{ bytes: 120 * PAGE_BYTES, isDeleted: false }]);
  expect(planRoom(chain, new Set(), [{ name: "new", bytes: 9000 }], 0)).toBeUndefined();
});
