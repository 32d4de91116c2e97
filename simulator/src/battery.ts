// SPDX-License-Identifier: EUPL-1.2

import type { VirtualClock } from "./virtual-clock.ts";

/** What a battery is like; estimates of small lithium cells until a board was measured. */
export type BatteryKind = {
  readonly capacityMah: number;
  /** Of the cell and the wires to it. */
  readonly ohm: number;
};

/** The cell of a key. */
export const KEY_CELL: BatteryKind = { capacityMah: 250, ohm: 0.35 };
/** The cell of a lock with a clock. */
export const LOCK_CELL: BatteryKind = { capacityMah: 2400, ohm: 0.25 };

/** In the cold a cell has three times its resistance, and of what is left only 60 % comes out. */
const COLD_OHM_FACTOR = 3;
const COLD_SHARE = 0.6;
const MICROSECONDS_OF_HOUR = 3_600_000_000;
/** Charge, in percent, below which the voltage collapses. */
const KNEE_PERCENT = 3;

/** What a device is fed from: a voltage that falls as more is drawn. */
export interface Feed {
  /** Voltage under the load of now, in millivolts. */
  millivolts(): number;
  /** Replaces what one consumer draws, in milliamperes, from now on. */
  draw(consumer: string, milliampere: number): void;
}

/** A battery whose charge is what physics has left of it; devices see its voltage and percent. */
export interface Battery extends Feed {
  /** Charge in percent of the capacity, rounded. */
  percent(): number;
  setPercent(percent: number): void;
  /** Takes out at once what a consumer with a ledger of its own used, in millionths of the capacity. */
  spend(millionths: number): void;
  /** Adds resistance, as dirty contacts do, in ohms. */
  setExtraOhm(ohm: number): void;
  setCold(isCold: boolean): void;
  /** Whether nothing is left. */
  isEmpty(): boolean;
}

/** A feed that never gives in: a bench supply. */
export const BENCH_FEED: Feed = { millivolts: () => 3300, draw: () => undefined };

/**
 * Makes a battery.
 *
 * @param percent - Charge at the start.
 */
export function createBattery(clock: VirtualClock, kind: BatteryKind, percent: number): Battery {
  const draws = new Map<string, number>();
  let chargeMah = (kind.capacityMah * percent) / 100;
  let countedUs = clock.nowUs();
  let extraOhm = 0;
  let isCold = false;

  function loadMa(): number {
    let sum = 0;
    for (const milliampere of draws.values()) sum += milliampere;
    return sum;
  }

  function count(): void {
    const nowUs = clock.nowUs();
    const drawnMah = (loadMa() * (nowUs - countedUs)) / MICROSECONDS_OF_HOUR;
    chargeMah = Math.max(0, chargeMah - drawnMah / (isCold ? COLD_SHARE : 1));
    countedUs = nowUs;
  }

  function share(): number {
    count();
    return (100 * chargeMah) / kind.capacityMah;
  }

  function openMillivolts(): number {
    const left = share();
    return left >= KNEE_PERCENT ? 3000 + 12 * left : 3036 - 400 * (KNEE_PERCENT - left);
  }

  return {
    millivolts: () => {
      const ohm = kind.ohm * (isCold ? COLD_OHM_FACTOR : 1) + extraOhm;
      return Math.max(0, Math.round(openMillivolts() - ohm * loadMa()));
    },
    draw: (consumer, milliampere) => {
      count();
      if (milliampere === 0) draws.delete(consumer);
      else draws.set(consumer, milliampere);
    },
    percent: () => Math.round(share()),
    setPercent: (value) => {
      count();
      chargeMah = (kind.capacityMah * value) / 100;
    },
    spend: (millionths) => {
      count();
      chargeMah = Math.max(0, chargeMah - (kind.capacityMah * millionths) / 1_000_000);
    },
    setExtraOhm: (ohm) => {
      extraOhm = ohm;
    },
    setCold: (cold) => {
      count();
      isCold = cold;
    },
    isEmpty: () => share() <= 0,
  };
}
