// SPDX-License-Identifier: EUPL-1.2

/** What a battery holds and what a key takes from it. Charges in microampere-hours. */
export interface BatteryModel {
  /** Charge of a full battery at room temperature. */
  readonly capacityUah: number;
  /**
   * What one opening costs: the key at work, the lock that it feeds, the motor out and back, and a
   * hand that holds on until the bolt has locked itself again.
   */
  readonly openingUah: number;
  /** What the key takes in an hour in a pocket. */
  readonly idleUahPerHour: number;
  /** Part of what is left that a battery still gives at -20 degrees, in percent. */
  readonly coldPercent: number;
  /** Charge at which the voltage no longer moves a bolt, in percent of the capacity. */
  readonly emptyPercent: number;
}

/** Openings that must be left when the carer is warned first (requirement K5). */
export const OPENINGS_AFTER_WARNING = 200;
/** Time in a pocket that must be left beside them, in hours: a weekend. */
export const IDLE_HOURS_AFTER_WARNING = 72;

/**
 * The battery of the reference key.
 *
 * Estimates until a board was measured: 250 mAh is a cell of the size of the board; an opening is
 * 10 s of 18 mA for key and lock and two moves of 0.4 s at 250 mA, 105 microampere-hours, and a little.
 * The part that the cold leaves is the lowest of the data sheets of small lithium cells.
 */
export const KEY_BATTERY: BatteryModel = {
  capacityUah: 250_000,
  openingUah: 110,
  idleUahPerHour: 25,
  coldPercent: 60,
  emptyPercent: 3,
};

/**
 * The charge at which a key warns: so much that, whatever the weather, at least
 * `OPENINGS_AFTER_WARNING` openings and a weekend in a pocket follow.
 *
 * @returns Percent of the capacity, rounded up.
 */
export function warningPercent(model: BatteryModel): number {
  const neededUah =
    OPENINGS_AFTER_WARNING * model.openingUah + IDLE_HOURS_AFTER_WARNING * model.idleUahPerHour;
  const inTheCold = (100 * neededUah) / model.coldPercent;
  return Math.ceil((100 * inTheCold) / model.capacityUah) + model.emptyPercent;
}
