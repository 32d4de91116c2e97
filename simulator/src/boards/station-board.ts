// SPDX-License-Identifier: EUPL-1.2

import {
  createStation,
  POWER_BATTERY,
  POWER_KEY,
  POWER_MAINS,
  type PowerSource,
  type StationRole,
  type StationStatus,
  type UplinkPort,
} from "@nyckelring/firmware";
import type { Contact } from "../contact.ts";
import { createMeteredCrypto } from "../metered-crypto.ts";
import { createProcessor } from "../processor.ts";
import { createTimers } from "../timers.ts";
import { createVirtualFlash, type VirtualFlash } from "../virtual-flash.ts";
import type { BoardParts } from "./lock-board.ts";

/** A station with mains power, a battery of its own and, when both are gone, the inserted key. */
export interface StationBoard {
  readonly flash: VirtualFlash;
  /** Boots the role from flash, if anything feeds the station. */
  powerOn(): void;
  /** Mains power comes or goes. */
  setMains(isThere: boolean): void;
  /** Empties the station's own battery, as a long mains failure does. */
  setBatteryPercent(percent: number): void;
  /** Charge of the station's own battery, 0 to 100. */
  batteryPercent(): number;
  /** What feeds the station now; undefined when nothing does. */
  source(): PowerSource | undefined;
  /** Plugs a key in; `keyGivesPower` says that it may feed the station. */
  connect(contact: Contact, keyGivesPower: boolean): void;
  /** Bytes of the key. */
  receive(bytes: Uint8Array): void;
  /** Pulls the key out. */
  disconnect(): void;
  /** A message of the issuer. */
  receiveDown(message: Uint8Array): void;
  /** The set of links has changed. */
  linksChanged(): void;
  /** What the role says of itself; undefined without power. */
  status(): StationStatus | undefined;
}

/**
 * Makes the board of a station with blank flash.
 *
 * @param uplink - The port to links and broker.
 * @public
 */
export function createStationBoard(parts: BoardParts, uplink: UplinkPort): StationBoard {
  const { clock, model, random, listeners } = parts;
  const processor = createProcessor(clock, model.stepUs, listeners.onFault);
  const flash = createVirtualFlash(192, processor, model, random.split("flash"));
  const timers = createTimers(clock, processor);
  const crypto = createMeteredCrypto(parts.crypto, processor, model, (signed) =>
    listeners.onVerified(signed, processor.nowUs()),
  );
  let role: StationRole | undefined;
  let plugged: Contact | undefined;
  let isKeyFeeding = false;
  let hasMains = true;
  let battery = 100;
  let clockOffsetS = 0;

  function source(): PowerSource | undefined {
    if (hasMains) return POWER_MAINS;
    if (battery > 0) return POWER_BATTERY;
    return isKeyFeeding ? POWER_KEY : undefined;
  }

  function boot(): void {
    processor.powerOn();
    processor.runStep(() => {
      processor.spend(model.bootUs);
      role = createStation({
        crypto,
        flash: flash.port,
        contact: { send: (bytes) => plugged?.send("device", bytes, processor.nowUs()) },
        timer: timers.port,
        clock: {
          nowS: () => clock.nowS() + clockOffsetS,
          set: (nowS) => {
            clockOffsetS = nowS - clock.nowS();
          },
        },
        uplink,
        power: { source: () => source() ?? POWER_KEY, percent: () => battery },
      });
      if (plugged !== undefined) role.onContact(true);
    });
  }

  function powerChanged(): void {
    if (source() === undefined) {
      if (role === undefined && !processor.isPowered()) return;
      processor.powerOff();
      timers.clear();
      role = undefined;
      uplink.use(0);
    } else if (!processor.isPowered()) {
      boot();
    } else {
      processor.runStep(() => role?.onPower());
    }
  }

  return {
    flash,
    powerOn: powerChanged,
    setMains: (isThere) => {
      hasMains = isThere;
      powerChanged();
    },
    setBatteryPercent: (percent) => {
      battery = percent;
      powerChanged();
    },
    batteryPercent: () => battery,
    source,
    connect: (contact, keyGivesPower) => {
      plugged = contact;
      isKeyFeeding = keyGivesPower;
      const wasRunning = processor.isPowered();
      powerChanged();
      if (wasRunning) processor.runStep(() => role?.onContact(true));
    },
    receive: (bytes) => {
      if (role !== undefined) processor.runStep(() => role?.onBytes(bytes));
    },
    disconnect: () => {
      plugged = undefined;
      processor.runStep(() => role?.onContact(false));
      isKeyFeeding = false;
      powerChanged();
    },
    receiveDown: (message) => processor.runStep(() => role?.onDown(message)),
    linksChanged: () => processor.runStep(() => role?.onLink()),
    status: () => role?.status(),
  };
}
