// SPDX-License-Identifier: EUPL-1.2
import {
  chainNext,
  DELIVER_FIRST,
  DOWN_OBJECTS,
  type DownMessage,
  decodeLogBatch,
  ENTRY_OBJECT,
  equalBytes,
  FLOOR_STALE,
  openObject,
  sealingKey,
  signLockConfig,
  signLogAck,
  signResend,
  signServicePermit,
  signTimeGrant,
  TYP_SERVICE_PERMIT,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createCutFlash } from "../../test/cut-flash.ts";
import { createBench, RIGHTS } from "../../test/key-bench.ts";
import {
  AUTHORITY,
  configOf,
  createRig,
  crypto,
  issuingOf,
  type Rig,
  SHIFT_S,
  secretOf,
} from "../../test/lock-rig.ts";
import { createCourierStore } from "./courier-store.ts";
import { SIGNAL_DENIED, SIGNAL_GRANTED, SIGNAL_NEEDS_SYNC } from "./signals.ts";

type Bench = ReturnType<typeof createBench>;

/** A sync in which the issuer gives these objects before the ring. */
function syncWith(bench: Bench, objects: Uint8Array[], changes = {}): void {
  const { bundles } = bench.issuer.rights(RIGHTS, changes);
  bench.answerWith((present) => {
    const given = [bench.issuer.grant(present.nonce, SHIFT_S), ...objects];
    const downs: DownMessage[] = [
      { type: DOWN_OBJECTS, devid: present.devid, objects: given },
      bench.issuer.bundleDown(bundles, 0),
    ];
    return downs;
  });
  bench.sync();
}

/** What the issuer reads in a sealed batch of a lock. */
function readBatch(rig: Rig, sealed: Uint8Array) {
  const agreement = crypto.importAgreementKey(secretOf("city agreement"));
  const shared = agreement.agree(rig.device.agreementPublicKey);
  if (!shared.ok) throw new Error("agreement");
  const opened = openObject(crypto, sealed, (devid) =>
    equalBytes(devid, rig.device.devid) ? sealingKey(crypto, shared.value, devid) : undefined,
  );
  if (!opened.ok) throw new Error("sealed batch");
  const batch = decodeLogBatch(opened.value.plaintext);
  if (!batch.ok) throw new Error("batch");
  return batch.value;
}

function ackOf(rig: Rig, sealed: Uint8Array): Uint8Array {
  const batch = readBatch(rig, sealed);
  let chain = batch.prev;
  for (const entry of batch.entries) chain = chainNext(crypto, chain, entry);
  const n = batch.first + batch.entries.length - 1;
  const acks = [{ devid: rig.device.devid, logEpoch: 1, n, chain16: chain.slice(0, 16) }];
  return signLogAck({ authority: AUTHORITY, acks }, issuingOf().ring);
}

describe("key as a courier between issuer and lock", () => {
  test("T3, L1: a lock that demands a floor list first gets it and decides in the same contact", () => {
    const bench = createBench();
    syncWith(bench, [bench.issuer.floors(3)], { needlist: 3 });
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events).toContain("unlock");
    expect(bench.key.signals).toContain(SIGNAL_GRANTED);
    expect(bench.key.signals).not.toContain(SIGNAL_DENIED);
  });

  test("L1: a floor that covers the key's own head is delivered by it and denies it", () => {
    const bench = createBench();
    syncWith(bench, [bench.issuer.floors(3, 0xffff_0000)], { needlist: 3 });
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events).toEqual([]);
    expect(bench.key.signals).toContain(SIGNAL_DENIED);
  });

  test("T2: a ring whose floor list did not come sends the carer back, and a door says so too", () => {
    const bench = createBench();
    syncWith(bench, [], { needlist: 3 });
    expect(bench.key.lastSignal()).toBe(SIGNAL_NEEDS_SYNC);
    expect(bench.issuer.entries().map((entry) => entry.reason)).toEqual([FLOOR_STALE]);
    const rig = createRig();
    const shown = bench.key.signals.length;
    bench.visit(rig);
    expect(rig.events).toEqual([]);
    expect(bench.key.signals.slice(shown)).not.toContain(SIGNAL_GRANTED);
    syncWith(bench, [bench.issuer.floors(3)], { needlist: 3 });
    expect(bench.issuer.entries().map((entry) => entry.reason)).toContain(DELIVER_FIRST);
    bench.visit(rig);
    expect(rig.events).toContain("unlock");
  });

  test("T3: an acknowledgement reaches the lock and stops its entries from being handed out again", () => {
    const bench = createBench();
    syncWith(bench, []);
    const rig = createRig();
    bench.visit(rig);
    syncWith(bench, []);
    const first = bench.sealedOfOthers.splice(0);
    expect(first.length).toBe(1);
    syncWith(bench, [ackOf(rig, first[0] as Uint8Array)]);
    bench.visit(rig);
    syncWith(bench, []);
    const second = bench.sealedOfOthers.splice(0);
    expect(second.length).toBe(1);
    const before = readBatch(rig, first[0] as Uint8Array);
    const after = readBatch(rig, second[0] as Uint8Array);
    expect(after.first).toBe(before.first + before.entries.length);
  });

  test("I10: a new configuration reaches the lock through a key, once", () => {
    const bench = createBench();
    const rig = createRig();
    const config = configOf(bench.issuing, rig.device.devid, { cfgseq: 9, groups: [7, 8] });
    syncWith(bench, [signLockConfig(config, bench.issuing.device)]);
    const carrying = createCourierStore(bench.key.flash, { firstPage: 50, pageCount: 12 });
    expect(carrying.errandsFor(rig.device.devid).length).toBe(1);
    bench.visit(rig);
    const done = createCourierStore(bench.key.flash, { firstPage: 50, pageCount: 12 });
    expect(done.errandsFor(rig.device.devid)).toEqual([]);
  });

  test("a service permit reaches the lock through a key, and a key's own opens the key", () => {
    const bench = createBench();
    const rig = createRig();
    const untilS = SHIFT_S + 3600;
    const permit = (devid: Uint8Array, serial: number, endS = untilS) =>
      signServicePermit({ devid, serial, untilS: endS }, bench.issuing.device);
    syncWith(bench, [permit(rig.device.devid, 7)]);
    expect(bench.key.consolesOpened()).toBe(0);
    bench.visit(rig);
    expect(rig.consolesOpened()).toBe(1);
    bench.visit(rig);
    expect(rig.consolesOpened()).toBe(1);

    const own = bench.key.device.devid;
    const forged = signServicePermit({ devid: own, serial: 9, untilS }, bench.issuing.ring);
    syncWith(bench, [forged, permit(own, 8, SHIFT_S - 1)]);
    expect(bench.key.consolesOpened()).toBe(0);
    for (let sync = 0; sync < 2; sync += 1) syncWith(bench, [permit(own, 7), permit(own, 6)]);
    expect(bench.key.consolesOpened()).toBe(1);
    bench.key.boot();
    syncWith(bench, [permit(own, 7)]);
    expect(bench.key.consolesOpened()).toBe(1);
    const told = bench.issuer.entries().filter((entry) => entry.target === TYP_SERVICE_PERMIT);
    expect(told).toMatchObject([{ kind: ENTRY_OBJECT, reason: 0, ring: 7 }]);
  });

  test("T2: a lock with a clock asks for the time through a key and gets the grant back", () => {
    const bench = createBench();
    syncWith(bench, []);
    const rig = createRig({ config: { profile: 1 } });
    const meet = () => {
      bench.plug(rig);
      bench.pass(1500);
      bench.unplug();
    };
    meet();
    expect(rig.clockS()).toBeUndefined();
    let asked: Uint8Array[] = [];
    const { bundles } = bench.issuer.rights(RIGHTS);
    bench.answerWith((present) => {
      asked = present.timeAsks.map((ask) => ask.devid);
      const grants = present.timeAsks.map((ask) =>
        signTimeGrant({ ...ask, nowS: SHIFT_S + 77 }, bench.issuing.ring),
      );
      return [
        { type: DOWN_OBJECTS, devid: present.devid, objects: grants },
        bench.issuer.bundleDown(bundles, 0),
      ];
    });
    bench.sync();
    expect(asked).toEqual([rig.device.devid]);
    meet();
    expect(rig.clockS()).toBeGreaterThanOrEqual(SHIFT_S + 77);
    meet();
    bench.sync();
    expect(asked).toEqual([]);
  });

  test("T3: objects that a false issuer signed are not carried", () => {
    const bench = createBench();
    const rig = createRig();
    const other = issuingOf("false city");
    const objects = [
      signLockConfig(configOf(other, rig.device.devid, { cfgseq: 9 }), other.device),
      signResend(
        { authority: 1, requests: [{ devid: rig.device.devid, logEpoch: 1, from: 1 }] },
        other.ring,
      ),
      signTimeGrant(
        { devid: rig.device.devid, nonce: new Uint8Array(8), nowS: SHIFT_S },
        other.ring,
      ),
    ];
    syncWith(bench, objects);
    const carrying = createCourierStore(bench.key.flash, { firstPage: 50, pageCount: 12 });
    expect(carrying.errandsFor(rig.device.devid)).toEqual([]);
  });
});

describe("errands of a key", () => {
  const area = { firstPage: 0, pageCount: 12 };
  const lock = (index: number) => new Uint8Array(8).fill(index);

  test("T3: errands survive a boot, newer ones replace older ones for the same device", () => {
    const flash = createCutFlash(12, 4096);
    const store = createCourierStore(flash, area);
    store.put(65008, 1, 0, [{ devid: lock(1), seq: 4 }], new Uint8Array(300).fill(1));
    store.put(65008, 1, 0, [{ devid: lock(1), seq: 5 }], new Uint8Array(300).fill(2));
    store.put(65004, 1, 7, [], new Uint8Array(3900).fill(3));
    expect(store.put(65004, 1, 7, [], new Uint8Array(100))).toBe(false);
    const booted = createCourierStore(flash, area);
    const errands = booted.errandsFor(lock(1));
    expect(errands.map((errand) => errand.targets[0]?.seq)).toEqual([5]);
    const held = errands[0];
    expect(held && booted.bytesOf(held)).toEqual(new Uint8Array(300).fill(2));
    expect(booted.floorsOf(1)?.number).toBe(7);
    expect(booted.floorsOf(2)).toBeUndefined();
  });

  test("T3: too many errands push the oldest out and never the floor list", () => {
    const store = createCourierStore(createCutFlash(12, 4096), area);
    store.put(65004, 1, 7, [], new Uint8Array(3900));
    for (let index = 1; index <= 60; index += 1) {
      store.put(65008, 1, 0, [{ devid: lock(index), seq: index }], new Uint8Array(700));
    }
    expect(store.floorsOf(1)?.number).toBe(7);
    expect(store.errandsFor(lock(1))).toEqual([]);
    expect(store.errandsFor(lock(60)).length).toBe(1);
  });
});
