// SPDX-License-Identifier: EUPL-1.2
import {
  CONSENT_MISSING,
  NOT_YOUR_CLIENT,
  RING_FULL,
  SCOPE_EXCEEDED,
  SELF_GRANT,
  SIGNATORY_MISSING,
} from "@nyckelring/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  codeOf,
  createDevice,
  createTown,
  HOUR_S,
  MORNING_S,
  must,
  publicOf,
  type Town,
} from "../test/town.ts";
import { deriveLeaves } from "./access-rights.ts";

function doorsOf(town: Town, carer: number): number[] {
  return deriveLeaves(town.issuer.register, carer, town.nowS)
    .filter(([kind]) => kind === 0)
    .map(([, door]) => door);
}

describe("rights over clients", () => {
  test("I7, K1: a carer reaches the apartments of the provider's own clients and the entrances", () => {
    const town = createTown();
    const own = town.house(["A1", "A2"], town.north.provider);
    town.house(["B1"], town.south.provider);
    const anna = town.carer(town.north, "anna");
    expect(doorsOf(town, anna.carer)).toEqual(
      [own.entrance, ...own.apartments].sort((a, b) => a - b),
    );
  });

  test("I7: a planner cannot grant a client of another provider", () => {
    const town = createTown();
    town.house(["A1"], town.north.provider);
    town.house(["B1"], town.south.provider);
    const { carer } = town.carer(town.north, "anna");
    const { planner } = town.north;
    const granted = town.issuer.grantRight(planner, { carer, scope: ["A1", "B1"] });
    expect(codeOf(granted)).toBe(NOT_YOUR_CLIENT);
    expect(codeOf(town.issuer.grantRight(planner, { carer, scope: ["A1"] }))).toBe(0);
  });

  test("I9: an entrance serves several providers and ends with the last client of each", () => {
    const town = createTown();
    const { issuer } = town;
    const house = town.house(["A1", "A2"], town.north.provider);
    const anna = town.carer(town.north, "anna");
    const bert = town.carer(town.south, "bert");
    expect(doorsOf(town, bert.carer)).toEqual([]);
    const move = (client: string, from: number, provider: number) =>
      must(issuer.changeProvider(town.desk, { client, from, provider }));
    move("A1", town.north.provider, town.south.provider);
    expect(doorsOf(town, anna.carer)).toContain(house.entrance);
    expect(doorsOf(town, bert.carer)).toEqual([house.entrance, house.apartments[0]]);
    move("A2", town.north.provider, town.south.provider);
    expect(doorsOf(town, anna.carer)).toEqual([]);
  });

  test("I10: a provider change is one recorded fact and moves rights at once", () => {
    const town = createTown();
    const house = town.house(["A1"], town.north.provider);
    const anna = town.carer(town.north, "anna");
    const bert = town.carer(town.south, "bert");
    const before = town.issuer.history().length;
    const change = { client: "A1", from: town.north.provider, provider: town.south.provider };
    must(town.issuer.changeProvider(town.desk, change));
    const facts = town.issuer.history().slice(before);
    expect(facts).toMatchObject([{ kind: "provider-changed", alarmCode: "A1" }]);
    expect(doorsOf(town, anna.carer)).toEqual([]);
    expect(doorsOf(town, bert.carer)).toEqual([house.entrance, house.apartments[0]]);
  });

  test("I3: a planner restricts a right in scope and time, never widens it, and revokes it", () => {
    const town = createTown();
    const house = town.house(["A1", "A2"], town.north.provider);
    const { carer, right } = town.carer(town.north, "anna");
    const { planner } = town.north;
    const untilS = MORNING_S + HOUR_S;
    must(town.issuer.restrictRight(planner, { right, scope: ["A2"], untilS }));
    expect(doorsOf(town, carer)).toEqual([house.entrance, house.apartments[1]]);
    const wider = town.issuer.restrictRight(planner, { right, scope: ["A1", "A2"] });
    expect(codeOf(wider)).toBe(SCOPE_EXCEEDED);
    const later = town.issuer.restrictRight(planner, { right, untilS: untilS + 1 });
    expect(codeOf(later)).toBe(SCOPE_EXCEEDED);
    town.nowS = untilS;
    expect(doorsOf(town, carer)).toEqual([]);
    const second = must(town.issuer.grantRight(planner, { carer, scope: ["A1"] }));
    expect(doorsOf(town, carer)).toEqual([house.entrance, house.apartments[0]]);
    must(town.issuer.revokeRight(planner, second));
    expect(doorsOf(town, carer)).toEqual([]);
    const kinds = town.issuer.history().map((record) => record.kind);
    expect(kinds).toEqual(expect.arrayContaining(["right-restricted", "right-revoked"]));
  });

  test("nobody grants rights or shifts to an own key", () => {
    const town = createTown();
    const { provider, planner } = town.north;
    const { carer } = town.carer(town.north, "anna");
    const self = must(town.issuer.addUser(town.desk, { role: "planner", provider, carer }));
    expect(codeOf(town.issuer.grantRight(self, { carer }))).toBe(SELF_GRANT);
    const shift = { carer, startS: MORNING_S, endS: MORNING_S + HOUR_S };
    expect(codeOf(town.issuer.planShift(self, shift))).toBe(SELF_GRANT);
    expect(codeOf(town.issuer.planShift(planner, shift))).toBe(0);
  });

  test("rule 7: a group is one leaf for all its doors and ends by itself", () => {
    const town = createTown();
    const { issuer, desk } = town;
    const group = must(issuer.addGroup(desk, { purpose: "nattpatrull" }));
    const { carer } = town.carer(town.north, "anna");
    must(issuer.grantGroup(desk, { group, carer, untilS: MORNING_S + HOUR_S }));
    const now = () => deriveLeaves(issuer.register, carer, town.nowS);
    expect(now()).toEqual([[1, group, 3, MORNING_S + HOUR_S]]);
    town.nowS += HOUR_S;
    expect(now()).toEqual([]);
    expect(codeOf(issuer.grantGroup(town.north.planner, { group, carer }))).not.toBe(0);
  });
});

describe("the bound of a ring", () => {
  /** A provider whose clients live behind a number of apartment doors in one building. */
  function bigProvider(doors: number) {
    const town = createTown();
    const { issuer, desk } = town;
    const building = must(issuer.addBuilding(desk, { owner: town.owner }));
    const { provider } = town.north;
    // The locks are one public key each; the domain asks no more of them here.
    for (let index = 0; index < doors; index += 1) {
      const alarmCode = `C${index}`;
      must(issuer.addClient(desk, { alarmCode, building, provider }));
      const place = { building, address: "Långa gatan 1", alarmCode };
      const door = must(issuer.addDoor(desk, { kind: "apartment", ...place }));
      const scope = { door };
      must(issuer.recordConsent(desk, { scope, signatories: ["resident"], evidence: "avtal" }));
      town.lock(door, `lock ${index}`);
    }
    return { town, building };
  }

  test("S6: right 4000 is granted and right 4001 refused with RING_FULL, not dropped", () => {
    const { town, building } = bigProvider(4000);
    const { issuer, desk } = town;
    const { carer, key } = town.carer(town.north, "anna");
    expect(doorsOf(town, carer)).toHaveLength(4000);
    const group = must(issuer.addGroup(desk, { purpose: "larm" }));
    const over = issuer.grantGroup(desk, { group, carer });
    expect(over).toMatchObject({ ok: false, fault: { code: RING_FULL, detail: 4001 } });
    const { provider } = town.north;
    const alarmCode = "C4000";
    must(issuer.addClient(desk, { alarmCode, building }));
    const place = { building, address: "Långa gatan 1", alarmCode };
    const door = must(issuer.addDoor(desk, { kind: "apartment", ...place }));
    const assigned = issuer.assignClient(desk, { client: alarmCode, provider });
    expect(assigned).toMatchObject({ ok: false, fault: { code: RING_FULL, detail: 4001 } });

    // A door that comes by another way, a lock in it, is refused at the ring and alarmed.
    const second = must(issuer.addDoor(desk, { ...place, kind: "apartment", alarmCode: "C0" }));
    const scope = { door: second };
    must(issuer.recordConsent(desk, { scope, signatories: ["resident"], evidence: "avtal" }));
    town.lock(second, "second lock");
    const shift = { carer, startS: MORNING_S, endS: MORNING_S + HOUR_S };
    must(issuer.planShift(town.north.planner, shift));
    const refused = town.present(town.station(provider), key).at(-1);
    expect(refused).toMatchObject({ type: 5, code: RING_FULL });
    expect(door).toBeGreaterThan(0);
    const alarms = issuer.history().filter((record) => record.kind === "alarm-raised");
    expect(alarms).toMatchObject([{ alarm: "ring-full", detail: 4001 }]);
  });
});

describe("consents", () => {
  test("C1, C3: no lock is commissioned without the consent of its door", () => {
    const town = createTown();
    const { issuer, desk } = town;
    const building = must(issuer.addBuilding(desk, { owner: town.owner }));
    const place = { building, address: "Nygatan 1" };
    const entrance = must(issuer.addDoor(desk, { kind: "entrance", ...place }));
    const apartment = must(issuer.addDoor(desk, { kind: "apartment", alarmCode: "A1", ...place }));
    const enrol = (door: number) => {
      const devicePublic = publicOf(createDevice(`lock ${door}`));
      return codeOf(issuer.enrolLock(desk, { door, devicePublic, profile: 0 }));
    };
    expect([enrol(entrance), enrol(apartment)]).toEqual([CONSENT_MISSING, CONSENT_MISSING]);
    const evidence = "avtal 17";
    must(issuer.recordConsent(desk, { scope: { building }, signatories: ["owner"], evidence }));
    expect([enrol(entrance), enrol(apartment)]).toEqual([0, CONSENT_MISSING]);
    const scope = { door: apartment };
    must(issuer.recordConsent(desk, { scope, signatories: ["resident"], evidence }));
    expect(enrol(apartment)).toBe(0);
  });

  test("C2: a consent for the whole stock covers buildings added later, until it is withdrawn", () => {
    const town = createTown();
    const { issuer, desk } = town;
    const owner = must(issuer.addPropertyOwner(desk, { organisation: "Stora Fastigheter" }));
    const signed = { scope: { owner }, signatories: ["owner"] as const, evidence: "ramavtal" };
    const consent = must(issuer.recordConsent(desk, signed));
    const building = must(issuer.addBuilding(desk, { owner }));
    const door = must(
      issuer.addDoor(desk, { kind: "entrance", building, address: "Kungsgatan 2" }),
    );
    const missing = () => must(issuer.consentTasks(desk)).some((task) => task.door === door);
    expect(missing()).toBe(false);
    must(issuer.withdrawConsent(desk, consent));
    expect(missing()).toBe(true);
  });

  test("C3: a housing association's rule says who must sign, on one paper or several", () => {
    const town = createTown();
    const { issuer, desk } = town;
    const association = must(
      issuer.addAssociation(desk, {
        organisation: "Brf Eken",
        signatories: ["resident", "association"],
      }),
    );
    const building = must(issuer.addBuilding(desk, { owner: town.owner, association }));
    const place = { building, address: "Ekgatan 3", alarmCode: "A1" };
    const door = must(issuer.addDoor(desk, { kind: "apartment", ...place }));
    const sign = (signatory: "resident" | "association") => {
      const signed = { scope: { door }, signatories: [signatory], evidence: "blankett" };
      return must(issuer.recordConsent(desk, signed));
    };
    const missing = () => must(issuer.consentTasks(desk)).flatMap((task) => task.missing);
    expect(missing()).toEqual(["resident", "association"]);
    sign("resident");
    expect(missing()).toEqual(["association"]);
    const second = sign("association");
    expect(missing()).toEqual([]);
    must(issuer.withdrawConsent(desk, second));
    expect(missing()).toEqual(["association"]);
  });

  test("C4: a sale ends the seller's consent for the building and asks the buyer", () => {
    const town = createTown();
    const house = town.house(["A1"], town.north.provider);
    const { carer } = town.carer(town.north, "anna");
    const buyer = must(town.issuer.addPropertyOwner(town.desk, { organisation: "Köparen" }));
    must(town.issuer.sellBuilding(town.desk, { building: house.building, owner: buyer }));
    expect(must(town.issuer.consentTasks(town.desk))).toMatchObject([
      { door: house.entrance, missing: ["owner"] },
    ]);
    expect(doorsOf(town, carer)).toEqual(house.apartments);
  });

  test("C5: a missing consent blocks its own doors only, and the client needs a metal key", () => {
    const town = createTown();
    const one = town.house(["A1"], town.north.provider);
    const two = town.house(["A2"], town.north.provider);
    const { carer } = town.carer(town.north, "anna");
    must(town.issuer.withdrawConsent(town.desk, one.consent));
    expect(doorsOf(town, carer)).toEqual([...one.apartments, two.entrance, ...two.apartments]);
    const { planner } = town.north;
    const access = { entrance: false, apartment: true, needsMetalKey: true };
    expect(must(town.issuer.clientAccess(planner, "A1"))).toMatchObject(access);
    expect(must(town.issuer.clientAccess(planner, "A2")).needsMetalKey).toBe(false);
  });

  test("rule 13: from the second of a withdrawal no ring holds the door, and live ones are listed", () => {
    const town = createTown();
    const house = town.house(["A1"], town.north.provider);
    const { carer, key } = town.carer(town.north, "anna");
    const shift = { carer, startS: MORNING_S, endS: MORNING_S + 8 * HOUR_S };
    must(town.issuer.planShift(town.north.planner, shift));
    const station = town.station(town.north.provider);
    town.present(station, key);
    town.nowS += HOUR_S;
    const live = must(town.issuer.withdrawConsent(town.desk, house.consent));
    const remainingS = 7.5 * HOUR_S;
    expect(live).toMatchObject([{ door: house.entrance, devid: key.name, remainingS }]);
    town.present(station, key);
    const heads = town.issuer.history().filter((record) => record.kind === "head-issued");
    const holds = heads.map((head) => head.slots.some((leaf) => leaf?.[1] === house.entrance));
    expect(holds).toEqual([true, false]);
    town.nowS += 8 * HOUR_S;
    expect(must(town.issuer.liveRings(town.desk, { door: house.entrance }))).toEqual([]);
  });

  test("C5, rule 7: a lock without consent leaves its groups, and returns with a new consent", () => {
    const town = createTown();
    const { issuer, desk } = town;
    const house = town.house(["A1"], town.north.provider);
    const group = must(issuer.addGroup(desk, { purpose: "nattpatrull" }));
    must(issuer.addDoorToGroup(desk, { door: house.entrance, group }));
    const { carer, key } = town.carer(town.south, "natt");
    must(issuer.grantGroup(desk, { group, carer }));
    const shift = { carer, startS: MORNING_S, endS: MORNING_S + 8 * HOUR_S };
    must(issuer.planShift(town.south.planner, shift));
    town.present(town.station(town.south.provider), key);
    const lock = () => issuer.register.locks.get(house.entranceLock.name);
    expect(lock()).toMatchObject({ cfgseq: 2, groups: [group] });
    const live = must(issuer.withdrawConsent(desk, house.consent));
    expect(live.map((ring) => ring.devid)).toEqual([key.name]);
    expect(lock()).toMatchObject({ cfgseq: 3, groups: [] });
    const scope = { building: house.building };
    must(issuer.recordConsent(desk, { scope, signatories: ["owner"], evidence: "nytt avtal" }));
    expect(lock()).toMatchObject({ cfgseq: 4, groups: [group] });
    const buyer = must(issuer.addPropertyOwner(desk, { organisation: "Köparen" }));
    must(issuer.sellBuilding(desk, { building: house.building, owner: buyer }));
    expect(lock()).toMatchObject({ cfgseq: 5, groups: [] });
  });

  test("an owner's paper without the owner's signature is refused", () => {
    const town = createTown();
    const scope = { owner: town.owner };
    const paper = { scope, signatories: ["resident"] as const, evidence: "x" };
    expect(codeOf(town.issuer.recordConsent(town.desk, paper))).toBe(SIGNATORY_MISSING);
  });
});

/**
 * Goal: what a carer may open is what the rules say, whatever happened in whatever order.
 * Method: apply drawn events to the issuer and to plain lists; then derive the doors of a carer in
 * the most literal way from the lists, door by door and client by client, and compare.
 */
test("I7, I9, I10, C5: derived rights equal a literal reading of the rules after any history", () => {
  const client = fc.constantFrom("A1", "A2", "B1", "B2");
  const which = fc.constantFrom("north" as const, "south" as const);
  const event = fc.oneof(
    fc.record({ do: fc.constant("move" as const), client, to: which }),
    fc.record({ do: fc.constant("active" as const), client, active: fc.boolean() }),
    fc.record({ do: fc.constant("consent" as const), house: fc.nat(1), given: fc.boolean() }),
    fc.record({ do: fc.constant("right" as const), scope: fc.subarray(["A1", "A2", "B1", "B2"]) }),
    fc.record({ do: fc.constant("unlock" as const), house: fc.nat(1) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 25 }), (events) => {
      const town = createTown();
      const { issuer, desk } = town;
      const houses = [
        town.house(["A1", "A2"], town.north.provider),
        town.house(["B1", "B2"], town.south.provider),
      ];
      const { carer } = town.carer(town.north, "anna");
      const numberOf = { north: town.north.provider, south: town.south.provider };
      // The plain lists.
      const served = new Map(
        ["A1", "A2", "B1", "B2"].map((code) => [
          code,
          { by: code.startsWith("A") ? ("north" as const) : ("south" as const), active: true },
        ]),
      );
      const consents = houses.map((house): number | null => house.consent);
      const locked = [true, true];
      const scopes: (readonly string[] | "all")[] = ["all"];
      for (const one of events) {
        if (one.do === "move") {
          const now = served.get(one.client);
          if (now === undefined || now.by === one.to) continue;
          const change = { client: one.client, from: numberOf[now.by], provider: numberOf[one.to] };
          must(issuer.changeProvider(desk, change));
          served.set(one.client, { by: one.to, active: true });
        } else if (one.do === "active") {
          const now = served.get(one.client);
          if (now === undefined) continue;
          const { client: code, active } = one;
          const planner = town[now.by].planner;
          must(
            issuer.setClientActive(planner, { client: code, provider: numberOf[now.by], active }),
          );
          served.set(one.client, { ...now, active });
        } else if (one.do === "consent") {
          const held = consents[one.house] ?? null;
          const building = houses[one.house]?.building ?? 0;
          const paper = { scope: { building }, signatories: ["owner"] as const, evidence: "x" };
          if (one.given && held === null) {
            consents[one.house] = must(issuer.recordConsent(desk, paper));
          }
          if (!one.given && held !== null) {
            must(issuer.withdrawConsent(desk, held));
            consents[one.house] = null;
          }
        } else if (one.do === "right") {
          const granted = issuer.grantRight(town.north.planner, { carer, scope: one.scope });
          const isOwn = one.scope.every((code) => {
            const now = served.get(code);
            return now?.by === "north" && now.active;
          });
          expect(granted.ok).toBe(isOwn && one.scope.length > 0);
          if (granted.ok) scopes.push(one.scope);
        } else if (locked[one.house] === true) {
          const door = houses[one.house]?.entrance ?? 0;
          must(issuer.removeLock(desk, { door, reason: "byte" }));
          locked[one.house] = false;
        }
      }
      const expected: number[] = [];
      for (const [index, house] of houses.entries()) {
        const codes = index === 0 ? ["A1", "A2"] : ["B1", "B2"];
        let hasClient = false;
        for (const [place, code] of codes.entries()) {
          const now = served.get(code);
          const isServed = now?.by === "north" && now.active;
          const isCovered = scopes.some((scope) => scope === "all" || scope.includes(code));
          if (!isServed || !isCovered) continue;
          hasClient = true;
          expected.push(house.apartments[place] ?? 0);
        }
        if (hasClient && locked[index] === true && consents[index] !== null) {
          expected.push(house.entrance);
        }
      }
      expect(doorsOf(town, carer)).toEqual(expected.sort((a, b) => a - b));
    }),
    { numRuns: 40 },
  );
});
