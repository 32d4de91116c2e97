// SPDX-License-Identifier: EUPL-1.2
import {
  RECORD_UNKNOWN,
  ROLE_FORBIDDEN,
  SCOPE_EXCEEDED,
  STATE_CONFLICT,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import {
  codeOf,
  createDevice,
  createTown,
  HOUR_S,
  MORNING_S,
  must,
  publicOf,
} from "../test/town.ts";

describe("roles", () => {
  test("I4: a role cannot give what it lacks, neither as a user nor as a new role", () => {
    const town = createTown();
    const { issuer, desk, north } = town;
    const { provider } = north;
    const head = must(issuer.addUser(desk, { role: "unit-head", provider }));
    expect(codeOf(issuer.addUser(head, { role: "planner", provider }))).toBe(0);
    const narrow = { role: "helpdesk", tenancy: "provider", permissions: ["users"] } as const;
    must(issuer.defineRole(desk, narrow));
    const helper = must(issuer.addUser(desk, { role: "helpdesk", provider }));
    expect(codeOf(issuer.addUser(helper, { role: "planner", provider }))).toBe(SCOPE_EXCEEDED);
    const roles = { role: "roles", tenancy: "municipal", permissions: ["roles"] } as const;
    must(issuer.defineRole(desk, roles));
    const maker = must(issuer.addUser(desk, { role: "roles" }));
    const wide = { role: "wide", tenancy: "municipal", permissions: ["read-all"] } as const;
    expect(codeOf(issuer.defineRole(maker, wide))).toBe(SCOPE_EXCEEDED);
  });

  test("I4: a provider's user makes no municipal one, however little that one may do", () => {
    const { issuer, desk, north } = createTown();
    const small = { role: "guest", tenancy: "municipal", permissions: ["read-own"] } as const;
    must(issuer.defineRole(desk, small));
    const head = must(issuer.addUser(desk, { role: "unit-head", provider: north.provider }));
    expect(codeOf(issuer.addUser(head, { role: "guest" }))).toBe(SCOPE_EXCEEDED);
  });

  test("I4: roles are records, and one that exists keeps its meaning", () => {
    const { issuer, desk } = createTown();
    const again = { role: "planner", tenancy: "provider", permissions: ["read-own"] } as const;
    expect(codeOf(issuer.defineRole(desk, again))).toBe(STATE_CONFLICT);
    const stored = issuer.history().filter((record) => record.kind === "role-defined");
    expect(stored.map((record) => record.role)).toContain("planner");
  });

  test("I5: a carer has no login, and a removed user can do nothing more", () => {
    const town = createTown();
    const { issuer, desk, north } = town;
    const { carer } = town.carer(north, "anna");
    // Numbers of carers and users are not the same thing.
    expect(issuer.register.users.get(carer)?.carer ?? null).toBeNull();
    must(issuer.removeUser(desk, north.planner));
    const request = { provider: north.provider, staffCode: "x" };
    expect(codeOf(issuer.addCarer(north.planner, request))).toBe(ROLE_FORBIDDEN);
    expect(codeOf(issuer.addCarer(999, request))).toBe(ROLE_FORBIDDEN);
  });

  test("I8: a planner registers the own provider's staff and keys, and no other's", () => {
    const town = createTown();
    const { issuer, north, south } = town;
    const bert = town.carer(south, "bert");
    const foreign = { provider: south.provider, staffCode: "x" };
    expect(codeOf(issuer.addCarer(north.planner, foreign))).toBe(RECORD_UNKNOWN);
    const devicePublic = publicOf(createDevice("k"));
    const request = { carer: bert.carer, devicePublic };
    expect(codeOf(issuer.enrolKey(north.planner, request))).toBe(RECORD_UNKNOWN);
  });

  test("I6, I8: every change of another tenant's records is answered as if they did not exist", () => {
    const town = createTown();
    const { issuer, north, south } = town;
    town.house(["B1"], south.provider);
    const { carer, right, key } = town.carer(south, "bert");
    const startS = MORNING_S;
    const shift = must(issuer.planShift(south.planner, { carer, startS, endS: startS + HOUR_S }));
    const by = north.planner;
    const { devid } = key;
    const devicePublic = publicOf(createDevice("k"));
    const reason = "x";
    const head = must(issuer.addUser(town.desk, { role: "unit-head", provider: north.provider }));
    const attempts = {
      grantRight: issuer.grantRight(by, { carer }),
      restrictRight: issuer.restrictRight(by, { right, untilS: startS + HOUR_S }),
      revokeRight: issuer.revokeRight(by, right),
      planShift: issuer.planShift(by, { carer, startS, endS: startS + HOUR_S }),
      cancelShift: issuer.cancelShift(by, shift),
      enrolKey: issuer.enrolKey(by, { carer, devicePublic }),
      reassignKey: issuer.reassignKey(by, { devid, carer, devicePublic }),
      revokeKey: issuer.revokeKey(by, { devid, reason }),
      revokeCarer: issuer.revokeCarer(by, { carer, reason }),
      removeUser: issuer.removeUser(head, south.planner),
      addUser: issuer.addUser(head, { role: "planner", provider: south.provider }),
      setClientActive: issuer.setClientActive(by, {
        client: "B1",
        provider: south.provider,
        active: false,
      }),
      clientAccess: issuer.clientAccess(by, "B1"),
      carersOf: issuer.carersOf(by, south.provider),
      keysOf: issuer.keysOf(by, south.provider),
      clientsOf: issuer.clientsOf(by, south.provider),
      rightsOf: issuer.rightsOf(by, devid),
      events: issuer.events(by, { key: devid }),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      expect([name, codeOf(attempt)]).toEqual([name, RECORD_UNKNOWN]);
    }
  });

  test("I5: municipal work is closed to planners", () => {
    const town = createTown();
    const { issuer, north } = town;
    const by = north.planner;
    const { provider } = north;
    const attempts = {
      addProvider: issuer.addProvider(by, { organisation: "x" }),
      setPreSigned: issuer.setPreSigned(by, { provider, preSigned: 3 }),
      addUser: issuer.addUser(by, { role: "planner", provider }),
      addPropertyOwner: issuer.addPropertyOwner(by, { organisation: "x" }),
      addGroup: issuer.addGroup(by, { purpose: "x" }),
      addClient: issuer.addClient(by, { alarmCode: "Z", building: 1 }),
      changeProvider: issuer.changeProvider(by, { client: "Z", from: 2, provider: 1 }),
      consents: issuer.consents(by),
      consentTasks: issuer.consentTasks(by),
      withdrawConsent: issuer.withdrawConsent(by, 1),
      enrolStation: issuer.enrolStation(by, {}),
      removeLock: issuer.removeLock(by, { door: 1, reason: "x" }),
      rotateIssuerKeys: issuer.rotateIssuerKeys(by),
      markRestored: issuer.markRestored(by),
      audit: issuer.audit(by),
      approveEmergency: issuer.approveEmergency(by, 1),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      expect([name, codeOf(attempt)]).toEqual([name, ROLE_FORBIDDEN]);
    }
  });

  test("an installer commissions locks and does nothing else", () => {
    const town = createTown();
    const { issuer, desk, north } = town;
    const installer = must(issuer.addUser(desk, { role: "installer" }));
    expect(codeOf(issuer.removeLock(installer, { door: 1, reason: "x" }))).toBe(RECORD_UNKNOWN);
    expect(codeOf(issuer.events(installer, {}))).toBe(ROLE_FORBIDDEN);
    expect(codeOf(issuer.carersOf(installer, north.provider))).toBe(ROLE_FORBIDDEN);
  });
});
