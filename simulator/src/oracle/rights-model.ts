// SPDX-License-Identifier: EUPL-1.2

// The oracle's own model of who may open what. It is written from the requirements and reads the
// journal as plain data; it shares the names of the facts with the authorization system, and no
// code.

import type { AuditRecord, Fact, LeafFact, RightScope } from "@nyckelring/issuer/domain";

/** A head that the authorization system says it has issued, with the rights under it. */
export type IssuedHead = {
  readonly atS: number;
  readonly devid: string;
  readonly ringseq: number;
  readonly purpose: string;
  readonly root: string;
  readonly head: Uint8Array;
  readonly leaves: readonly LeafFact[];
};

/** A leaf that nobody had the right to issue. */
export type WrongLeaf = { readonly atS: number; readonly devid: string; readonly text: string };

/** A lock as the journal knows it. */
export type KnownLock = { readonly door: number; groups: readonly number[] };

/** An authority whose keys are let in at some doors, by its number, and what they may do there. */
export type KnownGuest = {
  readonly doors: Set<number>;
  opsmask: number;
  maxvalidS: number;
};

/** A shift of the holder of a key, until the key was revoked. */
export type KnownShift = {
  readonly carer: number;
  readonly startS: number;
  readonly endS: number;
};

/** What the oracle knows from the journal. */
export type RightsModel = {
  readonly shifts: KnownShift[];
  /** Carer of each key by devid, and when the key's rights ended. */
  readonly holders: Map<string, { readonly carer: number; endedS: number | undefined }>;
  readonly heads: IssuedHead[];
  readonly wrongLeaves: WrongLeaf[];
  /** Locks by devid. */
  readonly locks: Map<string, KnownLock>;
  /** Number of the authority. */
  authority: number;
  /** Guests by the number of their authority. */
  readonly guests: Map<number, KnownGuest>;
  /** Texts of the floor lists that it has issued. */
  readonly floorLists: Set<string>;
  /** Root key of the authority, and the certificates of the keys that sign rings. */
  rootPublicKey: Uint8Array | undefined;
  readonly ringCertificates: Uint8Array[];
  /** Leaves that were checked against the model. */
  leavesChecked: number;
};

type Door = { readonly building: number; readonly use: string; readonly alarmCode: string | null };
type Client = { readonly building: number; readonly provider: number; readonly isActive: boolean };
type Right = { readonly carer: number; readonly scope: RightScope; readonly untilS: number };
type Key = { readonly carer: number; readonly provider: number };
type ConsentFact = Extract<Fact, { kind: "consent-given" }>;
type HeadFact = Extract<Fact, { kind: "head-issued" }>;
type Emergency = {
  readonly fact: Extract<Fact, { kind: "emergency-requested" }>;
  readonly requestedBy: string;
  readonly approvers: Set<string>;
};

/** Longest life of an emergency ring, in seconds (protocol.md §2). */
const EMERGENCY_S_MAX = 4 * 3600;

type Register = {
  readonly doors: Map<number, Door>;
  /** Own numbers of doors that another authority has shared, by its number and the door's there. */
  readonly doorsOfHosts: Map<string, number>;
  readonly owners: Map<number, number>;
  readonly clients: Map<string, Client>;
  readonly consents: Map<number, ConsentFact>;
  readonly rights: Map<number, Right>;
  readonly keys: Map<string, Key>;
  readonly endedKeys: Set<string>;
  readonly endedCarers: Set<number>;
  readonly groupGrants: Map<string, number>;
  readonly emergencies: Map<number, Emergency>;
  readonly slots: Map<string, Map<number, LeafFact>>;
};

/**
 * Folds the journal and judges every head at the moment of its issue: each leaf must follow from a
 * right and a client, or from a group, or from an emergency with two approvers, and each door needs
 * its consent.
 *
 * @param records - In the order of their numbers.
 */
export function createRightsModel(records: Iterable<AuditRecord>): RightsModel {
  const register: Register = {
    doors: new Map(),
    doorsOfHosts: new Map(),
    owners: new Map(),
    clients: new Map(),
    consents: new Map(),
    rights: new Map(),
    keys: new Map(),
    endedKeys: new Set(),
    endedCarers: new Set(),
    groupGrants: new Map(),
    emergencies: new Map(),
    slots: new Map(),
  };
  const model: RightsModel = {
    shifts: [],
    holders: new Map(),
    heads: [],
    wrongLeaves: [],
    locks: new Map(),
    authority: 0,
    guests: new Map(),
    floorLists: new Set(),
    rootPublicKey: undefined,
    ringCertificates: [],
    leavesChecked: 0,
  };
  for (const record of records) {
    readPlaces(register, record.fact);
    readPeople(register, record.fact);
    readEmergencies(register, record);
    readDevices(register, model, record);
    readHolders(model, record);
  }
  return model;
}

function readPlaces(register: Register, fact: Fact): void {
  switch (fact.kind) {
    case "building-added":
    case "building-sold":
      register.owners.set(fact.building, fact.owner);
      break;
    case "door-added":
      register.doors.set(fact.door, fact);
      break;
    case "foreign-door-added":
      register.doors.set(fact.door, { ...fact, use: "entrance", alarmCode: null });
      register.doorsOfHosts.set(`${fact.authority}/${fact.hostDoor}`, fact.door);
      break;
    case "consent-given":
      register.consents.set(fact.consent, fact);
      break;
    case "consent-withdrawn":
      register.consents.delete(fact.consent);
      break;
    case "client-added":
      register.clients.set(fact.alarmCode, { ...fact, provider: 0, isActive: false });
      break;
    case "client-assigned":
      changeClient(register, fact.alarmCode, { provider: fact.provider, isActive: true });
      break;
    case "client-activity-set":
      changeClient(register, fact.alarmCode, { isActive: fact.active });
      break;
    case "provider-changed":
      changeClient(register, fact.alarmCode, { provider: fact.to, isActive: true });
      break;
    default:
      break;
  }
}

function changeClient(register: Register, alarmCode: string, change: Partial<Client>): void {
  const client = register.clients.get(alarmCode);
  if (client !== undefined) register.clients.set(alarmCode, { ...client, ...change });
}

function readPeople(register: Register, fact: Fact): void {
  switch (fact.kind) {
    case "key-enrolled":
      register.keys.set(fact.devid, fact);
      break;
    case "key-ended":
      register.endedKeys.add(fact.devid);
      break;
    case "carer-ended":
      register.endedCarers.add(fact.carer);
      break;
    case "group-granted":
      register.groupGrants.set(`${fact.group}/${fact.carer}`, fact.untilS);
      break;
    case "group-revoked":
      register.groupGrants.delete(`${fact.group}/${fact.carer}`);
      break;
    case "right-granted":
      register.rights.set(fact.right, fact);
      break;
    case "right-restricted": {
      const right = register.rights.get(fact.right);
      if (right !== undefined) register.rights.set(fact.right, { ...fact, carer: right.carer });
      break;
    }
    case "right-revoked":
      register.rights.delete(fact.right);
      break;
    default:
      break;
  }
}

function readEmergencies(register: Register, record: AuditRecord): void {
  const { fact } = record;
  if (fact.kind === "emergency-requested") {
    const requestedBy = JSON.stringify(record.by);
    register.emergencies.set(fact.request, { fact, requestedBy, approvers: new Set() });
  }
  if (fact.kind === "emergency-approved") {
    register.emergencies.get(fact.request)?.approvers.add(JSON.stringify({ user: fact.user }));
  }
}

function readDevices(register: Register, model: RightsModel, record: AuditRecord): void {
  const { fact } = record;
  switch (fact.kind) {
    case "authority-founded":
      model.authority = fact.authority;
      model.rootPublicKey = Buffer.from(fact.rootPublicKey, "hex");
      break;
    case "issuer-epoch-started":
      model.ringCertificates.push(Buffer.from(fact.ringCertificate, "hex"));
      break;
    case "lock-enrolled":
      model.locks.set(fact.devid, { door: fact.door, groups: [] });
      break;
    case "lock-configured": {
      const lock = model.locks.get(fact.devid);
      if (lock !== undefined) lock.groups = fact.groups;
      break;
    }
    case "guest-authority-added": {
      const { opsmask, maxvalidS } = fact;
      const doors = model.guests.get(fact.authority)?.doors ?? new Set<number>();
      model.guests.set(fact.authority, { doors, opsmask, maxvalidS });
      break;
    }
    case "door-shared":
      model.guests.get(fact.authority)?.doors.add(fact.door);
      break;
    case "floors-issued":
      model.floorLists.add(fact.list);
      break;
    case "ring-changed": {
      const ring = register.slots.get(fact.devid) ?? new Map<number, LeafFact>();
      for (const [slot, leaf] of fact.changes) {
        if (leaf === null) ring.delete(slot);
        else ring.set(slot, leaf);
      }
      register.slots.set(fact.devid, ring);
      break;
    }
    case "head-issued":
      readHead(register, model, fact, record.atS);
      break;
    default:
      break;
  }
}

function readHolders(model: RightsModel, record: AuditRecord): void {
  const { fact, atS } = record;
  if (fact.kind === "shift-planned") {
    const { carer, startS, endS } = fact;
    model.shifts.push({ carer, startS, endS });
  }
  if (fact.kind === "key-enrolled") {
    model.holders.set(fact.devid, { carer: fact.carer, endedS: undefined });
  }
  for (const [devid, holder] of model.holders) {
    const isEnded =
      ((fact.kind === "key-ended" || fact.kind === "key-revoked") && fact.devid === devid) ||
      (fact.kind === "carer-ended" && fact.carer === holder.carer);
    if (isEnded) holder.endedS = Math.min(holder.endedS ?? atS, atS);
  }
}

function readHead(register: Register, model: RightsModel, fact: HeadFact, atS: number): void {
  const { devid } = fact;
  const leaves =
    fact.leaf === null ? [...(register.slots.get(devid)?.values() ?? [])] : [fact.leaf];
  const head = Buffer.from(fact.head, "hex");
  const { ringseq, purpose, root } = fact;
  model.heads.push({ atS, devid, ringseq, purpose, root, head, leaves });
  const key = register.keys.get(devid);
  const isHeld =
    key !== undefined && !register.endedKeys.has(devid) && !register.endedCarers.has(key.carer);
  if (key === undefined || !isHeld) {
    model.wrongLeaves.push({ atS, devid, text: "a head was issued for a key without a holder" });
    return;
  }
  for (const leaf of leaves) {
    model.leavesChecked += 1;
    const text =
      fact.leaf === null
        ? faultOfLeaf(register, key, leaf, atS)
        : faultOfEmergency(register, devid, leaf);
    if (text !== undefined) model.wrongLeaves.push({ atS, devid, text });
  }
}

function faultOfLeaf(
  register: Register,
  key: Key,
  leaf: LeafFact,
  atS: number,
): string | undefined {
  const [kind, target] = leaf;
  if (kind === 1) {
    const untilS = register.groupGrants.get(`${target}/${key.carer}`);
    return untilS !== undefined && atS < untilS ? undefined : `group ${target} was not granted`;
  }
  // From 2 on a kind is the number of the authority whose door it is.
  const door = kind === 0 ? target : register.doorsOfHosts.get(`${kind - 2}/${target}`);
  if (door === undefined) return `authority ${kind - 2} has shared no door ${target}`;
  if (!hasConsent(register, door)) return `door ${door} has no consent`;
  const isCovered = [...register.rights.values()].some(
    (right) =>
      right.carer === key.carer &&
      atS < right.untilS &&
      isBehindOwnClient(register, key.provider, right.scope, door),
  );
  return isCovered ? undefined : `door ${door} is behind no client of provider ${key.provider}`;
}

function faultOfEmergency(register: Register, devid: string, leaf: LeafFact): string | undefined {
  if (!hasConsent(register, leaf[1])) return `door ${leaf[1]} has no consent`;
  const isApproved = [...register.emergencies.values()].some(
    ({ fact, approvers }) =>
      fact.devid === devid &&
      fact.door === leaf[1] &&
      approvers.size >= 2 &&
      fact.durationS <= EMERGENCY_S_MAX,
  );
  return isApproved ? undefined : "an emergency ring lacks two approvers";
}

function hasConsent(register: Register, doorNumber: number): boolean {
  const door = register.doors.get(doorNumber);
  if (door === undefined) return false;
  return [...register.consents.values()].some(({ scope }) => {
    if ("door" in scope) return door.use === "apartment" && scope.door === doorNumber;
    if (door.use !== "entrance") return false;
    return "building" in scope
      ? scope.building === door.building
      : scope.owner === register.owners.get(door.building);
  });
}

function isBehindOwnClient(
  register: Register,
  provider: number,
  scope: RightScope,
  doorNumber: number,
): boolean {
  const door = register.doors.get(doorNumber);
  if (door === undefined) return false;
  return [...register.clients].some(([alarmCode, client]) => {
    if (client.provider !== provider || !client.isActive) return false;
    if (scope !== "all-clients" && !scope.includes(alarmCode)) return false;
    return door.use === "apartment"
      ? door.alarmCode === alarmCode
      : door.building === client.building;
  });
}
