// SPDX-License-Identifier: EUPL-1.2
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { board as esp32s3 } from "../boards/esp32s3.ts";
import { board as xiao } from "../boards/xiao-nrf52840.ts";
import { POWER_BATTERY, POWER_KEY, POWER_MAINS } from "../ports.ts";
import { createPowerLadder } from "../station/power-ladder.ts";
import { openDoorSensor } from "./door-sensor.ts";
import { openStationPower } from "./station-power.ts";

/** The pins of a board: levels, modes, and who watches. */
function createPins() {
  const levels = new Map<string, number>();
  const modes = new Map<string, string>();
  const watches = new Map<string, () => void>();
  return {
    modes,
    /** The world moves a pin; watches hear of digital ones. */
    drive(pin: string, level: number) {
      levels.set(pin, level);
      watches.get(pin)?.();
    },
    globals: {
      digitalRead: (pin: string) => levels.get(pin) ?? (modes.get(pin) === "input_pullup" ? 1 : 0),
      analogRead: (pin: string) => levels.get(pin) ?? 0,
      pinMode: (pin: string, mode: string) => void modes.set(pin, mode),
      setWatch: (callback: () => void, pin: string, options: { repeat: boolean; edge: string }) => {
        expect(options).toMatchObject({ repeat: true, edge: "both" });
        watches.set(pin, callback);
      },
    },
  };
}

describe("pins that tell of power and door", () => {
  let pins = createPins();
  beforeEach(() => {
    pins = createPins();
    for (const [name, value] of Object.entries(pins.globals)) vi.stubGlobal(name, value);
  });
  afterEach(() => vi.unstubAllGlobals());

  test("T5, T6: a station on its board goes from mains to battery to the power of a key, and back", () => {
    const wiring = esp32s3.supply;
    const mains = esp32s3.mainsSense;
    if (wiring === undefined || mains === undefined) throw new Error("the board has no pins");
    const setBattery = (millivolts: number) =>
      pins.drive(wiring.pin, millivolts / wiring.fullScaleMillivolts);
    setBattery(wiring.fullMillivolts);
    pins.drive(mains, 1);
    let changes = 0;
    const power = openStationPower(esp32s3, () => {
      changes += 1;
    });
    const ladder = createPowerLadder(power);
    expect([power.source(), power.percent()]).toEqual([POWER_MAINS, 100]);
    pins.drive(mains, 0);
    expect(changes).toBe(1);
    expect(ladder.update()).toBe(true);
    expect(ladder.source()).toBe(POWER_BATTERY);
    setBattery((wiring.emptyMillivolts + wiring.fullMillivolts) / 2);
    expect(power.percent()).toBe(50);
    // The battery has switched itself off: what still runs is fed by the key.
    setBattery(0);
    expect([power.source(), power.percent()]).toEqual([POWER_KEY, 0]);
    pins.drive(mains, 1);
    expect(changes).toBe(2);
    expect(power.source()).toBe(POWER_MAINS);
  });

  test("T5: a mains pin that hangs in the air says that there are no mains", () => {
    const power = openStationPower(esp32s3, () => undefined);
    expect(pins.modes.get(String(esp32s3.mainsSense))).toBe("input_pulldown");
    expect(power.source()).not.toBe(POWER_MAINS);
  });

  test("L3: the contact of a door tells when the leaf opens, and a cut wire looks like an open door", () => {
    const pin = String(xiao.door);
    pins.drive(pin, 0);
    const moves: boolean[] = [];
    const door = openDoorSensor(xiao.door, (isOpen) => moves.push(isOpen));
    expect(door?.isOpen()).toBe(false);
    pins.drive(pin, 1);
    pins.drive(pin, 0);
    expect(moves).toEqual([true, false]);
    expect(openDoorSensor(undefined, () => undefined)).toBeUndefined();
  });
});
