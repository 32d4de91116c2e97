// SPDX-License-Identifier: EUPL-1.2

import {
  SIGNAL_BATTERY_LOW,
  SIGNAL_DENIED,
  SIGNAL_EXPIRED,
  SIGNAL_GRANTED,
  SIGNAL_LOGS_NOT_HOME,
  SIGNAL_NEEDS_SYNC,
  SIGNAL_NO_CONTACT,
  SIGNAL_READY,
  SIGNAL_WORKING,
} from "@nyckelring/firmware";
import type { SignalName } from "./world-events.ts";

/** The nine signals of a key by their numbers. */
export const SIGNAL_NAMES: ReadonlyMap<number, SignalName> = new Map([
  [SIGNAL_READY, "ready"],
  [SIGNAL_WORKING, "working"],
  [SIGNAL_GRANTED, "granted"],
  [SIGNAL_DENIED, "denied"],
  [SIGNAL_NEEDS_SYNC, "needs-sync"],
  [SIGNAL_EXPIRED, "expired"],
  [SIGNAL_BATTERY_LOW, "battery-low"],
  [SIGNAL_LOGS_NOT_HOME, "logs-not-home"],
  [SIGNAL_NO_CONTACT, "no-contact"],
]);
