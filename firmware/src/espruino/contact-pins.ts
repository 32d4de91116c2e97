// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "../boards/board.ts";

const DEBOUNCE_MS = 20;

/**
 * Watches the plug of a board.
 *
 * A board without a sense pin is plugged in as long as it runs: that is a key-powered lock, which
 * has no power when it is not.
 *
 * @param onChange - Told once after boot and at every change.
 */
export function watchContactPins(
  board: Board,
  onChange: (isPlugged: boolean, sensesVoltage: boolean) => void,
): void {
  const sense = board.contactSense;
  const voltage = board.voltageSense;
  const tell = (): void => {
    const isPlugged = sense === undefined || digitalRead(sense) === 0;
    onChange(isPlugged, voltage !== undefined && digitalRead(voltage) === 1);
  };
  if (voltage !== undefined) {
    pinMode(voltage, "input_pulldown");
  }
  if (sense !== undefined) {
    pinMode(sense, "input_pullup");
    setWatch(tell, sense, { repeat: true, edge: "both", debounce: DEBOUNCE_MS });
  }
  setTimeout(tell, 0);
}
