// SPDX-License-Identifier: EUPL-1.2
import { LEAF_DOOR, LEAF_FOREIGN, LEAF_GROUP } from "@nyckelring/protocol";
import type { LeafFact, RightScope, Signatory } from "./facts.ts";
import {
  type Client,
  type Door,
  hostDoorName,
  type LockRecord,
  type Register,
} from "./register.ts";

// Which doors a carer may open, derived anew from what is on file. Nothing here is stored, so
// nothing can go stale: a provider change or a withdrawn consent is a changed input.

/** A right without an end of its own: the last second that the wire can name. @public */
export const NEVER_S = 0xffffffff;
/** Enter and leave. */
const ENTER_AND_LEAVE = 3;

/**
 * Who has not signed yet for a door. An empty list means that there is consent.
 *
 * An entrance needs the property owner, for the building or the whole stock; buildings that the
 * owner gets later are covered by the stock, and a sale ends what the seller signed for the
 * building. An apartment needs those whom the housing association's rule names, the resident where
 * there is no rule; signatures may lie on several papers.
 * @public
 */
export function missingSignatories(register: Register, door: Door): readonly Signatory[] {
  if (door.use === "apartment") {
    const signed = new Set<Signatory>();
    for (const number of register.consentsOfDoor.get(door.door) ?? []) {
      const consent = register.consents.get(number);
      if (consent === undefined || consent.withdrawnAtS !== null) continue;
      for (const signatory of consent.signatories) signed.add(signatory);
    }
    return signatoriesOf(register, door).filter((one) => !signed.has(one));
  }
  const owner = register.buildings.get(door.building)?.owner;
  const ofBuilding = register.consentsOfBuilding.get(door.building) ?? [];
  const ofStock = owner === undefined ? [] : (register.consentsOfOwner.get(owner) ?? []);
  const covered = [...ofBuilding, ...ofStock].some((number) => {
    const consent = register.consents.get(number);
    return consent !== undefined && consent.withdrawnAtS === null && consent.owner === owner;
  });
  return covered ? [] : ["owner"];
}

function signatoriesOf(register: Register, door: Door): readonly Signatory[] {
  const association = register.buildings.get(door.building)?.association ?? null;
  if (association === null) return ["resident"];
  return register.associations.get(association)?.signatories ?? ["resident"];
}

/**
 * Tells whether rights may reach a door: a lock is in it and consent is on file.
 * @public
 */
export function isReachable(register: Register, door: Door): boolean {
  return door.lock !== null && missingSignatories(register, door).length === 0;
}

/**
 * Alarm codes of the clients that a provider serves now.
 * @public
 */
export function activeClients(register: Register, provider: number): readonly Client[] {
  const clients: Client[] = [];
  for (const alarmCode of register.clientsOfProvider.get(provider) ?? []) {
    const client = register.clients.get(alarmCode);
    if (client?.assignments.get(provider) === true) clients.push(client);
  }
  return clients;
}

/**
 * Doors on the way to a client: the apartment and the entrances of the building.
 * @public
 */
export function doorsOfClient(register: Register, client: Client): readonly Door[] {
  const numbers = [
    ...(register.doorsOfAlarmCode.get(client.alarmCode) ?? []),
    ...(register.entrancesOfBuilding.get(client.building) ?? []),
  ];
  return numbers.flatMap((number) => register.doors.get(number) ?? []);
}

/** A right as it applies now: its clients and its end. @public */
export interface RightTerms {
  readonly scope: RightScope;
  readonly untilS: number;
}

/**
 * Rights that a carer has by what planners gave, as terms that apply at a time.
 * @public
 */
export function termsOf(register: Register, carer: number, nowS: number): readonly RightTerms[] {
  return (register.rightsOfCarer.get(carer) ?? []).flatMap((number) => {
    const right = register.rights.get(number);
    const applies =
      right !== undefined && !right.revoked && right.fromS <= nowS && nowS < right.untilS;
    return applies ? [right] : [];
  });
}

/**
 * Derives the leaves of a carer's ring: for every active client of the provider that a right
 * covers, the apartment and the entrances on the way, as long as a lock and a consent are there;
 * and the groups that the carer serves. Where several rights reach one door, the longest counts.
 *
 * @param nowS - Moment of issue, UTC seconds; a right that begins later waits for a later ring.
 * @returns Leaves of doors in ascending order of their numbers, then groups; none for a carer who has left.
 * @public
 */
export function deriveLeaves(
  register: Register,
  carer: number,
  nowS: number,
  terms: readonly RightTerms[] = termsOf(register, carer, nowS),
): readonly LeafFact[] {
  const person = register.carers.get(carer);
  if (person === undefined || person.ended) return [];
  const untilOfDoor = new Map<Door, number>();
  for (const client of terms.length === 0 ? [] : activeClients(register, person.provider)) {
    const untilS = longest(terms, client.alarmCode);
    if (untilS === 0) continue;
    for (const door of doorsOfClient(register, client)) {
      if (!isReachable(register, door)) continue;
      untilOfDoor.set(door, Math.max(untilS, untilOfDoor.get(door) ?? 0));
    }
  }
  const leaves: LeafFact[] = [];
  for (const [door, untilS] of [...untilOfDoor].sort((a, b) => a[0].door - b[0].door)) {
    leaves.push([...leafTarget(door), ENTER_AND_LEAVE, untilS]);
  }
  const groups = [...(register.groupsOfCarer.get(carer) ?? [])].sort((a, b) => a[0] - b[0]);
  for (const [group, untilS] of groups) {
    if (nowS < untilS) leaves.push([1, group, ENTER_AND_LEAVE, untilS]);
  }
  return leaves;
}

/**
 * Kind and target of a leaf for a door: in our own numbers, or in those of the authority that owns
 * its lock.
 * @public
 */
export function leafTarget({
  door,
  host,
  hostDoor,
}: Door): readonly [kind: number, target: number] {
  return host === null || hostDoor === null ? [LEAF_DOOR, door] : [LEAF_FOREIGN + host, hostDoor];
}

/**
 * The doors that a leaf reaches, by our own numbers.
 * @public
 */
export function doorsOfLeaf(register: Register, [kind, target]: LeafFact): readonly number[] {
  if (kind === LEAF_DOOR) return [target];
  if (kind === LEAF_GROUP) return register.doorsOfGroup.get(target) ?? [];
  const door = register.doorsOfHosts.get(hostDoorName(kind - LEAF_FOREIGN, target));
  return door === undefined ? [] : [door];
}

function longest(terms: readonly RightTerms[], alarmCode: string): number {
  let untilS = 0;
  for (const term of terms) {
    const covers = term.scope === "all-clients" || term.scope.includes(alarmCode);
    if (covers && term.untilS > untilS) untilS = term.untilS;
  }
  return untilS;
}

/**
 * Tells whether some client of a provider is reached through a door now.
 * @public
 */
export function isOnProvidersWay(register: Register, provider: number, door: Door): boolean {
  if (door.alarmCode !== null) {
    return register.clients.get(door.alarmCode)?.assignments.get(provider) === true;
  }
  return activeClients(register, provider).some((client) => client.building === door.building);
}

/**
 * Tells whether a lock is configured by this authority, or by another one at whose door it is a guest.
 * @public
 */
export function isOwnLock(register: Register, lock: LockRecord): boolean {
  return (register.doors.get(lock.door)?.host ?? null) === null;
}
