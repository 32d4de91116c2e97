// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "../boards/board.ts";

const DEBOUNCE_MS = 20;
/** An edge that found the queue of the interpreter full is lost: the pin is read again so long after one. */
const LOOK_AGAIN_MS = 100;

/**
 * Watches the contact of a lock or a station.
 *
 * A board without a sense pin is plugged in as long as it runs: that is a key-powered lock, which
 * has no power when it is not. A key that was pulled and put in while the processor was busy is not
 * told of; it says hello again, and that begins anew.
 *
 * @param onChange - Told once after boot and at every change.
 */
export function watchContactPins(board: Board, onChange: (isPlugged: boolean) => void): void {
  const sense = board.contactSense;
  const tell = (): void => onChange(isClosed(sense));
  if (sense !== undefined) {
    pinMode(sense, "input_pullup");
    setWatch(tell, sense, { repeat: true, edge: "both", debounce: DEBOUNCE_MS });
  }
  setTimeout(tell, 0);
}

/**
 * Watches the plug of a key: every edge as it was and when it was, bounce and all.
 *
 * The interpreter's own debouncing tells where a pin has come to. A withdrawal and an insertion that
 * it hears of together end where they began, so it tells of neither.
 *
 * @param onEdge - Told once after boot and at every edge, `atMs` by the interpreter's clock.
 */
export function watchPlugPins(
  board: Board,
  onEdge: (isPlugged: boolean, sensesVoltage: boolean, atMs: number) => void,
): void {
  const sense = board.contactSense;
  const voltage = board.voltageSense;
  let looksAgain = false;
  const tell = (isPlugged: boolean, atS: number): void =>
    onEdge(isPlugged, voltage !== undefined && digitalRead(voltage) === 1, atS * 1000);
  const look = (): void => {
    looksAgain = false;
    tell(isClosed(sense), getTime());
  };
  if (voltage !== undefined) pinMode(voltage, "input_pulldown");
  if (sense !== undefined) {
    pinMode(sense, "input_pullup");
    setWatch(
      (edge) => {
        tell(!edge.state, edge.time);
        if (looksAgain) return;
        looksAgain = true;
        setTimeout(look, LOOK_AGAIN_MS);
      },
      sense,
      { repeat: true, edge: "both", debounce: 0 },
    );
  }
  setTimeout(look, 0);
}

function isClosed(sense: string | undefined): boolean {
  return sense === undefined || digitalRead(sense) === 0;
}
