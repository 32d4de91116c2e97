// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { IDLE_HOURS_AFTER_WARNING, KEY_BATTERY, warningPercent } from "./battery.ts";

/** Openings that a battery still gives from a charge on, counted one by one, after idle hours. */
function openingsFrom(percent: number, coldPercent: number, idleHours: number): number {
  const emptyUah = (KEY_BATTERY.capacityUah * KEY_BATTERY.emptyPercent) / 100;
  let usableUah =
    (((KEY_BATTERY.capacityUah * percent) / 100 - emptyUah) * coldPercent) / 100 -
    idleHours * KEY_BATTERY.idleUahPerHour;
  let openings = 0;
  while (usableUah >= KEY_BATTERY.openingUah) {
    usableUah -= KEY_BATTERY.openingUah;
    openings += 1;
  }
  return openings;
}

describe("battery of a key", () => {
  test("K5: at least 200 openings follow the warning, also in the cold and after a weekend", () => {
    const percent = warningPercent(KEY_BATTERY);
    expect(openingsFrom(percent, 100, 0)).toBeGreaterThan(300);
    expect(openingsFrom(percent, KEY_BATTERY.coldPercent, 0)).toBeGreaterThanOrEqual(200);
    expect(
      openingsFrom(percent, KEY_BATTERY.coldPercent, IDLE_HOURS_AFTER_WARNING),
    ).toBeGreaterThanOrEqual(200);
    // And it does not warn so early that nobody listens.
    expect(percent).toBeLessThanOrEqual(25);
    expect(
      openingsFrom(percent - 2, KEY_BATTERY.coldPercent, IDLE_HOURS_AFTER_WARNING),
    ).toBeLessThan(200);
  });

  test("K5: a costlier opening, a smaller or a colder battery warns earlier", () => {
    const usual = warningPercent(KEY_BATTERY);
    expect(warningPercent({ ...KEY_BATTERY, openingUah: 200 })).toBeGreaterThan(usual);
    expect(warningPercent({ ...KEY_BATTERY, capacityUah: 150_000 })).toBeGreaterThan(usual);
    expect(warningPercent({ ...KEY_BATTERY, coldPercent: 40 })).toBeGreaterThan(usual);
  });
});
