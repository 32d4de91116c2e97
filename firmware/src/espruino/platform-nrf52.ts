// SPDX-License-Identifier: EUPL-1.2
// A board with an nRF52: the exports that `Platform` describes.
import type { CryptoPort, EntropyPort } from "@nyckelring/protocol";

import type { ClockPort, ModemPort, TimerPort } from "../ports.ts";
import { createClock, readSetTime } from "./clock.ts";
import { createEntropy, type HealthTest } from "./entropy.ts";
import type { BoardNetwork } from "./platform.ts";
import { createTimer } from "./timer.ts";

export { openBolt } from "./bolt.ts";
export { openContact } from "./contact.ts";
export {
  watchContactPins as watchContact,
  watchPlugPins as watchPlug,
} from "./contact-pins.ts";
export { openDoorSensor } from "./door-sensor.ts";
export { openStorageFlash as openFlash } from "./flash-storage.ts";
export { openPowerOut } from "./power-out.ts";
export { openSignalPins as openSignal } from "./signal-pins.ts";
export { openStationPower as openPower } from "./station-power.ts";
export { openAnalogSupply as openSupply } from "./supply.ts";

const DEBOUNCE_MS = 20;

/** Timers at their true length. */
export function createBoardTimer(): TimerPort {
  return createTimer(1);
}

/** The same; there are no curves in the interpreter to wait for. */
export function createTrueTimer(): TimerPort {
  return createTimer(1);
}

/** No network. */
export function openNetworks(): readonly BoardNetwork[] {
  return [];
}

/** No modem. */
export function openModem(): ModemPort | undefined {
  return undefined;
}

/** The SoftDevice's generator, watched and mixed. On an ESP32 the same name is the C library's. */
export function openEntropy(crypto: CryptoPort, isHealthy: HealthTest): EntropyPort {
  return createEntropy(crypto, E.hwRand, isHealthy);
}

/** A clock that knows no time until it is told, or the interpreter's was set. */
export function openClock(): ClockPort {
  return createClock(readSetTime());
}

/** A button that closes to ground. */
export function watchButton(pin: string, onPress: () => void): void {
  pinMode(pin, "input_pullup");
  setWatch(onPress, pin, { repeat: true, edge: "falling", debounce: DEBOUNCE_MS });
}
