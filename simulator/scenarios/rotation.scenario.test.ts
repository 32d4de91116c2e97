// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { createRandomStream } from "../src/prng.ts";
import { createTrace } from "../src/trace.ts";
import {
  createWorld,
  type DoorOutcome,
  type KeyUnit,
  type LockUnit,
  must,
  type StationUnit,
  type World,
} from "../src/world.ts";

const START_S = Date.UTC(2026, 10, 23, 6) / 1000;
const MINUTE_US = 60_000_000;
const SEED = "7";

/** A house with an entrance and apartments, one carer on shift, one station, all real roles. */
function buildTown() {
  const random = createRandomStream(SEED);
  const world = createWorld(random.split("world"), START_S, 1, createTrace(undefined));
  const { issuer } = world;
  const { founder } = issuer;
  const provider = must(issuer.addProvider(founder, { organisation: "Home care 1" }));
  const planner = must(issuer.addUser(founder, { role: "planner", provider }));
  const owner = must(issuer.addPropertyOwner(founder, { organisation: "Owner 1" }));
  const building = must(issuer.addBuilding(founder, { owner }));
  const signed = { scope: { building }, signatories: ["owner"] as const, evidence: "paper 1" };
  must(issuer.recordConsent(founder, signed));
  const entrance = must(
    issuer.addDoor(founder, { kind: "entrance", building, address: "Entrance 1" }),
  );
  const locks = [world.addLock(entrance)];
  for (const alarmCode of ["A1", "A2", "A3"]) {
    must(issuer.addClient(founder, { alarmCode, building, provider }));
    const door = must(
      issuer.addDoor(founder, { kind: "apartment", building, address: alarmCode, alarmCode }),
    );
    const scope = { door };
    must(issuer.recordConsent(founder, { scope, signatories: ["resident"], evidence: alarmCode }));
    locks.push(world.addLock(door));
  }
  const station = world.addStation(undefined);
  const keys = ["S1", "S2"].map((staffCode) => {
    const carer = must(issuer.addCarer(planner, { provider, staffCode }));
    must(issuer.grantRight(planner, { carer }));
    must(issuer.planShift(planner, { carer, startS: START_S, endS: START_S + 8 * 3600 }));
    return world.addKey(carer, 5);
  });
  const [key, lost] = keys;
  if (key === undefined || lost === undefined) throw new Error("keys");
  return { world, planner, locks, station, key, lost };
}

function sync(world: World, key: KeyUnit, station: StationUnit): string {
  let signal = "";
  world.visitStation({ key, station, pull: undefined }, (outcome) => {
    signal = outcome.signal;
  });
  world.clock.runUntil(world.clock.nowUs() + 2 * MINUTE_US);
  return signal;
}

function visit(world: World, key: KeyUnit, lock: LockUnit): DoorOutcome {
  let seen: DoorOutcome | undefined;
  const purpose = "honest";
  world.visitDoor({ key, lock, op: 1, purpose, pull: undefined, lingerMs: 8000 }, (outcome) => {
    seen = outcome;
  });
  world.clock.runUntil(world.clock.nowUs() + MINUTE_US);
  if (seen === undefined) throw new Error("the visit did not end");
  return seen;
}

/**
 * Goal: threat 12. A stolen issuing key is cut off at every lock that one honest key has visited
 * since the rotation, and nobody but carers has to go anywhere.
 * Method: a thief copies a key with its ring of the old epoch; the issuer rotates; the honest key
 * syncs and visits three of four locks once; then the thief tries all of them.
 */
test("X6, threat 12: after a rotation each lock changes over at the first visit of an honest key", () => {
  const { world, planner, locks, station, key, lost } = buildTown();
  const { issuer } = world;
  expect(sync(world, lost, station)).toBe("ready");
  must(issuer.revokeKey(planner, { devid: lost.devidBytes, reason: "lost" }));
  expect(sync(world, key, station)).toBe("ready");
  for (const lock of locks) expect(visit(world, key, lock)).toMatchObject({ signal: "granted" });

  const thief = world.copyKey(key, world.clock.nowS());
  must(issuer.rotateIssuerKeys(issuer.founder));
  expect(sync(world, key, station)).toMatch(/ready|logs-not-home/);
  const [first, second, third, neverVisited] = locks;
  if (!first || !second || !third || !neverVisited) throw new Error("locks");
  expect(visit(world, thief, first).isOpened).toBe(true);
  const visited = [first, second, third];
  // The newest floor list of the new epoch is demanded, delivered and obeyed in the same contact.
  for (const lock of visited) expect(visit(world, key, lock).signal).toBe("granted");
  for (const lock of visited) {
    const outcome = visit(world, thief, lock);
    expect([outcome.isOpened, outcome.signal]).toEqual([false, "denied"]);
  }
  expect(visit(world, thief, neverVisited).isOpened).toBe(true);
  for (const lock of visited) expect(visit(world, key, lock).signal).toBe("granted");

  sync(world, key, station);
  const states = locks.map((lock) => issuer.register.locks.get(lock.devid));
  expect(states.map((state) => [state?.cfgseq, state?.appliedCfgseq])).toEqual([
    [2, 2],
    [2, 2],
    [2, 2],
    [2, 1],
  ]);
  expect(visit(world, key, neverVisited).signal).toBe("granted");
  expect(visit(world, thief, neverVisited).isOpened).toBe(false);
  for (const lock of visited) expect(visit(world, key, lock).signal).toBe("granted");
  expect(sync(world, key, station)).toMatch(/ready|logs-not-home/);

  // Everything that the locks had written when the key last left them is at the issuer, once.
  const stored = world.storedEntries();
  const names = stored.map((entry) => `${entry.devid}/${entry.logEpoch}/${entry.n}`);
  expect(new Set(names).size).toBe(names.length);
  for (const lock of visited) {
    expect(stored.filter((entry) => entry.devid === lock.devid).length).toBeGreaterThan(5);
  }
  // Acknowledgements of the new epoch reach the locks: nothing old is handed out again.
  const acked = visited.map((lock) => issuer.register.logs.get(`${lock.devid}/1`)?.acked ?? 0);
  expect(Math.min(...acked)).toBeGreaterThan(5);
}, 60_000);
