// SPDX-License-Identifier: EUPL-1.2
import type { Fact, Permission, Signatory, SlotChange } from "./facts.ts";
import type { AuditRecord } from "./ports.ts";
import type {
  Building,
  Carer,
  Client,
  Consent,
  Door,
  EmergencyRequest,
  Host,
  IssuedFloors,
  KeyRecord,
  LockRecord,
  LogState,
  Provider,
  Right,
  ServicePermitRecord,
  Shift,
  StationRecord,
  User,
} from "./records.ts";

export type * from "./records.ts";

// The present state as the fold of all facts. Nothing outside this file writes to it, and nothing
// in it is more than the journal says; it can be dropped and built again at any time.

/** Gap between a backup's sequences and those after the restore. */
const RESTORE_STEP = 65_536;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The whole state of an authority. @public */
export interface Register {
  readonly authority: {
    readonly authority: number;
    readonly rootPublicKey: string;
    readonly agreementPublicKey: string;
  } | null;
  readonly issuerEpoch: {
    readonly issuerEpoch: number;
    readonly startedAtS: number;
    readonly ringCertificate: string;
    readonly deviceCertificate: string;
    /** The one of the epoch before, null in the first: locks show it until they are visited. */
    readonly previousDeviceCertificate: string | null;
  } | null;
  readonly roles: ReadonlyMap<
    string,
    { readonly tenancy: "municipal" | "provider"; readonly permissions: readonly Permission[] }
  >;
  readonly users: ReadonlyMap<number, User>;
  readonly providers: ReadonlyMap<number, Provider>;
  readonly carers: ReadonlyMap<number, Carer>;
  readonly keys: ReadonlyMap<string, KeyRecord>;
  readonly keysOfCarer: ReadonlyMap<number, readonly string[]>;
  /** Keys that have ended or were revoked. */
  readonly stoppedKeys: ReadonlySet<string>;
  readonly owners: ReadonlyMap<number, { readonly owner: number; readonly organisation: string }>;
  readonly associations: ReadonlyMap<number, { readonly signatories: readonly Signatory[] }>;
  readonly buildings: ReadonlyMap<number, Building>;
  readonly doors: ReadonlyMap<number, Door>;
  /** Our numbers of doors of other authorities, by `hostDoorName`. */
  readonly doorsOfHosts: ReadonlyMap<string, number>;
  readonly entrancesOfBuilding: ReadonlyMap<number, readonly number[]>;
  readonly doorsOfAlarmCode: ReadonlyMap<string, readonly number[]>;
  readonly groups: ReadonlyMap<number, { readonly group: number; readonly purpose: string }>;
  readonly doorsOfGroup: ReadonlyMap<number, readonly number[]>;
  /** For each carer, the groups and the end of each right. */
  readonly groupsOfCarer: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly locks: ReadonlyMap<string, LockRecord>;
  readonly guests: ReadonlyMap<
    number,
    {
      readonly rootPublicKey: string;
      readonly agreementPublicKey: string;
      readonly opsmask: number;
      readonly maxvalidS: number;
      readonly issuerEpoch: number;
    }
  >;
  /** Authorities at whose locks this one is a guest. */
  readonly hosts: ReadonlyMap<number, Host>;
  readonly stations: ReadonlyMap<number, StationRecord>;
  readonly clients: ReadonlyMap<string, Client>;
  /** Alarm codes that a provider ever served. */
  readonly clientsOfProvider: ReadonlyMap<number, ReadonlySet<string>>;
  readonly consents: ReadonlyMap<number, Consent>;
  readonly consentsOfBuilding: ReadonlyMap<number, readonly number[]>;
  readonly consentsOfOwner: ReadonlyMap<number, readonly number[]>;
  readonly consentsOfDoor: ReadonlyMap<number, readonly number[]>;
  readonly rights: ReadonlyMap<number, Right>;
  readonly rightsOfCarer: ReadonlyMap<number, readonly number[]>;
  readonly shiftsOfCarer: ReadonlyMap<number, readonly Shift[]>;
  readonly carerOfShift: ReadonlyMap<number, number>;
  /** The newest permit of each device to open its console. */
  readonly servicePermits: ReadonlyMap<string, ServicePermitRecord>;
  readonly emergencies: ReadonlyMap<number, EmergencyRequest>;
  readonly logs: ReadonlyMap<string, LogState>;
  /** Names of the logs of each device. */
  readonly logsOfDevice: ReadonlyMap<string, readonly string[]>;
  readonly floors: IssuedFloors | null;
  /** Number of the newest floor list. */
  readonly listseq: number;
  /** Number of the newest head of the authority. */
  readonly ringseq: number;
  /** Newest number given to any record. */
  readonly lastNumber: ReadonlyMap<string, number>;
  readonly lastRecord: AuditRecord | null;
}

/**
 * Names the log of a device.
 * @public
 */
export function logName(devid: string, logEpoch: number): string {
  return `${devid}/${logEpoch}`;
}

/**
 * Names a door by the authority that owns its lock and the number that it has there.
 * @public
 */
export function hostDoorName(host: number, hostDoor: number): string {
  return `${host}/${hostDoor}`;
}

/** A door to which nothing has been added yet. */
const BARE_DOOR = { groups: [], guests: [], lock: null } as const;

/**
 * Makes the state before the first fact.
 * @public
 */
export function createRegister(): Register {
  return {
    authority: null,
    issuerEpoch: null,
    roles: new Map(),
    users: new Map(),
    providers: new Map(),
    carers: new Map(),
    keys: new Map(),
    keysOfCarer: new Map(),
    stoppedKeys: new Set(),
    owners: new Map(),
    associations: new Map(),
    buildings: new Map(),
    doors: new Map(),
    doorsOfHosts: new Map(),
    entrancesOfBuilding: new Map(),
    doorsOfAlarmCode: new Map(),
    groups: new Map(),
    doorsOfGroup: new Map(),
    groupsOfCarer: new Map(),
    locks: new Map(),
    guests: new Map(),
    hosts: new Map(),
    stations: new Map(),
    clients: new Map(),
    clientsOfProvider: new Map(),
    consents: new Map(),
    consentsOfBuilding: new Map(),
    consentsOfOwner: new Map(),
    consentsOfDoor: new Map(),
    rights: new Map(),
    rightsOfCarer: new Map(),
    shiftsOfCarer: new Map(),
    carerOfShift: new Map(),
    servicePermits: new Map(),
    emergencies: new Map(),
    logs: new Map(),
    logsOfDevice: new Map(),
    floors: null,
    listseq: 0,
    ringseq: 0,
    lastNumber: new Map(),
    lastRecord: null,
  };
}

function table<K, V>(map: ReadonlyMap<K, V>): Map<K, V> {
  return map as Map<K, V>;
}

function put<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): void {
  table(map).set(key, value);
}

function change<K, V extends object>(map: ReadonlyMap<K, V>, key: K, fields: Partial<V>): void {
  const before = map.get(key);
  if (before !== undefined) put(map, key, { ...before, ...fields });
}

function append<K, V>(map: ReadonlyMap<K, readonly V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) put(map, key, [value]);
  else (list as V[]).push(value);
}

function used(register: Register, name: string, number: number): void {
  if (number > (register.lastNumber.get(name) ?? 0)) put(register.lastNumber, name, number);
}

/**
 * Applies one committed record to the state.
 *
 * Requires: records come in the order of their numbers.
 * @public
 */
export function applyRecord(register: Register, record: AuditRecord): void {
  const fact = record.fact;
  const state = register as Mutable<Register>;
  state.lastRecord = record;
  switch (fact.kind) {
    case "authority-founded":
      state.authority = fact;
      return;
    case "issuer-epoch-started":
      state.issuerEpoch = {
        ...fact,
        startedAtS: record.atS,
        previousDeviceCertificate: register.issuerEpoch?.deviceCertificate ?? null,
      };
      return;
    case "role-defined":
      return put(register.roles, fact.role, fact);
    case "user-added":
      used(register, "user", fact.user);
      return put(register.users, fact.user, fact);
    case "user-removed":
      table(register.users).delete(fact.user);
      return;
    case "provider-added":
      used(register, "provider", fact.provider);
      return put(register.providers, fact.provider, fact);
    case "provider-set":
      return change(register.providers, fact.provider, { preSigned: fact.preSigned });
    case "carer-added":
      used(register, "carer", fact.carer);
      return put(register.carers, fact.carer, { ...fact, ended: false });
    case "carer-ended":
      return change(register.carers, fact.carer, { ended: true });
    case "station-enrolled":
      used(register, "station", fact.station);
      return put(register.stations, fact.station, { ...fact, upSeq: 0, downSeq: 0, service: null });
    case "station-service-permitted": {
      const { serial, untilS } = fact;
      return change(register.stations, fact.station, { service: { serial, untilS } });
    }
    case "station-heard":
      return hearStation(register, fact.station, fact.upSeq);
    case "station-numbers-reserved":
      return change(register.stations, fact.station, { downSeq: fact.downSeq });
    case "right-granted":
      used(register, "right", fact.right);
      append(register.rightsOfCarer, fact.carer, fact.right);
      return put(register.rights, fact.right, { ...fact, revoked: false });
    case "right-restricted":
      return change(register.rights, fact.right, {
        scope: fact.scope,
        fromS: fact.fromS,
        untilS: fact.untilS,
      });
    case "right-revoked":
      return change(register.rights, fact.right, { revoked: true });
    case "shift-planned":
      used(register, "shift", fact.shift);
      put(register.carerOfShift, fact.shift, fact.carer);
      return append(register.shiftsOfCarer, fact.carer, fact);
    case "shift-cancelled":
      return cancelShift(register, fact.shift);
    default:
      applyPlaceFact(register, fact, record);
      applyDeviceFact(register, fact, record);
  }
}

function hearStation(register: Register, station: number, upSeq: number): void {
  const record = register.stations.get(station);
  if (record !== undefined && upSeq > record.upSeq) change(register.stations, station, { upSeq });
}

function cancelShift(register: Register, shift: number): void {
  const carer = register.carerOfShift.get(shift);
  if (carer === undefined) return;
  const left = (register.shiftsOfCarer.get(carer) ?? []).filter((one) => one.shift !== shift);
  put(register.shiftsOfCarer, carer, left);
}

function applyPlaceFact(register: Register, fact: Fact, record: AuditRecord): void {
  switch (fact.kind) {
    case "owner-added":
      used(register, "owner", fact.owner);
      return put(register.owners, fact.owner, fact);
    case "association-added":
      used(register, "association", fact.association);
      return put(register.associations, fact.association, fact);
    case "building-added":
      used(register, "building", fact.building);
      return put(register.buildings, fact.building, fact);
    case "building-sold":
      return change(register.buildings, fact.building, { owner: fact.owner });
    case "door-added":
      used(register, "door", fact.door);
      put(register.doors, fact.door, { ...fact, ...BARE_DOOR, host: null, hostDoor: null });
      if (fact.use === "entrance") append(register.entrancesOfBuilding, fact.building, fact.door);
      if (fact.alarmCode !== null) append(register.doorsOfAlarmCode, fact.alarmCode, fact.door);
      return;
    case "group-added":
      used(register, "group", fact.group);
      return put(register.groups, fact.group, fact);
    case "door-grouped":
      append(register.doorsOfGroup, fact.group, fact.door);
      return change(register.doors, fact.door, {
        groups: [...(register.doors.get(fact.door)?.groups ?? []), fact.group],
      });
    case "group-granted":
      return put(
        register.groupsOfCarer,
        fact.carer,
        new Map(register.groupsOfCarer.get(fact.carer)).set(fact.group, fact.untilS),
      );
    case "group-revoked": {
      const left = new Map(register.groupsOfCarer.get(fact.carer));
      left.delete(fact.group);
      return put(register.groupsOfCarer, fact.carer, left);
    }
    case "guest-authority-added":
      return put(register.guests, fact.authority, fact);
    case "host-accepted": {
      const before = register.hosts.get(fact.authority);
      // A lock that nobody has visited since a rotation still shows the key before.
      const deviceKeys = [...(before?.deviceKeys.slice(-1) ?? []), fact.deviceKey];
      const certificates = [...(before?.certificates.slice(-1) ?? []), fact.certificate];
      return put(register.hosts, fact.authority, { ...fact, deviceKeys, certificates });
    }
    case "foreign-door-added": {
      const { door, building, address, authority: host, hostDoor } = fact;
      used(register, "door", door);
      const place = { door, building, use: "entrance", address, alarmCode: null } as const;
      put(register.doors, door, { ...place, ...BARE_DOOR, host, hostDoor });
      put(register.doorsOfHosts, hostDoorName(host, hostDoor), door);
      return append(register.entrancesOfBuilding, building, door);
    }
    case "door-shared":
      return change(register.doors, fact.door, {
        guests: [...(register.doors.get(fact.door)?.guests ?? []), fact.authority],
      });
    case "client-added":
      return put(register.clients, fact.alarmCode, { ...fact, assignments: new Map() });
    case "client-assigned":
      return assign(register, fact.alarmCode, fact.provider, true);
    case "client-activity-set":
      return assign(register, fact.alarmCode, fact.provider, fact.active);
    case "provider-changed":
      assign(register, fact.alarmCode, fact.from, null);
      return assign(register, fact.alarmCode, fact.to, true);
    case "consent-given":
      return applyConsent(register, fact, record.atS);
    case "consent-withdrawn":
      return change(register.consents, fact.consent, { withdrawnAtS: record.atS });
    default:
  }
}

function assign(
  register: Register,
  alarmCode: string,
  provider: number,
  active: boolean | null,
): void {
  const assignments = new Map(register.clients.get(alarmCode)?.assignments);
  // Grown in place: a provider's set is long, and each of its clients comes through here.
  const served = (register.clientsOfProvider.get(provider) ?? new Set()) as Set<string>;
  if (active === null) {
    assignments.delete(provider);
    served.delete(alarmCode);
  } else {
    assignments.set(provider, active);
    served.add(alarmCode);
  }
  change(register.clients, alarmCode, { assignments });
  put(register.clientsOfProvider, provider, served);
}

function applyConsent(
  register: Register,
  fact: Extract<Fact, { kind: "consent-given" }>,
  atS: number,
): void {
  const scope = fact.scope;
  let owner: number | null = null;
  if ("building" in scope) {
    owner = register.buildings.get(scope.building)?.owner ?? null;
    append(register.consentsOfBuilding, scope.building, fact.consent);
  } else if ("owner" in scope) {
    owner = scope.owner;
    append(register.consentsOfOwner, scope.owner, fact.consent);
  } else {
    append(register.consentsOfDoor, scope.door, fact.consent);
  }
  used(register, "consent", fact.consent);
  put(register.consents, fact.consent, { ...fact, givenAtS: atS, withdrawnAtS: null, owner });
}

function applyDeviceFact(register: Register, fact: Fact, record: AuditRecord): void {
  const state = register as Mutable<Register>;
  switch (fact.kind) {
    case "key-enrolled":
      append(register.keysOfCarer, fact.carer, fact.devid);
      return put(register.keys, fact.devid, {
        ...fact,
        state: "active",
        slots: [],
        root: null,
        versions: [],
        heads: [],
        lastRingseq: 0,
        lastSync: null,
      });
    case "key-ended":
      return stopKey(register, fact.devid, "ended");
    case "key-revoked":
      return stopKey(register, fact.devid, "revoked");
    case "ring-changed":
      return applyRingChange(register, fact);
    case "head-issued":
      return applyHead(register, fact);
    case "floors-issued":
      state.floors = fact;
      state.listseq = fact.listseq;
      return;
    case "key-synced":
      hearStation(register, fact.station, fact.upSeq);
      return change(register.keys, fact.devid, { lastSync: { ...fact, atS: record.atS } });
    case "lock-enrolled":
      put(register.locks, fact.devid, {
        ...fact,
        ended: false,
        cfgseq: 0,
        appliedCfgseq: 1,
        groups: [],
        certifiedAtS: 0,
        certificate: "",
        config: "",
      });
      return change(register.doors, fact.door, { lock: fact.devid });
    case "foreign-lock-added":
      put(register.locks, fact.devid, {
        ...fact,
        profile: 0,
        clockUnknown: 0,
        ended: false,
        cfgseq: 0,
        appliedCfgseq: 0,
        groups: [],
        certifiedAtS: 0,
        config: "",
      });
      return change(register.doors, fact.door, { lock: fact.devid });
    case "lock-configured":
      return change(register.locks, fact.devid, {
        cfgseq: fact.cfgseq,
        groups: fact.groups,
        certifiedAtS: fact.certifiedAtS,
        certificate: fact.certificate,
        config: fact.config,
      });
    case "lock-config-applied":
      return change(register.locks, fact.devid, { appliedCfgseq: fact.cfgseq });
    case "lock-ended": {
      const door = register.locks.get(fact.devid)?.door;
      if (door !== undefined) change(register.doors, door, { lock: null });
      return change(register.locks, fact.devid, { ended: true });
    }
    case "service-permitted":
      return put(register.servicePermits, fact.devid, fact);
    case "emergency-requested":
      used(register, "request", fact.request);
      return put(register.emergencies, fact.request, { ...fact, approvers: [], issued: false });
    case "emergency-approved": {
      const approvers = [...(register.emergencies.get(fact.request)?.approvers ?? []), fact.user];
      return change(register.emergencies, fact.request, {
        approvers,
        issued: approvers.length > 1,
      });
    }
    case "entries-stored":
      return applyStored(register, fact, record.atS);
    case "restored":
      return applyRestore(register);
    case "log-acknowledged":
      for (const ack of fact.acks) {
        change(register.logs, logName(ack.devid, ack.logEpoch), {
          acked: ack.n,
          ack: fact.ack,
          ackedAtS: record.atS,
        });
      }
      return;
    default:
  }
}

function stopKey(register: Register, devid: string, state: "ended" | "revoked"): void {
  (register.stoppedKeys as Set<string>).add(devid);
  change(register.keys, devid, { state });
}

function applyRingChange(register: Register, fact: Extract<Fact, { kind: "ring-changed" }>): void {
  const key = register.keys.get(fact.devid);
  if (key === undefined) return;
  const slots = [...key.slots];
  while (slots.length < fact.size) slots.push(null);
  for (const [slot, leaf] of fact.changes) slots[slot] = leaf;
  (key.versions as { root: string; changes: readonly SlotChange[] }[]).push(fact);
  change(register.keys, fact.devid, { slots, root: fact.root });
}

function applyHead(register: Register, fact: Extract<Fact, { kind: "head-issued" }>): void {
  const state = register as Mutable<Register>;
  state.ringseq = Math.max(register.ringseq, fact.ringseq);
  const key = register.keys.get(fact.devid);
  if (key === undefined) return;
  const live = key.heads.filter((head) => head.expS > fact.iatS);
  live.push({ ...fact, version: key.versions.length });
  change(register.keys, fact.devid, { heads: live, lastRingseq: fact.ringseq });
}

function applyStored(
  register: Register,
  fact: Extract<Fact, { kind: "entries-stored" }>,
  atS: number,
): void {
  const { devid, logEpoch, ns } = fact;
  const name = logName(devid, logEpoch);
  const log = register.logs.get(name);
  if (log === undefined) append(register.logsOfDevice, devid, name);
  const beyond = new Set(log?.beyond);
  for (const n of ns) beyond.add(n);
  const before = log?.tail ?? 0;
  let tail = before;
  while (beyond.delete(tail + 1)) tail += 1;
  put(register.logs, name, {
    devid,
    logEpoch,
    tail,
    beyond,
    acked: log?.acked ?? 0,
    ack: log?.ack ?? null,
    ackedAtS: log?.ackedAtS ?? 0,
    holeSinceS: beyond.size === 0 ? null : (log?.holeSinceS ?? atS),
    resend: log?.resend === true && tail === before,
  });
}

/** What a restored issuer may have promised and forgotten lies below these numbers. */
function applyRestore(register: Register): void {
  const state = register as Mutable<Register>;
  state.ringseq += RESTORE_STEP;
  state.listseq += RESTORE_STEP;
  for (const station of register.stations.values()) {
    change(register.stations, station.station, { downSeq: station.downSeq + RESTORE_STEP });
  }
  for (const lock of register.locks.values()) {
    // What another authority configures has no number here.
    if (lock.cfgseq === 0) continue;
    change(register.locks, lock.devid, { cfgseq: lock.cfgseq + RESTORE_STEP });
  }
  for (const name of register.logs.keys()) change(register.logs, name, { resend: true });
}
