// SPDX-License-Identifier: EUPL-1.2
import { LINK_NONE, type LinkKind } from "../ports.ts";

// What a station has and what it spends: milliwatts, millijoules, seconds, percent. Every figure is an
// estimate until a board was measured. docs/energy.md, made from this file by `npm run generate`,
// names the source of each.

/** The parts of a station's energy that no link changes. */
export interface EnergyLedger {
  /** Charge of the station's own battery when it is full, in millijoules. */
  readonly batteryMj: number;
  /** Charge at which the battery switches itself off, in percent. */
  readonly cutOffPercent: number;
  /** Power that the mains put into the battery, in milliwatts. */
  readonly chargeMw: number;
  /** The board awake, without a link. */
  readonly idleMw: number;
  /** Its highest power without a link. */
  readonly peakMw: number;
  /** One start, from power to a running station. */
  readonly bootMj: number;
  /** One sync of a key, beyond the power of the state that it happens in. */
  readonly syncMj: number;
  /** How long one key is in for a sync on its own power, start and link included. */
  readonly keySyncS: number;
  /** A key's battery when it is full. */
  readonly keyBatteryMj: number;
  /** Charge below which a key feeds nobody, in percent. */
  readonly keyStopPercent: number;
  /** Voltage of a key's battery when it is nearly empty, in millivolts. */
  readonly keyMillivolts: number;
  /** Current at which a key's output switches off, in milliamperes. */
  readonly contactLimitMa: number;
  /** What the station keeps for itself before it spends on the modem: time and syncs. */
  readonly reserveS: number;
  readonly reserveSyncs: number;
}

/** What a link adds. */
export interface LinkEnergy {
  /** While it is in use. */
  readonly idleMw: number;
  /** Highest power of its radio or chip. */
  readonly peakMw: number;
  /** One sync over it, its connection included. */
  readonly syncMj: number;
}

/** The reference station: an ESP32-S3, one cell of the size 18650, a modem for LTE-M and 2G. */
export const LEDGER: EnergyLedger = {
  batteryMj: 27_000_000,
  cutOffPercent: 5,
  chargeMw: 2_500,
  idleMw: 160,
  peakMw: 400,
  bootMj: 800,
  syncMj: 1_500,
  keySyncS: 15,
  keyBatteryMj: 3_330_000,
  keyStopPercent: 20,
  keyMillivolts: 3_500,
  contactLimitMa: 500,
  reserveS: 14_400,
  reserveSyncs: 40,
};

/** By kind of link: none, LAN, Wi-Fi, GSM. */
export const LINK_LEDGER: readonly LinkEnergy[] = [
  { idleMw: 0, peakMw: 0, syncMj: 0 },
  { idleMw: 510, peakMw: 560, syncMj: 0 },
  { idleMw: 80, peakMw: 1_320, syncMj: 1_500 },
  { idleMw: 500, peakMw: 7_600, syncMj: 12_000 },
];

function linkEnergy(link: LinkKind): LinkEnergy {
  return LINK_LEDGER[link] as LinkEnergy;
}

/** Power of a running station with a link in use, in milliwatts. */
export function loadMw(link: LinkKind): number {
  return LEDGER.idleMw + linkEnergy(link).idleMw;
}

/** What one sync takes from the station's battery beyond {@link loadMw}, in millijoules. */
export function syncMj(link: LinkKind): number {
  return LEDGER.syncMj + linkEnergy(link).syncMj;
}

/** What one sync takes from the key that feeds the station, from its start on, in millijoules. */
export function keyFedSyncMj(link: LinkKind): number {
  return LEDGER.bootMj + LEDGER.keySyncS * loadMw(link) + syncMj(link);
}

/** The highest current that a station draws from a key, in milliamperes, rounded up. */
export function keyFedPeakMa(link: LinkKind): number {
  const peakMw = LEDGER.peakMw + linkEnergy(link).peakMw;
  return Math.ceil((1000 * peakMw) / LEDGER.keyMillivolts);
}

/** What the own battery still gives at a charge, in millijoules. */
export function leftMj(percent: number): number {
  return Math.max(0, ((percent - LEDGER.cutOffPercent) * LEDGER.batteryMj) / 100);
}

/** What a key still gives to a station, in millijoules. */
export function keyLeftMj(percent: number): number {
  return Math.max(0, ((percent - LEDGER.keyStopPercent) * LEDGER.keyBatteryMj) / 100);
}

/** What the modem must leave in the battery: a night's wait and the syncs of a shift, without it. */
export function reserveMj(): number {
  return LEDGER.reserveS * loadMw(LINK_NONE) + LEDGER.reserveSyncs * syncMj(LINK_NONE);
}
