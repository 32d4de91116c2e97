// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { createRandomStream } from "./prng.ts";

function drawMany(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}

test("X6: the same seed and label give the same draws", () => {
  const first = createRandomStream("7").split("people").split("carer 3");
  const second = createRandomStream("7").split("people").split("carer 3");
  expect(drawMany(50, first.drawU32)).toEqual(drawMany(50, second.drawU32));
});

test("X6: another seed or another label gives other draws", () => {
  const seven = drawMany(8, createRandomStream("7").split("a").drawU32);
  expect(drawMany(8, createRandomStream("8").split("a").drawU32)).not.toEqual(seven);
  expect(drawMany(8, createRandomStream("7").split("b").drawU32)).not.toEqual(seven);
});

test("X6: a draw in one stream does not shift its children or its siblings", () => {
  const still = createRandomStream("7");
  const busy = createRandomStream("7");
  drawMany(1000, busy.drawU32);
  drawMany(1000, busy.split("other").drawU32);
  expect(drawMany(20, busy.split("flash").drawU32)).toEqual(
    drawMany(20, still.split("flash").drawU32),
  );
});

test("draws stay in their bounds and reach both of them", () => {
  const random = createRandomStream("bounds");
  const values = drawMany(2000, () => random.drawBetween(3, 9));
  expect(Math.min(...values)).toBe(3);
  expect(Math.max(...values)).toBe(9);
});

test("a shuffle keeps every element once and leaves its argument alone", () => {
  const items = [1, 2, 3, 4, 5, 6, 7, 8];
  const shuffled = createRandomStream("shuffle").shuffle(items);
  expect(items).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(shuffled.toSorted((left, right) => left - right)).toEqual(items);
});

test("the bytes of a stream look even: no value is missing in 64 kB", () => {
  const bytes = new Uint8Array(65_536);
  createRandomStream("bytes").fill(bytes, 0, bytes.length);
  expect(new Set(bytes).size).toBe(256);
});
