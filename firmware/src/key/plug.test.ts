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
  return { plug, told, pass: timer.pass };
}

describe("plug of a key", () => {
  test("a contact that bounces is one insertion and one withdrawal", () => {
    const { plug, told, pass } = createBench();
    for (let bounce = 0; bounce < 7; bounce += 1) {
      plug.onSense(bounce % 2 === 0, false);
      pass(SETTLE_MS - 1);
    }
    expect(told).toEqual([]);
    pass(1);
    expect(told).toEqual(["power on", "in"]);
    for (let bounce = 0; bounce < 4; bounce += 1) {
      plug.onSense(bounce % 2 === 1, false);
      pass(SETTLE_MS - 1);
    }
    pass(1000);
    expect(told).toEqual(["power on", "in"]);
    plug.onSense(false, false);
    pass(SETTLE_MS);
    expect(told).toEqual(["power on", "in", "power off", "out"]);
  });

  test("a touch that is shorter than the bounce is no insertion", () => {
    const { plug, told, pass } = createBench();
    plug.onSense(true, false);
    pass(SETTLE_MS - 1);
    plug.onSense(false, false);
    pass(1000);
    expect(told).toEqual([]);
  });

  test("feeds nothing that carries a voltage itself", () => {
    const { plug, told, pass } = createBench();
    plug.onSense(true, true);
    pass(SETTLE_MS);
    expect(told).toEqual(["in, fed"]);
  });

  test("an overload switches off until the plug is pulled, and the next insertion is as ever", () => {
    const { plug, told, pass } = createBench();
    plug.onSense(true, false);
    pass(SETTLE_MS);
    plug.onOverload();
    pass(10_000);
    plug.onSense(true, false);
    pass(10_000);
    expect(told).toEqual(["power on", "in", "power off", "overload"]);
    plug.onSense(false, false);
    pass(SETTLE_MS);
    plug.onSense(true, false);
    pass(SETTLE_MS);
    expect(told.slice(4)).toEqual(["power off", "out", "power on", "in"]);
  });

  test("an overload without an insertion tells nobody and leaves the output off", () => {
    const { plug, told } = createBench();
    plug.onOverload();
    expect(told).toEqual(["power off"]);
  });
});
