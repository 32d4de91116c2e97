// SPDX-License-Identifier: EUPL-1.2
import type { DoorSensorPort } from "../ports.ts";

const DEBOUNCE_MS = 30;

/**
 * The contact of a door's leaf: it closes to ground while the door is shut.
 *
 * A wire that is cut looks like an open door, which the log tells and which moves nothing.
 *
 * @param pin - Undefined on a board without one.
 * @param onMove - Told when the door opens or shuts.
 */
export function openDoorSensor(
  pin: string | undefined,
  onMove: (isOpen: boolean) => void,
): DoorSensorPort | undefined {
  if (pin === undefined) return undefined;
  const isOpen = (): boolean => digitalRead(pin) === 1;
  pinMode(pin, "input_pullup");
  setWatch(() => onMove(isOpen()), pin, { repeat: true, edge: "both", debounce: DEBOUNCE_MS });
  return { isOpen };
}
