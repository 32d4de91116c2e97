// SPDX-License-Identifier: EUPL-1.2

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

/** A Monday morning, UTC seconds: the world begins and the shift with it. */
export const START_S = Date.UTC(2026, 10, 23, 6) / 1000;
const MINUTE_US = 60_000_000;
const SEED = "7";

/** A house with an entrance and apartments, carers on shift, one station, all real roles. */
export function createTown(carers = 2) {
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
  const keys = Array.from({ length: carers }, (_, index) => {
    const staffCode = `S${index + 1}`;
    const carer = must(issuer.addCarer(planner, { provider, staffCode }));
    must(issuer.grantRight(planner, { carer }));
    must(issuer.planShift(planner, { carer, startS: START_S, endS: START_S + 8 * 3600 }));
    return world.addKey(carer, 5);
  });
  const [key, lost] = keys;
  if (key === undefined || lost === undefined) throw new Error("keys");
  return { world, planner, locks, station, keys, key, lost };
}

/** Puts a key into a station for as long as it wants; what it showed at last. */
export function syncKey(world: World, key: KeyUnit, station: StationUnit): string {
  let signal = "";
  world.visitStation({ key, station, pull: undefined }, (outcome) => {
    signal = outcome.signal;
  });
  world.clock.runUntil(world.clock.nowUs() + 2 * MINUTE_US);
  return signal;
}

/** Opens a door and waits until it has locked itself again. */
export function visitLock(world: World, key: KeyUnit, lock: LockUnit): DoorOutcome {
  let seen: DoorOutcome | undefined;
  const purpose = "honest";
  world.visitDoor({ key, lock, op: 1, purpose, pull: undefined, lingerMs: 8000 }, (outcome) => {
    seen = outcome;
  });
  world.clock.runUntil(world.clock.nowUs() + MINUTE_US);
  if (seen === undefined) throw new Error("the visit did not end");
  return seen;
}
