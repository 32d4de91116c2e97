// SPDX-License-Identifier: EUPL-1.2
import {
  fail,
  hexOf,
  RECORD_UNKNOWN,
  type Result,
  ROLE_FORBIDDEN,
  succeed,
} from "@nyckelring/protocol";
import {
  activeClients,
  deriveLeaves,
  doorsOfClient,
  isReachable,
  missingSignatories,
} from "./access-rights.ts";
import type { Completeness, ConsentTask, EventView, Issuer } from "./api.ts";
import type { Permission } from "./facts.ts";
import type { Journal } from "./journal.ts";
import { listLiveRings } from "./live-rings.ts";
import type { EntryFilter, StoredEntry } from "./ports.ts";
import type { KeyRecord, User } from "./register.ts";
import type { RingIssue } from "./ring-issue.ts";
import { authorise, hasPermission } from "./role-model.ts";

/** A peer that is no device, as entries without one bear it. */
const NOBODY = "0000000000000000";

type Queries = Pick<
  Issuer,
  | "events"
  | "liveRings"
  | "clientAccess"
  | "carersOf"
  | "keysOf"
  | "clientsOf"
  | "rightsOf"
  | "consentTasks"
  | "consents"
  | "audit"
>;

/**
 * Offers what users may read. One place decides what a tenant sees: the keys of its own.
 * @internal
 */
export function createQueries(journal: Journal, rings: RingIssue): Queries {
  const { ports, register } = journal;
  const nowS = () => ports.clock.nowS();

  /** A reader, and whether everything or only the own tenant is to be seen. */
  function findReader(by: number): Result<{ user: User; seesAll: boolean }> {
    const user = register.users.get(by);
    if (user === undefined) return fail(ROLE_FORBIDDEN);
    const seesAll = user.provider === null && hasPermission(register, user, "read-all");
    if (!seesAll && !hasPermission(register, user, "read-own")) return fail(ROLE_FORBIDDEN);
    // Without a tenant there is nothing of one's own to read.
    return seesAll || user.provider !== null ? succeed({ user, seesAll }) : fail(ROLE_FORBIDDEN);
  }

  function findTenantReader(by: number, provider: number): Result<true> {
    const reader = findReader(by);
    if (!reader.ok) return reader;
    const isOwn = reader.value.seesAll || reader.value.user.provider === provider;
    return isOwn && register.providers.has(provider) ? succeed(true) : fail(RECORD_UNKNOWN);
  }

  function findMunicipal(by: number, permission: Permission): Result<User> {
    const allowed = authorise(register, by, permission);
    if (!allowed.ok) return allowed;
    return allowed.value.provider === null ? allowed : fail(ROLE_FORBIDDEN);
  }

  /** The key that an entry tells of: its maker, or the key that a lock met. */
  function keyOfEntry(entry: StoredEntry): KeyRecord | undefined {
    return register.keys.get(entry.devid) ?? register.keys.get(entry.peer);
  }

  function doorOfEntry(entry: StoredEntry): number | null {
    const lock = register.locks.get(entry.devid) ?? register.locks.get(entry.peer);
    if (lock !== undefined) return lock.door;
    // The number of a stranger's lock is in a stranger's numbers.
    if (entry.peer !== NOBODY) return null;
    return register.doors.has(entry.target) ? entry.target : null;
  }

  function viewOf(entry: StoredEntry): EventView {
    const { devid, logEpoch, n, kind, op, reason, ringseq } = entry;
    return {
      devid,
      madeBy: register.keys.has(devid) ? "key" : "lock",
      logEpoch,
      n,
      atS: entry.tS,
      timeQuality: entry.tq,
      kind,
      op,
      reason,
      key: keyOfEntry(entry)?.devid ?? null,
      door: doorOfEntry(entry),
      ringseq,
      committedAtS: entry.storedAtS,
    };
  }

  function completenessOf(key: KeyRecord): Completeness {
    let completeUpToS: number | null = null;
    for (const name of register.logsOfDevice.get(key.devid) ?? []) {
      const log = register.logs.get(name);
      const last = log && ports.store.entry(log.devid, log.logEpoch, log.tail);
      if (last !== undefined) completeUpToS = Math.max(completeUpToS ?? 0, last.tS);
    }
    return { key: key.devid, completeUpToS, lastSyncS: key.lastSync?.atS ?? null };
  }

  function visibleKeys(reader: { user: User; seesAll: boolean }): KeyRecord[] {
    return [...register.keys.values()].filter(
      (key) => reader.seesAll || key.provider === reader.user.provider,
    );
  }

  return {
    events(by, { key, door, fromS, toS }) {
      const reader = findReader(by);
      if (!reader.ok) return reader;
      const keys = visibleKeys(reader.value);
      const visible = new Set(keys.map((one) => one.devid));
      const devid = key === undefined ? undefined : hexOf(key);
      if (devid !== undefined && !visible.has(devid)) return fail(RECORD_UNKNOWN);
      const locks = [...register.locks.values()].filter((lock) => lock.door === door);
      const filter: EntryFilter = {
        ...(devid === undefined ? {} : { device: devid }),
        ...(door === undefined
          ? {}
          : { door: { target: door, devids: locks.map((lock) => lock.devid) } }),
        ...(fromS === undefined ? {} : { fromS }),
        ...(toS === undefined ? {} : { toS }),
      };
      const views = ports.store.entries(filter).map(viewOf);
      const events = views.filter((view) => {
        const isOfDoor = door === undefined || view.door === door;
        // An event without a key, such as a jammed bolt, is the municipality's.
        return isOfDoor && (view.key === null ? reader.value.seesAll : visible.has(view.key));
      });
      const asked = devid === undefined ? keys : keys.filter((one) => one.devid === devid);
      return succeed({ events, completeness: asked.map(completenessOf) });
    },

    liveRings(by, filter = {}) {
      const reader = findReader(by);
      if (!reader.ok) return reader;
      const doors = filter.door === undefined ? undefined : new Set([filter.door]);
      return succeed(listLiveRings(register, rings, visibleKeys(reader.value), doors, nowS()));
    },

    clientAccess(by, alarmCode) {
      const reader = findReader(by);
      if (!reader.ok) return reader;
      const client = register.clients.get(alarmCode);
      const { user, seesAll } = reader.value;
      const isOwn = seesAll || client?.assignments.has(user.provider ?? 0) === true;
      if (client === undefined || !isOwn) return fail(RECORD_UNKNOWN);
      const doors = doorsOfClient(register, client);
      const entrances = doors.filter((one) => one.use === "entrance");
      const apartments = doors.filter((one) => one.use === "apartment");
      // A building whose street door is not in the records is one without a lock of ours.
      const entrance = entrances.length > 0 && entrances.every((one) => isReachable(register, one));
      const apartment = apartments.some((one) => isReachable(register, one));
      return succeed({ alarmCode, entrance, apartment, needsMetalKey: !entrance || !apartment });
    },

    carersOf(by, provider) {
      const reader = findTenantReader(by, provider);
      if (!reader.ok) return reader;
      const carers = [...register.carers.values()].filter((one) => one.provider === provider);
      return succeed(carers.map((one) => one.carer));
    },

    keysOf(by, provider) {
      const reader = findTenantReader(by, provider);
      if (!reader.ok) return reader;
      const keys = [...register.keys.values()].filter((one) => one.provider === provider);
      return succeed(keys.map((one) => one.devid));
    },

    clientsOf(by, provider) {
      const reader = findTenantReader(by, provider);
      if (!reader.ok) return reader;
      return succeed(activeClients(register, provider).map((client) => client.alarmCode));
    },

    rightsOf(by, devid) {
      const reader = findReader(by);
      if (!reader.ok) return reader;
      const key = visibleKeys(reader.value).find((one) => one.devid === hexOf(devid));
      return key === undefined
        ? fail(RECORD_UNKNOWN)
        : succeed(deriveLeaves(register, key.carer, nowS()));
    },

    consentTasks(by) {
      const allowed = findMunicipal(by, "consents");
      if (!allowed.ok) return allowed;
      const tasks: ConsentTask[] = [];
      for (const { door, use, building, ...place } of register.doors.values()) {
        const missing = missingSignatories(register, { door, use, building, ...place });
        if (missing.length > 0) tasks.push({ door, use, building, missing });
      }
      return succeed(tasks);
    },

    consents(by) {
      const allowed = findMunicipal(by, "consents");
      return allowed.ok ? succeed([...register.consents.values()]) : allowed;
    },

    audit(by) {
      const allowed = findMunicipal(by, "read-audit");
      return allowed.ok ? succeed([...ports.store.records()]) : allowed;
    },
  };
}
