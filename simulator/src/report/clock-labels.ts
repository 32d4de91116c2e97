// SPDX-License-Identifier: EUPL-1.2

import type { Calendar } from "../calendar.ts";

/** Writes moments of a run by the wall clock of Stockholm. */
export interface ClockLabels {
  /** Hours, minutes and seconds, such as `07:20:05`. */
  secondsOf(timeUs: number): string;
  /** The same of UTC seconds. */
  ofUtc(timeS: number): string;
  /** Day of the run, from 1, that began at midnight before the moment. */
  dayOf(timeUs: number): number;
}

/**
 * Makes labels out of the calendar of a run, which takes local time from the issuer's domain alone.
 *
 * Stockholm differs from UTC by whole hours, so seconds are the same in both.
 */
export function createClockLabels(calendar: Calendar): ClockLabels {
  function secondsOf(timeUs: number): string {
    const timeS = calendar.startS + Math.floor(timeUs / 1_000_000);
    return `${calendar.labelOf(timeUs)}:${String(timeS % 60).padStart(2, "0")}`;
  }

  return {
    secondsOf,
    ofUtc: (timeS) => secondsOf((timeS - calendar.startS) * 1_000_000),
    dayOf: (timeUs) => {
      let day = 1;
      while (day < calendar.days + 3 && calendar.atUs(day, 0, 0) <= timeUs) day += 1;
      return day;
    },
  };
}
