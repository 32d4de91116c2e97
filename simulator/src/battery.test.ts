// SPDX-License-Identifier: EUPL-1.2

import { describe, expect, test } from "vitest";
import { createBattery, KEY_CELL } from "./battery.ts";
import { createVirtualClock } from "./virtual-clock.ts";

const HOUR_US = 3_600_000_000;

describe("a battery", () => {
  test("gives its capacity, less in the cold, and nothing when it is empty", () => {
    for (const [isCold, hours] of [
      [false, 25],
      [true, 15],
    ] as const) {
      const clock = createVirtualClock(0);
      const battery = createBattery(clock, KEY_CELL, 100);
      battery.setCold(isCold);
      battery.draw("lamp", 10);
      clock.runUntil((hours - 0.1) * HOUR_US);
      expect(battery.isEmpty()).toBe(false);
      clock.runUntil((hours + 0.1) * HOUR_US);
      expect(battery.isEmpty()).toBe(true);
      expect(battery.percent()).toBe(0);
    }
  });

  test("its voltage falls with charge, with load, and more in the cold or over dirty contacts", () => {
    const clock = createVirtualClock(0);
    const battery = createBattery(clock, KEY_CELL, 100);
    const full = battery.millivolts();
    battery.draw("motor", 600);
    const loaded = battery.millivolts();
    expect(full - loaded).toBe(210);
    battery.setCold(true);
    expect(full - battery.millivolts()).toBe(630);
    battery.setExtraOhm(2);
    expect(full - battery.millivolts()).toBe(1830);
    battery.draw("motor", 0);
    expect(battery.millivolts()).toBe(full);
    battery.setPercent(10);
    expect(battery.millivolts()).toBeLessThan(full - 1000);
    battery.setPercent(1);
    expect(battery.millivolts()).toBeLessThan(2700);
  });
});
