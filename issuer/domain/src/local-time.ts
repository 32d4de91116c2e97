// SPDX-License-Identifier: EUPL-1.2

// The only file that knows local time. Devices and rings know UTC seconds; planners think in the
// wall clock of Stockholm, which is one hour short in one night of March and one long in October.

const ZONE = "Europe/Stockholm";
const DAY_S = 86_400;
const MINUTE_S = 60;

const clockOfZone = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  calendar: "iso8601",
  numberingSystem: "latn",
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** A day of the calendar. @public */
export interface LocalDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

/** The same hours on some weekdays. @public */
export interface WeeklyShift {
  /** 1 Monday to 7 Sunday: the day on which a shift begins. */
  readonly weekdays: readonly number[];
  /** Minutes after midnight by the wall clock. */
  readonly startMinute: number;
  /** An end at or before the start lies on the next day. */
  readonly endMinute: number;
  /** First and last day on which a shift may begin, both included. */
  readonly firstDate: LocalDate;
  readonly lastDate: LocalDate;
}

/**
 * Finds the UTC second at which the wall clock of Stockholm shows a date and time.
 *
 * A time that the clock shows twice means the first of the two; a time that it skips means the
 * moment of the jump plus the minutes beyond it, so a shift never begins before it should.
 * @public
 */
export function utcOfLocal(date: LocalDate, minute: number): number {
  const wallS = Date.UTC(date.year, date.month - 1, date.day) / 1000 + minute * MINUTE_S;
  // The offset changes at most once within a day: one of the two is right. The greater offset is
  // tried first, because it belongs to the first of two equal wall times.
  const offsets = [offsetAt(wallS - DAY_S), offsetAt(wallS + DAY_S)].sort((a, b) => b - a);
  for (const offsetS of offsets) {
    if (offsetAt(wallS - offsetS) === offsetS) return wallS - offsetS;
  }
  return wallS - Math.min(...offsets);
}

/**
 * Resolves a weekly pattern to shifts in UTC seconds, in ascending order.
 * @public
 */
export function shiftsOfWeek(week: WeeklyShift): readonly { startS: number; endS: number }[] {
  const shifts: { startS: number; endS: number }[] = [];
  const lastDay = dayNumber(week.lastDate);
  const nights = week.endMinute <= week.startMinute ? 1 : 0;
  for (let day = dayNumber(week.firstDate); day <= lastDay; day += 1) {
    // Day 0, 1 January 1970, was a Thursday.
    const weekday = ((day + 3) % 7) + 1;
    if (!week.weekdays.includes(weekday)) continue;
    shifts.push({
      startS: utcOfLocal(dateOfDay(day), week.startMinute),
      endS: utcOfLocal(dateOfDay(day + nights), week.endMinute),
    });
  }
  return shifts;
}

function offsetAt(utcS: number): number {
  const parts = new Map<string, number>();
  for (const part of clockOfZone.formatToParts(utcS * 1000)) {
    if (part.type !== "literal") parts.set(part.type, Number(part.value));
  }
  const read = (name: string) => parts.get(name) ?? 0;
  const wallMs = Date.UTC(
    read("year"),
    read("month") - 1,
    read("day"),
    read("hour"),
    read("minute"),
    read("second"),
  );
  return wallMs / 1000 - utcS;
}

function dayNumber(date: LocalDate): number {
  return Date.UTC(date.year, date.month - 1, date.day) / 1000 / DAY_S;
}

function dateOfDay(day: number): LocalDate {
  const date = new Date(day * DAY_S * 1000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}
