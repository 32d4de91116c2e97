// SPDX-License-Identifier: EUPL-1.2

import { BOLT_JAMMED, VOLTAGE_LOW } from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createBenchBolt, createBenchTimer, TRAVEL_MS } from "../../test/lock-rig.ts";
import { BOLT_BETWEEN, BOLT_LOCKED, BOLT_UNLOCKED } from "../ports.ts";
import {
  createBolt,
  LOADED_MILLIVOLTS_MIN,
  MOVE_MS_MAX,
  RETRY_PAUSE_MS,
  TRIES_MAX,
  WATCH_MS,
} from "./bolt.ts";

function createBench(start: 0 | 1 | 2 = BOLT_LOCKED) {
  const timer = createBenchTimer();
  const bench = createBenchBolt();
  bench.moveTo(start);
  const told: string[] = [];
  let millivolts = 3300;
  const bolt = createBolt(
    {
      motor: bench.motor,
      timer: timer.port,
      supply: { millivolts: () => millivolts, percent: () => 100 },
    },
    {
      onRelocked: () => told.push("relocked"),
      onFailed: (code, direction) => told.push(`${code.toString(16)} ${direction}`),
    },
  );
  bench.wire((position) => bolt.onPosition(position));
  return {
    bench,
    bolt,
    told,
    setMillivolts(value: number) {
      millivolts = value;
    },
    pass(spanMs: number) {
      let runningMs = 0;
      for (let done = 0; done < spanMs; done += 50) {
        timer.pass(50);
        if (bench.turning() !== "stop") runningMs += 50;
        bench.pass(50);
      }
      return runningMs;
    },
  };
}

const JAMMED = BOLT_JAMMED.toString(16);
const LOW = VOLTAGE_LOW.toString(16);

describe("bolt", () => {
  test("rule 10: unlocks, rests five seconds with the motor off, relocks by its own timer", () => {
    const { bench, bolt, told, pass } = createBench();
    bolt.start();
    expect(bench.events).toEqual([]);
    bolt.unlock();
    expect(pass(4900)).toBeLessThanOrEqual(TRAVEL_MS + 50);
    expect(bench.position()).toBe(BOLT_UNLOCKED);
    pass(1500);
    expect(bench.position()).toBe(BOLT_LOCKED);
    expect(bench.turning()).toBe("stop");
    expect(told).toEqual([]);
  });

  test("rule 10: another unlock while the door is open counts five seconds from then", () => {
    const { bench, bolt, pass } = createBench();
    bolt.unlock();
    pass(4000);
    bolt.unlock();
    pass(4000);
    expect(bench.position()).toBe(BOLT_UNLOCKED);
    pass(2500);
    expect(bench.position()).toBe(BOLT_LOCKED);
  });

  test("rule 10: gives a jam three tries, reports it, and leaves the motor off", () => {
    const { bench, bolt, told, pass } = createBench();
    bench.stick(true);
    bolt.unlock();
    const runningMs = pass(60_000);
    expect(bench.events.filter((event) => event === "unlock").length).toBe(TRIES_MAX);
    expect(told).toEqual([`${JAMMED} 1`]);
    expect(bench.turning()).toBe("stop");
    expect(runningMs).toBeLessThanOrEqual(TRIES_MAX * (MOVE_MS_MAX + 50));
    bench.stick(false);
    bolt.unlock();
    pass(1000);
    expect(bench.position()).toBe(BOLT_UNLOCKED);
  });

  test("rule 10: a bolt stuck between its ends is driven back, and both failures are told", () => {
    const { bench, bolt, told, pass } = createBench();
    bolt.unlock();
    pass(100);
    expect(bench.position()).toBe(BOLT_BETWEEN);
    bench.stick(true);
    const runningMs = pass(60_000);
    expect(told).toEqual([`${JAMMED} 1`, `${JAMMED} 2`]);
    expect(runningMs).toBeLessThanOrEqual(2 * TRIES_MAX * (MOVE_MS_MAX + 50));
    expect(bench.turning()).toBe("stop");
    bench.stick(false);
    bolt.lock();
    pass(1000);
    expect(bench.position()).toBe(BOLT_LOCKED);
  });

  test("rule 10: a jam that clears before the third try opens the door without a report", () => {
    const { bench, bolt, told, pass } = createBench();
    bench.stick(true);
    bolt.unlock();
    pass(MOVE_MS_MAX + RETRY_PAUSE_MS + 100);
    bench.stick(false);
    pass(1000);
    expect(bench.position()).toBe(BOLT_UNLOCKED);
    expect(told).toEqual([]);
  });

  test("L4: a bolt that was moving when power vanished is driven to locked at the next power", () => {
    for (const start of [BOLT_BETWEEN, BOLT_UNLOCKED] as const) {
      const { bench, bolt, told, pass } = createBench(start);
      bolt.start();
      pass(1000);
      expect(bench.position()).toBe(BOLT_LOCKED);
      expect(told).toEqual(["relocked"]);
      expect(bench.turning()).toBe("stop");
    }
  });

  test("rule 10: never starts the motor below the safe voltage", () => {
    const { bench, bolt, told, pass, setMillivolts } = createBench(BOLT_UNLOCKED);
    setMillivolts(2600);
    expect(bolt.canMove()).toBe(false);
    bolt.start();
    bolt.unlock();
    pass(4900);
    expect(told).toEqual([`${LOW} 2`]);
    pass(5000);
    expect(bench.events).toEqual([]);
    expect(told).toEqual([`${LOW} 2`, `${LOW} 2`]);
    setMillivolts(3300);
    bolt.lock();
    pass(1000);
    expect(bench.position()).toBe(BOLT_LOCKED);
  });

  test("rule 10: a sag between two tries ends the move", () => {
    const { bench, bolt, told, pass, setMillivolts } = createBench();
    bench.stick(true);
    bolt.unlock();
    pass(500);
    setMillivolts(2000);
    pass(10_000);
    expect(bench.events).toEqual(["unlock", "stop"]);
    expect(told).toEqual([`${LOW} 1`]);
  });

  test("rule 10: a supply that sags under the load stops the motor at once, three times", () => {
    const { bench, bolt, told, pass, setMillivolts } = createBench();
    bench.stick(true);
    bolt.unlock();
    let runningMs = 0;
    for (let step = 0; step < 100; step += 1) {
      // The voltage is good while the motor rests and falls as soon as it runs.
      setMillivolts(bench.turning() === "stop" ? 3000 : LOADED_MILLIVOLTS_MIN - 1);
      runningMs += pass(50);
    }
    expect(bench.events.filter((event) => event === "unlock").length).toBe(TRIES_MAX);
    expect(told).toEqual([`${LOW} 1`]);
    expect(runningMs).toBeLessThanOrEqual(TRIES_MAX * (WATCH_MS + 50));
    expect(bench.turning()).toBe("stop");
    bench.stick(false);
    setMillivolts(3000);
    bolt.unlock();
    pass(1000);
    expect(bench.position()).toBe(BOLT_UNLOCKED);
  });

  test("L3: a bolt turned by hand while the motor rests starts nothing", () => {
    const { bench, bolt, pass } = createBench();
    bolt.start();
    bench.moveTo(BOLT_UNLOCKED);
    bench.moveTo(BOLT_LOCKED);
    pass(10_000);
    expect(bench.events).toEqual([]);
  });

  test("L3: a bolt turned by hand while the motor runs ends the move at its end", () => {
    const { bench, bolt, pass } = createBench();
    bolt.unlock();
    pass(100);
    bench.moveTo(BOLT_UNLOCKED);
    expect(bench.turning()).toBe("stop");
    pass(6000);
    expect(bench.position()).toBe(BOLT_LOCKED);
  });
});
