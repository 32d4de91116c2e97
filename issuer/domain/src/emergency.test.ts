// SPDX-License-Identifier: EUPL-1.2
import {
  APPROVERS_TOO_FEW,
  CONSENT_MISSING,
  decodeRingBundle,
  decodeRingDelta,
  KEY_REVOKED,
  NO_SHIFT,
  NOT_YOUR_CLIENT,
  REQUEST_INVALID,
  ROLE_FORBIDDEN,
  SELF_GRANT,
  STATE_CONFLICT,
  WINDOW_TOO_LONG,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { codeOf, createTown, HOUR_S, headsIn, must } from "../test/town.ts";

function townInNeed() {
  const town = createTown();
  const house = town.house(["A1"], town.north.provider);
  const anna = town.carer(town.north, "anna");
  const order = { door: house.apartments[0] ?? 0, devid: anna.key.devid, reason: "larm" };
  return { town, house, anna, order };
}

describe("emergency opening", () => {
  test("L5: the second of two approvers issues one leaf for one lock of at most four hours", () => {
    const { town, anna, order } = townInNeed();
    const { issuer, desk, secondDesk } = town;
    const request = must(issuer.requestEmergency(town.north.planner, order));
    expect(must(issuer.approveEmergency(desk, request))).toEqual({ issued: false });
    const station = town.station(town.north.provider);
    expect(headsIn(issuer, town.present(station, anna.key))).toEqual([]);
    expect(must(issuer.approveEmergency(secondDesk, request))).toEqual({ issued: true });
    const messages = town.present(station, anna.key);
    const bundles = messages.flatMap((message) => (message.type === 1 ? [message] : []));
    expect(bundles).toMatchObject([{ hold: 2, part: 0, parts: 1 }]);
    const [head] = headsIn(issuer, messages);
    expect(head).toMatchObject({ size: 1, flags: 1, nbfS: town.nowS, expS: town.nowS + HOUR_S });
    const bundle = must(decodeRingBundle(bundles[0]?.bundle ?? new Uint8Array()));
    const delta = must(decodeRingDelta(bundle.delta ?? new Uint8Array()));
    expect(delta.changes.map((change) => change.leaf?.target)).toEqual([order.door]);
    expect(messages.at(-1)).toMatchObject({ type: 5, code: NO_SHIFT });
  });

  test("L5: one person is not two, and a stranger to approval does not count", () => {
    const { town, order } = townInNeed();
    const { issuer, desk } = town;
    const both = (approvers: readonly [number, number]) => {
      const { door, devid: key, reason } = order;
      return codeOf(issuer.emergencyRing({ door, key, approvers, reason }));
    };
    expect(both([desk, desk])).toBe(APPROVERS_TOO_FEW);
    expect(both([desk, town.north.planner])).toBe(APPROVERS_TOO_FEW);
    const request = must(issuer.requestEmergency(desk, order));
    must(issuer.approveEmergency(desk, request));
    expect(codeOf(issuer.approveEmergency(desk, request))).toBe(APPROVERS_TOO_FEW);
    const planner = issuer.approveEmergency(town.north.planner, request);
    expect(codeOf(planner)).toBe(ROLE_FORBIDDEN);
    expect(issuer.history().some((record) => record.kind === "head-issued")).toBe(false);
  });

  test("L5: nobody approves for the own key", () => {
    const { town, anna, order } = townInNeed();
    const { provider } = town.north;
    const { carer } = anna;
    const self = must(town.issuer.addUser(town.desk, { role: "unit-head", provider, carer }));
    const request = must(town.issuer.requestEmergency(town.desk, order));
    expect(codeOf(town.issuer.approveEmergency(self, request))).toBe(SELF_GRANT);
  });

  test("L5: longer than four hours, without a reason, or twice for one request is refused", () => {
    const { town, order } = townInNeed();
    const { issuer, desk, secondDesk } = town;
    const ask = (change: object) => codeOf(issuer.requestEmergency(desk, { ...order, ...change }));
    expect(ask({ durationS: 4 * HOUR_S })).toBe(0);
    expect(ask({ durationS: 4 * HOUR_S + 1 })).toBe(WINDOW_TOO_LONG);
    expect(ask({ reason: "" })).toBe(REQUEST_INVALID);
    const request = must(issuer.requestEmergency(desk, order));
    must(issuer.approveEmergency(desk, request));
    must(issuer.approveEmergency(secondDesk, request));
    const third = must(issuer.addUser(desk, { role: "trygghetsjouren" }));
    expect(codeOf(issuer.approveEmergency(third, request))).toBe(STATE_CONFLICT);
  });

  test("L5: the door must be one that home care may open, for this user", () => {
    const { town, house, anna, order } = townInNeed();
    const { issuer, desk } = town;
    const other = town.house(["B1"], town.south.provider);
    const door = other.apartments[0] ?? 0;
    const foreign = issuer.requestEmergency(town.north.planner, { ...order, door });
    expect(codeOf(foreign)).toBe(NOT_YOUR_CLIENT);
    must(issuer.withdrawConsent(desk, house.consent));
    const entrance = { ...order, door: house.entrance };
    expect(codeOf(issuer.requestEmergency(desk, entrance))).toBe(CONSENT_MISSING);
    must(issuer.revokeKey(town.north.planner, { devid: anna.key.devid, reason: "x" }));
    expect(codeOf(issuer.requestEmergency(desk, order))).toBe(KEY_REVOKED);
  });

  test("L5: request, both approvals, the head and a loud alarm are on record with their people", () => {
    const { town, anna, order } = townInNeed();
    const { issuer, desk, secondDesk } = town;
    const before = issuer.history().length;
    const { door, reason } = order;
    const key = anna.key.devid;
    const ring = must(issuer.emergencyRing({ door, key, approvers: [desk, secondDesk], reason }));
    expect(ring.expS).toBe(town.nowS + HOUR_S);
    const records = issuer.history().slice(before);
    expect(records.map((record) => [record.kind, record.by])).toEqual([
      ["emergency-requested", { user: desk }],
      ["emergency-approved", { user: desk }],
      ["emergency-approved", { user: secondDesk }],
      ["alarm-raised", { user: secondDesk }],
      ["head-issued", { system: true }],
    ]);
    expect(records.at(-1)).toMatchObject({
      purpose: "emergency",
      slots: [[0, door, 3, ring.expS]],
    });
  });
});
