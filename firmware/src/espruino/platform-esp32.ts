// SPDX-License-Identifier: EUPL-1.2
// A board with an ESP32: a station and nothing else, so the exports that `StationPlatform` describes.
// Its random numbers come from the C library: it offers no entropy at all, and with it neither a key
// nor a lock.
import type { ClockPort, TimerPort } from "../ports.ts";
import { createClock, readSetTime } from "./clock.ts";
import { createTimer } from "./timer.ts";

export { openContact } from "./contact.ts";
export { watchContactPins as watchContact } from "./contact-pins.ts";
export { openStorageFlash as openFlash } from "./flash-storage.ts";
export { openModemLine as openModem } from "./modem-line.ts";
export { openStationPower as openPower } from "./station-power.ts";
export { openWifi as openNetworks } from "./wifi.ts";

/** Timers at their true length. */
export function createTrueTimer(): TimerPort {
  return createTimer(1);
}

/** A clock that knows no time until it is told, or the interpreter's was set. */
export function openClock(): ClockPort {
  return createClock(readSetTime());
}
