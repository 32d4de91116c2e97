// SPDX-License-Identifier: EUPL-1.2
import {
  bytesOfHex,
  type DownMessage,
  hexOf,
  LOG_FORKED,
  openObject,
  SEAL_INVALID,
  sealingKey,
  sealObject,
  typOf,
  verifyLogAck,
  verifyResend,
} from "@nyckelring/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { everyDamage } from "../../../protocol/test/damage.ts";
import {
  anchorsOf,
  createDevice,
  createTown,
  crypto,
  HOUR_S,
  MORNING_S,
  must,
  type Station,
  type TestDevice,
  type Town,
} from "../test/town.ts";
import { verifyJournal } from "./journal.ts";

const TYP_ACK = 65007;
const TYP_RESEND_REQUEST = 65011;

function townWithKey(onStep?: Parameters<typeof createTown>[0]) {
  const town = createTown(onStep);
  const house = town.house(["A1"], town.north.provider);
  const anna = town.carer(town.north, "anna");
  const station = town.station(town.north.provider);
  const shift = { carer: anna.carer, startS: MORNING_S, endS: MORNING_S + 8 * HOUR_S };
  must(town.issuer.planShift(town.north.planner, shift));
  return { town, house, key: anna.key, anna, station };
}

function objectsOf(messages: readonly DownMessage[], typ: number): Uint8Array[] {
  return messages
    .flatMap((message) => (message.type === 2 ? message.objects : []))
    .filter((object) => typOf(object) === typ);
}

/** Highest acknowledged number of each device in messages, with signature and chain checked. */
function ackedIn(town: Town, messages: readonly DownMessage[], device: TestDevice): number {
  let acked = 0;
  for (const object of objectsOf(messages, TYP_ACK)) {
    const ack = must(verifyLogAck(object, anchorsOf(town.issuer, 1)));
    for (const item of ack.acks) {
      if (hexOf(item.devid) !== device.name) continue;
      expect(hexOf(item.chain16)).toBe(
        hexOf(device.chains[item.n] ?? new Uint8Array()).slice(0, 32),
      );
      acked = Math.max(acked, item.n);
    }
  }
  return acked;
}

function storedNumbers(town: Town, device: TestDevice): number[] {
  const entries = town.store.entries({ device: device.name });
  return entries.filter((entry) => entry.devid === device.name).map((entry) => entry.n);
}

function refusals(town: Town): number[] {
  return town.issuer
    .history()
    .flatMap((record) => (record.kind === "upload-refused" ? [record.code] : []));
}

describe("log intake", () => {
  test("T3: a key's log is stored once, acknowledged to it, and the station may forget it", () => {
    const { town, key, station } = townWithKey();
    for (let count = 0; count < 5; count += 1) key.append();
    town.present(station, key);
    const answers = town.upload(station, key.sealed(town.issuer));
    expect(answers.at(-1)).toMatchObject({ type: 3, seqs: [station.seq] });
    expect(ackedIn(town, answers, key)).toBe(5);
    expect(storedNumbers(town, key)).toEqual([1, 2, 3, 4, 5]);
    const again = town.upload(station, key.sealed(town.issuer));
    expect(ackedIn(town, again, key)).toBe(5);
    expect(storedNumbers(town, key)).toEqual([1, 2, 3, 4, 5]);
  });

  test("T3: overlapping batches add only what is new", () => {
    const { town, key, station } = townWithKey();
    for (let count = 0; count < 6; count += 1) key.append();
    town.upload(station, key.sealed(town.issuer, 1, 4));
    town.upload(station, key.sealed(town.issuer, 3, 6));
    expect(storedNumbers(town, key)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("T3: nothing beyond a hole is acknowledged, and the filled hole acknowledges all", () => {
    const { town, house, anna, station } = townWithKey();
    const lock = house.entranceLock;
    for (let count = 0; count < 6; count += 1) lock.append({ peer: anna.key.devid });
    town.present(station, anna.key);
    const late = town.upload(station, lock.sealed(town.issuer, 4, 6));
    expect(ackedIn(town, late, lock)).toBe(0);
    const filled = town.upload(station, lock.sealed(town.issuer, 1, 3));
    expect(ackedIn(town, filled, lock)).toBe(6);
  });

  test("a hole that lasts a day is asked for again, from the entry that is missing", () => {
    const { town, house, anna, station } = townWithKey();
    const lock = house.entranceLock;
    for (let count = 0; count < 6; count += 1) lock.append();
    town.upload(station, lock.sealed(town.issuer, 4, 6));
    expect(objectsOf(town.present(station, anna.key), TYP_RESEND_REQUEST)).toEqual([]);
    town.nowS += 25 * HOUR_S;
    const shift = { carer: anna.carer, startS: town.nowS, endS: town.nowS + HOUR_S };
    must(town.issuer.planShift(town.north.planner, shift));
    const [request] = objectsOf(town.present(station, anna.key), TYP_RESEND_REQUEST);
    const resend = must(verifyResend(request ?? new Uint8Array(), anchorsOf(town.issuer, 1)));
    expect(resend.requests).toMatchObject([{ logEpoch: 1, from: 1 }]);
  });

  test("I9: a lock's acknowledgement goes to keys that hold its door, once each", () => {
    const { town, house, anna, station } = townWithKey();
    const bert = town.carer(town.south, "bert");
    const shift = { carer: bert.carer, startS: MORNING_S, endS: MORNING_S + 8 * HOUR_S };
    must(town.issuer.planShift(town.south.planner, shift));
    const lock = house.entranceLock;
    lock.append();
    town.upload(town.station(town.south.provider), lock.sealed(town.issuer));
    const southStation = town.station(town.south.provider);
    expect(ackedIn(town, town.present(southStation, bert.key), lock)).toBe(0);
    expect(ackedIn(town, town.present(station, anna.key), lock)).toBe(1);
    expect(ackedIn(town, town.present(station, anna.key), lock)).toBe(0);
  });

  test("a lock that repeats acknowledged entries is offered the acknowledgement again", () => {
    const { town, house, anna, station } = townWithKey();
    const lock = house.entranceLock;
    lock.append();
    town.present(station, anna.key);
    expect(ackedIn(town, town.upload(station, lock.sealed(town.issuer)), lock)).toBe(1);
    expect(ackedIn(town, town.upload(station, lock.sealed(town.issuer)), lock)).toBe(1);
  });

  test("two pasts under one number are tampering: refused, alarmed, and never acknowledged", () => {
    const { town, key, station } = townWithKey();
    key.append();
    key.append();
    town.upload(station, key.sealed(town.issuer));
    const forged = createDevice("key anna");
    forged.append();
    forged.append({ op: 2 });
    forged.append();
    const answers = town.upload(station, forged.sealed(town.issuer));
    expect(answers).toMatchObject([{ type: 3, seqs: [station.seq] }]);
    expect(refusals(town)).toEqual([LOG_FORKED]);
    expect(storedNumbers(town, key)).toEqual([1, 2]);
    const alarms = town.issuer.history().filter((record) => record.kind === "alarm-raised");
    expect(alarms).toMatchObject([{ alarm: "log-forked", subject: `${key.name}/1`, detail: 2 }]);
  });

  test("a batch that does not join what follows it is tampering too", () => {
    const { town, key, station } = townWithKey();
    for (let count = 0; count < 4; count += 1) key.append();
    town.upload(station, key.sealed(town.issuer, 3, 4));
    const forged = createDevice("key anna");
    forged.append({ reason: 7 });
    forged.append({ reason: 7 });
    town.upload(station, forged.sealed(town.issuer, 1, 2));
    expect(refusals(town)).toEqual([LOG_FORKED]);
    expect(storedNumbers(town, key)).toEqual([3, 4]);
  });

  test("a batch that does not follow from what is stored before it is tampering too", () => {
    const { town, key, station } = townWithKey();
    key.append();
    town.upload(station, key.sealed(town.issuer));
    const forged = createDevice("key anna");
    forged.append({ reason: 7 });
    forged.append();
    town.upload(station, forged.sealed(town.issuer, 2, 2));
    expect(refusals(town)).toEqual([LOG_FORKED]);
    expect(storedNumbers(town, key)).toEqual([1]);
  });

  test("C8: a log that a device keeps for another authority is refused", () => {
    const { town, key, station } = townWithKey();
    key.append();
    town.upload(station, key.sealed({ ...town.issuer, authority: 99 }));
    expect(refusals(town)).toEqual([SEAL_INVALID]);
    expect(storedNumbers(town, key)).toEqual([]);
  });

  test("octets that no device of ours sealed are refused on record and leave the station", () => {
    const { town, key, station } = townWithKey();
    key.append();
    const sealed = key.sealed(town.issuer);
    sealed[sealed.length - 1] = (sealed[sealed.length - 1] ?? 0) ^ 1;
    expect(town.upload(station, sealed)).toMatchObject([{ type: 3 }]);
    const stranger = createDevice("stranger");
    stranger.append();
    town.upload(station, stranger.sealed(town.issuer));
    expect(refusals(town)).toEqual([SEAL_INVALID, SEAL_INVALID]);
    expect(town.issuer.receiveUp(station.stationId, bytesOfHex("ff"))).toEqual([]);
  });

  test("rule 9: whatever a genuine device seals is stored as it was signed, or refused on record", () => {
    const { town, key, station } = townWithKey();
    key.append();
    key.append();
    const shared = must(key.agreement.agree(town.issuer.issuerAgreementKey));
    const seal = sealingKey(crypto, shared, key.devid);
    const honest = must(openObject(crypto, key.sealed(town.issuer), () => seal)).plaintext;
    const damages = everyDamage(honest).filter((_, index) => index % 5 === 0);
    expect(damages.length).toBeGreaterThan(300);
    for (const [index, { what, bytes }] of damages.entries()) {
      const sealed = sealObject(crypto, seal, key.devid, 1000 + index, bytes);
      expect(town.upload(station, sealed), what).toMatchObject([{ type: 3 }]);
    }
    expect(refusals(town)).toHaveLength(damages.length);
    expect(storedNumbers(town, key)).toEqual([]);
    town.upload(station, key.sealed(town.issuer));
    expect(storedNumbers(town, key)).toEqual([1, 2]);
  });

  test("K4: the log of a key that was bound anew still comes home under its old name", () => {
    const { town, key, station } = townWithKey();
    key.append();
    const carer = must(
      town.issuer.addCarer(town.north.planner, { provider: town.north.provider, staffCode: "b" }),
    );
    const fresh = createDevice("key anew");
    const devicePublic = {
      signingPublicKey: fresh.signing.publicKey,
      agreementPublicKey: fresh.agreement.publicKey,
    };
    const request = { devid: key.devid, carer, devicePublic };
    must(town.issuer.reassignKey(town.north.planner, request));
    town.upload(station, key.sealed(town.issuer));
    expect(storedNumbers(town, key)).toEqual([1]);
  });

  test("F28: after a restore every log is asked for from what is left, and sequences jump", () => {
    const { town, anna, station } = townWithKey();
    anna.key.append();
    town.upload(station, anna.key.sealed(town.issuer));
    const before = town.issuer.register.ringseq;
    must(town.issuer.markRestored(town.desk));
    expect(town.issuer.register.ringseq).toBe(before + 65_536);
    const [request] = objectsOf(town.present(station, anna.key), TYP_RESEND_REQUEST);
    const resend = must(verifyResend(request ?? new Uint8Array(), anchorsOf(town.issuer, 1)));
    expect(resend.requests).toMatchObject([{ logEpoch: 1, from: 2 }]);
  });
});

/**
 * Goal: whatever couriers repeat, reorder or hold back, and wherever the issuer dies, each entry is
 * stored exactly once and nothing is acknowledged that is not stored.
 * Method: cut a log into batches, deliver them in a drawn order with repeats, kill the issuer
 * before or after a drawn set of commits, restart it over its store, and repeat every delivery at
 * the end without faults.
 */
test("T3: entries are stored exactly once under duplication, reorder and a kill at any commit", () => {
  const plan = fc.record({
    cuts: fc.array(fc.integer({ min: 1, max: 24 }), { maxLength: 6 }),
    order: fc.array(fc.nat(20), { minLength: 1, maxLength: 20 }),
    kills: fc.array(fc.nat(120), { maxLength: 8 }),
  });
  fc.assert(
    fc.property(plan, ({ cuts, order, kills }) => {
      let step = 0;
      const isArmed = { now: false };
      const deadly = new Set(kills);
      const { town, key, station } = townWithKey(() => {
        if (!isArmed.now) return;
        step += 1;
        if (deadly.has(step)) throw new Error("killed");
      });
      for (let count = 0; count < 24; count += 1) key.append();
      const bounds = [...new Set([0, ...cuts, 24])].sort((a, b) => a - b);
      const batches = bounds.slice(1).map((last, index) => {
        return key.sealed(town.issuer, (bounds[index] ?? 0) + 1, last);
      });
      isArmed.now = true;
      for (const pick of order) {
        deliver(town, station, key, batches[pick % batches.length] ?? new Uint8Array());
      }
      isArmed.now = false;
      town.restart();
      let acked = 0;
      for (const batch of batches) {
        acked = Math.max(acked, ackedIn(town, town.upload(station, batch), key));
      }
      expect(storedNumbers(town, key).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 24 }, (_, index) => index + 1),
      );
      acked = Math.max(acked, ackedIn(town, town.present(station, key), key));
      expect(acked).toBe(24);
      expect(verifyJournal({ store: town.store, crypto: town.crypto })).toBe(0);
    }),
    { numRuns: 60 },
  );
});

function deliver(town: Town, station: Station, key: TestDevice, batch: Uint8Array): void {
  try {
    const acked = ackedIn(town, town.upload(station, batch), key);
    const stored = new Set(storedNumbers(town, key));
    for (let n = 1; n <= acked; n += 1) expect(stored.has(n)).toBe(true);
  } catch (death) {
    if (!(death instanceof Error) || death.message !== "killed") throw death;
    town.restart();
  }
}
