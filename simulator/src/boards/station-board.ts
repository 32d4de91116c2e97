// SPDX-License-Identifier: EUPL-1.2

import {
  createStation,
  keyFedSyncMj,
  LEDGER,
  LINK_NONE,
  type LinkKind,
  loadMw,
  POWER_BATTERY,
  POWER_KEY,
  POWER_MAINS,
  type PowerSource,
  type StationNetwork,
  type StationRole,
  type StationStatus,
  syncMj,
  type UplinkPort,
} from "@nyckelring/firmware";
import type { Contact } from "../contact.ts";
import { createMeteredCrypto } from "../metered-crypto.ts";
import { createProcessor } from "../processor.ts";
import { createTimers } from "../timers.ts";
import type { ScheduledEvent } from "../virtual-clock.ts";
import { createVirtualFlash, type VirtualFlash } from "../virtual-flash.ts";
import { type BoardParts, RESET_US } from "./lock-board.ts";

/**
 * A station with mains power, a battery of its own and, when both are gone, the inserted key.
 *
 * The battery runs down and is charged by the energy ledger of the firmware; at its cut-off it
 * switches itself off.
 */
export interface StationBoard {
  readonly flash: VirtualFlash;
  /** Networks that its owner has to be told of; undefined for a board on the virtual uplink. */
  readonly network?: StationNetwork;
  /** Links that its office has; undefined for those of the virtual uplink. */
  readonly links?: readonly LinkKind[];
  /** Boots the role from flash, if anything feeds the station. */
  powerOn(): void;
  /** Mains power comes or goes. */
  setMains(isThere: boolean): void;
  /** Sets the charge of the station's own battery. */
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
  /** What syncs have taken from keys that fed the station so far, in millijoules. */
  takenFromKeysMj(): number;
}

/**
 * Makes the board of a station with blank flash.
 *
 * @param uplink - The port to links and broker.
 * @param onRunDown - Told when the battery has switched itself off.
 * @public
 */
export function createStationBoard(
  parts: BoardParts,
  uplink: UplinkPort,
  onRunDown: () => void = () => undefined,
): StationBoard {
  const { clock, model, random, listeners } = parts;
  const processor = createProcessor(clock, model.stepUs, listeners.onFault);
  const flash = createVirtualFlash(192, processor, model, random.split("flash"), (costUs) =>
    parts.probe?.onWrite(processor.nowUs(), costUs),
  );
  const timers = createTimers(clock, processor);
  const crypto = createMeteredCrypto(parts.crypto, processor, model, (signed) =>
    listeners.onVerified(signed, processor.nowUs()),
  );
  let role: StationRole | undefined;
  let plugged: Contact | undefined;
  let isKeyFeeding = false;
  let hasMains = true;
  let chargeMj = LEDGER.batteryMj;
  let countedUs = clock.nowUs();
  let link: LinkKind = LINK_NONE;
  let takenFromKeysMj = 0;
  let runDown: ScheduledEvent | undefined;
  let clockOffsetS = 0;
  const cutOffMj = (LEDGER.batteryMj * LEDGER.cutOffPercent) / 100;

  function source(): PowerSource | undefined {
    if (hasMains) return POWER_MAINS;
    if (chargeMj > cutOffMj) return POWER_BATTERY;
    return isKeyFeeding ? POWER_KEY : undefined;
  }

  /** Power out of the battery now, in milliwatts; below zero while the mains charge it. */
  function drawMw(): number {
    if (hasMains) return -LEDGER.chargeMw;
    return source() === POWER_BATTERY ? loadMw(link) : 0;
  }

  /** Brings the charge up to now; called before anything changes that draws from it. */
  function count(): void {
    const passedS = (clock.nowUs() - countedUs) / 1_000_000;
    countedUs = clock.nowUs();
    spend(passedS * drawMw());
  }

  function spend(energyMj: number): void {
    chargeMj = Math.min(LEDGER.batteryMj, Math.max(0, chargeMj - energyMj));
  }

  /** Plans the moment at which the battery switches itself off, if nothing changes before. */
  function planRunDown(): void {
    if (runDown !== undefined) clock.cancel(runDown);
    runDown = undefined;
    if (source() !== POWER_BATTERY) return;
    const leftUs = Math.ceil(((chargeMj - cutOffMj) / drawMw()) * 1_000_000) + 1;
    runDown = clock.scheduleAfter(leftUs, () => {
      runDown = undefined;
      count();
      chargeMj = cutOffMj;
      powerChanged();
      onRunDown();
    });
  }

  const meteredUplink: UplinkPort = {
    ...uplink,
    use: (next) => {
      count();
      link = next;
      uplink.use(next);
      planRunDown();
    },
  };

  /** What a sync takes beyond the state it happens in. */
  function paySync(): void {
    count();
    if (source() === POWER_BATTERY) spend(syncMj(link));
    else if (source() === POWER_KEY) takenFromKeysMj += keyFedSyncMj(link);
    planRunDown();
  }

  function percent(): number {
    count();
    return Math.floor((100 * chargeMj) / LEDGER.batteryMj);
  }

  function boot(): void {
    processor.powerOn();
    processor.runStep(() => {
      processor.spend(model.bootUs + model.roleUs);
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
        uplink: meteredUplink,
        power: { source: () => source() ?? POWER_KEY, percent },
      });
      if (plugged !== undefined) role.onContact(true);
    });
  }

  const resetUs = parts.probe?.resetUs;
  if (resetUs !== undefined) {
    processor.setPowerEnd(() => (clock.nowUs() < resetUs ? resetUs : undefined));
    clock.scheduleAt(resetUs, () => {
      stop();
      clock.scheduleAfter(RESET_US, powerChanged);
    });
  }

  function stop(): void {
    processor.powerOff();
    timers.clear();
    role = undefined;
    meteredUplink.use(LINK_NONE);
  }

  function powerChanged(): void {
    count();
    planRunDown();
    if (source() === undefined) {
      if (role === undefined && !processor.isPowered()) return;
      stop();
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
      count();
      hasMains = isThere;
      powerChanged();
    },
    setBatteryPercent: (wanted) => {
      count();
      chargeMj = (LEDGER.batteryMj * wanted) / 100;
      powerChanged();
    },
    batteryPercent: percent,
    source,
    connect: (contact, keyGivesPower) => {
      plugged = contact;
      isKeyFeeding = keyGivesPower;
      const wasRunning = processor.isPowered();
      powerChanged();
      if (wasRunning) processor.runStep(() => role?.onContact(true));
      paySync();
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
    takenFromKeysMj: () => takenFromKeysMj,
  };
}
