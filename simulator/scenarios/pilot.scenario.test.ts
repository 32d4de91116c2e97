// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { runScenario } from "../src/run.ts";
import { judgeFromOutside } from "./outside-judge.ts";

const SEED = "7";

/**
 * Goal: the pilot of S7 works from the first enrolment to the last event at the issuer.
 * Method: one day of seed 7 with all its incidents, judged by the oracle; then the same figures must
 * show that each incident really took place, because a day without them proves nothing.
 */
const lines: { file: string; line: string }[] = [];
const outcome = runScenario({
  scenario: "pilot",
  seed: SEED,
  days: 1,
  sink: (file, line) => lines.push({ file, line }),
});
const { result, violations, story } = outcome;
const texts = story.map((line) => line.text).join("\n");

function told(pattern: RegExp): void {
  expect(texts).toMatch(pattern);
}

function devicesOf(kind: string): number {
  return lines.filter(({ file, line }) => file === "devices" && line.includes(`"kind":"${kind}"`))
    .length;
}

test(`S7: the pilot day of seed ${SEED} keeps every promise`, () => {
  expect(violations).toEqual([]);
  expect(result).toMatchObject({
    virtualDays: 1,
    unauthorizedOpenings: 0,
    wrongDenials: 0,
    eventsLost: 0,
    eventsDuplicated: 0,
    isSettled: true,
  });
});

type JournalLine = {
  readonly kind: string;
  readonly door: number;
  readonly use: string;
  readonly owner: number;
  readonly building: number;
  readonly provider: number;
  readonly scope: { readonly owner?: number; readonly building?: number };
};

const journal = lines
  .filter(({ file }) => file === "issuer")
  .map(({ line }) => JSON.parse(line) as JournalLine);

function recorded(kind: string): JournalLine[] {
  return journal.filter((line) => line.kind === kind);
}

test("S7: the journal counts 20 entrance and 25 apartment locks, 10 carers and 35 clients", () => {
  const locked = new Set(recorded("lock-enrolled").map((line) => line.door));
  const doorsWithLock = recorded("door-added").filter((line) => locked.has(line.door));
  expect(doorsWithLock.filter((line) => line.use === "entrance").length).toBe(20);
  expect(doorsWithLock.filter((line) => line.use === "apartment").length).toBe(25);
  const home = recorded("client-assigned").map((line) => line.provider);
  expect(home.length).toBe(35);
  expect(new Set(home).size).toBe(1);
  const carers = recorded("carer-added").filter((line) => line.provider === home[0]);
  expect(carers.length).toBe(10);
});

test("S7: ten of eleven property owners have consented, the eleventh has no lock", () => {
  const buildings = recorded("building-added");
  const consenting = new Set(
    recorded("consent-given").flatMap(({ scope }) =>
      buildings
        .filter((line) => line.owner === scope.owner || line.building === scope.building)
        .map((line) => line.owner),
    ),
  );
  expect(recorded("owner-added").length).toBe(11);
  expect(consenting.size).toBe(10);
  const locked = new Set(recorded("lock-enrolled").map((line) => line.door));
  const withoutConsent = buildings.filter((line) => !consenting.has(line.owner));
  const theirs = new Set(withoutConsent.map((line) => line.building));
  const entrances = recorded("door-added").filter(
    (line) => line.use === "entrance" && theirs.has(line.building),
  );
  expect(entrances.length).toBe(2);
  expect(entrances.filter((line) => locked.has(line.door))).toEqual([]);
});

test("S7: the pilot has 45 locks, 12 keys and one station, and is busy", () => {
  expect(devicesOf("lock")).toBe(45);
  expect(devicesOf("key")).toBe(12);
  expect(devicesOf("station")).toBe(1);
  expect(result.sessions).toBeGreaterThan(200);
  expect(result.openings).toBeGreaterThan(80);
  expect(result.syncs).toBeGreaterThan(30);
  expect(result.headsVerified).toBeGreaterThan(30);
});

test("C5: an owner without consent blocks the own entrances and no other door", () => {
  told(/the 2 entrances there have no lock, and 2 clients are "apartment only"/);
});

test("T2: a key without a sync in this shift opens nothing, and opens after the sync", () => {
  told(/forgot to sync: key-05 at lock-\d+ is refused, NEEDS_SYNC/);
  told(/key-05 syncs late and is active/);
});

test("K3: a door without a right stays closed, with the reason in the log", () => {
  told(/without a right: key-02 at lock-\d+ is refused, NO_RIGHT/);
});

test("I10: after a change of provider the new one opens and the old one does not", () => {
  told(/key-11 of the new provider has opened/);
  told(/the old provider, at its next shift: key-07 at lock-\d+ is refused, NO_RIGHT/);
});

test("T2: the key of the day shift refuses itself in the evening", () => {
  told(/day shift in the evening: key-04 at lock-\d+ is refused, RING_EXPIRED \(light: expired\)/);
});

test("I3: a revoked carer is refused by a lock that a colleague has told", () => {
  told(/finder of the lost key.*: key-08 at lock-\d+ is refused, KEY_REVOKED/);
  expect(result.floorsDelivered).toBeGreaterThan(0);
});

test("L5: two approvers open one door in an emergency", () => {
  told(/the emergency opening: key-07 at lock-\d+ is opened/);
});

test("T7: an hour without internet goes over GSM", () => {
  expect(result.messagesOverGsm).toBeGreaterThan(20);
});

test("T6: with mains and battery gone a key feeds the station for one sync", () => {
  told(/key-10 feeds the station from its own battery and is active: its shift was signed in adv/);
});

test("X6: a copied key is stopped where time has moved on, and the rest is counted apart", () => {
  told(/copied key, .* is refused, RING_EXPIRED/);
  expect(result.residualOpenings).toBeLessThanOrEqual(1);
  expect(result.forbiddenAttempts).toBe(7);
  expect(result.forbiddenStopped).toBe(7 - result.residualOpenings);
});

test("L4: keys are pulled out early and writes are torn, and nothing is lost by it", () => {
  expect(result.earlyPulls).toBeGreaterThan(3);
  expect(result.tornWrites).toBeGreaterThan(0);
  expect(result.eventsAtIssuer).toBe(result.eventsAtDevices - result.eventsGapped);
});

test("T3: the broker repeats messages, and no event is stored twice", () => {
  expect(result.messagesDuplicated).toBeGreaterThan(20);
  expect(result.eventsDuplicated).toBe(0);
});

test("L7: a stranger's program judges the day by the documented trace alone", () => {
  expect(judgeFromOutside(lines)).toEqual({
    authorised: result.openings - result.residualOpenings,
    residual: result.residualOpenings,
    unauthorised: 0,
    entries: result.eventsAtDevices,
    lost: 0,
    duplicated: 0,
  });
  const withoutHeads = lines.filter(({ line }) => !line.includes('"kind":"head-issued"'));
  expect(judgeFromOutside(withoutHeads).unauthorised).toBe(result.openings);
});

test("P1: no line of the trace names a person, a street or an alarm code outside the issuer", () => {
  const outside = lines.filter(({ file }) => file !== "issuer").map(({ line }) => line);
  expect(outside.filter((line) => /A10\d\d|Entrance|Apartment|Owner/.test(line))).toEqual([]);
});
