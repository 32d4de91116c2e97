// SPDX-License-Identifier: EUPL-1.2
import {
  bytesOfHex,
  decodeDown,
  encodeUp,
  hexOf,
  KEY_REVOKED,
  MAC_INVALID,
  MESSAGE_MALFORMED,
  SEQUENCE_REPLAYED,
  type StationAccount,
  typOf,
  verifyTimeGrant,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import {
  anchorsOf,
  createTown,
  crypto,
  HOUR_S,
  headsIn,
  MORNING_S,
  must,
  readDown,
  type Town,
} from "../test/town.ts";

const TYP_GRANT = 65005;

function townAtStation() {
  const town = createTown();
  const house = town.house(["A1"], town.north.provider);
  const anna = town.carer(town.north, "anna");
  const station = town.station(town.north.provider);
  const shift = { carer: anna.carer, startS: MORNING_S, endS: MORNING_S + 8 * HOUR_S };
  must(town.issuer.planShift(town.north.planner, shift));
  return { town, house, anna, station };
}

function presentBytes(
  station: StationAccount,
  seq: number,
  devid: Uint8Array,
  nonce: string,
): Uint8Array {
  return encodeUp(crypto, station, seq, {
    type: 2,
    devid,
    ringseq: 0,
    root16: new Uint8Array(16),
    listseq: 0,
    nonce: bytesOfHex(nonce),
    batteryPercent: 50,
    timeAsks: [],
  });
}

function refusalsOf(town: Town) {
  return town.issuer.history().flatMap((fact) => {
    if (fact.kind !== "station-message-refused") return [];
    const { station, code, count } = fact;
    return [{ station, code, count }];
  });
}

describe("conversation with a station", () => {
  test("objects come before the ring, so that the ring may end the wait", () => {
    const { town, anna, station } = townAtStation();
    const types = town.present(station, anna.key).map((message) => message.type);
    expect(types).toEqual([2, 1]);
  });

  test("each command is numbered upwards, also after a restart, and carries the station's MAC", () => {
    const { town, anna, station } = townAtStation();
    const other = town.station(town.north.provider);
    const seqsOf = (seq: number) => {
      const bytes = presentBytes(station, seq, anna.key.devid, `00000000000000${seq + 10}`);
      const answers = town.issuer.receiveUp(station.stationId, bytes);
      expect(decodeDown(crypto, other, answers[0] ?? bytes).ok).toBe(false);
      return answers.map((answer) => must(decodeDown(crypto, station, answer)).seq);
    };
    const first = seqsOf(1);
    town.restart();
    const second = seqsOf(2);
    const seqs = [...first, ...second];
    expect(seqs).toHaveLength(4);
    expect(new Set(seqs).size).toBe(4);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  });

  test("F23: a late duplicate changes nothing, is not answered, and is on record", () => {
    const { town, anna, station } = townAtStation();
    const bytes = presentBytes(station, 1, anna.key.devid, "00000000000000aa");
    town.issuer.receiveUp(station.stationId, bytes);
    town.nowS += 7 * 24 * HOUR_S;
    const before = town.issuer.history().length;
    for (let time = 0; time < 3; time += 1) {
      expect(town.issuer.receiveUp(station.stationId, bytes)).toEqual([]);
    }
    expect(town.issuer.history()).toHaveLength(before + 1);
    expect(refusalsOf(town)).toEqual([
      { station: station.stationId, code: SEQUENCE_REPLAYED, count: 1 },
    ]);
    town.nowS += HOUR_S;
    town.issuer.receiveUp(station.stationId, bytes);
    expect(refusalsOf(town)[1]).toMatchObject({ count: 3 });
    station.seq = 1;
    expect(town.present(station, anna.key)).not.toEqual([]);
  });

  test("nobody else speaks in a station's name: forgeries are counted and change nothing", () => {
    const { town, anna, station } = townAtStation();
    const other = town.station(town.north.provider);
    town.present(station, anna.key);
    const said = { type: 1, nowS: 5, power: 1, batteryPercent: 70, link: 3, queued: 4 } as const;
    const key = [0xffffffff, anna.key.devid, "00000000000000ee"] as const;
    const genuine = encodeUp(crypto, station, 0xffffffff, said);
    const down = town.issuer.receiveUp(
      station.stationId,
      presentBytes(station, 2, anna.key.devid, "00000000000000ab"),
    );
    station.seq = 2;
    const forgeries = [
      presentBytes({ ...station, commandKey: new Uint8Array(32) }, ...key),
      presentBytes({ ...other, stationId: station.stationId }, ...key),
      presentBytes({ ...station, stationId: other.stationId }, ...key),
      presentBytes(other, ...key),
      encodeUp(crypto, other, 0xffffffff, said),
      ...down,
      ...Array.from({ length: genuine.length * 8 }, (_, bit) => {
        const altered = genuine.slice();
        altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return altered;
      }),
    ];
    const before = town.issuer.history().length;
    for (const bytes of forgeries) {
      expect(town.issuer.receiveUp(station.stationId, bytes)).toEqual([]);
    }
    const refusals = refusalsOf(town);
    expect(refusals.map(({ code }) => code).sort()).toEqual(
      [MESSAGE_MALFORMED, MAC_INVALID].sort(),
    );
    expect(town.issuer.history()).toHaveLength(before + refusals.length);
    expect(headsIn(town.issuer, town.present(station, anna.key))).not.toEqual([]);
    expect(station.seq).toBe(3);
  });

  test("a topic that names no station is not answered and not recorded", () => {
    const { town, anna, station } = townAtStation();
    const before = town.issuer.history().length;
    const bytes = presentBytes(
      { ...station, stationId: 99 },
      1,
      anna.key.devid,
      "00000000000000aa",
    );
    expect(town.issuer.receiveUp(99, bytes)).toEqual([]);
    expect(town.issuer.history()).toHaveLength(before);
  });

  test("F23: a prompt duplicate is answered again with the same head", () => {
    const { town, anna, station } = townAtStation();
    const bytes = presentBytes(station, 1, anna.key.devid, "00000000000000aa");
    const heads = () =>
      headsIn(town.issuer, readDown(station, town.issuer.receiveUp(station.stationId, bytes))).map(
        (head) => head.ringseq,
      );
    expect(heads()).toEqual(heads());
  });

  test("a key is granted the time for its own nonce and for locks of its doors only", () => {
    const { town, anna, house, station } = townAtStation();
    const foreign = town.house(["B1"], town.south.provider);
    const nonce = bytesOfHex("00000000000000bb");
    const ask = (lock: { devid: Uint8Array }, text: string) => ({
      devid: lock.devid,
      nonce: bytesOfHex(text),
    });
    const timeAsks = [
      ask(house.entranceLock, "0000000000000001"),
      ask(foreign.entranceLock, "0000000000000002"),
    ];
    const grants = town
      .present(station, anna.key, { nonce, timeAsks })
      .flatMap((message) => (message.type === 2 ? message.objects : []))
      .filter((object) => typOf(object) === TYP_GRANT)
      .map((object) => must(verifyTimeGrant(object, anchorsOf(town.issuer, 1))));
    expect(grants).toEqual([
      { devid: anna.key.devid, nonce, nowS: town.nowS },
      { devid: house.entranceLock.devid, nonce: timeAsks[0]?.nonce, nowS: town.nowS },
    ]);
  });

  test("a station's report is kept and answered with the time and its setting", () => {
    const { town, station } = townAtStation();
    must(town.issuer.setPreSigned(town.desk, { provider: town.north.provider, preSigned: 2 }));
    const status = { nowS: 5, power: 1, batteryPercent: 70, link: 3, queued: 4 };
    const answers = town.up(station, { type: 1, ...status });
    expect(answers).toEqual([{ type: 4, nowS: town.nowS, presignedPerKey: 2 }]);
    const last = town.issuer.history().findLast((record) => record.kind === "station-heard");
    const { nowS: _, ...kept } = status;
    expect(JSON.parse(last?.report ?? "")).toEqual(kept);
    const before = town.issuer.history().length;
    town.up(station, { type: 1, ...status });
    expect(town.issuer.history()).toHaveLength(before);
  });

  test("a revoked key brings its log home and hears why it gets no ring; the desk is alarmed", () => {
    const { town, anna, station } = townAtStation();
    anna.key.append();
    must(town.issuer.revokeKey(town.north.planner, { devid: anna.key.devid, reason: "stulen" }));
    const messages = town.present(station, anna.key);
    expect(messages.at(-1)).toMatchObject({ type: 5, code: KEY_REVOKED });
    const answers = town.upload(station, anna.key.sealed(town.issuer));
    expect(answers.map((message) => message.type)).toEqual([2, 3]);
    const alarm = town.issuer.history().find((record) => record.kind === "alarm-raised");
    expect(alarm).toMatchObject({ alarm: "revoked-key-seen", subject: `key ${anna.key.name}` });
  });

  test("G2: each sync is on record with key, station, time and battery", () => {
    const { town, anna, station } = townAtStation();
    town.present(station, anna.key);
    const sync = town.issuer.history().find((record) => record.kind === "key-synced");
    expect(sync).toMatchObject({
      atS: town.nowS,
      by: { station: station.stationId },
      devid: hexOf(anna.key.devid),
      batteryPercent: 90,
    });
  });

  test("S6: a ring of many parts fits 4 KiB a message, in ascending slots under one head", () => {
    const town = createTown();
    const { provider } = town.north;
    const building = must(town.issuer.addBuilding(town.desk, { owner: town.owner }));
    for (let index = 0; index < 400; index += 1) {
      const alarmCode = `C${index}`;
      must(town.issuer.addClient(town.desk, { alarmCode, building, provider }));
      const place = { building, address: "Långa gatan 1", alarmCode };
      const door = must(town.issuer.addDoor(town.desk, { kind: "apartment", ...place }));
      const paper = { scope: { door }, signatories: ["resident"] as const, evidence: "x" };
      must(town.issuer.recordConsent(town.desk, paper));
      town.lock(door, `lock ${index}`);
    }
    const anna = town.carer(town.north, "anna");
    const shift = { carer: anna.carer, startS: MORNING_S, endS: MORNING_S + HOUR_S };
    must(town.issuer.planShift(town.north.planner, shift));
    const station = town.station(provider);
    const bytes = presentBytes(station, 1, anna.key.devid, "00000000000000aa");
    const answers = town.issuer.receiveUp(station.stationId, bytes);
    for (const answer of answers) expect(answer.length).toBeLessThanOrEqual(4096);
    const parts = readDown(station, answers).flatMap((message) =>
      message.type === 1 ? [[message.part, message.parts]] : [],
    );
    expect(parts).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
  });
});
