// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { RealWorldTouched, withoutRealWorld } from "./real-world-trap.ts";

const REACHES: readonly (readonly [string, () => unknown])[] = [
  ["Date.now", () => Date.now()],
  ["new Date", () => new Date()],
  ["Math.random", () => Math.random()],
  ["setTimeout", () => setTimeout(() => undefined, 0)],
  ["performance.now", () => performance.now()],
  ["process.hrtime", () => process.hrtime()],
  ["process.hrtime.bigint", () => process.hrtime.bigint()],
  ["crypto.getRandomValues", () => globalThis.crypto.getRandomValues(new Uint8Array(1))],
  ["fetch", () => fetch("http://localhost")],
];

test.each(REACHES)("a run that uses %s stops at once", (_name, reach) => {
  expect(() => withoutRealWorld(reach)).toThrow(RealWorldTouched);
});

test("after a run, also one that threw, the real world is back", () => {
  expect(() =>
    withoutRealWorld(() => {
      throw new Error("from inside");
    }),
  ).toThrow("from inside");
  expect(Date.now()).toBeGreaterThan(0);
  expect(Math.random()).toBeLessThan(1);
});
