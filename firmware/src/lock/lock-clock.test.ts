// SPDX-License-Identifier: EUPL-1.2

import { describe, expect, test } from "vitest";
import type { TimerPort } from "../ports.ts";
import { createLockClock } from "./lock-clock.ts";

const MORNING_S = 1_795_413_600;
const HOUR_S = 3600;

/** A clock with a timer that both run only when told. */
function createBench() {
  let nowS: number | undefined;
  let elapsedMs = 0;
  let waits: { readonly id: number; readonly atMs: number; readonly run: () => void }[] = [];
  let lastId = 0;
  let fills = 0;
  const timer: TimerPort = {
    after(delayMs, run) {
      lastId += 1;
      waits.push({ id: lastId, atMs: elapsedMs + delayMs, run });
      return lastId;
    },
    cancel(id) {
      waits = waits.filter((wait) => wait.id !== id);
    },
  };
  const clock = createLockClock(
    {
      nowS: () => nowS,
      set(value) {
        nowS = value;
      },
    },
    timer,
    {
      fill(target, offset, bytes) {
        fills += 1;
        target.fill(fills, offset, offset + bytes);
      },
    },
  );

  function passHours(hours: number): void {
    const endMs = elapsedMs + hours * HOUR_S * 1000;
    for (;;) {
      const next = waits.filter((wait) => wait.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      waits = waits.filter((wait) => wait !== next);
      elapsedMs = next.atMs;
      next.run();
    }
    elapsedMs = endMs;
    if (nowS !== undefined) nowS += hours * HOUR_S;
  }

  return { clock, passHours };
}

/** A clock that was set by an answer without delay. */
function createSetBench() {
  const bench = createBench();
  expect(bench.clock.grant(bench.clock.ask(), MORNING_S)).toBe(true);
  return bench;
}

describe("the clock of a lock", () => {
  test("T2, threat 21: an answer that was held back brings no hour back", () => {
    const { clock, passHours } = createSetBench();
    const nonce = clock.ask();
    passHours(8);
    const before = clock.interval();
    expect(clock.grant(nonce, MORNING_S + 60)).toBe(true);
    expect(clock.interval()?.loS).toBeGreaterThanOrEqual(before?.loS ?? Number.NaN);
    expect(clock.interval()?.hiS).toBeLessThanOrEqual((before?.hiS ?? 0) + 1);
  });

  test("T2: an answer that comes at once ends the doubt that drift has made", () => {
    const { clock, passHours } = createSetBench();
    passHours(24 * 30);
    const trueS = MORNING_S + 24 * 30 * HOUR_S;
    clock.grant(clock.ask(), trueS);
    expect(clock.interval()?.loS).toBe(trueS);
  });

  test("T2: a clock that is wrong beyond its drift is put right, forwards and back", () => {
    for (const errorS of [-2 * HOUR_S, 2 * HOUR_S]) {
      const { clock } = createSetBench();
      const trueS = MORNING_S + errorS;
      clock.grant(clock.ask(), trueS);
      expect(clock.interval()).toEqual({ loS: trueS, hiS: trueS + 60 });
    }
  });

  test("T2: a head that was signed later than the clock says puts it forward within its doubt", () => {
    const { clock } = createSetBench();
    clock.advance(MORNING_S + 45);
    expect(clock.interval()).toEqual({ loS: MORNING_S + 45, hiS: MORNING_S + 60 });
    clock.advance(MORNING_S);
    expect(clock.interval()?.loS).toBe(MORNING_S + 45);
  });

  test("T2, threat 20: a head from the future moves it nowhere, and a grant is asked for", () => {
    const { clock } = createSetBench();
    clock.advance(MORNING_S + 10 * 365 * 24 * HOUR_S);
    expect(clock.interval()).toBeUndefined();
    clock.grant(clock.ask(), MORNING_S + 5);
    expect(clock.interval()).toEqual({ loS: MORNING_S + 5, hiS: MORNING_S + 65 });
  });
});
