// SPDX-License-Identifier: EUPL-1.2
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shiftsOfWeek, utcOfLocal } from "./local-time.ts";

const utc = (text: string) => Date.parse(text) / 1000;
const NIGHT = { startMinute: 22 * 60, endMinute: 7 * 60 };

describe("local time of Stockholm", () => {
  test("summer is two hours and winter one hour ahead of UTC", () => {
    expect(utcOfLocal({ year: 2026, month: 7, day: 1 }, 7 * 60)).toBe(utc("2026-07-01T05:00Z"));
    expect(utcOfLocal({ year: 2026, month: 1, day: 1 }, 7 * 60)).toBe(utc("2026-01-01T06:00Z"));
  });

  test("rule 10: the night shift of the spring change lasts eight hours and that of autumn ten", () => {
    const nightOf = (month: number, day: number) => {
      const date = { year: 2026, month, day };
      const week = { weekdays: [6], firstDate: date, lastDate: date, ...NIGHT };
      return shiftsOfWeek(week)[0];
    };
    expect(nightOf(3, 28)).toEqual({
      startS: utc("2026-03-28T21:00Z"),
      endS: utc("2026-03-29T05:00Z"),
    });
    expect(nightOf(10, 24)).toEqual({
      startS: utc("2026-10-24T20:00Z"),
      endS: utc("2026-10-25T06:00Z"),
    });
  });

  test("a time that the clock skips means the same distance after midnight", () => {
    const skipped = utcOfLocal({ year: 2026, month: 3, day: 29 }, 2 * 60 + 30);
    expect(skipped).toBe(utc("2026-03-29T01:30Z"));
  });

  test("a time that the clock shows twice means the first", () => {
    const twice = utcOfLocal({ year: 2026, month: 10, day: 25 }, 2 * 60 + 30);
    expect(twice).toBe(utc("2026-10-25T00:30Z"));
  });

  test("a week holds only the named weekdays, both ends included", () => {
    const shifts = shiftsOfWeek({
      weekdays: [1, 7],
      startMinute: 7 * 60,
      endMinute: 15 * 60,
      firstDate: { year: 2026, month: 9, day: 7 },
      lastDate: { year: 2026, month: 9, day: 14 },
    });
    expect(shifts.map((shift) => shift.startS)).toEqual([
      utc("2026-09-07T05:00Z"),
      utc("2026-09-13T05:00Z"),
      utc("2026-09-14T05:00Z"),
    ]);
  });

  test("the wall clock reads the asked time at every moment found, but in the skipped hour", () => {
    const clock = new Intl.DateTimeFormat("sv-SE", {
      timeZone: "Europe/Stockholm",
      dateStyle: "short",
      timeStyle: "short",
    });
    const day = fc.record({
      year: fc.integer({ min: 2020, max: 2037 }),
      month: fc.integer({ min: 1, max: 12 }),
      day: fc.integer({ min: 1, max: 28 }),
    });
    fc.assert(
      fc.property(day, fc.integer({ min: 3 * 60, max: 24 * 60 - 1 }), (date, minute) => {
        const two = (value: number) => String(value).padStart(2, "0");
        const asked = `${date.year}-${two(date.month)}-${two(date.day)} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
        expect(clock.format(utcOfLocal(date, minute) * 1000)).toBe(asked);
      }),
    );
  });
});
