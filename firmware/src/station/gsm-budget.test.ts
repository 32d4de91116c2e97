// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { createCutFlash } from "../../test/cut-flash.ts";
import { createBenchTimer } from "../../test/lock-rig.ts";
import { openDeviceRecords } from "../shared/device-records.ts";
import { createGsmBudget } from "./gsm-budget.ts";

const HOUR_MS = 3_600_000;
const DAY_BYTES = 160_000;

/** One life of a station: records and timers are new, flash is what it was. */
function boot(flash = createCutFlash(8, 4096), bytesPerDay = DAY_BYTES) {
  const timer = createBenchTimer();
  const budget = createGsmBudget(openDeviceRecords(flash), timer.port, bytesPerDay);
  return { flash, timer, budget };
}

describe("the octets of a day over the mobile network", () => {
  test("F25: what was spent is spent after a boot, give or take a sixteenth", () => {
    const first = boot();
    first.budget.count(50_000);
    const second = boot(first.flash);
    expect(second.budget.spentBytes()).toBeGreaterThanOrEqual(50_000);
    expect(second.budget.spentBytes()).toBeLessThanOrEqual(50_000 + DAY_BYTES / 16);
    second.budget.count(DAY_BYTES - 50_000);
    expect(boot(first.flash).budget.isSpent()).toBe(true);
    expect(boot(createCutFlash(8, 4096), 0).budget.isSpent()).toBe(true);
  });

  test("F9: a day of small messages costs a few writes, and boots that send nothing cost none", () => {
    const { flash, timer, budget } = boot();
    const before = flash.operations();
    for (let hour = 0; hour < 23; hour += 1) {
      for (let message = 0; message < 60; message += 1) budget.count(115);
      timer.pass(HOUR_MS);
    }
    expect(budget.spentBytes()).toBe(23 * 60 * 115);
    const writes = flash.operations() - before;
    for (let again = 0; again < 20; again += 1) boot(flash);
    expect(flash.operations() - before).toBe(writes);
    expect(writes).toBeGreaterThan(16);
    expect(writes).toBeLessThan(100);
  });

  test("F25: a day ends after 24 hours of running, however they are cut by boots", () => {
    const first = boot();
    first.budget.count(DAY_BYTES);
    let hours = 0;
    let life = boot(first.flash);
    while (life.budget.isSpent() && hours < 100) {
      life.timer.pass(5 * HOUR_MS + HOUR_MS / 2);
      hours += 5.5;
      if (life.budget.isSpent()) life = boot(first.flash);
    }
    expect(hours).toBeGreaterThanOrEqual(24);
    expect(hours).toBeLessThan(30);
    expect(boot(first.flash).budget.spentBytes()).toBe(0);
  });

  test("F25: power that is cut in any write never gives octets back", () => {
    for (let cut = 0; cut < 6; cut += 1) {
      const { flash, budget } = boot();
      budget.count(40_000);
      flash.cutAt(cut);
      try {
        for (let message = 0; message < 200; message += 1) budget.count(200);
      } catch {
        flash.cutAt(undefined);
      }
      flash.cutAt(undefined);
      expect(boot(flash).budget.spentBytes()).toBeGreaterThanOrEqual(40_000);
    }
  });
});
