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
  told(/2 entrances stay without a lock, 2 clients are "apartment only"/);
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
  told(/key-10 feeds the station itself and is active: a head signed in advance/);
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
