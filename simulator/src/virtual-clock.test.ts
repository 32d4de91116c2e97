// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { createRandomStream } from "./prng.ts";
import { createVirtualClock } from "./virtual-clock.ts";

test("events run in the order of time, and of scheduling within one moment", () => {
  const clock = createVirtualClock(1000);
  const random = createRandomStream("events");
  const expected: [number, number][] = [];
  const seen: [number, number][] = [];
  for (let order = 0; order < 500; order += 1) {
    const timeUs = random.drawBelow(40);
    expected.push([timeUs, order]);
    clock.scheduleAt(timeUs, () => seen.push([timeUs, order]));
  }
  clock.runUntil(100);
  expected.sort((left, right) => left[0] - right[0] || left[1] - right[1]);
  expect(seen).toEqual(expected);
  expect(clock.nowUs()).toBe(100);
  expect(clock.ticks()).toBe(500);
});

test("a cancelled event does not run", () => {
  const clock = createVirtualClock(0);
  const seen: string[] = [];
  const event = clock.scheduleAfter(10, () => seen.push("cancelled"));
  clock.scheduleAfter(5, () => clock.cancel(event));
  clock.runUntil(20);
  expect(seen).toEqual([]);
});

test("an event may schedule the next one, and UTC seconds follow", () => {
  const clock = createVirtualClock(1000);
  const seen: number[] = [];
  const beat = () => {
    seen.push(clock.nowS());
    if (seen.length < 3) clock.scheduleAfter(1_500_000, beat);
  };
  clock.scheduleAfter(0, beat);
  clock.runUntil(60_000_000);
  expect(seen).toEqual([1000, 1001, 1003]);
});
