// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { KEY_BATTERY } from "../key/battery.ts";
import {
  LINK_GSM,
  LINK_LAN,
  LINK_NONE,
  LINK_WIFI,
  POWER_BATTERY,
  POWER_KEY,
  POWER_MAINS,
  type PowerSource,
} from "../ports.ts";
import {
  keyFedPeakMa,
  keyFedSyncMj,
  keyLeftMj,
  LEDGER,
  leftMj,
  loadMw,
  reserveMj,
  syncMj,
} from "./energy-ledger.ts";
import { createPowerLadder } from "./power-ladder.ts";

function ladderOn(source: PowerSource, percent: number) {
  return createPowerLadder({ source: () => source, percent: () => percent });
}

describe("the energy of a station", () => {
  test("T5: on its battery it syncs through a night on Wi-Fi, and 72 hours are beyond it", () => {
    const hours = (link: 0 | 1 | 2 | 3) => leftMj(100) / loadMw(link) / 3600;
    expect(hours(LINK_WIFI)).toBeGreaterThan(12);
    expect(hours(LINK_LAN)).toBeGreaterThan(8);
    expect(hours(LINK_GSM)).toBeGreaterThan(8);
    expect(hours(LINK_NONE)).toBeLessThan(72);
    // The keys of a shift do not shorten that by a tenth.
    expect(40 * syncMj(LINK_WIFI)).toBeLessThan(leftMj(100) / 10);
  });

  test("T5: the modem is left at the reserve, and the reserve lasts as long as it says", () => {
    let limit = 100;
    while (ladderOn(POWER_BATTERY, limit).allowsLink(LINK_GSM)) limit -= 1;
    expect(leftMj(limit)).toBeLessThanOrEqual(reserveMj());
    expect(leftMj(limit + 1)).toBeGreaterThan(reserveMj());
    expect(limit).toBeGreaterThan(LEDGER.cutOffPercent);
    const ladder = ladderOn(POWER_BATTERY, limit);
    expect([LINK_LAN, LINK_WIFI].every((link) => ladder.allowsLink(link as 1 | 2))).toBe(true);
    expect(leftMj(limit + 1) / loadMw(LINK_NONE)).toBeGreaterThan(LEDGER.reserveS);
    expect(ladderOn(POWER_MAINS, 0).allowsLink(LINK_GSM)).toBe(true);
  });

  test("T5: a battery that would not last through a sync begins none", () => {
    expect(ladderOn(POWER_BATTERY, LEDGER.cutOffPercent + 1).allowsSync(LINK_WIFI, 50)).toBe(true);
    expect(ladderOn(POWER_BATTERY, LEDGER.cutOffPercent).allowsSync(LINK_NONE, 50)).toBe(false);
    expect(ladderOn(POWER_MAINS, 0).allowsSync(LINK_LAN, 0)).toBe(true);
  });

  test("T6: a key's output bears every link but the modem, and one sync is a small part of its battery", () => {
    const ladder = ladderOn(POWER_KEY, 0);
    for (const link of [LINK_NONE, LINK_LAN, LINK_WIFI] as const) {
      expect(keyFedPeakMa(link)).toBeLessThanOrEqual(LEDGER.contactLimitMa);
      expect(ladder.allowsLink(link)).toBe(true);
      expect(keyFedSyncMj(link)).toBeLessThan(LEDGER.keyBatteryMj / 100);
    }
    expect(keyFedPeakMa(LINK_GSM)).toBeGreaterThan(LEDGER.contactLimitMa);
    expect(ladder.allowsLink(LINK_GSM)).toBe(false);
  });

  test("T6: a key pays for one sync, and for none at or below its stop of 20 %", () => {
    const ladder = ladderOn(POWER_KEY, 0);
    expect(ladder.allowsSync(LINK_WIFI, 21)).toBe(true);
    expect(ladder.allowsSync(LINK_WIFI, 20)).toBe(false);
    expect(ladder.allowsSync(LINK_WIFI, 3)).toBe(false);
    ladder.noteSync();
    expect(ladder.allowsSync(LINK_WIFI, 90)).toBe(false);
    ladder.noteKey();
    expect(ladder.allowsSync(LINK_WIFI, 90)).toBe(true);
  });

  test("the station's idea of a key's battery is the key's own, at 3.7 volts", () => {
    expect(LEDGER.keyBatteryMj).toBe((KEY_BATTERY.capacityUah * 3.7 * 3600) / 1000);
    expect(keyLeftMj(100)).toBe(0.8 * LEDGER.keyBatteryMj);
  });
});
