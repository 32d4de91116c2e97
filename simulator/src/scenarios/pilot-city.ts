// SPDX-License-Identifier: EUPL-1.2

import type { KeyUnit, LockUnit, StationUnit, World } from "../world.ts";
import { must } from "../world.ts";

/**
 * Sizes of Stockholm's pilot (S7). Twenty is the number of entrances that got a lock; the two of
 * the owner who has not consented have none and count beside them (C5). So do the second provider,
 * which a client can change to, and the municipal night patrol: each has one key of its own.
 */
export const PILOT = {
  entranceLocks: 20,
  apartmentLocks: 25,
  carers: 10,
  propertyOwners: 11,
  clients: 35,
} as const;

/** A client as the people of the simulation know them: doors, and no person behind them. */
export type PilotClient = {
  readonly alarmCode: string;
  readonly building: number;
  /** Undefined where the owner has not consented: the client needs a metal key there. */
  readonly entrance: LockUnit | undefined;
  /** Undefined where the apartment has no lock yet. */
  readonly apartment: LockUnit | undefined;
};

/** An employee and the key. */
export type PilotCarer = { readonly carer: number; readonly key: KeyUnit };

/** Everything that the pilot consists of. */
export type PilotCity = {
  readonly homeCare: number;
  readonly otherProvider: number;
  readonly onCall: number;
  readonly planner: number;
  readonly otherPlanner: number;
  readonly unitHead: number;
  /** On duty at the municipal on-call: the second pair of eyes. */
  readonly dutyOfficer: number;
  readonly clients: readonly PilotClient[];
  readonly carers: readonly PilotCarer[];
  /** Sees a part of the clients only. */
  readonly restrictedCarer: PilotCarer;
  readonly restrictedTo: readonly string[];
  readonly otherCarer: PilotCarer;
  readonly patrol: PilotCarer;
  readonly station: StationUnit;
  /** Entrances that stay without a lock for lack of consent. */
  readonly blockedEntrances: readonly number[];
};

const BUILDINGS_WITH_CONSENT = 20;
const BLOCKED_BUILDINGS = 2;
/** Clients that live behind an entrance without consent. */
const BLOCKED_CLIENTS = 2;
/** Which carer works for a part of the clients only, by index. */
const RESTRICTED_CARER = 1;

/**
 * Founds the pilot: owners, consents, doors, clients, staff, keys, locks and the station.
 *
 * @public
 */
export function buildPilotCity(world: World): PilotCity {
  const { issuer } = world;
  const { founder } = issuer;
  const homeCare = must(issuer.addProvider(founder, { organisation: "Home care 1" }));
  const otherProvider = must(issuer.addProvider(founder, { organisation: "Home care 2" }));
  const onCall = must(issuer.addProvider(founder, { organisation: "Trygghetsjouren" }));
  const planner = must(issuer.addUser(founder, { role: "planner", provider: homeCare }));
  const otherPlanner = must(issuer.addUser(founder, { role: "planner", provider: otherProvider }));
  const unitHead = must(issuer.addUser(founder, { role: "unit-head", provider: homeCare }));
  const dutyOfficer = must(issuer.addUser(founder, { role: "trygghetsjouren" }));
  const patrolGroup = must(issuer.addGroup(founder, { purpose: "night patrol" }));

  const buildings = addBuildings(world);
  const entrances = buildings.map((building, index) =>
    must(
      issuer.addDoor(founder, {
        kind: "entrance",
        building,
        address: `Entrance ${index + 1}`,
        groups: [patrolGroup],
      }),
    ),
  );
  const entranceLocks = entrances
    .slice(0, BUILDINGS_WITH_CONSENT)
    .map((door) => world.addLock(door));
  const clients = addClients(world, { buildings, entranceLocks, homeCare, patrolGroup });

  const station = world.addStation(undefined);
  const restrictedTo = clients.slice(0, 12).map((client) => client.alarmCode);
  const carers: PilotCarer[] = [];
  for (let index = 0; index < PILOT.carers; index += 1) {
    const isRestricted = index === RESTRICTED_CARER;
    const scope = isRestricted ? { scope: restrictedTo } : {};
    carers.push(addCarer(world, planner, homeCare, `S${index + 1}`, scope));
  }
  const otherCarer = addCarer(world, otherPlanner, otherProvider, "T1", {});
  const patrol = addCarer(world, founder, onCall, "U1", undefined);
  must(issuer.grantGroup(founder, { group: patrolGroup, carer: patrol.carer }));
  const restrictedCarer = carers[RESTRICTED_CARER];
  if (restrictedCarer === undefined) throw new Error("the pilot has too few carers");

  return {
    homeCare,
    otherProvider,
    onCall,
    planner,
    otherPlanner,
    unitHead,
    dutyOfficer,
    clients,
    carers,
    restrictedCarer,
    restrictedTo,
    otherCarer,
    patrol,
    station,
    blockedEntrances: entrances.slice(BUILDINGS_WITH_CONSENT),
  };
}

/** Ten owners with two buildings each have consented; the eleventh has not (C5). */
function addBuildings(world: World): number[] {
  const { issuer } = world;
  const { founder } = issuer;
  const buildings: number[] = [];
  for (let owner = 0; owner < PILOT.propertyOwners; owner += 1) {
    const number = must(issuer.addPropertyOwner(founder, { organisation: `Owner ${owner + 1}` }));
    const owned = [0, 1].map(() => must(issuer.addBuilding(founder, { owner: number })));
    buildings.push(...owned);
    if (buildings.length > BUILDINGS_WITH_CONSENT) continue;
    // Half of the owners sign for their whole stock, the others for each building (C2).
    const scopes = owner % 2 === 0 ? [{ owner: number }] : owned.map((building) => ({ building }));
    for (const scope of scopes) {
      must(
        issuer.recordConsent(founder, {
          scope,
          signatories: ["owner"],
          evidence: `consent of owner ${owner + 1}`,
        }),
      );
    }
  }
  return buildings;
}

function addClients(
  world: World,
  city: {
    readonly buildings: readonly number[];
    readonly entranceLocks: readonly LockUnit[];
    readonly homeCare: number;
    readonly patrolGroup: number;
  },
): PilotClient[] {
  const { issuer } = world;
  const { founder } = issuer;
  const clients: PilotClient[] = [];
  for (let index = 0; index < PILOT.clients; index += 1) {
    const alarmCode = `A${1001 + index}`;
    const isBlocked = index >= PILOT.clients - BLOCKED_CLIENTS;
    const place = isBlocked
      ? BUILDINGS_WITH_CONSENT + (index % BLOCKED_BUILDINGS)
      : index % BUILDINGS_WITH_CONSENT;
    const building = city.buildings[place];
    if (building === undefined) throw new Error("the pilot has too few buildings");
    must(issuer.addClient(founder, { alarmCode, building, provider: city.homeCare }));
    const hasApartmentLock = isBlocked || index < PILOT.apartmentLocks - BLOCKED_CLIENTS;
    const apartment = hasApartmentLock
      ? addApartment(world, building, alarmCode, city.patrolGroup)
      : undefined;
    clients.push({ alarmCode, building, entrance: city.entranceLocks[place], apartment });
  }
  return clients;
}

function addApartment(
  world: World,
  building: number,
  alarmCode: string,
  patrolGroup: number,
): LockUnit {
  const { issuer } = world;
  const { founder } = issuer;
  const door = must(
    issuer.addDoor(founder, {
      kind: "apartment",
      building,
      address: `Apartment ${alarmCode}`,
      alarmCode,
      groups: [patrolGroup],
    }),
  );
  must(
    issuer.recordConsent(founder, {
      scope: { door },
      signatories: ["resident"],
      evidence: `consent for ${alarmCode}`,
    }),
  );
  return world.addLock(door);
}

function addCarer(
  world: World,
  by: number,
  provider: number,
  staffCode: string,
  right: { readonly scope?: readonly string[] } | undefined,
): PilotCarer {
  const { issuer } = world;
  const carer = must(issuer.addCarer(by, { provider, staffCode }));
  if (right !== undefined) must(issuer.grantRight(by, { carer, ...right }));
  // Ordinary crystals: at most 20 parts of a million off, in both directions.
  const driftPpm = ((carer * 7) % 41) - 20;
  return { carer, key: world.addKey(carer, driftPpm) };
}
