// SPDX-License-Identifier: EUPL-1.2
import {
  BATTERY_LOW,
  createFrameReader,
  DEVICE_BLANK,
  DOWN_CONFIG,
  DOWN_OBJECTS,
  DOWN_SERVICE,
  decodeKeyStation,
  encodeDown,
  encodeFrames,
  encodeKeyStation,
  GRANTED,
  KEY_REVOKED,
  type KeyStationMessage,
  LINK_KEY_STATION,
  MAC_INVALID,
  NO_LINK,
  NO_SHIFT,
  OBJECT_OLD,
  PRESIGNED_EXPIRED,
  SEQUENCE_REPLAYED,
  SERVICE_UNREACHABLE,
  SYNC_OWN_BATCH,
  SYNC_REFUSAL,
  SYNC_RING_STATE,
  SYNC_STORED,
  UP_KEY_PRESENT,
  UP_STATION_LOG,
  UP_STATUS,
  type UpMessage,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createCutFlash, runUntilCut } from "../../test/cut-flash.ts";
import {
  createBench,
  createBenchStation,
  DAY_S,
  manyRights,
  RIGHTS,
} from "../../test/key-bench.ts";
import { createRig, crypto, SHIFT_S, secretOf } from "../../test/lock-rig.ts";
import { SIGNAL_NEEDS_SYNC, SIGNAL_READY, SIGNAL_WORKING } from "../key/signals.ts";
import { LINK_GSM, LINK_LAN, LINK_NONE, LINK_WIFI, POWER_BATTERY, POWER_KEY } from "../ports.ts";
import { createStation } from "./station.ts";

type Bench = ReturnType<typeof createBench>;

function lastSyncReason(bench: Bench): number | undefined {
  const syncs = bench.issuer.entries().filter((entry) => entry.kind === 3);
  return syncs[syncs.length - 1]?.reason;
}

/** Puts a ring for the key on the station's shelf. */
function preSign(bench: Bench, changes = {}): number {
  const { bundles } = bench.issuer.rights(RIGHTS, changes);
  bundles.forEach((_, part) => {
    bench.station.down(bench.issuer.bundleDown(bundles, part, 1));
  });
  return bench.issuer.ringseq();
}

/** A sync while nobody answers; afterwards the link is back and the queue empties. */
function syncOffline(bench: Bench): void {
  bench.station.setLinks([]);
  bench.sync();
}

function comeBack(bench: Bench): void {
  bench.station.setLinks([LINK_LAN]);
  bench.settle();
  bench.pass(1000);
}

describe("station as a courier", () => {
  test("T8: without a link a ring signed in advance is released, and again, and consumes nothing", () => {
    const bench = createBench();
    const ringseq = preSign(bench);
    expect(bench.station.role().status().presigned).toBe(1);
    syncOffline(bench);
    expect(bench.key.role().status().ringseq).toBe(ringseq);
    expect(bench.key.lastSignal()).toBe(SIGNAL_READY);
    syncOffline(bench);
    expect(bench.key.role().status().ringseq).toBe(ringseq);
    expect(bench.station.role().status().presigned).toBe(1);
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events).toContain("unlock");
  });

  test("T8: without a link and without a ring the refusal says why, and the logs are kept", () => {
    const bench = createBench();
    syncOffline(bench);
    expect(bench.key.role().status().ringseq).toBe(0);
    expect(bench.key.lastSignal()).toBe(SIGNAL_NEEDS_SYNC);
    expect(bench.station.role().status().queued).toBe(1);
    comeBack(bench);
    expect(lastSyncReason(bench)).toBe(NO_LINK);
    expect(bench.station.role().status().queued).toBe(0);
  });

  test("T8: a ring whose window has ended is not released, and the refusal says so", () => {
    const bench = createBench();
    preSign(bench);
    const endS = SHIFT_S + 8 * 3600;
    bench.station.setClock(endS - 1);
    bench.key.setClock(endS - 1);
    syncOffline(bench);
    expect(bench.key.role().status().ringseq).toBeGreaterThan(0);
    bench.station.setClock(endS);
    bench.key.setClock(endS);
    syncOffline(bench);
    comeBack(bench);
    expect(lastSyncReason(bench)).toBe(PRESIGNED_EXPIRED);
  });

  test("T8: a station that does not know the time leaves the judgement to the key", () => {
    const bench = createBench();
    preSign(bench);
    bench.station.setClock(undefined);
    bench.key.setClock(SHIFT_S + 9 * 3600);
    syncOffline(bench);
    expect(bench.key.role().status().ringseq).toBe(0);
  });

  test("T8: one ring per key by default, as many as the issuer allows, none when it says so", () => {
    const bench = createBench();
    const shifts = [0, 1, 2].map((day) => ({
      nbfS: SHIFT_S + day * DAY_S - 600,
      expS: SHIFT_S + day * DAY_S + 8 * 3600,
      iatS: SHIFT_S + day * DAY_S - 700,
    }));
    const offered = (nowS: number): number => {
      bench.station.setClock(nowS);
      bench.key.setClock(nowS);
      syncOffline(bench);
      const ringseq = bench.key.role().status().ringseq;
      bench.station.setLinks([LINK_LAN]);
      return ringseq;
    };
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    const first = preSign(bench, shifts[0]);
    const second = preSign(bench, shifts[1]);
    expect(first).toBeLessThan(second);
    // The newer one took the older one's place, although that one's window is now.
    expect(offered(SHIFT_S)).toBe(second);
    expect(offered(SHIFT_S + DAY_S)).toBe(second);
    bench.station.down({ type: DOWN_CONFIG, nowS: SHIFT_S + DAY_S, presignedPerKey: 0 });
    preSign(bench, shifts[2]);
    expect(offered(SHIFT_S + 2 * DAY_S)).toBe(second);
    bench.station.down({ type: DOWN_CONFIG, nowS: SHIFT_S + 2 * DAY_S, presignedPerKey: 2 });
    expect(offered(SHIFT_S + 2 * DAY_S)).toBe(second);
    const third = preSign(bench, shifts[2]);
    expect(offered(SHIFT_S + 2 * DAY_S)).toBe(third);
  });

  test("T8: an issuer that does not answer over a link that is up is told as such", () => {
    const bench = createBench();
    bench.plug();
    bench.pass(25_000);
    bench.unplug();
    expect(lastSyncReason(bench)).toBe(SERVICE_UNREACHABLE);
  });

  test("T8: a revoked key gets neither a ring nor what was signed for it before", () => {
    const bench = createBench();
    preSign(bench);
    bench.refuseWith(KEY_REVOKED);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBe(0);
    expect(bench.station.role().status().presigned).toBe(0);
    syncOffline(bench);
    expect(bench.key.role().status().ringseq).toBe(0);
  });

  test("T8: a full ring of 4000 rights can be released from the shelf, after a boot as well", () => {
    const bench = createBench();
    const { bundles } = bench.issuer.rights(manyRights(4000));
    for (let part = 0; part < bundles.length; part += 1) {
      bench.station.down(bench.issuer.bundleDown(bundles, part, 1));
    }
    bench.station.boot();
    syncOffline(bench);
    expect(bench.key.role().status().ringseq).toBe(bench.issuer.ringseq());
  });

  test("T3: uploads stay queued until the issuer's own answer, and go up again under their number", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.setAcknowledging(false);
    bench.sync();
    expect(bench.station.role().status().queued).toBe(1);
    bench.pass(61_000);
    expect(bench.station.role().status().queued).toBe(1);
    bench.setAcknowledging(true);
    bench.pass(61_000);
    expect(bench.station.role().status().queued).toBe(0);
  });

  test("F2, T3: the queue survives a power cut at any operation after it said stored", () => {
    const run = (cut: number | undefined) => {
      const bench = createBench();
      bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
      bench.sync();
      bench.visit(createRig());
      bench.station.setLinks([]);
      bench.station.flash.cutAt(cut, "prefix");
      const isCut = runUntilCut(() => bench.sync());
      return { bench, isCut, operations: bench.station.flash.operations() };
    };
    const { operations } = run(undefined);
    expect(operations).toBeGreaterThan(1);
    for (let cut = 0; cut < operations; cut += 1) {
      const { bench, isCut } = run(cut);
      expect(isCut).toBe(true);
      bench.station.flash.cutAt(undefined);
      bench.unplug();
      bench.station.boot();
      bench.station.setLinks([LINK_LAN]);
      bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
      bench.sync();
      bench.sync();
      expect(bench.key.role().status().unacknowledged).toBe(0);
      const numbers = bench.issuer.entries().map((entry) => entry.n);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      expect(numbers.length).toBe(5);
      expect(bench.key.role().status().carried).toBe(0);
    }
  });

  test("F22: a station without room says so, keeps what it has, and the key keeps its log", () => {
    const bench = createBench({ stationPages: 24 });
    bench.station.setLinks([]);
    bench.setAcknowledging(false);
    let told = 0;
    for (let round = 0; round < 40; round += 1) {
      for (let attempt = 0; attempt < 30; attempt += 1) {
        bench.key.setClock(SHIFT_S + 9 * 3600);
        bench.visit(createRigOnce());
      }
      bench.sync();
      const queued = bench.station.role().status().queued;
      if (queued === told) break;
      told = queued;
    }
    const kept = bench.key.role().status().unacknowledged;
    expect(kept).toBeGreaterThan(100);
    bench.setAcknowledging(true);
    comeBack(bench);
    bench.pass(3000);
    expect(bench.station.role().status().queued).toBe(0);
    bench.refuseWith(NO_SHIFT);
    bench.sync();
    expect(bench.key.role().status().unacknowledged).toBe(0);
    const numbers = bench.issuer.entries().map((entry) => entry.n);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  }, 30_000);

  test("T3: a command with a wrong MAC or an old number has no effect and is reported", () => {
    const station = createBenchStation();
    station.takeUp();
    const config = { type: DOWN_CONFIG, nowS: SHIFT_S + 5000, presignedPerKey: 3 } as const;
    const other = { ...station.account, commandKey: secretOf("other key") };
    station.role().onDown(encodeDown(crypto, other, 1, config));
    expect(station.clockS()).toBe(SHIFT_S);
    const genuine = encodeDown(crypto, station.account, 7, config);
    for (let octet = 0; octet < genuine.length; octet += 1) {
      const altered = genuine.slice();
      altered[octet] = (altered[octet] ?? 0) ^ 1;
      station.role().onDown(altered);
    }
    expect(station.clockS()).toBe(SHIFT_S);
    station.role().onDown(genuine);
    expect(station.clockS()).toBe(SHIFT_S + 5000);
    for (const seq of [7, 6]) station.down({ ...config, nowS: SHIFT_S + 9000 }, seq);
    expect(station.clockS()).toBe(SHIFT_S + 5000);
    station.boot();
    station.down({ ...config, nowS: SHIFT_S + 9000 }, 7);
    expect(station.clockS()).toBe(SHIFT_S + 5000);
    station.down({ ...config, nowS: SHIFT_S + 9000 }, 8);
    expect(station.clockS()).toBe(SHIFT_S + 9000);
    station.down(config, 8);
    station.timer.pass(60_000);
    const events = station.takeUp().flatMap(({ message }) => eventsOf(message));
    expect(events).toContain(SEQUENCE_REPLAYED);
    expect(events).not.toContain(MAC_INVALID);
  });

  test("a service command of the issuer opens the console, each number once, until its end", () => {
    const station = createBenchStation();
    const service = { type: DOWN_SERVICE, serial: 9, untilS: SHIFT_S + 3600 } as const;
    const other = { ...station.account, commandKey: secretOf("other key") };
    station.role().onDown(encodeDown(crypto, other, 1, service));
    station.down({ ...service, untilS: SHIFT_S });
    expect(station.consolesOpened()).toBe(0);
    station.takeUp();
    station.down(service);
    expect(station.consolesOpened()).toBe(1);
    // It restarts soon, so the issuer hears of it at once.
    const told = station.takeUp().flatMap(({ message }) => eventsOf(message));
    expect(told).toEqual([MAC_INVALID, OBJECT_OLD, GRANTED]);
    station.down(service);
    station.boot();
    station.down(service);
    station.down({ ...service, serial: 8 });
    expect(station.consolesOpened()).toBe(1);
    station.down({ ...service, serial: 10 });
    expect(station.consolesOpened()).toBe(2);
  });

  test("a station that does not know the time opens nothing before it is told", () => {
    const station = createBenchStation();
    station.setClock(undefined);
    const service = { type: DOWN_SERVICE, serial: 9, untilS: SHIFT_S + 3600 } as const;
    station.down(service);
    expect(station.consolesOpened()).toBe(0);
    station.down({ type: DOWN_CONFIG, nowS: SHIFT_S, presignedPerKey: 1 });
    station.down(service);
    expect(station.consolesOpened()).toBe(1);
  });

  test("F23: commands that the broker reorders or repeats are each carried out once", () => {
    const bench = createBench();
    const { bundles } = bench.issuer.rights(RIGHTS, { needlist: 3 });
    bench.answerWith(() => []);
    bench.plug();
    const devid = bench.key.device.devid;
    bench.station.down(bench.issuer.bundleDown(bundles, 0), 42);
    bench.station.down({ type: DOWN_OBJECTS, devid, objects: [bench.issuer.floors(3)] }, 41);
    bench.station.down({ type: DOWN_OBJECTS, devid, objects: [bench.issuer.floors(3)] }, 41);
    bench.settle();
    bench.pass(3000);
    bench.unplug();
    expect(bench.key.role().status().ringseq).toBe(bench.issuer.ringseq());
    expect(bench.key.lastSignal()).toBe(SIGNAL_READY);
    bench.station.down({ type: DOWN_CONFIG, nowS: SHIFT_S + 9000, presignedPerKey: 1 }, 40);
    expect(bench.station.clockS()).toBe(SHIFT_S);
    bench.station.down({ type: DOWN_CONFIG, nowS: SHIFT_S + 9000, presignedPerKey: 1 }, 9);
    bench.pass(60_000);
    bench.station.boot();
    bench.station.down({ type: DOWN_CONFIG, nowS: SHIFT_S + 9000, presignedPerKey: 1 }, 42);
    expect(bench.station.clockS()).toBe(SHIFT_S);
  });

  test("T3: messages go up under numbers that grow, across power cuts as well", () => {
    const station = createBenchStation();
    const seqs: number[] = [];
    for (let boot = 0; boot < 4; boot += 1) {
      station.boot();
      station.timer.pass(120_000);
      for (const { seq } of station.takeUp()) seqs.push(seq);
    }
    expect(seqs.length).toBeGreaterThan(8);
    for (let index = 1; index < seqs.length; index += 1) {
      expect(seqs[index]).toBeGreaterThan(seqs[index - 1] ?? 0);
    }
  });

  test("T4, T7: the link ladder prefers LAN, then Wi-Fi, then GSM after a moment's patience", () => {
    const station = createBenchStation();
    expect(station.inUse()).toBe(LINK_LAN);
    station.setLinks([LINK_GSM, LINK_WIFI]);
    expect(station.inUse()).toBe(LINK_WIFI);
    station.setLinks([LINK_GSM]);
    expect(station.inUse()).toBe(LINK_NONE);
    station.timer.pass(2900);
    station.setLinks([LINK_GSM]);
    expect(station.inUse()).toBe(LINK_NONE);
    station.timer.pass(200);
    expect(station.inUse()).toBe(LINK_GSM);
    station.setLinks([LINK_GSM, LINK_LAN]);
    expect(station.inUse()).toBe(LINK_LAN);
    station.setLinks([]);
    expect(station.inUse()).toBe(LINK_NONE);
  });

  test("T4, T7: a link that changes in the middle of a sync does not lose it", () => {
    const bench = createBench();
    const { bundles } = bench.issuer.rights(RIGHTS);
    bench.plug();
    bench.pass(2000);
    bench.answerWithRing(bundles);
    bench.station.setLinks([LINK_GSM]);
    bench.pass(5000);
    expect(bench.key.role().status().ringseq).toBe(bench.issuer.ringseq());
    bench.unplug();
    expect(bench.key.role().status().unacknowledged).toBe(0);
  });

  test("T4, T7: a key that comes while the modem is about to take over waits for it, and is served", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.station.setLinks([LINK_GSM]);
    bench.plug();
    bench.pass(1000);
    expect(bench.station.inUse()).toBe(LINK_NONE);
    bench.pass(4000);
    expect(bench.key.role().status().ringseq).toBe(bench.issuer.ringseq());
    bench.unplug();
    // Without any link nobody waits: what was signed in advance is there, or is not.
    bench.station.setLinks([]);
    bench.plug();
    bench.pass(1000);
    expect(bench.key.lastSignal()).not.toBe(SIGNAL_WORKING);
    bench.unplug();
  });

  test("T6: a station that nobody tells of a change of power finds it by its next heartbeat", () => {
    const station = createBenchStation();
    station.setLinks([LINK_GSM]);
    station.setPower(POWER_BATTERY, 60);
    station.timer.pass(4000);
    expect(station.inUse()).toBe(LINK_GSM);
    station.setPower(POWER_KEY, 0, false);
    station.timer.pass(600_000);
    expect(station.role().status().power).toBe(POWER_KEY);
    expect(station.inUse()).toBe(LINK_NONE);
  });

  test("T5, T6: on its battery it syncs as ever; on a key's battery once, without the modem", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.station.setPower(POWER_BATTERY, 60);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBe(bench.issuer.ringseq());
    bench.station.setLinks([LINK_GSM]);
    bench.pass(4000);
    expect(bench.station.inUse()).toBe(LINK_GSM);
    bench.station.setPower(POWER_KEY, 50);
    expect(bench.station.inUse()).toBe(LINK_NONE);
    const ringseq = preSign(bench);
    bench.plug(undefined, false);
    bench.pass(2000);
    expect(bench.key.role().status().ringseq).toBe(ringseq);
    expect(bench.key.lastSignal()).not.toBe(SIGNAL_NEEDS_SYNC);
    // The same key asks once more without being pulled: its battery has paid for one sync.
    bench.key.role().onContact(true, false);
    bench.pass(2000);
    bench.unplug();
    bench.station.setPower(POWER_BATTERY, 60);
    comeBack(bench);
    const syncs = bench.issuer.entries().filter((entry) => entry.kind === 3);
    expect(syncs.map((entry) => entry.reason)).toEqual([0, 0, BATTERY_LOW]);
  });

  test("T7: a link that is lost is reported with its reason when there is one again", () => {
    const station = createBenchStation();
    station.takeUp();
    station.setLinks([]);
    station.timer.pass(120_000);
    expect(station.takeUp()).toEqual([]);
    station.setLinks([LINK_LAN]);
    station.timer.pass(60_000);
    const events = station
      .takeUp()
      .flatMap(({ message }) => (message.type === UP_STATION_LOG ? message.events : []));
    expect(events).toEqual([{ tS: SHIFT_S, event: NO_LINK, detail: 788 }]);
  });

  test("T7: an own battery that is nearly empty keeps the office network and drops the modem", () => {
    const station = createBenchStation();
    station.setPower(POWER_BATTERY, 9);
    station.setLinks([LINK_GSM]);
    station.timer.pass(5000);
    expect(station.inUse()).toBe(LINK_NONE);
    station.setLinks([LINK_WIFI]);
    expect(station.inUse()).toBe(LINK_WIFI);
  });

  test("T5: the heartbeat tells power, battery, link and queue", () => {
    const station = createBenchStation();
    station.takeUp();
    station.setPower(POWER_BATTERY, 42);
    station.timer.pass(60_000);
    const reports = station.takeUp().map(({ message }) => message);
    expect(reports).toContainEqual({
      type: UP_STATUS,
      nowS: SHIFT_S,
      power: POWER_BATTERY,
      batteryPercent: 42,
      link: LINK_LAN,
      queued: 0,
    });
  });

  test("I8: what goes up names devices by their numbers and nothing else", () => {
    const bench = createBench();
    bench.plug();
    const up = bench.station.takeUp();
    expect(up.every(({ message }) => [UP_STATUS, UP_KEY_PRESENT].includes(message.type as 1))).toBe(
      true,
    );
  });

  test("K4: a blank station refuses with that reason and takes no logs", () => {
    const flash = createCutFlash(192, 4096);
    const sent: Uint8Array[] = [];
    const station = createStation({
      crypto,
      flash,
      contact: { send: (bytes) => sent.push(bytes) },
      timer: { after: () => 1, cancel: () => undefined },
      clock: { nowS: () => undefined, set: () => undefined },
      uplink: { publish: () => undefined, links: () => [], use: () => undefined },
      power: { source: () => 0, percent: () => 100 },
    });
    const heard: KeyStationMessage[] = [];
    const reader = createFrameReader(
      (_kind, message) => {
        const decoded = decodeKeyStation(message);
        if (decoded.ok) heard.push(decoded.value);
      },
      () => undefined,
    );
    const say = (message: KeyStationMessage) => {
      station.onBytes(encodeFrames(LINK_KEY_STATION, encodeKeyStation(message)));
      for (const bytes of sent.splice(0)) reader.push(bytes);
    };
    station.onDown(new Uint8Array([1]));
    station.onContact(true);
    const state = {
      devid: new Uint8Array(8),
      ringseq: 0,
      root16: new Uint8Array(16),
      listseq: 0,
      nonce: new Uint8Array(8),
      batteryPercent: 50,
      timeAsks: [],
    };
    say({ type: SYNC_RING_STATE, state });
    say({ type: SYNC_OWN_BATCH, bytes: new Uint8Array(40) });
    expect(heard).toEqual([
      { type: SYNC_REFUSAL, code: DEVICE_BLANK },
      { type: SYNC_STORED, code: DEVICE_BLANK },
    ]);
    expect(station.status()).toMatchObject({ queued: 0, presigned: 0 });
  });
});

function eventsOf(message: UpMessage): number[] {
  return message.type === UP_STATION_LOG ? message.events.map((item) => item.event) : [];
}

let rig: ReturnType<typeof createRig> | undefined;
/** One lock for many visits that the key denies by itself. */
function createRigOnce(): ReturnType<typeof createRig> {
  rig ??= createRig();
  return rig;
}
