// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { createRandomStream } from "../src/prng.ts";
import { createTrace } from "../src/trace.ts";
import type { VirtualClock } from "../src/virtual-clock.ts";
import { createScene, createWorld, must } from "../src/world.ts";
import { START_S, syncKey, visitLock } from "./small-town.ts";

const HOST = 1;
const GUEST = 2;
const TESTING = 99;
const PASSAGE = 1;

/** An authority with a building, a client in it, a station, and two carers with keys on shift. */
function createBody(authority: number, clock?: VirtualClock) {
  const random = createRandomStream(`7 ${authority}`);
  const world = createWorld(
    random,
    START_S,
    authority,
    createTrace(undefined),
    createScene(START_S, clock),
  );
  const { issuer } = world;
  const { founder } = issuer;
  const provider = must(issuer.addProvider(founder, { organisation: `Body ${authority}` }));
  const planner = must(issuer.addUser(founder, { role: "planner", provider }));
  const owner = must(issuer.addPropertyOwner(founder, { organisation: "Owner" }));
  const building = must(issuer.addBuilding(founder, { owner }));
  const signed = { scope: { building }, signatories: ["owner"] as const, evidence: "paper 1" };
  must(issuer.recordConsent(founder, signed));
  must(issuer.addClient(founder, { alarmCode: "A1", building, provider }));
  const station = world.addStation(undefined);
  const [key, other] = ["S1", "S2"].map((staffCode) => {
    const carer = must(issuer.addCarer(planner, { provider, staffCode }));
    must(issuer.grantRight(planner, { carer }));
    must(issuer.planShift(planner, { carer, startS: START_S, endS: START_S + 8 * 3600 }));
    return world.addKey(carer, 5);
  });
  if (key === undefined || other === undefined) throw new Error("keys");
  return { world, issuer, founder, building, station, key, other };
}

/** Adds an entrance with a lock of this authority. */
function addEntrance({ world, issuer, founder, building }: ReturnType<typeof createBody>) {
  const request = { kind: "entrance", building, address: "Entrance" } as const;
  return world.addLock(must(issuer.addDoor(founder, request)));
}

/** Passages that an issuer has from a lock, by the key that made them. */
function passages({ world }: ReturnType<typeof createBody>, lock: { devid: string }): string[] {
  const entries = world.issuer.history().flatMap((one) => {
    return one.kind === "entries-stored" ? one.entries : [];
  });
  return entries
    .filter((entry) => entry.devid === lock.devid && entry.kind === PASSAGE)
    .map((entry) => entry.peer);
}

/**
 * Goal: two authorities share one entrance and are blind to each other.
 * Method: the owner shares its lock and hands over the papers; a key of each opens, each issuer is
 * asked what it got, and the guest revokes one of its keys.
 */
test("L6, I9: two authorities share an entrance, and each gets its own events alone", () => {
  const host = createBody(HOST);
  const guest = createBody(GUEST, host.world.clock);
  const lock = addEntrance(host);
  const { rootKey, issuerAgreementKey: agreementKey } = guest.issuer;
  const limits = { opsmask: 3, maxvalidS: 45_000, issuerEpoch: 1 };
  const added = { authority: GUEST, rootKey, agreementKey, ...limits };
  must(host.issuer.addGuestAuthority(host.founder, added));
  const shared = { door: lock.door, authority: GUEST };
  must(host.issuer.shareDoor(host.founder, shared));
  const papers = must(host.issuer.papersForGuest(host.founder, shared));
  must(guest.issuer.acceptHost(guest.founder, { ...papers, evidence: "agreement 1" }));
  const { lockCertificate } = papers;
  const place = { authority: HOST, building: guest.building, address: "Entrance" };
  must(guest.issuer.addForeignDoor(guest.founder, { ...place, lockCertificate }));

  for (const body of [host, guest]) {
    expect(syncKey(body.world, body.key, body.station)).toBe("ready");
    expect(syncKey(body.world, body.other, body.station)).toBe("ready");
  }
  // The first visit of the owner's key brings the lock the configuration that names the guest.
  expect(visitLock(host.world, host.key, lock).isOpened).toBe(true);
  for (const key of [guest.key, guest.other, host.key, guest.key]) {
    expect(visitLock(host.world, key, lock)).toMatchObject({ isOpened: true, signal: "granted" });
  }
  for (const body of [host, guest]) syncKey(body.world, body.key, body.station);
  for (const body of [host, guest]) {
    const own = passages(body, lock);
    expect(own.length).toBeGreaterThan(1);
    expect(own.every((peer) => [body.key.devid, body.other.devid].includes(peer))).toBe(true);
  }
  const acked = guest.issuer.register.logs.get(`${lock.devid}/1`)?.acked ?? 0;
  expect(acked).toBeGreaterThan(1);

  must(guest.issuer.revokeKey(guest.founder, { devid: guest.other.devidBytes, reason: "lost" }));
  syncKey(guest.world, guest.key, guest.station);
  expect(visitLock(host.world, guest.key, lock).isOpened).toBe(true);
  expect(visitLock(host.world, guest.other, lock).isOpened).toBe(false);
  expect(visitLock(host.world, host.key, lock).isOpened).toBe(true);
  expect(visitLock(host.world, host.other, lock).isOpened).toBe(true);
}, 60_000);

/**
 * Goal: production and test share nothing.
 * Method: a test authority with a lock of the same door number; a key of each tries it.
 */
test("C8: a production key is refused at a test lock, whose events reach the test issuer alone", () => {
  const production = createBody(HOST);
  const testing = createBody(TESTING, production.world.clock);
  const own = addEntrance(production);
  const lock = addEntrance(testing);
  expect(lock.door).toBe(own.door);
  for (const body of [production, testing]) {
    expect(syncKey(body.world, body.key, body.station)).toBe("ready");
  }
  expect(visitLock(testing.world, production.key, lock).isOpened).toBe(false);
  expect(visitLock(production.world, testing.key, own).isOpened).toBe(false);
  for (let count = 0; count < 2; count += 1) {
    expect(visitLock(testing.world, testing.key, lock).signal).toBe("granted");
  }
  for (const body of [production, testing]) syncKey(body.world, body.key, body.station);
  expect(passages(testing, lock)).toContain(testing.key.devid);
  expect(passages(production, lock)).toEqual([]);
}, 60_000);
