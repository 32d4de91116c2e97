// SPDX-License-Identifier: EUPL-1.2
import type { SupplyWiring } from "../boards/board.ts";
import type { SupplyPort } from "../ports.ts";

/** Measures the supply through a divider on an analogue pin. */
export function openAnalogSupply(wiring: SupplyWiring): SupplyPort {
  if (wiring.enable !== undefined) digitalWrite(wiring.enable, 1);
  const millivolts = (): number => Math.round(analogRead(wiring.pin) * wiring.fullScaleMillivolts);
  return {
    millivolts,
    percent() {
      const range = wiring.fullMillivolts - wiring.emptyMillivolts;
      const percent = Math.round((100 * (millivolts() - wiring.emptyMillivolts)) / range);
      return Math.max(0, Math.min(100, percent));
    },
  };
}
