// SPDX-License-Identifier: EUPL-1.2

import { describe } from "@nyckelring/protocol/host";
import type { Calendar } from "./calendar.ts";
import { findEntries } from "./oracle/flash-log.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { DoorOutcome, KeyUnit, LockUnit } from "./world.ts";

/** One sentence of the day with its wall-clock time. */
export type StoryLine = { readonly atUs: number; readonly clock: string; readonly text: string };

/** What a person would tell of the day: the incidents, and how each of them ended. */
export interface Story {
  readonly lines: readonly StoryLine[];
  /** Tells a sentence at the present moment. */
  tell(text: string): void;
  /** Tells how an attempt at a door ended, with the reason that the devices wrote down. */
  tellAttempt(key: KeyUnit, lock: LockUnit, outcome: DoorOutcome, situation: string): void;
  /** Tells whether a key has opened a lock so far. */
  tellLastVisit(key: KeyUnit, lock: LockUnit): void;
}

/**
 * Starts an empty story.
 *
 * @public
 */
export function createStory(clock: () => VirtualClock, calendar: Calendar): Story {
  const lines: StoryLine[] = [];

  function tell(text: string): void {
    const atUs = clock().nowUs();
    lines.push({ atUs, clock: calendar.labelOf(atUs), text });
  }

  return {
    lines,
    tell,
    tellAttempt: (key, lock, outcome, situation) => {
      const end = outcome.isOpened
        ? "opened"
        : `refused, ${reasonOf(key, lock)} (light: ${outcome.signal})`;
      tell(`${situation}: ${key.name} at ${lock.name} is ${end}`);
    },
    tellLastVisit: (key, lock) => {
      const passages = newestFirst(lock).filter(
        ({ peer, reason, kind }) => peer === key.devid && reason === 0 && kind === 1,
      );
      const end = passages.length > 0 ? "has opened" : "has not opened";
      tell(`${key.name} of the new provider ${end} ${lock.name}`);
    },
  };
}

/** The reason of the newest refusal that either side wrote down. */
function reasonOf(key: KeyUnit, lock: LockUnit): string {
  const own = newestFirst(key)[0];
  const theirs = newestFirst(lock)[0];
  const candidates = [own, theirs?.peer === key.devid ? theirs : undefined];
  const reason = candidates.find((entry) => entry !== undefined && entry.reason !== 0)?.reason;
  if (reason === undefined) return "no reason noted";
  return describe(reason)?.name ?? `code ${reason}`;
}

function newestFirst(device: KeyUnit | LockUnit) {
  const { flash } = device.board;
  const found = findEntries(flash.writtenPages().map((page) => flash.readPage(page)));
  return [...found.values()]
    .flatMap((finds) => finds.map((find) => find.entry))
    .sort((left, right) => right.n - left.n);
}
