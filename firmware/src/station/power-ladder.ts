// SPDX-License-Identifier: EUPL-1.2
import { POWER_KEY, POWER_MAINS, type PowerSource, type StationPowerPort } from "../ports.ts";

/** Charge below which the station's own battery no longer feeds the modem, in percent. */
export const GSM_PERCENT_MIN = 10;
/** Syncs that one inserted key pays for with its battery. */
const KEY_FED_SYNCS_MAX = 1;

/**
 * What the station may spend: mains, own battery, the inserted key's battery.
 *
 * The hardware switches the source by itself; this machine says what follows from it.
 */
export interface PowerLadder {
  /** The source in use. */
  source(): PowerSource;
  /**
   * Asks the port which source is in use.
   *
   * @returns True when that has changed.
   */
  update(): boolean;
  /** False on a key's battery and on an own battery that is nearly empty. */
  allowsGsm(): boolean;
  /** False once the key that feeds the station has had its sync. */
  allowsSync(): boolean;
  /** Notes that a sync has been completed. */
  noteSync(): void;
  /** Notes that a key was plugged in: it brings its own allowance. */
  noteKey(): void;
}

/** Creates the machine in the state that the port reports. */
export function createPowerLadder(power: StationPowerPort): PowerLadder {
  let source = power.source();
  let syncs = 0;
  return {
    source: () => source,
    update() {
      const now = power.source();
      if (now === source) return false;
      source = now;
      syncs = 0;
      return true;
    },
    allowsGsm() {
      if (source === POWER_KEY) return false;
      return source === POWER_MAINS || power.percent() >= GSM_PERCENT_MIN;
    },
    allowsSync: () => source !== POWER_KEY || syncs < KEY_FED_SYNCS_MAX,
    noteSync() {
      syncs += 1;
    },
    noteKey() {
      syncs = 0;
    },
  };
}
