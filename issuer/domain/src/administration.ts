// SPDX-License-Identifier: EUPL-1.2
import {
  fail,
  NOT_YOUR_CLIENT,
  RECORD_UNKNOWN,
  REQUEST_INVALID,
  type Result,
  RING_FULL,
  RING_LEAVES_MAX,
  ROLE_FORBIDDEN,
  SCOPE_EXCEEDED,
  SELF_GRANT,
  SIGNATORY_MISSING,
  STATE_CONFLICT,
  succeed,
  WINDOW_S_MAX,
  WINDOW_TOO_LONG,
} from "@nyckelring/protocol";
import {
  activeClients,
  deriveLeaves,
  doorsOfClient,
  NEVER_S,
  type RightTerms,
  termsOf,
} from "./access-rights.ts";
import type { Issuer } from "./api.ts";
import type { Fact, Permission, RightScope } from "./facts.ts";
import type { Journal } from "./journal.ts";
import { shiftsOfWeek } from "./local-time.ts";
import type { Carer, User } from "./register.ts";
import { authorise, authoriseGift } from "./role-model.ts";

// Everything that people enter: organisations, places, clients, consents, rights and shifts. Each
// call checks the role and the tenant, checks what it is told, and commits one fact.

/** Time that a ring outlives its shift, for a visit that takes longer. @public */
export const GRACE_S = 1800;
/** Most heads that may lie at a station for one key. */
const PRE_SIGNED_MAX = 7;

type Administration = Pick<
  Issuer,
  | "addProvider"
  | "setPreSigned"
  | "defineRole"
  | "addUser"
  | "removeUser"
  | "addCarer"
  | "addPropertyOwner"
  | "addAssociation"
  | "addBuilding"
  | "sellBuilding"
  | "addDoor"
  | "addGroup"
  | "grantGroup"
  | "revokeGroup"
  | "addClient"
  | "assignClient"
  | "setClientActive"
  | "changeProvider"
  | "recordConsent"
  | "grantRight"
  | "restrictRight"
  | "revokeRight"
  | "planShift"
  | "planWeek"
  | "cancelShift"
>;

/**
 * Offers what people enter, over a journal.
 * @internal
 */
export function createAdministration(journal: Journal): Administration {
  const { register } = journal;
  const nowS = () => journal.ports.clock.nowS();
  const next = (name: string) => (register.lastNumber.get(name) ?? 0) + 1;

  function record(by: number, ...facts: readonly Fact[]): Result<true> {
    journal.commit({ user: by }, facts);
    return succeed(true);
  }

  function recordNumbered(by: number, number: number, fact: Fact): Result<number> {
    journal.commit({ user: by }, [fact]);
    return succeed(number);
  }

  /** A carer whom the user may administer in this way. */
  function findCarer(by: number, permission: Permission, carer: number): Result<Carer> {
    const found = register.carers.get(carer);
    const allowed = authorise(register, by, permission, found?.provider);
    if (!allowed.ok) return allowed;
    return found === undefined || found.ended ? fail(RECORD_UNKNOWN) : succeed(found);
  }

  function findMunicipal(by: number, permission: Permission): Result<User> {
    const allowed = authorise(register, by, permission);
    if (!allowed.ok) return allowed;
    return allowed.value.provider === null ? allowed : fail(ROLE_FORBIDDEN);
  }

  function checkScope(carer: Carer, scope: RightScope): Result<true> {
    if (scope === "all-clients") return succeed(true);
    if (scope.length === 0) return fail(REQUEST_INVALID);
    const foreign = scope.some(
      (code) => register.clients.get(code)?.assignments.get(carer.provider) !== true,
    );
    return foreign ? fail(NOT_YOUR_CLIENT) : succeed(true);
  }

  /** Refuses a right when the carer's ring would not hold it: right 4001 never comes to be. */
  function checkRoom(carer: number, terms: readonly RightTerms[]): Result<true> {
    const count = deriveLeaves(register, carer, nowS(), terms).length;
    return count > RING_LEAVES_MAX ? fail(RING_FULL, count) : succeed(true);
  }

  /** Refuses a client whose doors would not fit in the ring of a carer with all of them. */
  function checkClientRoom(alarmCode: string, provider: number): Result<true> {
    if (register.doors.size <= RING_LEAVES_MAX) return succeed(true);
    const client = register.clients.get(alarmCode);
    if (client === undefined) return succeed(true);
    const doors = new Set(doorsOfClient(register, client).map((door) => door.door));
    for (const other of activeClients(register, provider)) {
      for (const door of doorsOfClient(register, other)) doors.add(door.door);
    }
    // Cheap for nearly all: only a provider of this size needs the carers looked at.
    if (doors.size <= RING_LEAVES_MAX) return succeed(true);
    const isHeldByOne = [...register.carers.values()].some(
      (carer) =>
        carer.provider === provider &&
        !carer.ended &&
        termsOf(register, carer.carer, nowS()).some((term) => term.scope === "all-clients"),
    );
    return isHeldByOne ? fail(RING_FULL, doors.size) : succeed(true);
  }

  function planShifts(
    by: number,
    carer: number,
    planned: readonly { readonly startS: number; readonly endS: number }[],
  ): Result<readonly number[]> {
    const found = findCarer(by, "shifts", carer);
    if (!found.ok) return found;
    if (isOwnKey(by, carer)) return fail(SELF_GRANT);
    const facts: Fact[] = [];
    for (const { startS, endS } of planned) {
      if (!isTime(startS) || !isTime(endS + GRACE_S) || endS <= startS) {
        return fail(REQUEST_INVALID);
      }
      if (endS - startS + GRACE_S > WINDOW_S_MAX) return fail(WINDOW_TOO_LONG);
      facts.push({
        kind: "shift-planned",
        shift: next("shift") + facts.length,
        carer,
        startS,
        endS,
      });
    }
    journal.commit({ user: by }, facts);
    return succeed(facts.map((fact) => (fact.kind === "shift-planned" ? fact.shift : 0)));
  }

  /** Nobody gives rights or shifts to a key of their own. */
  function isOwnKey(by: number, carer: number): boolean {
    return register.users.get(by)?.carer === carer;
  }

  return {
    addProvider(by, { organisation, preSigned = 1 }) {
      const allowed = findMunicipal(by, "providers");
      if (!allowed.ok) return allowed;
      if (!isText(organisation) || !isPreSigned(preSigned)) return fail(REQUEST_INVALID);
      const provider = next("provider");
      const fact: Fact = { kind: "provider-added", provider, organisation, preSigned };
      return recordNumbered(by, provider, fact);
    },

    setPreSigned(by, { provider, preSigned }) {
      const allowed = findMunicipal(by, "providers");
      if (!allowed.ok) return allowed;
      if (!isPreSigned(preSigned)) return fail(REQUEST_INVALID);
      if (!register.providers.has(provider)) return fail(RECORD_UNKNOWN);
      return record(by, { kind: "provider-set", provider, preSigned });
    },

    defineRole(by, { role, tenancy, permissions }) {
      const allowed = findMunicipal(by, "roles");
      if (!allowed.ok) return allowed;
      if (!isText(role)) return fail(REQUEST_INVALID);
      // A role that is in use keeps its meaning: its users would gain what nobody gave them.
      if (register.roles.has(role)) return fail(STATE_CONFLICT);
      const gift = authoriseGift(register, allowed.value, tenancy, permissions);
      if (!gift.ok) return gift;
      return record(by, { kind: "role-defined", role, tenancy, permissions: [...permissions] });
    },

    addUser(by, { role, provider, carer }) {
      const allowed = authorise(register, by, "users", provider);
      if (!allowed.ok) return allowed;
      const model = register.roles.get(role);
      if (model === undefined) return fail(RECORD_UNKNOWN);
      if ((model.tenancy === "provider") !== (provider !== undefined)) {
        return fail(REQUEST_INVALID);
      }
      if (provider !== undefined && !register.providers.has(provider)) return fail(RECORD_UNKNOWN);
      if (carer !== undefined && register.carers.get(carer)?.provider !== provider) {
        return fail(RECORD_UNKNOWN);
      }
      const gift = authoriseGift(register, allowed.value, model.tenancy, model.permissions);
      if (!gift.ok) return gift;
      const user = next("user");
      return recordNumbered(by, user, {
        kind: "user-added",
        user,
        role,
        provider: provider ?? null,
        carer: carer ?? null,
      });
    },

    removeUser(by, user) {
      const found = register.users.get(user);
      const allowed = authorise(register, by, "users", found?.provider);
      if (!allowed.ok) return allowed;
      if (found === undefined) return fail(RECORD_UNKNOWN);
      return by === user ? fail(STATE_CONFLICT) : record(by, { kind: "user-removed", user });
    },

    addCarer(by, { provider, staffCode }) {
      const allowed = authorise(register, by, "staff", provider);
      if (!allowed.ok) return allowed;
      if (!register.providers.has(provider)) return fail(RECORD_UNKNOWN);
      if (!isText(staffCode)) return fail(REQUEST_INVALID);
      const carer = next("carer");
      return recordNumbered(by, carer, { kind: "carer-added", carer, provider, staffCode });
    },

    addPropertyOwner(by, { organisation }) {
      const allowed = findMunicipal(by, "places");
      if (!allowed.ok) return allowed;
      if (!isText(organisation)) return fail(REQUEST_INVALID);
      const owner = next("owner");
      return recordNumbered(by, owner, { kind: "owner-added", owner, organisation });
    },

    addAssociation(by, { organisation, signatories }) {
      const allowed = findMunicipal(by, "places");
      if (!allowed.ok) return allowed;
      if (!isText(organisation) || signatories.length === 0) return fail(REQUEST_INVALID);
      const association = next("association");
      return recordNumbered(by, association, {
        kind: "association-added",
        association,
        organisation,
        signatories: [...signatories],
      });
    },

    addBuilding(by, { owner, association, district = "" }) {
      const allowed = findMunicipal(by, "places");
      if (!allowed.ok) return allowed;
      const known = association === undefined || register.associations.has(association);
      if (!register.owners.has(owner) || !known) return fail(RECORD_UNKNOWN);
      const building = next("building");
      return recordNumbered(by, building, {
        kind: "building-added",
        building,
        owner,
        association: association ?? null,
        district,
      });
    },

    sellBuilding(by, { building, owner }) {
      const allowed = findMunicipal(by, "places");
      if (!allowed.ok) return allowed;
      if (!register.buildings.has(building) || !register.owners.has(owner)) {
        return fail(RECORD_UNKNOWN);
      }
      return record(by, { kind: "building-sold", building, owner });
    },

    addDoor(by, { kind, building, address, alarmCode, groups = [] }) {
      const allowed = findMunicipal(by, "places");
      if (!allowed.ok) return allowed;
      const known = groups.every((group) => register.groups.has(group));
      if (!register.buildings.has(building) || !known) return fail(RECORD_UNKNOWN);
      const coded = alarmCode !== undefined;
      if (!isText(address) || (kind === "apartment") !== coded || groups.length > 8) {
        return fail(REQUEST_INVALID);
      }
      const door = next("door");
      journal.commit({ user: by }, [
        {
          kind: "door-added",
          door,
          building,
          use: kind,
          address,
          alarmCode: alarmCode ?? null,
        },
        ...groups.map((group): Fact => ({ kind: "door-grouped", door, group })),
      ]);
      return succeed(door);
    },

    addGroup(by, { purpose }) {
      const allowed = findMunicipal(by, "groups");
      if (!allowed.ok) return allowed;
      if (!isText(purpose)) return fail(REQUEST_INVALID);
      const group = next("group");
      return recordNumbered(by, group, { kind: "group-added", group, purpose });
    },

    grantGroup(by, { group, carer, untilS = NEVER_S }) {
      const allowed = findMunicipal(by, "groups");
      if (!allowed.ok) return allowed;
      const found = findCarer(by, "groups", carer);
      if (!found.ok) return found;
      if (!register.groups.has(group)) return fail(RECORD_UNKNOWN);
      if (!isTime(untilS)) return fail(REQUEST_INVALID);
      if (isOwnKey(by, carer)) return fail(SELF_GRANT);
      const held = deriveLeaves(register, carer, nowS());
      const isNew = !held.some(([kind, target]) => kind === 1 && target === group);
      if (isNew && held.length >= RING_LEAVES_MAX) return fail(RING_FULL, held.length + 1);
      return record(by, { kind: "group-granted", group, carer, untilS });
    },

    revokeGroup(by, { group, carer }) {
      const allowed = findMunicipal(by, "groups");
      if (!allowed.ok) return allowed;
      const held = register.groupsOfCarer.get(carer)?.has(group) === true;
      return held ? record(by, { kind: "group-revoked", group, carer }) : fail(RECORD_UNKNOWN);
    },

    addClient(by, { alarmCode, building, provider }) {
      const allowed = findMunicipal(by, "clients");
      if (!allowed.ok) return allowed;
      if (!isText(alarmCode)) return fail(REQUEST_INVALID);
      const known = provider === undefined || register.providers.has(provider);
      if (!register.buildings.has(building) || !known) return fail(RECORD_UNKNOWN);
      if (register.clients.has(alarmCode)) return fail(STATE_CONFLICT);
      const assigned: Fact[] =
        provider === undefined ? [] : [{ kind: "client-assigned", alarmCode, provider }];
      return record(by, { kind: "client-added", alarmCode, building }, ...assigned);
    },

    assignClient(by, { client, provider }) {
      const allowed = findMunicipal(by, "clients");
      if (!allowed.ok) return allowed;
      const found = register.clients.get(client);
      if (found === undefined || !register.providers.has(provider)) return fail(RECORD_UNKNOWN);
      if (found.assignments.has(provider)) return fail(STATE_CONFLICT);
      const room = checkClientRoom(client, provider);
      if (!room.ok) return room;
      return record(by, { kind: "client-assigned", alarmCode: client, provider });
    },

    setClientActive(by, { client, provider, active }) {
      const allowed = authorise(register, by, "client-activity", provider);
      if (!allowed.ok) return allowed;
      // A provider pauses and resumes its own clients; it cannot take one.
      const assigned = register.clients.get(client)?.assignments.has(provider) === true;
      if (!assigned) return fail(NOT_YOUR_CLIENT);
      const room = active ? checkClientRoom(client, provider) : succeed(true);
      if (!room.ok) return room;
      return record(by, { kind: "client-activity-set", alarmCode: client, provider, active });
    },

    changeProvider(by, { client, from, provider }) {
      const allowed = findMunicipal(by, "clients");
      if (!allowed.ok) return allowed;
      const found = register.clients.get(client);
      if (found === undefined || !register.providers.has(provider)) return fail(RECORD_UNKNOWN);
      if (!found.assignments.has(from) || from === provider) return fail(STATE_CONFLICT);
      const room = checkClientRoom(client, provider);
      if (!room.ok) return room;
      return record(by, { kind: "provider-changed", alarmCode: client, from, to: provider });
    },

    recordConsent(by, { scope, signatories, evidence }) {
      const allowed = findMunicipal(by, "consents");
      if (!allowed.ok) return allowed;
      if (!isText(evidence) || signatories.length === 0) return fail(REQUEST_INVALID);
      if ("door" in scope) {
        const door = register.doors.get(scope.door);
        if (door === undefined) return fail(RECORD_UNKNOWN);
        if (door.use !== "apartment") return fail(REQUEST_INVALID);
      } else {
        const known =
          "building" in scope
            ? register.buildings.has(scope.building)
            : register.owners.has(scope.owner);
        if (!known) return fail(RECORD_UNKNOWN);
        if (!signatories.includes("owner")) return fail(SIGNATORY_MISSING);
      }
      const consent = next("consent");
      return recordNumbered(by, consent, {
        kind: "consent-given",
        consent,
        scope,
        signatories: [...signatories],
        evidence,
      });
    },

    grantRight(by, { carer, scope = "all-clients", fromS = nowS(), untilS = NEVER_S }) {
      const found = findCarer(by, "rights", carer);
      if (!found.ok) return found;
      if (isOwnKey(by, carer)) return fail(SELF_GRANT);
      if (!isTime(fromS) || !isTime(untilS) || untilS <= fromS) return fail(REQUEST_INVALID);
      const own = checkScope(found.value, scope);
      if (!own.ok) return own;
      const room = checkRoom(carer, [...termsOf(register, carer, nowS()), { scope, untilS }]);
      if (!room.ok) return room;
      const right = next("right");
      return recordNumbered(by, right, {
        kind: "right-granted",
        right,
        carer,
        scope,
        fromS,
        untilS,
      });
    },

    restrictRight(by, request) {
      const right = register.rights.get(request.right);
      const found = findCarer(by, "rights", right?.carer ?? 0);
      if (!found.ok) return found;
      if (right === undefined || right.revoked) return fail(RECORD_UNKNOWN);
      const { scope = right.scope, fromS = right.fromS, untilS = right.untilS } = request;
      if (!isTime(fromS) || !isTime(untilS) || untilS <= fromS) return fail(REQUEST_INVALID);
      // Only ever narrower: what is wider is a new right, granted and counted as one.
      const within = fromS >= right.fromS && untilS <= right.untilS;
      if (!within || !isWithin(scope, right.scope)) return fail(SCOPE_EXCEEDED);
      const own = checkScope(found.value, scope);
      if (!own.ok) return own;
      return record(by, { kind: "right-restricted", right: right.right, scope, fromS, untilS });
    },

    revokeRight(by, number) {
      const right = register.rights.get(number);
      const allowed = authorise(
        register,
        by,
        "rights",
        register.carers.get(right?.carer ?? 0)?.provider,
      );
      if (!allowed.ok) return allowed;
      if (right === undefined || right.revoked) return fail(RECORD_UNKNOWN);
      return record(by, { kind: "right-revoked", right: number });
    },

    planShift(by, { carer, startS, endS }) {
      const planned = planShifts(by, carer, [{ startS, endS }]);
      return planned.ok ? succeed(planned.value[0] ?? 0) : planned;
    },

    planWeek: (by, { carer, week }) => planShifts(by, carer, shiftsOfWeek(week)),

    cancelShift(by, shift) {
      const carer = register.carerOfShift.get(shift);
      const found = findCarer(by, "shifts", carer ?? 0);
      return found.ok ? record(by, { kind: "shift-cancelled", shift }) : found;
    },
  };
}

function isText(value: string): boolean {
  return value.length > 0 && value.length <= 200;
}

function isTime(valueS: number): boolean {
  return Number.isInteger(valueS) && valueS > 0 && valueS <= NEVER_S;
}

function isPreSigned(count: number): boolean {
  return Number.isInteger(count) && count >= 0 && count <= PRE_SIGNED_MAX;
}

function isWithin(scope: RightScope, outer: RightScope): boolean {
  if (outer === "all-clients") return true;
  return scope !== "all-clients" && scope.every((code) => outer.includes(code));
}
