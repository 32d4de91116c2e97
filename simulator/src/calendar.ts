// SPDX-License-Identifier: EUPL-1.2

import { type LocalDate, utcOfLocal } from "@nyckelring/issuer/domain";

/** The wall clock of Stockholm over the days of a run, worked out before the run starts. */
export interface Calendar {
  /** UTC seconds at microsecond 0. */
  readonly startS: number;
  /** Days of the first phase. */
  readonly days: number;
  /** Microsecond of a wall-clock time; hours from 24 on lie in the next day. */
  atUs(day: number, hour: number, minute: number): number;
  /** The wall-clock time of a moment, such as `07:20`. */
  labelOf(timeUs: number): string;
}

/** The first hour of a run; a day of the scenario lasts from here to the same hour of the next. */
export const FIRST_HOUR = 5;
const SECONDS_OF_HOUR = 3600;

/**
 * Converts local time once, so that the run itself needs no time zone.
 *
 * @param date - The first day.
 * @param days - Days of the first phase; three more are worked out for the second one.
 * @public
 */
export function createCalendar(date: LocalDate, days: number): Calendar {
  const startS = utcOfLocal(date, FIRST_HOUR * 60);
  const hourStartS: number[] = [];
  for (let hour = 0; hour < (days + 4) * 24; hour += 1) {
    const day = Math.floor(hour / 24);
    hourStartS.push(utcOfLocal({ ...date, day: date.day + day }, (hour % 24) * 60));
  }

  function atUs(day: number, hour: number, minute: number): number {
    const startOfHourS = hourStartS[day * 24 + hour];
    if (startOfHourS === undefined) throw new Error(`the calendar ends before day ${day}`);
    return (startOfHourS + minute * 60 - startS) * 1_000_000;
  }

  function labelOf(timeUs: number): string {
    const timeS = startS + Math.floor(timeUs / 1_000_000);
    let hour = Math.min(hourStartS.length - 1, Math.floor((timeS - startS) / SECONDS_OF_HOUR) + 7);
    while (hour > 0 && (hourStartS[hour] ?? 0) > timeS) hour -= 1;
    const minute = Math.min(59, Math.floor((timeS - (hourStartS[hour] ?? 0)) / 60));
    return `${twoDigits(hour % 24)}:${twoDigits(minute)}`;
  }

  return { startS, days, atUs, labelOf };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
