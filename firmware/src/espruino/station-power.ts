// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "../boards/board.ts";
import {
  POWER_BATTERY,
  POWER_KEY,
  POWER_MAINS,
  type PowerSource,
  type StationPowerPort,
} from "../ports.ts";
import { openAnalogSupply } from "./supply.ts";

const DEBOUNCE_MS = 50;

/**
 * What feeds a station: one pin tells whether the mains are there, the battery is measured.
 *
 * The hardware switches by itself. Without mains, a battery whose voltage lies below empty has
 * switched itself off, so that what still runs is fed by the key in the contact.
 *
 * @param onChange - Told when the mains come or go.
 */
export function openStationPower(board: Board, onChange: () => void): StationPowerPort {
  const mains = board.mainsSense;
  const battery = board.supply;
  if (mains === undefined || battery === undefined) {
    return { source: () => POWER_MAINS, percent: () => 100 };
  }
  const supply = openAnalogSupply(battery);
  pinMode(mains, "input_pulldown");
  setWatch(onChange, mains, { repeat: true, edge: "both", debounce: DEBOUNCE_MS });
  return {
    source(): PowerSource {
      if (digitalRead(mains) === 1) return POWER_MAINS;
      return supply.millivolts() < battery.emptyMillivolts ? POWER_KEY : POWER_BATTERY;
    },
    percent: supply.percent,
  };
}
