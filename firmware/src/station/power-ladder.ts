// SPDX-License-Identifier: EUPL-1.2
import {
  LINK_GSM,
  LINK_NONE,
  type LinkKind,
  POWER_BATTERY,
  POWER_KEY,
  type PowerSource,
  type StationPowerPort,
} from "../ports.ts";
import {
  keyFedPeakMa,
  keyFedSyncMj,
  keyLeftMj,
  LEDGER,
  leftMj,
  reserveMj,
  syncMj,
} from "./energy-ledger.ts";

/** Syncs that one inserted key pays for with its battery. */
const KEY_FED_SYNCS_MAX = 1;

/**
 * What the station may spend: mains, own battery, the inserted key's battery.
 *
 * The hardware switches the source by itself; this machine says what follows from it, by the figures
 * of the energy ledger.
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
  /**
   * Whether a link may be used. On a key's battery none whose peak would switch the key's output
   * off; on the own battery the modem only above the reserve that the other links leave untouched.
   */
  allowsLink(link: LinkKind): boolean;
  /**
   * Whether what is left carries one more sync over a link. A key pays for one, and only from what
   * it has above its stop.
   *
   * @param keyPercent - Charge of the key that is in, as it says.
   */
  allowsSync(link: LinkKind, keyPercent: number): boolean;
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
    allowsLink(link) {
      if (link === LINK_NONE) return true;
      if (source === POWER_KEY) return keyFedPeakMa(link) <= LEDGER.contactLimitMa;
      return source !== POWER_BATTERY || link !== LINK_GSM || leftMj(power.percent()) > reserveMj();
    },
    allowsSync(link, keyPercent) {
      if (source === POWER_KEY) {
        return syncs < KEY_FED_SYNCS_MAX && keyLeftMj(keyPercent) >= keyFedSyncMj(link);
      }
      return source !== POWER_BATTERY || leftMj(power.percent()) >= syncMj(link);
    },
    noteSync() {
      syncs += 1;
    },
    noteKey() {
      syncs = 0;
    },
  };
}
