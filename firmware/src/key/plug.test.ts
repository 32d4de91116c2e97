// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { createBenchTimer } from "../../test/lock-rig.ts";
import { createPlug, SETTLE_MS } from "./plug.ts";

/** A plug whose role and output only write down what they are told. */
function createBench() {
  const timer = createBenchTimer();
  const told: string[] = [];
  const role = {
    onContact: (isPlugged: boolean, senses: boolean) =>
      told.push(isPlugged ? `in${senses ? ", fed" : ""}` : "out"),
    onOverload: () => told.push("overload"),
    onBytes: () => undefined,
    onButton: () => undefined,
    status: () => {
      throw new Error("nobody asks");
    },
  };
  const power = { on: () => told.push("power on"), off: () => told.push("power off") };
  const plug = createPlug(timer.port, power, role);
  told.length = 0;
  let nowMs = 0;
  return {
    told,
    onOverload: plug.onOverload,
    sense: (isClosed: boolean, sensesVoltage = false) =>
      plug.onSense(isClosed, sensesVoltage, nowMs),
    pass(spanMs: number) {
      nowMs += spanMs;
      timer.pass(spanMs);
    },
    /** Time passes while the processor computes: edges wait with their time, timers are late. */
    compute(spanMs: number) {
      nowMs += spanMs;
    },
  };
}

describe("plug of a key", () => {
  test("a contact that bounces is one insertion and one withdrawal", () => {
    const { sense, told, pass } = createBench();
    for (let bounce = 0; bounce < 7; bounce += 1) {
      sense(bounce % 2 === 0);
      pass(SETTLE_MS - 1);
    }
    expect(told).toEqual([]);
    pass(1);
    expect(told).toEqual(["power on", "in"]);
    for (let bounce = 0; bounce < 4; bounce += 1) {
      sense(bounce % 2 === 1);
      pass(SETTLE_MS - 1);
    }
    pass(1000);
    expect(told).toEqual(["power on", "in"]);
    sense(false);
    pass(SETTLE_MS);
    expect(told).toEqual(["power on", "in", "power off", "out"]);
  });

  test("a touch that is shorter than the bounce is no insertion", () => {
    const { sense, told, pass } = createBench();
    sense(true);
    pass(SETTLE_MS - 1);
    sense(false);
    pass(1000);
    expect(told).toEqual([]);
  });

  test("a key that is pulled and put in again while it computes begins anew", () => {
    const { compute, sense, told, pass } = createBench();
    sense(true);
    pass(SETTLE_MS);
    told.length = 0;
    sense(false);
    compute(1);
    sense(true);
    compute(1);
    sense(false);
    compute(SETTLE_MS);
    sense(true);
    compute(2000);
    expect(told).toEqual(["power off", "out"]);
    pass(SETTLE_MS);
    expect(told).toEqual(["power off", "out", "power on", "in"]);
  });

  test("each of several insertions while it computes is told, and bounces are none of them", () => {
    const { compute, sense, told, pass } = createBench();
    sense(true);
    pass(SETTLE_MS);
    told.length = 0;
    for (let insertion = 0; insertion < 3; insertion += 1) {
      sense(false);
      compute(SETTLE_MS);
      sense(true);
      compute(SETTLE_MS);
    }
    for (let bounce = 0; bounce < 10; bounce += 1) {
      sense(bounce % 2 === 1);
      compute(SETTLE_MS - 1);
    }
    pass(SETTLE_MS);
    const once = ["power off", "out", "power on", "in"];
    expect(told).toEqual([...once, ...once, ...once]);
  });

  test("an edge before the last one, by a clock that was set, waits for the contact to settle", () => {
    const { compute, sense, told, pass } = createBench();
    sense(true);
    compute(-1_000_000);
    sense(false);
    compute(1);
    sense(true);
    expect(told).toEqual([]);
    pass(SETTLE_MS);
    expect(told).toEqual(["power on", "in"]);
  });

  test("feeds nothing that carries a voltage itself", () => {
    const { sense, told, pass } = createBench();
    sense(true, true);
    pass(SETTLE_MS);
    expect(told).toEqual(["in, fed"]);
  });

  test("an overload switches off until the plug is pulled, and the next insertion is as ever", () => {
    const { sense, onOverload, told, pass } = createBench();
    sense(true);
    pass(SETTLE_MS);
    onOverload();
    pass(10_000);
    sense(true);
    pass(10_000);
    expect(told).toEqual(["power on", "in", "power off", "overload"]);
    sense(false);
    pass(SETTLE_MS);
    sense(true);
    pass(SETTLE_MS);
    expect(told.slice(4)).toEqual(["power off", "out", "power on", "in"]);
  });

  test("an overload without an insertion tells nobody and leaves the output off", () => {
    const { onOverload, told } = createBench();
    onOverload();
    expect(told).toEqual(["power off"]);
  });
});
