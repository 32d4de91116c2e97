// SPDX-License-Identifier: EUPL-1.2

import { LINK_GSM, LINK_LAN, LINK_WIFI, type LinkKind } from "@nyckelring/firmware";
import { KEY_PAGES } from "../boards/key-board.ts";
import type { Calendar } from "../calendar.ts";
import { createPerson, type Person } from "../person.ts";
import type { RandomStream } from "../prng.ts";
import type { Party } from "../settle.ts";
import type { Trace } from "../trace.ts";
import {
  createScene,
  createWorld,
  type KeyUnit,
  type LockUnit,
  must,
  type StationUnit,
  type World,
} from "../world.ts";
import type { ScenarioFile } from "./scenario-shape.ts";

/** Pages of a key with the shortest log that a key can have. */
const SMALL_KEY_PAGES = 66;
const PRODUCTION = 1;
const TEST_AUTHORITY = 99;
const HOUR_US = 3_600_000_000;
const UNKNOWN_TIME = { open: 0, deny: 1, flagged: 2 } as const;
const LINKS: Readonly<Record<"lan" | "wifi" | "gsm", LinkKind>> = {
  lan: LINK_LAN,
  wifi: LINK_WIFI,
  gsm: LINK_GSM,
};

/** A door of a scenario with the world that its lock belongs to. */
export type StagedDoor = { readonly lock: LockUnit; readonly world: World };
/** A key of a scenario, with whom it belongs to. */
export type StagedKey = { readonly unit: KeyUnit; readonly world: World; readonly carer: number };

/** Everything that the steps of a scenario can name. */
export type Stage = {
  /** The production world. */
  readonly world: World;
  /** All worlds, that of production first; the judge and the report look at all. */
  readonly worlds: readonly [World, ...World[]];
  readonly doors: ReadonlyMap<string, StagedDoor>;
  readonly keys: ReadonlyMap<string, StagedKey>;
  readonly stations: ReadonlyMap<string, StationUnit>;
  /** Station of the test authority, where there is one. */
  stationFor(key: StagedKey, name: string | undefined): StationUnit;
  /** Plans a shift by the wall clock, such as `07:00-15:00`. */
  planShift(key: StagedKey, shift: string): void;
  /** Who brings everything home in the end, for each authority. */
  readonly parties: readonly { readonly world: World; readonly party: Party }[];
};

type Body = {
  readonly world: World;
  readonly planner: number;
  readonly provider: number;
  readonly building: number;
  readonly patrolGroup: number;
};

/** The numbers of a link's name. */
export function linksOf(names: readonly ("lan" | "wifi" | "gsm")[]): LinkKind[] {
  return names.map((name) => LINKS[name]);
}

/**
 * Builds the world of a scenario: one building, one provider, doors, keys and stations as the file
 * has them, and beside them a patrol whose key opens every door and collects in the end.
 */
export function buildStage(
  file: ScenarioFile,
  calendar: Calendar,
  random: RandomStream,
  trace: Trace,
): Stage {
  const stopsAtFullLog = file.setup?.fullLog === "stop";
  const scene = createScene(calendar.startS);
  const world = createWorld(random.split("world"), calendar.startS, PRODUCTION, trace, scene, "", {
    stopsAtFullLog,
  });
  const production = foundBody(world, file.setup?.preSigned ?? 1);
  let testing: Body | undefined;

  function bodyOf(authority: "production" | "test" | undefined): Body {
    if (authority !== "test") return production;
    testing ??= foundBody(
      createWorld(random.split("test"), calendar.startS, TEST_AUTHORITY, trace, scene, "test-"),
      1,
    );
    return testing;
  }

  const doors = new Map<string, StagedDoor>();
  const alarmCodes = new Map<string, string>();
  for (const [name, door] of file.doors) {
    const body = bodyOf(door.authority);
    const alarmCode = `A${alarmCodes.size + 1}`;
    const isApartment = door.kind !== "entrance";
    if (isApartment) alarmCodes.set(name, alarmCode);
    const number = addDoor(body, name, isApartment ? alarmCode : undefined);
    const own = {
      driftPpm: door.drift ?? 0,
      clockUnknown: UNKNOWN_TIME[door.unknownTime ?? "open"],
    };
    const wishes = door.power === "own" ? { ...own, name } : { name };
    doors.set(name, { lock: body.world.addLock(number, wishes), world: body.world });
  }
  // An entrance is open to a provider with a client in the building.
  for (const body of [production, testing]) {
    if (body !== undefined) addClient(body, body === production ? "Z1" : "Z2");
  }
  const stations = new Map<string, StationUnit>();
  const wanted = file.stations ?? new Map([["office", undefined]]);
  for (const [name, station] of wanted) {
    const unit = world.addStation(undefined, name);
    if (station?.links !== undefined) world.setLinks(unit, linksOf(station.links));
    stations.set(name, unit);
  }
  const testStation = testing?.world.addStation(undefined);

  const keys = new Map<string, StagedKey>();
  for (const [name, key] of file.keys) {
    const body = bodyOf(key.authority);
    const carer = addCarer(body, name);
    const rights = key.rights ?? "all";
    if (rights !== "none") {
      const scope =
        rights === "all" ? {} : { scope: rights.map((door) => codeOf(alarmCodes, door)) };
      must(body.world.issuer.grantRight(body.planner, { carer, ...scope }));
    }
    const pageCount = key.memory === "small" ? SMALL_KEY_PAGES : KEY_PAGES;
    const unit = body.world.addKey(carer, key.drift ?? 5, pageCount, name);
    if (key.charge !== undefined) unit.board.battery.setPercent(key.charge);
    const staged = { unit, world: body.world, carer };
    keys.set(name, staged);
    planShift(staged, key.shift ?? "06:00-14:00");
  }

  function planShift(key: StagedKey, shift: string): void {
    const [from = "", to = ""] = shift.split("-");
    const startUs = momentOf(calendar, from);
    let endUs = momentOf(calendar, to);
    if (endUs <= startUs) endUs += 24 * HOUR_US;
    const [startS, endS] = [startUs, endUs].map((us) => calendar.startS + us / 1_000_000);
    const { issuer } = key.world;
    const request = { carer: key.carer, startS: startS ?? 0, endS: endS ?? 0 };
    must(issuer.planShift(issuer.founder, request));
  }

  const bodies = testing === undefined ? [production] : [production, testing];
  return {
    world,
    worlds: testing === undefined ? [world] : [world, testing.world],
    doors,
    keys,
    stations,
    stationFor: (key, name) => {
      if (key.world !== world && testStation !== undefined) return testStation;
      const unit = name === undefined ? [...stations.values()][0] : stations.get(name);
      if (unit === undefined) throw new Error(`no station ${name ?? ""}`);
      return unit;
    },
    planShift,
    parties: bodies.map((body) => ({ world: body.world, party: partyOf(body, keys) })),
  };
}

/** The moment of a time of day such as `07:20`. */
function momentOf(calendar: Calendar, text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return calendar.atUs(0, hours, minutes);
}

function codeOf(alarmCodes: ReadonlyMap<string, string>, door: string): string {
  const code = alarmCodes.get(door);
  if (code === undefined) throw new Error(`${door} is an entrance: rights follow from apartments`);
  return code;
}

function foundBody(world: World, preSigned: number): Body {
  const { issuer } = world;
  const { founder } = issuer;
  const provider = must(issuer.addProvider(founder, { organisation: "Home care", preSigned }));
  const planner = must(issuer.addUser(founder, { role: "planner", provider }));
  const owner = must(issuer.addPropertyOwner(founder, { organisation: "Owner" }));
  const building = must(issuer.addBuilding(founder, { owner }));
  const signed = { scope: { building }, signatories: ["owner"] as const, evidence: "paper" };
  must(issuer.recordConsent(founder, signed));
  const patrolGroup = must(issuer.addGroup(founder, { purpose: "patrol" }));
  return { world, planner, provider, building, patrolGroup };
}

function addDoor(body: Body, name: string, alarmCode: string | undefined): number {
  const { world, building, patrolGroup } = body;
  const { issuer } = world;
  const place = { building, address: name, groups: [patrolGroup] };
  if (alarmCode === undefined) {
    return must(issuer.addDoor(issuer.founder, { kind: "entrance", ...place }));
  }
  addClient(body, alarmCode);
  const apartment = { kind: "apartment", ...place, alarmCode } as const;
  const door = must(issuer.addDoor(issuer.founder, apartment));
  const consent = { scope: { door }, signatories: ["resident"] as const, evidence: alarmCode };
  must(issuer.recordConsent(issuer.founder, consent));
  return door;
}

function addClient({ world, building, provider }: Body, alarmCode: string): void {
  must(world.issuer.addClient(world.issuer.founder, { alarmCode, building, provider }));
}

function addCarer({ world, planner, provider }: Body, name: string): number {
  return must(world.issuer.addCarer(planner, { provider, staffCode: `S-${name}` }));
}

/** The patrol opens every door by its group; it and the keys of the file bring everything home. */
function partyOf(body: Body, keys: ReadonlyMap<string, StagedKey>): Party {
  const { world, patrolGroup } = body;
  const { issuer } = world;
  const onCall = must(issuer.addProvider(issuer.founder, { organisation: "Trygghetsjouren" }));
  const carer = must(issuer.addCarer(issuer.founder, { provider: onCall, staffCode: "patrol" }));
  must(issuer.grantGroup(issuer.founder, { group: patrolGroup, carer }));
  const collector = createPerson(world, world.addKey(carer, 0, KEY_PAGES, "patrol"));
  const own = [...keys.values()].filter((key) => key.world === world);
  const persons: readonly Person[] = [
    ...own.map(({ unit }) => createPerson(world, unit)),
    collector,
  ];
  const carers = [...own.map((key) => key.carer), carer];
  return {
    persons,
    collector,
    planShifts: (startS, endS) => {
      for (const one of carers) {
        world.issuer.planShift(world.issuer.founder, { carer: one, startS, endS });
      }
    },
  };
}
