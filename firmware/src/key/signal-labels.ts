// SPDX-License-Identifier: EUPL-1.2

/**
 * What a signal is called, for manuals, reports and the simulator's picture of a day.
 *
 * It lies apart from the patterns because a key shows light and rhythm and needs no words.
 */
export interface SignalLabel {
  readonly en: string;
  readonly sv: string;
}

/** Labels of the nine signals, by signal number minus one. */
export const SIGNAL_LABELS: readonly SignalLabel[] = [
  { en: "ready", sv: "redo" },
  { en: "working, hold on", sv: "arbetar, håll kvar" },
  { en: "granted", sv: "beviljad" },
  { en: "denied", sv: "nekad" },
  { en: "needs sync", sv: "behöver synkas" },
  { en: "expired", sv: "passet är slut" },
  { en: "battery low", sv: "lågt batteri" },
  { en: "logs not home", sv: "loggar ej hemma" },
  { en: "no contact", sv: "ingen kontakt" },
];

/**
 * The label of a signal.
 *
 * @returns The label, or undefined for a number that is no signal.
 */
export function labelOfSignal(signal: number): SignalLabel | undefined {
  return SIGNAL_LABELS[signal - 1];
}
