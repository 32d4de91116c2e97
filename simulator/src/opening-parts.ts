// SPDX-License-Identifier: EUPL-1.2

import type { AttemptPurpose, WorldEvent } from "./world-events.ts";

/** Parts of the time from the insertion of a key to the end of the bolt's way. */
export const OPENING_PARTS = ["boot", "wire", "keyWork", "lockWork", "toMotor", "bolt"] as const;

/** Name of a part; each has a text in both languages. */
export type OpeningPart = (typeof OPENING_PARTS)[number];

/** Half and 99 of 100 of the openings take no longer, in milliseconds of virtual time. */
export type PartFigure = {
  readonly part: OpeningPart;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

/** One contact with a lock, as far as the time of an opening needs it; microseconds of the run. */
export type OpeningStory = {
  readonly startUs: number;
  readonly purpose: AttemptPurpose | undefined;
  readonly messages: readonly {
    readonly isFromKey: boolean;
    readonly startUs: number;
    readonly endUs: number;
  }[];
  readonly unlocksUs: readonly number[];
  readonly stopsUs: readonly number[];
  readonly grantsUs: readonly number[];
};

/** Figures of the openings of a run. */
export type OpeningFigures = {
  readonly openings: number;
  readonly figures: readonly PartFigure[];
};

type Split = { readonly [part in OpeningPart]: number };

/**
 * Splits opening times into parts.
 *
 * Counted are honest openings in which the first decision of the lock moved the bolt, so that no
 * part holds the time in which a person pressed the button.
 *
 * @returns The figures and how many openings they are of.
 * @public
 */
export function splitOpenings(stories: readonly OpeningStory[]): OpeningFigures {
  const splits = stories.map(splitOf).filter((split) => split !== undefined);
  const figures = OPENING_PARTS.map((part) => {
    const values = splits.map((split) => split[part]).sort((left, right) => left - right);
    return { part, p50Ms: percentileMs(values, 0.5), p99Ms: percentileMs(values, 0.99) };
  });
  return { openings: splits.length, figures };
}

function splitOf(visit: OpeningStory): Split | undefined {
  const [motorUs] = visit.unlocksUs;
  if (visit.purpose !== "honest" || motorUs === undefined) return undefined;
  if (visit.grantsUs.some((atUs) => atUs < motorUs)) return undefined;
  const bootedUs = visit.messages.find((message) => !message.isFromKey)?.startUs;
  const stopUs = visit.stopsUs.find((atUs) => atUs > motorUs);
  if (bootedUs === undefined || stopUs === undefined) return undefined;
  let wire = 0;
  let keyWork = 0;
  let lockWork = 0;
  let freeUs = bootedUs;
  for (const message of visit.messages) {
    if (message.endUs <= freeUs || message.startUs >= motorUs) continue;
    const gapUs = Math.max(0, message.startUs - freeUs);
    if (message.isFromKey) keyWork += gapUs;
    else lockWork += gapUs;
    wire += message.endUs - Math.max(freeUs, message.startUs);
    freeUs = message.endUs;
  }
  lockWork += Math.max(0, motorUs - freeUs);
  const boot = bootedUs - visit.startUs;
  const toMotor = motorUs - visit.startUs;
  return { boot, wire, keyWork, lockWork, toMotor, bolt: stopUs - motorUs };
}

/** Collects the contacts of a run out of what happened. */
export function readOpenings(events: readonly WorldEvent[]): OpeningStory[] {
  const stories = new Map<number, Draft>();
  for (const event of events) {
    if (event.kind === "plugged") {
      const lists = { messages: [], unlocksUs: [], stopsUs: [], grantsUs: [] };
      const draft = { key: event.key, startUs: event.atUs, purpose: undefined, ...lists };
      stories.set(event.contact, draft);
    }
    const story = "contact" in event ? stories.get(event.contact) : undefined;
    if (story === undefined) continue;
    if (event.kind === "attempt") story.purpose = event.purpose;
    if (event.kind === "sent") {
      const isFromKey = event.device === story.key;
      story.messages.push({ isFromKey, startUs: event.atUs, endUs: event.endUs });
    }
    if (event.kind === "motor" && event.command === "unlock") story.unlocksUs.push(event.atUs);
    if (event.kind === "motor" && event.command === "stop") story.stopsUs.push(event.atUs);
    if (event.kind === "signal" && event.signal === "granted") story.grantsUs.push(event.atUs);
  }
  return [...stories.values()];
}

type Draft = {
  readonly key: string;
  readonly startUs: number;
  purpose: AttemptPurpose | undefined;
  readonly messages: { isFromKey: boolean; startUs: number; endUs: number }[];
  readonly unlocksUs: number[];
  readonly stopsUs: number[];
  readonly grantsUs: number[];
};

function percentileMs(sortedUs: readonly number[], share: number): number {
  const index = Math.max(0, Math.ceil(share * sortedUs.length) - 1);
  return Math.round((sortedUs[index] ?? 0) / 1000);
}
