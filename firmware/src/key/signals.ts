// SPDX-License-Identifier: EUPL-1.2

/** The key may open doors now. */
export const SIGNAL_READY = 1;
/** The key is at work: hold it where it is. */
export const SIGNAL_WORKING = 2;
/** The lock opens, or has noted that the carer leaves. */
export const SIGNAL_GRANTED = 3;
/** The lock, or the key itself, refused. */
export const SIGNAL_DENIED = 4;
/** The key has no ring for this shift: go to a station. */
export const SIGNAL_NEEDS_SYNC = 5;
/** The shift of this key is over. */
export const SIGNAL_EXPIRED = 6;
/** The battery wants charging before the next shift. */
export const SIGNAL_BATTERY_LOW = 7;
/** The key is ready, but carries events that are not at the issuer yet. */
export const SIGNAL_LOGS_NOT_HOME = 8;
/** Nobody answered: push the key in further, or try again. */
export const SIGNAL_NO_CONTACT = 9;

/** Colour of the light: off, green, amber, red or blue. */
export type SignalLight = 0 | 1 | 2 | 3 | 4;

/**
 * How one signal looks and feels.
 *
 * A rhythm is a list of milliseconds, on and off in turn, beginning with on. No two signals share
 * both rhythms, so that each can be told apart without seeing colours, and with the key in a hand
 * that hides the light.
 */
export interface SignalPattern {
  readonly signal: number;
  readonly light: SignalLight;
  /** Rhythm of the light; it repeats while the signal is shown. */
  readonly blinkMs: readonly number[];
  /** Rhythm of the buzzer; it plays once. Empty for a silent signal. */
  readonly buzzMs: readonly number[];
}

/** The nine signals of a key: the one table that boards, manuals and tests read. */
export const SIGNALS: readonly SignalPattern[] = [
  { signal: SIGNAL_READY, light: 1, blinkMs: [60, 2940], buzzMs: [] },
  { signal: SIGNAL_WORKING, light: 4, blinkMs: [200, 200], buzzMs: [] },
  { signal: SIGNAL_GRANTED, light: 1, blinkMs: [1000], buzzMs: [80, 60, 80] },
  { signal: SIGNAL_DENIED, light: 3, blinkMs: [120, 120, 120, 640], buzzMs: [600] },
  { signal: SIGNAL_NEEDS_SYNC, light: 2, blinkMs: [400, 400, 400, 1800], buzzMs: [300, 200, 300] },
  { signal: SIGNAL_EXPIRED, light: 3, blinkMs: [1500, 1500], buzzMs: [300, 200, 300, 200, 300] },
  { signal: SIGNAL_BATTERY_LOW, light: 2, blinkMs: [60, 940], buzzMs: [40, 400, 40] },
  { signal: SIGNAL_LOGS_NOT_HOME, light: 4, blinkMs: [60, 240, 60, 2640], buzzMs: [40] },
  { signal: SIGNAL_NO_CONTACT, light: 2, blinkMs: [100, 100, 100, 100, 100, 1000], buzzMs: [150] },
];
