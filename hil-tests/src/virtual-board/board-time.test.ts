// SPDX-License-Identifier: EUPL-1.2
import { expect, test } from "vitest";
import { createBoardTime } from "./board-time.ts";

/** So slow that nothing comes due by itself while a test runs. */
const SLOWNESS = 100_000;

test("calls back what becomes due on the way, each at its own moment and in order", async () => {
  const time = createBoardTime(SLOWNESS);
  const calls: [string, number][] = [];
  const note = (name: string) => () => calls.push([name, Math.round(time.nowMs())]);
  time.after(300, note("late"));
  time.after(100, note("early"));
  time.after(100, note("early too"));
  const cancel = time.after(200, note("never"));
  time.after(50, () => time.after(100, note("added on the way")));
  cancel();
  expect(Math.round(await time.skip(1000, () => true))).toBe(1000);
  expect(calls).toEqual([
    ["early", 100],
    ["early too", 100],
    ["added on the way", 150],
    ["late", 300],
  ]);
  expect(time.nextMs()).toBe(undefined);
});

test("stops on the way where it is told to, and tells how far it came", async () => {
  const time = createBoardTime(SLOWNESS);
  let count = 0;
  const again = (): void => {
    count += 1;
    time.after(100, again);
  };
  time.after(100, again);
  expect(Math.round(await time.skip(1000, () => count < 3))).toBe(300);
  expect(count).toBe(3);
  expect(Math.round(time.nextMs() ?? 0)).toBe(100);
});

test("runs with the computer's time where nobody sets it forward", async () => {
  const time = createBoardTime(1);
  const before = performance.now();
  await new Promise<void>((resolve) => void time.after(20, resolve));
  expect(performance.now() - before).toBeGreaterThanOrEqual(19);
});
