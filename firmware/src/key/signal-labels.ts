// SPDX-License-Identifier: EUPL-1.2

/**
 * What a signal is called, for manuals, reports and the simulator's picture of a day.
 *
 * It lies apart from the patterns because a key shows light and rhythm and needs no words.
 */
export interface SignalLabel {
  readonly en: string;
  readonly sv: string;
  /** What the carer does now, in one sentence. */
  readonly enDo: string;
  readonly svDo: string;
}

/** Labels of the nine signals, by signal number minus one. */
export const SIGNAL_LABELS: readonly SignalLabel[] = [
  {
    en: "ready",
    sv: "redo",
    enDo: "Open doors.",
    svDo: "Öppna dörrar.",
  },
  {
    en: "working, hold on",
    sv: "arbetar, håll kvar",
    enDo: "Leave the key in.",
    svDo: "Låt nyckeln sitta kvar.",
  },
  {
    en: "granted",
    sv: "beviljad",
    enDo: "Open the door, or leave.",
    svDo: "Öppna dörren, eller gå.",
  },
  {
    en: "denied",
    sv: "nekad",
    enDo: "This key has no right here now; call your unit.",
    svDo: "Nyckeln saknar behörighet här nu; ring din enhet.",
  },
  {
    en: "needs sync",
    sv: "behöver synkas",
    enDo: "Put the key into a station.",
    svDo: "Sätt nyckeln i en station.",
  },
  {
    en: "expired",
    sv: "passet är slut",
    enDo: "The shift is over; sync at the next one.",
    svDo: "Passet är slut; synka vid nästa.",
  },
  {
    en: "battery low",
    sv: "lågt batteri",
    enDo: "Charge the key before the next shift; 200 openings are left at least.",
    svDo: "Ladda nyckeln före nästa pass; minst 200 öppningar återstår.",
  },
  {
    en: "logs not home",
    sv: "loggar ej hemma",
    enDo: "The key works, unless it is told to stop; sync where a station has a link.",
    svDo: "Nyckeln fungerar, om den inte ska stanna; synka vid en station med nät.",
  },
  {
    en: "no contact",
    sv: "ingen kontakt",
    enDo: "Pull the key, look for dirt or metal, push it in firmly.",
    svDo: "Dra ut nyckeln, leta efter smuts eller metall, sätt i den ordentligt.",
  },
];

/**
 * The label of a signal.
 *
 * @returns The label, or undefined for a number that is no signal.
 */
export function labelOfSignal(signal: number): SignalLabel | undefined {
  return SIGNAL_LABELS[signal - 1];
}
