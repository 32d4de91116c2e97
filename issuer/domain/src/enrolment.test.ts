// SPDX-License-Identifier: EUPL-1.2
import {
  bytesOfHex,
  DOOR_OCCUPIED,
  DOWN_OBJECTS,
  DOWN_SERVICE,
  LIMIT_REACHED,
  PUBLIC_KEY_INVALID,
  RECORD_UNKNOWN,
  REQUEST_INVALID,
  ROLE_FORBIDDEN,
  SHARED_SECRET_ZERO,
  STATE_CONFLICT,
  TYP_SERVICE_PERMIT,
  typOf,
  UNKNOWN_DEVICE,
  UP_STATUS,
  verifyIssuerCertificate,
  verifyLockCertificate,
  verifyLockConfig,
  verifyServicePermit,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import {
  anchorOf,
  anchorsOf,
  codeOf,
  createDevice,
  createTown,
  crypto,
  HOUR_S,
  headsIn,
  MORNING_S,
  must,
  publicOf,
  ringAnchors,
  type Town,
} from "../test/town.ts";
import { createIssuer, createMemoryStore, createMemoryVault } from "./index.ts";

const TYP_LOCK_CONFIGURATION = 65008;
const TYP_ISSUER_CERT = 65003;

function configOf(town: Town, door: number) {
  const devid = town.issuer.register.doors.get(door)?.lock ?? "";
  const lock = town.issuer.register.locks.get(devid);
  const anchors = anchorsOf(town.issuer, 2);
  return {
    certificate: must(verifyLockCertificate(bytesOfHex(lock?.certificate ?? ""), anchors)),
    config: must(verifyLockConfig(bytesOfHex(lock?.config ?? ""), anchors)),
  };
}

describe("enrolment", () => {
  test("K4: a key is bound to one carer, a carer holds one key, and a devid is enrolled once", () => {
    const town = createTown();
    const { issuer, north } = town;
    const anna = town.carer(north, "anna");
    const second = { carer: anna.carer, devicePublic: publicOf(createDevice("second")) };
    expect(codeOf(issuer.enrolKey(north.planner, second))).toBe(STATE_CONFLICT);
    const request = { provider: north.provider, staffCode: "b" };
    const carer = must(issuer.addCarer(north.planner, request));
    const same = { carer, devicePublic: publicOf(anna.key) };
    expect(codeOf(issuer.enrolKey(north.planner, same))).toBe(STATE_CONFLICT);
  });

  test("public keys of small order are refused at enrolment, of both kinds", () => {
    const town = createTown();
    const { issuer, north } = town;
    const request = { provider: north.provider, staffCode: "b" };
    const carer = must(issuer.addCarer(north.planner, request));
    const good = publicOf(createDevice("good"));
    const zero = new Uint8Array(32);
    const signing = { ...good, signingPublicKey: zero };
    const agreement = { ...good, agreementPublicKey: zero };
    const enrol = (devicePublic: typeof good) =>
      codeOf(issuer.enrolKey(north.planner, { carer, devicePublic }));
    expect(enrol(signing)).toBe(PUBLIC_KEY_INVALID);
    expect(enrol(agreement)).toBe(SHARED_SECRET_ZERO);
    expect(enrol(good)).toBe(0);
  });

  test("a key is given the root and certificates under which heads verify", () => {
    const town = createTown();
    town.house(["A1"], town.north.provider);
    const { planner, provider } = town.north;
    const carer = must(town.issuer.addCarer(planner, { provider, staffCode: "a" }));
    const key = createDevice("key");
    const request = { carer, devicePublic: publicOf(key) };
    const provision = must(town.issuer.enrolKey(planner, request));
    must(town.issuer.grantRight(planner, { carer }));
    const shift = { carer, startS: MORNING_S, endS: MORNING_S + HOUR_S };
    must(town.issuer.planShift(planner, shift));
    expect(headsIn(town.issuer, town.present(town.station(), key))).toHaveLength(1);
    expect(ringAnchors(provision).map((anchor) => anchor.kid)).toEqual(
      anchorsOf(town.issuer, 1).map((anchor) => anchor.kid),
    );
  });

  test("a lock's configuration names its door, its groups and the root as its anchor", () => {
    const town = createTown();
    const group = must(town.issuer.addGroup(town.desk, { purpose: "nattpatrull" }));
    const house = town.house([], town.north.provider);
    must(town.issuer.addDoorToGroup(town.desk, { door: house.entrance, group }));
    const { certificate, config } = configOf(town, house.entrance);
    expect(config).toMatchObject({ door: house.entrance, cfgseq: 2, groups: [group], profile: 0 });
    expect(config.anchors).toMatchObject([
      { authority: 7, publicKey: town.issuer.rootKey, opsmask: 3, maxvalidS: 45_000 },
    ]);
    expect(config.anchors[0]?.agreementKey).toEqual(town.issuer.issuerAgreementKey);
    expect(certificate).toMatchObject({ door: house.entrance, groups: [group] });
    expect(certificate.lock.publicKey).toEqual(house.entranceLock.agreement.publicKey);
  });

  test("a second lock in a door waits until the first is taken out", () => {
    const town = createTown();
    const { issuer, desk } = town;
    const house = town.house([], town.north.provider);
    const door = house.entrance;
    const devicePublic = publicOf(createDevice("new lock"));
    const enrol = () => issuer.enrolLock(desk, { door, devicePublic, profile: 1 });
    expect(codeOf(enrol())).toBe(DOOR_OCCUPIED);
    must(issuer.removeLock(desk, { door, reason: "byte" }));
    expect(codeOf(enrol())).toBe(0);
  });

  test("what a lock is told within the second of its commissioning is newer than that", () => {
    const town = createTown();
    const { desk } = town;
    const { entrance } = town.house(["A1"], town.north.provider);
    const groups = ["larm", "natt"].map((purpose) => must(town.issuer.addGroup(desk, { purpose })));
    const certificate = () => configOf(town, entrance).certificate;
    const told = [certificate()];
    for (const group of groups) {
      must(town.issuer.addDoorToGroup(desk, { door: entrance, group }));
      town.restart();
      told.push(certificate());
    }
    expect(told.map(({ iatS }) => iatS - town.nowS)).toEqual([0, 1, 2]);
    expect(told.map((one) => one.groups)).toEqual([[], groups.slice(0, 1), groups]);
    town.nowS += HOUR_S;
    const late = must(town.issuer.addGroup(desk, { purpose: "vakt" }));
    must(town.issuer.addDoorToGroup(desk, { door: entrance, group: late }));
    expect(certificate().iatS).toBe(town.nowS);
  });

  test("a new configuration travels with keys that hold the door until the lock says it has it", () => {
    const town = createTown();
    const { issuer, desk } = town;
    const house = town.house(["A1"], town.north.provider);
    const anna = town.carer(town.north, "anna");
    const { carer } = anna;
    must(
      issuer.planShift(town.north.planner, {
        carer,
        startS: MORNING_S,
        endS: MORNING_S + 8 * HOUR_S,
      }),
    );
    const station = town.station();
    const configs = () =>
      town
        .present(station, anna.key)
        .flatMap((message) => (message.type === 2 ? message.objects : []))
        .filter((object) => typOf(object) === TYP_LOCK_CONFIGURATION);
    expect(configs()).toEqual([]);
    const group = must(issuer.addGroup(desk, { purpose: "larm" }));
    must(issuer.addDoorToGroup(desk, { door: house.entrance, group }));
    expect(configs()).toHaveLength(1);
    const lock = house.entranceLock;
    lock.append({ kind: 6, ring: 2, target: TYP_LOCK_CONFIGURATION });
    town.upload(station, lock.sealed(issuer));
    expect(issuer.register.locks.get(lock.name)?.appliedCfgseq).toBe(2);
    town.restart();
    expect(configs()).toEqual([]);
  });

  test("L6: another authority's root enters an entrance's configuration, within the bounds", () => {
    const town = createTown();
    const { issuer, desk } = town;
    const house = town.house(["A1"], town.north.provider);
    const door = house.entrance;
    for (const authority of [20, 21, 22, 23]) {
      const keys = createDevice(`authority ${authority}`);
      const rootKey = keys.signing.publicKey;
      const agreementKey = keys.agreement.publicKey;
      const guest = {
        authority,
        rootKey,
        agreementKey,
        opsmask: 1,
        maxvalidS: 3600,
        issuerEpoch: 4,
      };
      const open = { ...guest, agreementKey: new Uint8Array(32) };
      expect(codeOf(issuer.addGuestAuthority(desk, open))).toBe(SHARED_SECRET_ZERO);
      for (const issuerEpoch of [-1, 0.5, 0xffffffff]) {
        const wrong = { ...guest, issuerEpoch };
        expect(codeOf(issuer.addGuestAuthority(desk, wrong))).toBe(REQUEST_INVALID);
      }
      must(issuer.addGuestAuthority(desk, guest));
    }
    must(issuer.shareDoor(desk, { door, authority: 20 }));
    expect(configOf(town, door).config.anchors.map((anchor) => anchor.authority)).toEqual([7, 20]);
    const lowest = () => configOf(town, door).config.anchors.map((anchor) => anchor.issuerEpochMin);
    expect(lowest()).toEqual([1, 4]);
    must(issuer.rotateIssuerKeys(desk));
    expect(lowest()).toEqual([2, 4]);
    const apartment = { door: house.apartments[0] ?? 0, authority: 20 };
    expect(codeOf(issuer.shareDoor(desk, apartment))).toBe(STATE_CONFLICT);
    must(issuer.shareDoor(desk, { door, authority: 21 }));
    must(issuer.shareDoor(desk, { door, authority: 22 }));
    expect(codeOf(issuer.shareDoor(desk, { door, authority: 23 }))).toBe(LIMIT_REACHED);
  });

  test("threat 12: new issuing keys are certified by the root in a higher epoch and carried by keys", () => {
    const town = createTown();
    const { issuer, desk } = town;
    const house = town.house(["A1"], town.north.provider);
    const anna = town.carer(town.north, "anna");
    const { carer } = anna;
    const shift = { carer, startS: MORNING_S, endS: MORNING_S + HOUR_S };
    must(issuer.planShift(town.north.planner, shift));
    const old = anchorsOf(issuer, 1);
    must(issuer.rotateIssuerKeys(desk));
    const messages = town.present(town.station(), anna.key);
    const certificates = messages
      .flatMap((message) => (message.type === 2 ? message.objects : []))
      .filter((object) => typOf(object) === TYP_ISSUER_CERT)
      .map((bytes) => must(verifyIssuerCertificate(bytes, [anchorOf(issuer.rootKey)])));
    expect(certificates.map(({ level, issuerEpoch }) => [level, issuerEpoch])).toEqual([
      [2, 1],
      [1, 2],
      [2, 2],
    ]);
    expect(certificates[1]?.issuer.kid).not.toEqual(old[0]?.kid);
    expect(headsIn(issuer, messages)).toHaveLength(1);
    expect(configOf(town, house.entrance).config.cfgseq).toBe(2);
  });

  test("C8: a test authority is another issuer with keys of its own over a store of its own", () => {
    const town = createTown();
    const entropy = { fill: (target: Uint8Array) => void target.fill(9) };
    const ports = {
      crypto,
      entropy,
      clock: { nowS: () => MORNING_S },
      store: createMemoryStore(),
      vault: createMemoryVault(crypto, entropy),
    };
    const testing = createIssuer(ports, { authority: 99 });
    expect(testing.rootKey).not.toEqual(town.issuer.rootKey);
    expect(() => createIssuer(ports, { authority: 7 })).toThrow();
  });

  test("a service permit goes to the keys that may bring it, each number once, until its end", () => {
    const town = createTown();
    const { issuer, north, desk } = town;
    const house = town.house(["A1"], north.provider);
    const anna = town.carer(north, "anna");
    const far = town.carer(town.south, "far");
    const station = town.station();
    const devid = house.entranceLock.devid;
    const untilS = town.nowS + 2 * HOUR_S;
    for (const endS of [town.nowS, town.nowS + 25 * HOUR_S]) {
      expect(codeOf(issuer.permitService(desk, { devid, untilS: endS }))).toBe(REQUEST_INVALID);
    }
    expect(codeOf(issuer.permitService(north.planner, { devid, untilS }))).toBe(ROLE_FORBIDDEN);
    const stranger = { devid: new Uint8Array(8), untilS };
    expect(codeOf(issuer.permitService(desk, stranger))).toBe(UNKNOWN_DEVICE);
    const first = must(issuer.permitService(desk, { devid, untilS }));
    const second = must(issuer.permitService(desk, { devid, untilS }));
    expect(second).toBeGreaterThan(first);
    must(issuer.permitService(desk, { devid: anna.key.devid, untilS }));

    const permitsFor = (key: typeof anna.key) =>
      town
        .present(station, key)
        .flatMap((message) =>
          message.type === DOWN_OBJECTS
            ? message.objects
                .filter((bytes) => typOf(bytes) === TYP_SERVICE_PERMIT)
                .map((bytes) => must(verifyServicePermit(bytes, anchorsOf(issuer, 2))))
            : [],
        );
    expect(permitsFor(far.key)).toEqual([]);
    expect(permitsFor(anna.key)).toEqual([
      { devid: anna.key.devid, serial: first, untilS },
      { devid, serial: second, untilS },
    ]);
    expect(permitsFor(anna.key)).toEqual([]);
    town.nowS += 2 * HOUR_S;
    expect(permitsFor(town.carer(north, "late").key)).toEqual([]);
    must(issuer.removeLock(desk, { door: house.entrance, reason: "moved" }));
    const ended = { devid, untilS: town.nowS + HOUR_S };
    expect(codeOf(issuer.permitService(desk, ended))).toBe(STATE_CONFLICT);
  });

  test("a service permit of a station goes to it under its account until it ends, and nobody else gives one", () => {
    const town = createTown();
    const { issuer, north } = town;
    const station = town.station();
    const { stationId } = station;
    const untilS = town.nowS + 2 * HOUR_S;
    for (const endS of [town.nowS, town.nowS + 25 * HOUR_S]) {
      const wrong = { station: stationId, untilS: endS };
      expect(codeOf(issuer.permitStationService(issuer.founder, wrong))).toBe(REQUEST_INVALID);
    }
    const request = { station: stationId, untilS };
    expect(codeOf(issuer.permitStationService(north.planner, request))).toBe(ROLE_FORBIDDEN);
    const unknown = { station: 4711, untilS };
    expect(codeOf(issuer.permitStationService(issuer.founder, unknown))).toBe(RECORD_UNKNOWN);
    const status = { nowS: 0, power: 0, batteryPercent: 100, link: 1, queued: 0 } as const;
    const told = () =>
      town
        .up(station, { type: UP_STATUS, ...status })
        .filter((message) => message.type === DOWN_SERVICE);
    expect(told()).toEqual([]);
    const first = must(issuer.permitStationService(issuer.founder, request));
    const second = must(issuer.permitStationService(issuer.founder, request));
    expect(second).toBeGreaterThan(first);
    expect(must(issuer.audit(issuer.founder)).at(-1)).toMatchObject({
      by: { user: issuer.founder },
      fact: { kind: "station-service-permitted", station: stationId, serial: second, untilS },
    });
    const command = { type: DOWN_SERVICE, serial: second, untilS };
    expect([told(), told()]).toEqual([[command], [command]]);
    town.nowS = untilS;
    expect(told()).toEqual([]);
  });
});
