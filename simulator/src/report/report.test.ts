// SPDX-License-Identifier: EUPL-1.2

import { beforeAll, describe, expect, test } from "vitest";
import { splitOpenings } from "../opening-parts.ts";
import { type RunOutcome, runScenario } from "../run.ts";
import { countEnds, type Day, readDay } from "./day.ts";
import { embedJson, escapeMarkup } from "./markup.ts";
import { writePage } from "./page.ts";
import type { PageData } from "./page-data.ts";
import type { PerfettoEvent } from "./perfetto.ts";
import { writePerfetto } from "./perfetto.ts";
import { createRecorder, type Recording } from "./recorder.ts";
import { createReporter } from "./report.ts";
import { TEXTS } from "./texts.ts";

const SEED = "7";
const REPLAY = `npx nyckel sim run pilot --seed ${SEED}`;

let outcome: RunOutcome;
let recording: Recording;
let day: Day;
let page: string;

beforeAll(() => {
  const recorder = createRecorder();
  outcome = runScenario({ scenario: "pilot", seed: SEED, days: 1, sink: recorder.sink });
  recording = recorder.recording;
  day = readDay(recording, outcome);
  page = writePage({ outcome, day, replay: REPLAY });
}, 180_000);

function embedded<T>(id: string): T {
  const [, text = ""] =
    new RegExp(`<script type="application/json" id="${id}">(.*?)</script>`, "s").exec(page) ?? [];
  return JSON.parse(text) as T;
}

function marksOf(shape: string): string[] {
  const uses = page.matchAll(new RegExp(`<use href="#s-${shape}"[^>]*data-e="(c\\d+)"`, "g"));
  return [...new Set([...uses].map(([, id = ""]) => id))];
}

describe("the page", () => {
  test("every opening and every refusal of the result is a mark, and no other is", () => {
    expect(countEnds(day)).toEqual({
      openings: outcome.result.openings,
      denials: outcome.result.denials,
    });
    const opened = day.visits.filter(({ unlocksUs }) => unlocksUs.length > 0);
    const marks = ["opened", "residual", "unauthorized"].flatMap(marksOf);
    expect(marks.sort()).toEqual(opened.map(({ id }) => `c${id}`).sort());
    expect(marksOf("denied")).toHaveLength(outcome.result.denials);
    expect(marksOf("synced")).toHaveLength(outcome.result.syncs);
    expect(marksOf("residual")).toHaveLength(outcome.result.residualOpenings);
    expect(page.match(/data-denial=/g)).toHaveLength(outcome.result.denials);
  });

  test("the totals are those of the result, and a goal stands beside its value", () => {
    const { result } = outcome;
    const shown = new Map(
      [...page.matchAll(/data-figure="(\w+)">(\d+)</g)].map(([, name, value]) => [name, value]),
    );
    expect(shown.get("unauthorizedOpenings")).toBe(String(result.unauthorizedOpenings));
    expect(shown.get("eventsLost")).toBe(String(result.eventsLost));
    expect(shown.get("eventsHome")).toBe(String(result.eventsAtIssuer));
    expect(shown.get("forbidden")).toBe(String(result.forbiddenStopped));
    expect(page.match(/class="goal good"/g)).toHaveLength(4);
    const bad = { ...outcome, result: { ...result, eventsLost: 3 } };
    const badPage = writePage({ outcome: bad, day, replay: REPLAY });
    expect(badPage.match(/class="goal bad"/g)).toHaveLength(1);
    expect(badPage).toContain('data-figure="eventsLost">3<');
  });

  test("a refusal tells its reason, from the log of the device that refused", () => {
    const denied = day.visits.filter(({ end }) => end === "denied");
    expect(denied.length).toBeGreaterThan(0);
    const told = denied.filter(({ reason }) => reason > 0);
    // A key that is pulled while it waits leaves a refusal that nobody wrote down.
    expect(told.length).toBeGreaterThan(0.7 * denied.length);
    for (const { id } of told) {
      expect(page).toMatch(new RegExp(`data-denial="c${id}">.*E\\d{4} [A-Z_]+`));
    }
  });

  test("the page loads nothing and forbids itself to", () => {
    expect(page).not.toMatch(/https?:/i);
    expect(page).not.toMatch(/<(link|img|iframe|object|embed|base|form)\b/i);
    expect(page).not.toMatch(/\b(src|srcset|data|action)="/i);
    expect(page).not.toMatch(/@import|url\((?!#)/);
    expect(page).toContain("default-src 'none'");
    expect(page.length).toBeLessThan(2_000_000);
  });

  test("O7: every text that the page shows has Swedish and English, with the same places", () => {
    const texts = embedded<Record<string, { sv: string; en: string }>>("texts");
    expect(texts).toEqual(TEXTS);
    for (const [name, { sv, en }] of Object.entries(texts)) {
      expect(sv.length, name).toBeGreaterThan(0);
      expect(en.length, name).toBeGreaterThan(0);
      expect(placesOf(sv), name).toEqual(placesOf(en));
    }
    const named = [...page.matchAll(/data-[ta]="(\w+)"/g)].map(([, name = ""]) => name);
    const called = [...page.matchAll(/\bt\("(\w+)"/g)].map(([, name = ""]) => name);
    expect(new Set(named).size).toBeGreaterThan(50);
    expect(new Set(called).size).toBeGreaterThan(20);
    for (const name of [...named, ...called]) expect(texts).toHaveProperty(name);
    const data = embedded<PageData>("data");
    for (const { text, purpose, signal } of data.events) {
      for (const name of [text, purpose, signal]) if (name) expect(texts).toHaveProperty(name);
    }
    for (const { sv, en } of Object.values(data.codes)) expect(sv).not.toBe(en);
  });

  test("the same run writes the same octets", () => {
    const again = createReporter();
    runScenario({ scenario: "pilot", seed: SEED, days: 1, sink: again.sink });
    expect(again.write(outcome, REPLAY)["report.html"] === page).toBe(true);
  }, 180_000);

  test("no address, alarm code, organisation or evidence of the journal is in the page", () => {
    let looked = 0;
    for (const line of recording.journal) {
      for (const field of ["address", "alarmCode", "organisation", "evidence", "staffCode"]) {
        const value = line[field];
        if (typeof value !== "string" || value.length < 4) continue;
        looked += 1;
        expect(page).not.toContain(value);
      }
    }
    expect(looked).toBeGreaterThan(50);
  });

  test("a hostile text cannot become markup", () => {
    const hostile = `</script><img src=x onerror="alert('1')">&\u0000`;
    const line = { invariant: "I1 no-unauth", atUs: 5, text: hostile } as const;
    const hurt = writePage({
      outcome: { ...outcome, violations: [line] },
      day,
      replay: hostile,
    });
    expect(hurt).not.toContain("<img");
    expect(hurt).toContain("&lt;img");
    expect(escapeMarkup(hostile)).not.toMatch(/[<>"']/);
    expect(escapeMarkup(hostile)).not.toContain("\u0000");
    expect(embedJson({ hostile })).not.toMatch(/[<>&]/);
    expect(JSON.parse(embedJson({ hostile }))).toEqual({ hostile });
  });
});

function placesOf(text: string): string[] {
  return [...new Set(text.match(/\{\d\}/g) ?? [])].sort();
}

describe("the story of a contact", () => {
  test("L1: each opening has its entry at the lock, a carrier, a station and a commit", () => {
    const opened = day.visits.filter(({ end }) => end === "opened" || end === "left");
    expect(opened.length).toBeGreaterThan(200);
    const seen = new Set<string>();
    for (const visit of opened) {
      expect(visit.entriesAtLock.length, `contact ${visit.id}`).toBeGreaterThan(0);
      for (const entry of visit.entriesAtLock) {
        expect(seen.has(`${visit.device} ${entry.n}`)).toBe(false);
        seen.add(`${visit.device} ${entry.n}`);
        const atS = day.startS + visit.startUs / 1_000_000;
        expect(entry.committedAtS).toBeGreaterThan(atS);
        const handed = day.visits.find(({ id }) => id === entry.handedIn);
        expect(handed?.key).toBe(entry.carriedBy);
        expect(handed?.device).toBe(entry.station);
        // Whoever carried it home was at the lock after it was written.
        const wasThere = day.visits.some(
          ({ key, device, startUs }) =>
            key === entry.carriedBy &&
            device === visit.device &&
            startUs >= visit.startUs &&
            startUs <= (handed?.startUs ?? 0),
        );
        expect(wasThere, `contact ${visit.id}`).toBe(true);
      }
    }
  });

  test("L1: the entries of one lock follow its contacts in the same order", () => {
    for (const { lock } of day.doors) {
      const numbers = day.visits
        .filter(({ device }) => device === lock)
        .flatMap(({ entriesAtLock }) => entriesAtLock.map(({ n }) => n));
      expect(numbers).toEqual(numbers.toSorted((left, right) => left - right));
    }
  });

  test("T3: an opening after a delivered floor list has its entry, on another day too", () => {
    const { sink, recording: other } = createRecorder();
    const judged = runScenario({ scenario: "pilot", seed: "5", days: 1, sink });
    const otherDay = readDay(other, judged);
    expect(countEnds(otherDay).openings).toBe(judged.result.openings);
    const bare = otherDay.visits.filter(
      ({ end, entriesAtLock }) => end === "opened" && entriesAtLock.length === 0,
    );
    expect(bare.map(({ id }) => id)).toEqual([]);
  }, 180_000);

  test("a key writes its own entry for nearly every contact that had a verdict", () => {
    const honest = day.visits.filter(
      ({ end, key }) => ["opened", "left", "denied"].includes(end) && !key.startsWith("copy"),
    );
    const bare = honest.filter(({ entriesAtKey }) => entriesAtKey.length === 0);
    // A hand that pulls between the motor and the light leaves an opening without the key's entry.
    expect(bare.length / honest.length).toBeLessThan(0.02);
  });

  test("an opening shows its whole handshake with the octets that passed", () => {
    for (const { messages, unlocksUs } of day.visits) {
      if (unlocksUs.length === 0) continue;
      const kinds = messages.map(({ kind }) => kind);
      for (const kind of ["hello", "edhoc1", "edhoc2", "edhoc3"]) expect(kinds).toContain(kind);
    }
  });
});

describe("the figures of an opening", () => {
  test("the time to the motor is that of the result, and each part fits into it", () => {
    const { figures } = splitOpenings(day.visits);
    expect(outcome.result.openingParts).toEqual(splitOpenings(day.visits));
    const total = figures.find(({ part }) => part === "toMotor");
    // The result also counts openings in which a person pressed the button first.
    const { p50, p99 } = outcome.result.openingMs;
    expect(Math.abs((total?.p50Ms ?? 0) - p50)).toBeLessThan(0.05 * p50);
    expect(total?.p99Ms).toBeLessThanOrEqual(p99);
    for (const { part, p50Ms, p99Ms } of figures) {
      expect(p50Ms).toBeGreaterThan(0);
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
      if (part !== "bolt") expect(p99Ms).toBeLessThanOrEqual(total?.p99Ms ?? 0);
    }
  });
});

describe("the trace for Perfetto", () => {
  test("each slice lies inside of the one that it began in", () => {
    const { traceEvents } = JSON.parse(writePerfetto(day)) as { traceEvents: PerfettoEvent[] };
    const names = traceEvents.filter(({ name }) => name === "process_name");
    expect(names.map(({ args }) => args?.["name"])).toEqual([
      "authorization system",
      "station",
      "key",
      "lock",
    ]);
    const contacts = traceEvents.filter(({ cat }) => cat === "contact");
    expect(contacts).toHaveLength(2 * outcome.result.insertions);
    const open = new Map<number, number[]>();
    let deepest = 0;
    const slices = traceEvents
      .filter(({ ph }) => ph === "X")
      .map(({ tid, ts = 0, dur = 0 }) => ({ tid, ts, end: ts + dur }))
      .sort((left, right) => left.ts - right.ts || right.end - left.end);
    for (const { tid, ts, end } of slices) {
      const stack = open.get(tid) ?? [];
      open.set(tid, stack);
      while (stack.length > 0 && (stack.at(-1) ?? 0) <= ts) stack.pop();
      if (stack.length > 0) expect(end).toBeLessThanOrEqual(stack.at(-1) ?? 0);
      stack.push(end);
      deepest = Math.max(deepest, stack.length);
    }
    expect(deepest).toBe(3);
    const instants = traceEvents.filter(({ ph, name }) => ph === "i" && name === "motor unlock");
    expect(instants).toHaveLength(2 * outcome.result.openings);
  });
});
