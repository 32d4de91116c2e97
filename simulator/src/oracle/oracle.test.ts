// SPDX-License-Identifier: EUPL-1.2

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { AuditRecord, Fact, LeafFact } from "@nyckelring/issuer/domain";
import { Encoder } from "cbor-x";
import { expect, test } from "vitest";
import type { AttemptPurpose, HardwareFact, WorldEvent } from "../world-events.ts";
import type { AuthorityEvidence, DeviceAtEnd } from "./evidence.ts";
import { judgeRun, type Verdict } from "./oracle.ts";

// The oracle is judged here with days that are written by hand: each test plants one wrong in an
// otherwise clean day and expects exactly that promise to be named.

const START_S = 1_000_000;
const KEY = "aaaaaaaaaaaaaaaa";
const LOCK = "bbbbbbbbbbbbbbbb";
const DOOR = 7;
const encoder = new Encoder({
  useRecords: false,
  mapsAsObjects: false,
  variableMapSize: true,
  tagUint8Array: false,
});

const root = generateKeyPairSync("ed25519");
const ring = generateKeyPairSync("ed25519");

function encode(value: unknown): Buffer {
  return Buffer.from(encoder.encode(value));
}

function rawKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
}

function kidOf(key: KeyObject): Buffer {
  return createHash("sha256").update(rawKey(key)).digest().subarray(0, 4);
}

function signObject(typ: number, claims: unknown, by: typeof root): string {
  const header = encode(
    new Map<number, unknown>([
      [1, -19],
      [4, kidOf(by.publicKey)],
      [16, typ],
    ]),
  );
  const payload = encode(claims);
  const signed = encode(["Signature1", header, Buffer.alloc(0), payload]);
  const signature = sign(null, signed, by.privateKey);
  return encode([header, new Map(), payload, signature]).toString("hex");
}

function headOf(nbfS: number, expS: number, ringseq: number, by = ring): string {
  const claims = new Map<number, unknown>([
    [4, expS],
    [5, nbfS],
    [6, nbfS - 60],
    [8, new Map([[1, new Map<number, unknown>([[2, Buffer.from(KEY, "hex")]])]])],
    [-65537, [ringseq, 1, Buffer.alloc(32, 5), 0, 0]],
  ]);
  return signObject(65001, claims, by);
}

function floorPayload(listseq: number, minring: number): string {
  const floors = [[Buffer.from(KEY, "hex"), minring]];
  const claims = new Map<number, unknown>([
    [4, START_S + 99_999],
    [6, START_S + 100],
    [-65540, [listseq, 0, floors]],
  ]);
  return encode(claims).toString("hex");
}

const certificate = signObject(
  65003,
  new Map<number, unknown>([
    [4, START_S + 99_999_999],
    [6, START_S - 10],
    [8, new Map([[1, new Map<number, unknown>([[-2, rawKey(ring.publicKey)]])]])],
    [-65539, [1, 1, 1]],
  ]),
  root,
);

const LEAF: LeafFact = [0, DOOR, 3, START_S + 50_000];

function journalOf(extra: readonly Fact[], head = headOf(START_S, START_S + 1000, 1)) {
  const facts: Fact[] = [
    {
      kind: "authority-founded",
      authority: 1,
      rootPublicKey: rawKey(root.publicKey).toString("hex"),
      agreementPublicKey: "",
    },
    {
      kind: "issuer-epoch-started",
      issuerEpoch: 1,
      ringCertificate: certificate,
      deviceCertificate: certificate,
    },
    {
      kind: "key-enrolled",
      devid: KEY,
      carer: 3,
      provider: 2,
      signingPublicKey: "",
      agreementPublicKey: "",
    },
    { kind: "building-added", building: 1, owner: 1, association: null, district: "" },
    {
      kind: "door-added",
      door: DOOR,
      building: 1,
      use: "apartment",
      address: "",
      alarmCode: "A1",
    },
    {
      kind: "consent-given",
      consent: 1,
      scope: { door: DOOR },
      signatories: ["resident"],
      evidence: "",
    },
    {
      kind: "lock-enrolled",
      devid: LOCK,
      door: DOOR,
      signingPublicKey: "",
      agreementPublicKey: "",
      profile: 0,
      clockUnknown: 0,
    },
    { kind: "client-added", alarmCode: "A1", building: 1 },
    { kind: "client-assigned", alarmCode: "A1", provider: 2 },
    {
      kind: "right-granted",
      right: 1,
      carer: 3,
      scope: "all-clients",
      fromS: 0,
      untilS: START_S + 99_999,
    },
    ...extra,
    { kind: "ring-changed", devid: KEY, changes: [[0, LEAF]], size: 1, root: "05".repeat(32) },
    {
      kind: "head-issued",
      devid: KEY,
      ringseq: 1,
      purpose: "shift",
      shift: 1,
      station: null,
      nonce: null,
      iatS: START_S - 60,
      nbfS: START_S,
      expS: START_S + 1000,
      size: 1,
      root: "05".repeat(32),
      flags: 0,
      needlist: 0,
      leaf: null,
      head,
    },
  ];
  return facts.map(
    (fact, index): AuditRecord => ({
      seq: index + 1,
      atS: START_S - 60,
      by: { system: true },
      fact,
      chain: "",
    }),
  );
}

function entryBytes(n: number, op: number, reason: number): Buffer {
  return encode([n, START_S, 0, 1, op, reason, Buffer.from(KEY, "hex"), 1, DOOR]);
}

function pageWith(entries: readonly Buffer[]): Uint8Array {
  const page = new Uint8Array(4096).fill(0xff);
  let at = 12;
  for (const entry of entries) {
    page.set(entry, at);
    at += entry.length + 9;
  }
  return page;
}

type Day = {
  readonly insertedS?: number;
  readonly isOpened?: boolean;
  readonly purpose?: AttemptPurpose;
  readonly signal?: "granted" | "denied";
  readonly before?: readonly WorldEvent[];
  readonly journal?: readonly AuditRecord[];
  readonly op?: 1 | 2;
  readonly log?: readonly Buffer[];
  /** Log of the key; its verdict alone when it is not given. */
  readonly keyLog?: readonly Buffer[];
  readonly committed?: AuthorityEvidence["committed"];
  readonly isMotorOn?: boolean;
  /** The key is a copy that a thief has made. */
  readonly isCopy?: boolean;
  /** The key is enrolled under the other authority. */
  readonly isStrange?: boolean;
};

function judge(day: Day): Verdict {
  const atUs = (day.insertedS ?? 100) * 1_000_000;
  const isOpened = day.isOpened ?? true;
  const op = day.op ?? 1;
  const log = day.log ?? (isOpened ? [entryBytes(1, 1, 0)] : []);
  const keyLog = day.keyLog ?? [entryBytes(1, op, isOpened ? 0 : 1)];
  const events: WorldEvent[] = [
    {
      kind: "verified",
      atUs: 10,
      contact: 1,
      device: "key-01",
      typ: 65001,
      payload: payloadOf(headOf(START_S, START_S + 1000, 1)),
    },
    { kind: "sent", atUs: 20, endUs: 20, contact: 1, device: "key-01" },
    ...(day.before ?? []),
    { kind: "plugged", atUs, contact: 5, key: "key-01", device: "lock-01" },
    {
      kind: "attempt",
      atUs,
      contact: 5,
      key: "key-01",
      lock: "lock-01",
      purpose: day.purpose ?? "honest",
      op,
    },
    ...(isOpened
      ? [
          {
            kind: "motor" as const,
            atUs: atUs + 500_000,
            contact: 5,
            lock: "lock-01",
            command: "unlock" as const,
          },
        ]
      : []),
    {
      kind: "pulled",
      atUs: atUs + 2_000_000,
      contact: 5,
      passedBytes: 900,
      early: false,
      signal: day.signal ?? (isOpened ? "granted" : "denied"),
    },
  ];
  const key: DeviceAtEnd = {
    name: "key-01",
    devid: KEY,
    role: "key",
    isCounterfeit: day.isCopy ?? false,
    pages: [pageWith(keyLog)],
    isMotorOn: false,
  };
  const devices: DeviceAtEnd[] = [
    {
      name: "lock-01",
      devid: LOCK,
      role: "lock",
      isCounterfeit: false,
      pages: [pageWith(log)],
      isMotorOn: day.isMotorOn ?? false,
    },
    ...(day.isStrange ? [] : [key]),
  ];
  const stored = day.committed ?? storedOf(LOCK, log);
  const ofKey = storedOf(KEY, keyLog);
  const journal = day.journal ?? journalOf([]);
  return judgeRun({
    startS: START_S,
    events,
    authorities: [
      { journal, committed: [...stored, ...(day.isStrange ? [] : ofKey)], devices },
      ...(day.isStrange ? [{ journal: journalOf([]), committed: ofKey, devices: [key] }] : []),
    ],
    isSettled: true,
  });
}

function storedOf(devid: string, log: readonly Buffer[]): AuthorityEvidence["committed"] {
  return log.map((entry, index) => {
    return { devid, logEpoch: 1, n: index + 1, bytes: entry.toString("hex") };
  });
}

function payloadOf(object: string): string {
  const parts: unknown = encoder.decode(Buffer.from(object, "hex"));
  if (!Array.isArray(parts) || !(parts[2] instanceof Uint8Array)) throw new Error("no object");
  return Buffer.from(parts[2]).toString("hex");
}

function broken(verdict: Verdict): string[] {
  return verdict.violations.map((violation) => violation.invariant);
}

const FLOOR_DELIVERED: readonly WorldEvent[] = [
  {
    kind: "verified",
    atUs: 30,
    contact: 2,
    device: "lock-01",
    typ: 65004,
    payload: floorPayload(1, 2),
  },
  { kind: "sent", atUs: 40, endUs: 40, contact: 2, device: "lock-01" },
];

test("X6: a clean day has no violation, and the oracle says how much it looked at", () => {
  const verdict = judge({});
  expect(verdict.violations).toEqual([]);
  expect(verdict).toMatchObject({
    openings: 1,
    unauthorizedOpenings: 0,
    eventsAtDevices: 2,
    eventsAtIssuer: 2,
    headsVerified: 1,
    leavesChecked: 1,
  });
});

test("X6: an opening after the end of the window is unauthorised for an honest key", () => {
  const verdict = judge({ insertedS: 1003 });
  expect(broken(verdict)).toEqual(["I1 no-unauth"]);
  expect(verdict.unauthorizedOpenings).toBe(1);
  expect(judge({ insertedS: 998 }).violations).toEqual([]);
});

test("X6: an extracted key at a lock without newer time is residual, with newer time it is not", () => {
  const residual = judge({ insertedS: 2000, purpose: "extracted-key", isCopy: true });
  expect(residual.violations).toEqual([]);
  expect(residual.residualClasses).toEqual({ expiredAtClocklessLock: 1 });
  const newer: WorldEvent[] = [
    {
      kind: "verified",
      atUs: 30,
      contact: 2,
      device: "lock-01",
      typ: 65001,
      payload: encode(new Map([[6, START_S + 1500]])).toString("hex"),
    },
    { kind: "sent", atUs: 40, endUs: 40, contact: 2, device: "lock-01" },
  ];
  const verdict = judge({ insertedS: 2000, purpose: "extracted-key", isCopy: true, before: newer });
  expect(broken(verdict)).toEqual(["I1 no-unauth"]);
});

test("X6: an opening against a floor that has reached the lock is unauthorised", () => {
  expect(broken(judge({ before: FLOOR_DELIVERED }))).toEqual(["I1 no-unauth"]);
});

test("X6: a floor that the lock verified but could not answer for does not count", () => {
  expect(judge({ before: FLOOR_DELIVERED.slice(0, 1) }).violations).toEqual([]);
});

test("X6: an opening without any leaf for the door is unauthorised", () => {
  expect(broken(judge({ journal: NO_LEAF }))).toEqual(["I1 no-unauth"]);
});

test("X6: a head that the ring key did not sign is not genuine, and opens nothing", () => {
  const stranger = generateKeyPairSync("ed25519");
  const journal = journalOf([], headOf(START_S, START_S + 1000, 1, stranger));
  expect(broken(judge({ journal }))).toEqual(["X6 right-at-issue", "I1 no-unauth"]);
});

test("I7: a leaf for the client of another provider is a wrong right at issue", () => {
  const journal = journalOf([{ kind: "provider-changed", alarmCode: "A1", from: 2, to: 9 }]);
  expect(broken(judge({ journal }))).toEqual(["X6 right-at-issue"]);
});

test("C1: a leaf for a door without consent is a wrong right at issue", () => {
  const journal = journalOf([{ kind: "consent-withdrawn", consent: 1 }]);
  expect(broken(judge({ journal }))).toEqual(["X6 right-at-issue"]);
});

test("L1: an honest person who is refused with a right is locked out", () => {
  const verdict = judge({ isOpened: false });
  expect(broken(verdict)).toEqual(["I3 no-lockout"]);
  expect(verdict.wrongDenials).toBe(1);
});

const NO_LEAF = journalOf([]).map((record) =>
  record.fact.kind === "lock-enrolled"
    ? { ...record, fact: { ...record.fact, door: DOOR + 1 } }
    : record,
);

test("L1: no word of a scenario hides that somebody with a right was refused", () => {
  for (const purpose of ["hindered", "wrong-door", "expired-key", "revoked-carer"] as const) {
    expect(broken(judge({ isOpened: false, purpose }))).toEqual(["I3 no-lockout"]);
  }
});

test.each([
  ["a short circuit", { what: "shorted" }, { what: "short-gone" }, "no-power"],
  ["an empty battery", { what: "charge-set", detail: 2 }, { what: "charge-set" }, "no-charge"],
  [
    "dirty contacts",
    { what: "contacts-dirty" },
    { what: "contacts-dirty", detail: 0 },
    "dirty-contacts",
  ],
  ["a battery that is out", { what: "battery-out" }, { what: "battery-in" }, "no-charge"],
] as const)("L1: %s excuses a refusal while it lasts, and no longer", (_name, begin, end, why) => {
  const fact = (
    atUs: number,
    { what, detail = 90 }: { readonly what: HardwareFact; readonly detail?: number },
  ): WorldEvent => ({ kind: "hardware", atUs, device: "lock-01", what, detail });
  const hindered = judge({ isOpened: false, before: [fact(1_000_000, begin)] });
  expect(hindered.violations).toEqual([]);
  expect(hindered).toMatchObject({ denials: 1, wrongDenials: 0, hindrances: { [why]: 1 } });
  const over = judge({ isOpened: false, before: [fact(1_000_000, begin), fact(2_000_000, end)] });
  expect(broken(over)).toEqual(["I3 no-lockout"]);
});

test("L1: a jam, the cold, or trouble at another door excuses no refusal", () => {
  const fact = (what: HardwareFact, device: string): WorldEvent => {
    return { kind: "hardware", atUs: 1_000_000, device, what, detail: 500 };
  };
  for (const event of [fact("jammed", "lock-01"), fact("cold", ""), fact("shorted", "lock-02")]) {
    expect(broken(judge({ isOpened: false, before: [event] }))).toEqual(["I3 no-lockout"]);
  }
});

/** Claims of a grant that was signed so many seconds after the start. */
function grantOf(afterS: number): string {
  return encode(new Map([[6, START_S + afterS]])).toString("hex");
}

test("L1: a clock that was spoiled excuses a key until it has taken a grant of time", () => {
  const lost: WorldEvent = {
    kind: "hardware",
    atUs: 1_000_000,
    device: "key-01",
    what: "clock-lost",
    detail: 0,
  };
  const grant: readonly WorldEvent[] = [
    {
      kind: "verified",
      atUs: 2_000_000,
      contact: 3,
      device: "key-01",
      typ: 65005,
      payload: grantOf(2),
    },
    { kind: "sent", atUs: 2_000_010, endUs: 2_000_020, contact: 3, device: "key-01" },
  ];
  expect(judge({ isOpened: false, before: [lost] }).hindrances).toEqual({ "time-unknown": 1 });
  const told = judge({ isOpened: false, before: [lost, ...grant] });
  expect(broken(told)).toEqual(["I3 no-lockout"]);
  // An answer that was signed before the loss is the answer to an older question.
  const older = grant.map((event) =>
    event.kind === "verified" ? { ...event, payload: grantOf(-5) } : event,
  );
  expect(judge({ isOpened: false, before: [lost, ...older] }).violations).toEqual([]);
  // The same loss at a lock without a clock means nothing.
  const atLock = judge({ isOpened: false, before: [{ ...lost, device: "lock-01" }] });
  expect(broken(atLock)).toEqual(["I3 no-lockout"]);
});

test("C8: a lock that opens for a key of another authority has opened for nobody", () => {
  const strange = { isStrange: true, purpose: "wrong-door" } as const;
  const journal = journalOf([]).filter(({ fact }) => fact.kind !== "head-issued");
  const verdict = judge({ ...strange, journal });
  expect(broken(verdict)).toEqual(["I1 no-unauth"]);
  expect(verdict).toMatchObject({ openings: 1, unauthorizedOpenings: 1, eventsAtDevices: 2 });
  const refused = judge({ ...strange, journal, isOpened: false });
  expect(refused.violations).toEqual([]);
  expect(refused).toMatchObject({ denials: 1, wrongDenials: 0, forbiddenStopped: 1 });
});

test("X6: a key that is called a thief's and is no copy is judged as an honest one", () => {
  const verdict = judge({ insertedS: 2000, purpose: "extracted-key" });
  expect(broken(verdict)).toEqual(["I1 no-unauth"]);
});

test("K3: a refusal of a forbidden attempt is right, and is counted as stopped", () => {
  const verdict = judge({ isOpened: false, purpose: "wrong-door", journal: NO_LEAF });
  expect(verdict.violations).toEqual([]);
  expect(verdict).toMatchObject({ denials: 1, forbiddenAttempts: 1, forbiddenStopped: 1 });
});

test("K2: an opening that the lock's log does not know is a lost event", () => {
  const verdict = judge({ log: [] });
  expect(broken(verdict)).toEqual(["I2 nothing-lost"]);
  expect(verdict.eventsLost).toBe(1);
});

test("K3: a refusal that the key showed and did not log is a lost event", () => {
  const verdict = judge({
    isOpened: false,
    purpose: "wrong-door",
    journal: NO_LEAF,
    keyLog: [],
  });
  expect(broken(verdict)).toEqual(["I2 nothing-lost"]);
  expect(verdict.eventsLost).toBe(1);
});

test("K2: a leave that moved no bolt stands in the log of the lock as well", () => {
  const leave = {
    op: 2,
    isOpened: false,
    signal: "granted",
    keyLog: [entryBytes(1, 2, 0)],
  } as const;
  expect(judge({ ...leave, log: [entryBytes(1, 2, 0)] }).violations).toEqual([]);
  const verdict = judge({ ...leave, log: [entryBytes(1, 1, 0)] });
  expect(broken(verdict)).toEqual(["I2 nothing-lost"]);
});

test("T3: an entry that never reached the issuer is lost", () => {
  const log = [entryBytes(1, 1, 0), entryBytes(2, 2, 0)];
  const committed = [{ devid: LOCK, logEpoch: 1, n: 1, bytes: log[0]?.toString("hex") ?? "" }];
  const verdict = judge({ log, committed });
  expect(broken(verdict)).toEqual(["I2 nothing-lost"]);
  expect(verdict).toMatchObject({ eventsLost: 1, eventsAtDevices: 3, eventsAtIssuer: 2 });
});

test("T3: an entry that was stored twice is a duplicate", () => {
  const bytes = entryBytes(1, 1, 0).toString("hex");
  const entry = { devid: LOCK, logEpoch: 1, n: 1, bytes };
  const verdict = judge({ committed: [entry, entry] });
  expect(broken(verdict)).toEqual(["I2 nothing-lost"]);
  expect(verdict.eventsDuplicated).toBe(1);
});

test("T3: an entry that changed on its way is not the entry", () => {
  const bytes = entryBytes(1, 1, 9).toString("hex");
  const verdict = judge({ committed: [{ devid: LOCK, logEpoch: 1, n: 1, bytes }] });
  expect(broken(verdict)).toContain("I2 nothing-lost");
});

test("T3: an acknowledgement of what is not stored is a broken promise", () => {
  const ack = { devid: LOCK, logEpoch: 1, n: 2, chain16: "" };
  const journal = journalOf([{ kind: "log-acknowledged", acks: [ack], ack: "" }]);
  const verdict = judge({ journal });
  expect(verdict.violations.map((violation) => violation.text)).toEqual([
    `entry 2 of ${LOCK} is acknowledged and not stored`,
  ]);
});

test("L3: a motor that is left on breaks the promise of a safe door", () => {
  expect(broken(judge({ isMotorOn: true }))).toEqual(["I7 door-safe"]);
});
