// SPDX-License-Identifier: EUPL-1.2
// The smoke world: three providers, two stations, six keys and twelve locks, lived in for a morning. Its seed
// draws who goes where, what fails, and in half of the seeds a thief.

import { LINK_GSM, LINK_LAN, type LinkKind } from "@nyckelring/firmware";
import type { FlashProbe } from "../src/boards/lock-board.ts";
import type { Violation } from "../src/oracle/evidence.ts";
import { CAREFUL, createPerson, type Person, useDoor, useStation } from "../src/person.ts";
import { createRandomStream, type RandomStream } from "../src/prng.ts";
import { withoutRealWorld } from "../src/real-world-trap.ts";
import { judgeWorlds } from "../src/run.ts";
import { settle } from "../src/settle.ts";
import { createTrace } from "../src/trace.ts";
import { createWorld, type LockUnit, must, type StationUnit, type World } from "../src/world.ts";

/** A Monday morning, UTC seconds: the world begins and the shift with it. */
const START_S = Date.UTC(2026, 10, 23, 6) / 1000;
const MINUTE_US = 60_000_000;
const HOUR_S = 3600;
const PROVIDERS = 3;
const CARERS = 2;
const APARTMENTS = 3;
/** Contacts that each carer plans between the sync and noon. */
const CONTACTS = 4;
const MORNING_MINUTES = 180;
const CLUMSY = { doorPullPermille: 120, stationPullPermille: 120 } as const;

/** A program or erase of the flash of one device. */
export interface Moment {
  readonly device: string;
  /** Microseconds of the run. */
  readonly atUs: number;
  readonly costUs: number;
}

/** A reset of one device at one moment. */
export interface Reset {
  readonly device: string;
  readonly atUs: number;
}

/** What a morning came to. */
export interface Morning {
  readonly violations: readonly Violation[];
  /** Every write to flash before everything was brought home, in order. */
  readonly moments: readonly Moment[];
  readonly openings: number;
  /** Writes that a reset or a pull has torn. */
  readonly tornWrites: number;
  readonly forbiddenAttempts: number;
  readonly traceHash: string;
}

/**
 * Lives through a morning, brings everything home and lets the oracle judge.
 *
 * Up to a reset it is the same morning as without.
 */
export function liveMorning(seed: string, resets: readonly Reset[] = []): Morning {
  return withoutRealWorld(() => {
    const random = createRandomStream(seed);
    const trace = createTrace(undefined);
    const moments: Moment[] = [];
    let isMorning = true;
    const probeOf = (device: string): FlashProbe => ({
      resetUs: resets.find((one) => one.device === device)?.atUs,
      onWrite(atUs, costUs) {
        if (isMorning) moments.push({ device, atUs, costUs });
      },
    });
    const world = createWorld(random.split("world"), START_S, 1, trace, undefined, "", { probeOf });
    const town = foundTown(world);
    // Commissioning writes with no power at stake.
    moments.length = 0;
    town.planShifts(START_S, START_S + 8 * HOUR_S);
    planMorning(world, town, random.split("people"));
    if (random.split("thief").drawChance(500)) planThief(world, town, random.split("thief"));
    planOutage(world, town, random.split("outage"));
    world.clock.runUntil((MORNING_MINUTES + 60) * MINUTE_US);
    isMorning = false;
    const settled = settle(world, town, random.split("settle"), () => undefined);
    const { result, verdict } = judgeWorlds([world], trace, {
      scenario: "town",
      seed,
      days: 1,
      openingsUs: [],
      settled,
      isWhole: true,
    });
    const violations: Violation[] = [...verdict.violations];
    if (!settled.isSettled) {
      const text = "48 hours without faults were not enough to bring everything home";
      violations.push({ invariant: "I2 nothing-lost", atUs: world.clock.nowUs(), text });
    }
    const { openings, tornWrites, forbiddenAttempts, traceHash } = result;
    return { violations, moments, openings, tornWrites, forbiddenAttempts, traceHash };
  });
}

interface Tenant {
  readonly locks: readonly LockUnit[];
  readonly carers: readonly { readonly carer: number; readonly person: Person }[];
}

type Town = {
  readonly tenants: readonly Tenant[];
  readonly stations: readonly StationUnit[];
  readonly persons: readonly Person[];
  readonly collector: Person;
  planShifts(startS: number, endS: number): void;
};

function foundTown(world: World): Town {
  const { issuer } = world;
  const { founder } = issuer;
  const group = must(issuer.addGroup(founder, { purpose: "night patrol" }));
  const owner = must(issuer.addPropertyOwner(founder, { organisation: "Owner 1" }));
  const stations = [world.addStation(undefined), world.addStation(undefined)];
  const tenants = Array.from({ length: PROVIDERS }, (_, index): Tenant => {
    const provider = must(issuer.addProvider(founder, { organisation: `Home care ${index + 1}` }));
    const building = must(issuer.addBuilding(founder, { owner }));
    const scope = { building };
    must(issuer.recordConsent(founder, { scope, signatories: ["owner"], evidence: "paper" }));
    const entrance = { kind: "entrance", building, address: `E${index}`, groups: [group] } as const;
    const locks = [world.addLock(must(issuer.addDoor(founder, entrance)))];
    for (let flat = 0; flat < APARTMENTS; flat += 1) {
      const alarmCode = `A${index}${flat}`;
      must(issuer.addClient(founder, { alarmCode, building, provider }));
      const place = { kind: "apartment", building, address: alarmCode, alarmCode } as const;
      const door = must(issuer.addDoor(founder, { ...place, groups: [group] }));
      const signed = { scope: { door }, signatories: ["resident"] as const, evidence: alarmCode };
      must(issuer.recordConsent(founder, signed));
      locks.push(world.addLock(door));
    }
    const carers = Array.from({ length: CARERS }, (_, number) => {
      const staffCode = `S${index}${number}`;
      const carer = must(issuer.addCarer(founder, { provider, staffCode }));
      must(issuer.grantRight(founder, { carer }));
      return { carer, person: createPerson(world, world.addKey(carer, 5)) };
    });
    return { locks, carers };
  });
  const onCall = must(issuer.addProvider(founder, { organisation: "Trygghetsjouren" }));
  const patrol = must(issuer.addCarer(founder, { provider: onCall, staffCode: "P1" }));
  must(issuer.grantGroup(founder, { group, carer: patrol }));
  const collector = createPerson(world, world.addKey(patrol, 5));
  const staff = [...tenants.flatMap(({ carers }) => carers.map(({ carer }) => carer)), patrol];
  const persons = [
    ...tenants.flatMap(({ carers }) => carers.map(({ person }) => person)),
    collector,
  ];
  return {
    tenants,
    stations,
    persons,
    collector,
    planShifts: (startS, endS) => {
      for (const carer of staff) must(issuer.planShift(founder, { carer, startS, endS }));
    },
  };
}

/** Everybody syncs, visits some doors in and out, tries a door of others, and syncs again. */
function planMorning(world: World, { tenants, stations }: Town, random: RandomStream): void {
  for (const [index, { locks, carers }] of tenants.entries()) {
    const strange = tenants[(index + 1) % tenants.length]?.locks[1];
    for (const [number, { person }] of carers.entries()) {
      const own = random.split(`${index} ${number}`);
      const sync = (atUs: number) =>
        person.plan(atUs, (done) => {
          const station = stations[own.drawBelow(stations.length)];
          if (station === undefined) return done();
          const use = { person, station, clumsiness: CLUMSY, tries: 3 };
          useStation(world, own.split(`sync ${atUs}`), use, done);
        });
      const visit = (atUs: number, lock: LockUnit, op: 1 | 2, isOurs: boolean) =>
        person.plan(atUs, (done) => {
          const purpose = isOurs ? "honest" : "wrong-door";
          const use = { person, lock, op, purpose, clumsiness: CLUMSY } as const;
          useDoor(world, own.split(`${atUs}`), { ...use, isPersistent: isOurs }, done);
        });
      sync(own.drawBetween(1, 20) * MINUTE_US);
      for (let contact = 0; contact < CONTACTS; contact += 1) {
        const lock = locks[own.drawBelow(locks.length)];
        const atUs = own.drawBetween(25, MORNING_MINUTES - 30) * MINUTE_US;
        if (lock === undefined) continue;
        visit(atUs, lock, 1, true);
        if (own.drawChance(600)) visit(atUs + 10 * MINUTE_US, lock, 2, true);
      }
      if (strange !== undefined) visit(own.drawBetween(30, 120) * MINUTE_US, strange, 1, false);
      sync((MORNING_MINUTES - 15) * MINUTE_US);
    }
  }
}

/** A key is read out after its sync and reported lost; its copy is tried where an honest key has been. */
function planThief(world: World, { tenants }: Town, random: RandomStream): void {
  const tenant = tenants[random.drawBelow(tenants.length)];
  const victim = tenant?.carers[1]?.person.key;
  const lock = tenant?.locks[random.drawBelow(tenant.locks.length)];
  if (victim === undefined || lock === undefined) return;
  world.clock.scheduleAt(24 * MINUTE_US, () => {
    const copy = createPerson(world, world.copyKey(victim, START_S + HOUR_S));
    // The window of its head is over before the thief comes: what the honest have carried decides.
    const atUs = (MORNING_MINUTES + 30) * MINUTE_US;
    must(
      world.issuer.revokeKey(world.issuer.founder, { devid: victim.devidBytes, reason: "lost" }),
    );
    copy.plan(atUs, (done) => {
      const purpose = "extracted-key-unvisited";
      const use = { person: copy, lock, op: 1, purpose, clumsiness: CAREFUL } as const;
      useDoor(world, random.split("copy"), { ...use, isPersistent: false }, done);
    });
  });
}

/** The office network of one station is gone for a while, and the broker is as unkind as ever. */
function planOutage(world: World, { stations }: Town, random: RandomStream): void {
  world.setBrokerFaults({
    duplicatePermille: random.drawBelow(500),
    delayPermille: random.drawBelow(300),
    // Longer, and a station gives up before the issuer's answer comes.
    delayMsMax: random.drawBetween(100, 6000),
  });
  const station = stations[random.drawBelow(stations.length)];
  if (station === undefined) return;
  // Between the syncs: without any link nobody is made fit for a shift that nothing was signed for.
  const fromUs = random.drawBetween(25, 110) * MINUTE_US;
  const links: readonly LinkKind[] = random.drawChance(500) ? [LINK_GSM] : [];
  world.clock.scheduleAt(fromUs, () => world.setLinks(station, links));
  world.clock.scheduleAt(fromUs + 40 * MINUTE_US, () => world.setLinks(station, [LINK_LAN]));
}
