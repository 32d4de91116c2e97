// SPDX-License-Identifier: EUPL-1.2
import {
  CONSENT_MISSING,
  devidOf,
  kidOf,
  LEAF_FOREIGN,
  LEVEL_DEVICES,
  LEVEL_RINGS,
  PUBLIC_KEY_INVALID,
  RECORD_UNKNOWN,
  REQUEST_INVALID,
  ROLE_FORBIDDEN,
  SHARED_SECRET_ZERO,
  SIGNATURE_INVALID,
  type Signer,
  STATE_CONFLICT,
  signIssuerCertificate,
  signLockCertificate,
  TYP_ISSUER_CERTIFICATE,
  typOf,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import {
  codeOf,
  createDevice,
  createTown,
  crypto,
  HOUR_S,
  headsIn,
  MORNING_S,
  must,
  type TestDevice,
} from "../test/town.ts";

const HOST = 212;
const YEAR_S = 365 * 24 * HOUR_S;
const evidence = "agreement 1";

function signerOf(device: TestDevice): Signer {
  return { kid: kidOf(crypto, device.signing.publicKey), key: device.signing };
}

/** Another authority, as far as a guest ever sees it. */
function createHost(name = "host", authority = HOST) {
  const [root, device, lock] = [`${name} root`, `${name} device`, `${name} lock`].map(createDevice);
  if (root === undefined || device === undefined || lock === undefined) throw new Error("host");
  const { publicKey } = device.signing;
  const issuer = { kid: kidOf(crypto, publicKey), publicKey };
  return {
    rootKey: root.signing.publicKey,
    lock,
    certificate(changes: object = {}, signer = root) {
      const claims = { expS: MORNING_S + YEAR_S, iatS: MORNING_S - HOUR_S, issuer };
      const post = { level: LEVEL_DEVICES, issuerEpoch: 1, authority };
      return signIssuerCertificate({ ...claims, ...post, ...changes }, signerOf(signer));
    },
    lockCertificate(changes: object = {}, signer = device, subject = lock) {
      const signingPublicKey = subject.signing.publicKey;
      return signLockCertificate(
        {
          expS: MORNING_S + YEAR_S,
          iatS: MORNING_S - HOUR_S,
          lock: { devid: subject.devid, publicKey: subject.agreement.publicKey },
          door: 40_001,
          groups: [9000],
          signingPublicKey,
          ...changes,
        },
        signerOf(signer),
      );
    },
  };
}

const host = createHost();

function accept(town: ReturnType<typeof createTown>, changes: object = {}, by = town.desk) {
  const { rootKey } = host;
  const deviceCertificate = host.certificate();
  return town.issuer.acceptHost(by, { rootKey, deviceCertificate, evidence, ...changes });
}

describe("a guest accepts a host", () => {
  test("L6: by its root, an agreement and a certificate in force", () => {
    const town = createTown();
    expect(must(accept(town))).toBe(HOST);
    expect(town.issuer.register.hosts.get(HOST)?.issuerEpoch).toBe(1);
  });

  const other = createDevice("another root");
  test.each([
    ["nobody has agreed to", { evidence: " " }, CONSENT_MISSING],
    [
      "whose root key no signature can stand for",
      { rootKey: new Uint8Array(32) },
      PUBLIC_KEY_INVALID,
    ],
    ["whose root did not sign", { rootKey: other.signing.publicKey }, SIGNATURE_INVALID],
    ["without a certificate", { deviceCertificate: new Uint8Array(0) }, SIGNATURE_INVALID],
    [
      "by its ring key, which certifies no locks",
      { deviceCertificate: host.certificate({ level: LEVEL_RINGS }) },
      REQUEST_INVALID,
    ],
    [
      "whose certificate has ended",
      { deviceCertificate: host.certificate({ iatS: 1, expS: MORNING_S }) },
      REQUEST_INVALID,
    ],
    [
      "whose key bears another's name",
      {
        deviceCertificate: host.certificate({
          issuer: { kid: new Uint8Array(4), publicKey: other.signing.publicKey },
        }),
      },
      REQUEST_INVALID,
    ],
    [
      "whose device key no signature can stand for",
      {
        deviceCertificate: host.certificate({
          issuer: { kid: kidOf(crypto, new Uint8Array(32)), publicKey: new Uint8Array(32) },
        }),
      },
      PUBLIC_KEY_INVALID,
    ],
    [
      "under its own number",
      { deviceCertificate: host.certificate({ authority: 7 }) },
      STATE_CONFLICT,
    ],
  ])("L6: but none %s", (_title, changes, code) => {
    const town = createTown();
    const records = town.issuer.history().length;
    expect(codeOf(accept(town, changes))).toBe(code);
    expect(town.issuer.register.hosts.size).toBe(0);
    expect(town.issuer.history().length).toBe(records);
  });

  test("L6: only for whoever keeps the issuing keys", () => {
    const town = createTown();
    expect(codeOf(accept(town, {}, town.north.planner))).toBe(ROLE_FORBIDDEN);
  });

  test("L6, threat 12: again after a rotation there, but not backwards and not under another root", () => {
    const town = createTown();
    must(accept(town, { deviceCertificate: host.certificate({ issuerEpoch: 3 }) }));
    for (const issuerEpoch of [2, 3]) {
      const deviceCertificate = host.certificate({ issuerEpoch });
      expect(codeOf(accept(town, { deviceCertificate }))).toBe(STATE_CONFLICT);
    }
    const impostor = createHost("impostor");
    const { rootKey } = impostor;
    const deviceCertificate = impostor.certificate({ issuerEpoch: 9 });
    expect(codeOf(accept(town, { rootKey, deviceCertificate }))).toBe(STATE_CONFLICT);
    must(accept(town, { deviceCertificate: host.certificate({ issuerEpoch: 4 }) }));
    expect(town.issuer.register.hosts.get(HOST)?.issuerEpoch).toBe(4);
  });
});

describe("a guest records the door of a host", () => {
  /** A guest with a house of its own, a building with consent, and a host. */
  function createGuest() {
    const town = createTown();
    const house = town.house(["A1"], town.north.provider);
    must(accept(town));
    const place = { authority: HOST, building: house.building, address: "Entrance" };
    const add = (changes: object = {}, by = town.desk) => {
      const lockCertificate = host.lockCertificate();
      return town.issuer.addForeignDoor(by, { ...place, lockCertificate, ...changes });
    };
    return { town, house, add };
  }

  test("L6: in the owner's numbers, and its rings say whose they are", () => {
    const { town, house, add } = createGuest();
    const anna = town.carer(town.north, "anna");
    const door = must(add());
    expect(town.issuer.register.doors.get(door)).toMatchObject({ host: HOST, hostDoor: 40_001 });
    const leaves = must(town.issuer.rightsOf(town.desk, anna.key.devid));
    const shown = leaves.map(([kind, target]) => [kind, target]);
    expect(shown).toContainEqual([LEAF_FOREIGN + HOST, 40_001]);
    expect(shown).toContainEqual([0, house.entrance]);
    expect(shown).not.toContainEqual([0, 40_001]);
    const next = { kind: "entrance", building: house.building, address: "Back" } as const;
    expect(must(town.issuer.addDoor(town.desk, next))).toBe(door + 1);
  });

  test("L6: also under a number that a door of its own has, and keeps both apart", () => {
    const { town, house, add } = createGuest();
    const anna = town.carer(town.north, "anna");
    const own = house.entrance;
    const lockCertificate = host.lockCertificate({ door: own });
    const shared = must(add({ lockCertificate }));
    town.restart();
    const leaves = must(town.issuer.rightsOf(town.desk, anna.key.devid));
    const kinds = leaves.flatMap(([kind, target]) => (target === own ? [kind] : []));
    expect(kinds).toEqual([0, LEAF_FOREIGN + HOST]);
    const shift = { carer: anna.carer, startS: MORNING_S, endS: MORNING_S + HOUR_S };
    must(town.issuer.planShift(town.north.planner, shift));
    const messages = town.present(town.station(), anna.key);
    expect(headsIn(town.issuer, messages)).toHaveLength(1);
    // The key may meet the host's lock, so it is given our root's word for those who certify it.
    const objects = messages.flatMap((message) => (message.type === 2 ? message.objects : []));
    expect(objects.filter((object) => typOf(object) === TYP_ISSUER_CERTIFICATE)).toHaveLength(1);
    const live = (door: number) => must(town.issuer.liveRings(town.desk, { door })).length;
    expect([live(shared), live(own)]).toEqual([1, 1]);
    must(town.issuer.removeLock(town.desk, { door: own, reason: "taken out" }));
    expect(town.issuer.register.doors.get(shared)?.lock).toBe(host.lock.name);
    const left = must(town.issuer.rightsOf(town.desk, anna.key.devid)).map(([kind]) => kind);
    expect(left).toEqual([0, LEAF_FOREIGN + HOST]);
    const order = { door: shared, devid: anna.key.devid, reason: "no answer" };
    const request = must(town.issuer.requestEmergency(town.desk, order));
    must(town.issuer.approveEmergency(town.desk, request));
    must(town.issuer.approveEmergency(town.secondDesk, request));
    const heads = town.issuer.register.keys.get(anna.key.name)?.heads ?? [];
    expect(heads.at(-1)?.leaf?.slice(0, 2)).toEqual([LEAF_FOREIGN + HOST, own]);
  });

  test("L6: and an event at a lock that nobody has recorded is at no door of ours", () => {
    const { town, house, add } = createGuest();
    const anna = town.carer(town.north, "anna");
    const target = house.entrance;
    anna.key.append({ peer: host.lock.devid, target });
    town.upload(town.station(), anna.key.sealed(town.issuer));
    const doors = () =>
      must(town.issuer.events(town.desk, {})).events.map((event) => [event.devid, event.door]);
    expect(doors()).toEqual([[anna.key.name, null]]);
    const shared = must(add({ lockCertificate: host.lockCertificate({ door: target }) }));
    expect(doors()).toEqual([[anna.key.name, shared]]);
    const seen = (door: number) => must(town.issuer.events(town.desk, { door })).events.length;
    expect([seen(shared), seen(target)]).toEqual([1, 0]);
  });

  const stranger = createDevice("stranger");
  test.each([
    ["of a host that nobody accepted", { authority: HOST + 1 }, RECORD_UNKNOWN],
    ["in a building that nobody knows", { building: 9999 }, RECORD_UNKNOWN],
    ["without an address", { address: " " }, REQUEST_INVALID],
    [
      "whose lock the host did not certify",
      { lockCertificate: host.lockCertificate({}, stranger) },
      SIGNATURE_INVALID,
    ],
    ["whose certificate is none", { lockCertificate: new Uint8Array(3) }, SIGNATURE_INVALID],
    [
      "whose lock's certificate has ended",
      { lockCertificate: host.lockCertificate({ iatS: 1, expS: MORNING_S }) },
      REQUEST_INVALID,
    ],
    [
      "whose lock bears another device's name",
      {
        lockCertificate: host.lockCertificate({
          lock: { devid: stranger.devid, publicKey: host.lock.agreement.publicKey },
        }),
      },
      REQUEST_INVALID,
    ],
    [
      "whose lock could never seal a log to us",
      {
        lockCertificate: host.lockCertificate({
          lock: { devid: host.lock.devid, publicKey: new Uint8Array(32) },
        }),
      },
      SHARED_SECRET_ZERO,
    ],
    [
      "whose lock signs with a key that anybody can sign for",
      {
        lockCertificate: host.lockCertificate({
          signingPublicKey: new Uint8Array(32),
          lock: {
            devid: devidOf(crypto, new Uint8Array(32)),
            publicKey: host.lock.agreement.publicKey,
          },
        }),
      },
      PUBLIC_KEY_INVALID,
    ],
  ])("L6: but none %s", (_title, changes, code) => {
    const { town, add } = createGuest();
    const doors = town.issuer.register.doors.size;
    const records = town.issuer.history().length;
    expect(codeOf(add(changes))).toBe(code);
    expect(town.issuer.register.doors.size).toBe(doors);
    expect(town.issuer.history().length).toBe(records);
  });

  test("L6: but none by a planner, and none without the property owner's consent here", () => {
    const { town, add } = createGuest();
    expect(codeOf(add({}, town.north.planner))).toBe(ROLE_FORBIDDEN);
    const bare = must(town.issuer.addBuilding(town.desk, { owner: town.owner }));
    expect(codeOf(add({ building: bare }))).toBe(CONSENT_MISSING);
  });

  test("L6: but none that has a lock, and none whose device is one of ours", () => {
    const { town, house, add } = createGuest();
    const group = must(town.issuer.addGroup(town.desk, { purpose: "night patrol" }));
    const certified = (changes: object, subject?: TestDevice) =>
      add({ lockCertificate: host.lockCertificate(changes, undefined, subject) });
    expect(codeOf(certified({}, house.entranceLock))).toBe(STATE_CONFLICT);
    must(certified({ groups: [group] }));
    expect(codeOf(add())).toBe(STATE_CONFLICT);
    expect(codeOf(certified({ door: 40_001 }, createDevice("second lock")))).toBe(STATE_CONFLICT);
  });

  test("L6: and the next lock in it, once the one before has ended", () => {
    const { town, add } = createGuest();
    const door = must(add());
    must(town.issuer.removeLock(town.desk, { door, reason: "replaced" }));
    const lockCertificate = host.lockCertificate({}, undefined, createDevice("second lock"));
    expect(must(add({ lockCertificate }))).toBe(door);
    const elsewhere = town.house(["B1"], town.north.provider).building;
    must(town.issuer.removeLock(town.desk, { door, reason: "moved" }));
    const third = host.lockCertificate({}, undefined, createDevice("third lock"));
    expect(codeOf(add({ building: elsewhere, lockCertificate: third }))).toBe(STATE_CONFLICT);
  });
});
