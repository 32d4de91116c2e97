// SPDX-License-Identifier: EUPL-1.2
import type { PowerOutWiring } from "../boards/board.ts";
import type { PowerOutPort } from "../ports.ts";

/** An output that is wired to the battery for good, or that is no wire at all. */
export function createNoPowerOut(): PowerOutPort {
  return { on: () => undefined, off: () => undefined };
}

/** A load switch with a current limit, which pulls its flag low when it has switched off. */
export function openPowerOut(wiring: PowerOutWiring, onOverload: () => void): PowerOutPort {
  digitalWrite(wiring.enable, 0);
  pinMode(wiring.fault, "input_pullup");
  setWatch(onOverload, wiring.fault, { repeat: true, edge: "falling", debounce: 1 });
  return {
    on: () => digitalWrite(wiring.enable, 1),
    off: () => digitalWrite(wiring.enable, 0),
  };
}
