// SPDX-License-Identifier: EUPL-1.2
import { ROLE_FORBIDDEN } from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { codeOf, createTown, HOUR_S, MORNING_S, must } from "../test/town.ts";

/** An entrance that two providers share, with a passage of each and the logs at home. */
function sharedEntrance() {
  const town = createTown();
  const house = town.house(["A1"], town.north.provider);
  must(
    town.issuer.addClient(town.desk, {
      alarmCode: "B1",
      building: house.building,
      provider: town.south.provider,
    }),
  );
  const anna = town.carer(town.north, "anna");
  const bert = town.carer(town.south, "bert");
  const lock = house.entranceLock;
  const target = house.entrance;
  lock.append({ tS: MORNING_S + 10, peer: anna.key.devid, target });
  lock.append({ tS: MORNING_S + 20, peer: bert.key.devid, target });
  lock.append({ tS: MORNING_S + 30, kind: 5, target });
  anna.key.append({ tS: MORNING_S + 10, peer: lock.devid, target });
  anna.key.append({
    tS: MORNING_S + 15,
    kind: 2,
    reason: 7,
    op: 1,
    target: house.apartments[0] ?? 0,
  });
  bert.key.append({ tS: MORNING_S + 20, peer: lock.devid, target });
  const station = town.station();
  for (const device of [lock, anna.key]) town.upload(station, device.sealed(town.issuer));
  return { town, house, anna, bert, lock, station };
}

describe("queries", () => {
  test("G1: which key opened which door and when, by door, key and period", () => {
    const { town, house, anna } = sharedEntrance();
    const ask = (filter: Parameters<typeof town.issuer.events>[1]) =>
      must(town.issuer.events(town.desk, filter)).events;
    const atDoor = ask({ door: house.entrance });
    expect(atDoor.map((event) => [event.madeBy, event.n])).toEqual([
      ["lock", 1],
      ["lock", 2],
      ["lock", 3],
      ["key", 1],
    ]);
    expect(ask({ key: anna.key.devid }).map((event) => event.madeBy)).toEqual([
      "lock",
      "key",
      "key",
    ]);
    const period = { door: house.entrance, fromS: MORNING_S + 10, toS: MORNING_S + 20 };
    expect(ask(period)).toMatchObject([
      { key: anna.key.name, door: house.entrance, atS: MORNING_S + 10, op: 1, reason: 0 },
      { key: anna.key.name, madeBy: "key" },
    ]);
  });

  test("G1: the answer says up to when each key's own log is complete", () => {
    const { town, anna, bert, station } = sharedEntrance();
    const complete = () => {
      const answer = must(town.issuer.events(town.desk, {}));
      return new Map(answer.completeness.map((one) => [one.key, one.completeUpToS]));
    };
    expect(complete().get(anna.key.name)).toBe(MORNING_S + 15);
    expect(complete().get(bert.key.name)).toBeNull();
    for (let count = 0; count < 3; count += 1) bert.key.append({ tS: MORNING_S + 40 + count });
    town.upload(station, bert.key.sealed(town.issuer, 3, 4));
    expect(complete().get(bert.key.name)).toBeNull();
    town.upload(station, bert.key.sealed(town.issuer, 1, 2));
    expect(complete().get(bert.key.name)).toBe(MORNING_S + 42);
  });

  test("I6, I9: a provider sees the events of its own keys only, also at a shared entrance", () => {
    const { town, house, anna, bert } = sharedEntrance();
    const seen = (by: number, filter: Parameters<typeof town.issuer.events>[1] = {}) => {
      const { events, completeness } = must(town.issuer.events(by, filter));
      return {
        keys: [...new Set(events.map((event) => event.key))],
        complete: completeness.map((one) => one.key),
      };
    };
    const { planner } = town.north;
    expect(seen(planner)).toEqual({ keys: [anna.key.name], complete: [anna.key.name] });
    const atDoor = seen(town.south.planner, { door: house.entrance });
    expect(atDoor).toEqual({ keys: [bert.key.name], complete: [bert.key.name] });
    expect(seen(town.desk).keys).toEqual([anna.key.name, bert.key.name, null]);
  });

  test("I6: only Trygghetsjouren reads across providers; other municipal roles read no events", () => {
    const { town } = sharedEntrance();
    const auditor = must(town.issuer.addUser(town.desk, { role: "auditor" }));
    expect(codeOf(town.issuer.events(auditor, {}))).toBe(ROLE_FORBIDDEN);
    expect(codeOf(town.issuer.liveRings(auditor))).toBe(ROLE_FORBIDDEN);
    expect(codeOf(town.issuer.audit(auditor))).toBe(0);
  });

  test("K3: a denied attempt at a key is found with its reason", () => {
    const { town, house, anna } = sharedEntrance();
    const [door] = house.apartments;
    const filter = door === undefined ? {} : { door };
    expect(must(town.issuer.events(town.north.planner, filter)).events).toMatchObject([
      { madeBy: "key", key: anna.key.name, kind: 2, reason: 7, door },
    ]);
  });

  test("I6, I9: live rings of another provider stay unseen", () => {
    const { town, house, anna, bert, station } = sharedEntrance();
    for (const [{ carer, key }, { planner }] of [
      [anna, town.north],
      [bert, town.south],
    ] as const) {
      must(town.issuer.planShift(planner, { carer, startS: MORNING_S, endS: MORNING_S + HOUR_S }));
      town.present(station, key);
    }
    const doors = { door: house.entrance };
    const keysSeen = (by: number) =>
      must(town.issuer.liveRings(by, doors)).map((ring) => ring.devid);
    expect(keysSeen(town.north.planner)).toEqual([anna.key.name]);
    expect(keysSeen(town.south.planner)).toEqual([bert.key.name]);
    expect(keysSeen(town.desk)).toEqual([anna.key.name, bert.key.name]);
  });

  test("I8: lists of staff, keys, clients and rights are the tenant's own", () => {
    const { town, anna } = sharedEntrance();
    const { provider, planner } = town.north;
    expect(must(town.issuer.carersOf(planner, provider))).toEqual([anna.carer]);
    expect(must(town.issuer.keysOf(planner, provider))).toEqual([anna.key.name]);
    expect(must(town.issuer.clientsOf(planner, provider))).toEqual(["A1"]);
    expect(must(town.issuer.rightsOf(planner, anna.key.devid))).toHaveLength(2);
  });
});
