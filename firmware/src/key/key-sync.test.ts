// SPDX-License-Identifier: EUPL-1.2
import {
  DELTA_MALFORMED,
  DEVICE_NOT_BLANK,
  DOWN_OBJECTS,
  FLAG_EMERGENCY,
  HOLDER_MISMATCH,
  NO_SHIFT,
  OBJECT_OLD,
  RING_FULL,
  RING_PART_MISSING,
  RING_ROOT_MISMATCH,
  SIGNATURE_INVALID,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { runUntilCut } from "../../test/cut-flash.ts";
import {
  createBench,
  createBenchIssuer,
  createBenchKey,
  DAY_S,
  manyRights,
  RIGHTS,
  told,
} from "../../test/key-bench.ts";
import { createRig, crypto, entropyOf, issuingOf, SHIFT_S } from "../../test/lock-rig.ts";
import { enrolDevice } from "../shared/identity.ts";
import { commissionKey } from "./key-commissioning.ts";
import {
  SIGNAL_BATTERY_LOW,
  SIGNAL_LOGS_NOT_HOME,
  SIGNAL_NEEDS_SYNC,
  SIGNAL_READY,
} from "./signals.ts";

type Bench = ReturnType<typeof createBench>;

/** The reasons of the syncs that reached the issuer. */
function syncReasons(bench: Bench): number[] {
  return bench.issuer
    .entries()
    .filter((entry) => entry.kind === 3)
    .map((entry) => entry.reason);
}

describe("sync of a key at a station", () => {
  test("T1, K5: a sync activates the key, reports its battery and sends its log home", () => {
    const bench = createBench();
    bench.key.setPercent(83);
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    expect(bench.key.role().status()).toMatchObject({
      ringseq: bench.issuer.ringseq(),
      expS: SHIFT_S + 8 * 3600,
      unacknowledged: 0,
    });
    expect(told(bench.issuer.entries())).toEqual(["3 0 0 83"]);
    expect(bench.key.lastSignal()).toBe(SIGNAL_READY);
  });

  test("T1, S6: a full ring of 4000 rights comes in parts and costs one head the next time", () => {
    const bench = createBench();
    const { bundles } = bench.issuer.rights(manyRights(4000));
    expect(bundles.length).toBeGreaterThan(20);
    for (const bundle of bundles) expect(bundle.length).toBeLessThanOrEqual(4000);
    bench.answerWithRing(bundles);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBe(bench.issuer.ringseq());
    const octets = bench.octets();
    const again = bench.issuer.rights(manyRights(4000));
    expect(again.bundles.length).toBe(1);
    bench.answerWithRing(again.bundles);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBe(bench.issuer.ringseq());
    expect(bench.octets() - octets).toBeLessThan(2000);
  });

  test("T1: a ring of which a part is missing, altered or another's is not activated", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(manyRights(10)).bundles);
    bench.sync();
    const held = bench.key.role().status().ringseq;
    const whole = bench.issuer.rights(manyRights(700)).bundles;
    expect(whole.length).toBeGreaterThan(3);
    const foreign = createBenchIssuer(
      bench.issuing,
      enrolDevice(createBenchKey(bench.issuing).flash, entropyOf("another key"), crypto),
    ).rights(RIGHTS).bundles;
    const forged = createBenchIssuer(issuingOf("false city"), bench.key.device).rights(
      RIGHTS,
    ).bundles;
    const swapped = [whole[1], whole[0], ...whole.slice(2)] as Uint8Array[];
    const cases: [Uint8Array[], number][] = [
      [[whole[0], ...whole.slice(2)] as Uint8Array[], RING_ROOT_MISMATCH],
      [swapped, DELTA_MALFORMED],
      [foreign, HOLDER_MISMATCH],
      [forged, SIGNATURE_INVALID],
    ];
    for (const [bundles, reason] of cases) {
      bench.answerWithRing(bundles);
      bench.sync();
      expect(bench.key.role().status().ringseq).toBe(held);
      expect(syncReasons(bench).slice(-1)).toEqual([reason]);
    }
    bench.answerWith(() => [0, 2, 4].map((part) => bench.issuer.bundleDown(whole, part)));
    bench.sync();
    expect(bench.key.role().status().ringseq).toBe(held);
    bench.pass(30_000);
    bench.answerWithRing(whole);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBeGreaterThan(held);
    expect(syncReasons(bench)).toContain(RING_PART_MISSING);
  });

  test("S6: right 4001 is refused as a whole, told to the issuer, and the ring in use stands", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(manyRights(10)).bundles);
    bench.sync();
    const held = bench.key.role().status().ringseq;
    bench.answerWithRing(bench.issuer.ring(manyRights(4001)).bundles);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBe(held);
    expect(syncReasons(bench).slice(-1)).toEqual([RING_FULL]);
  });

  test("I5: an older head never replaces a newer one", () => {
    const bench = createBench();
    const old = bench.issuer.rights(RIGHTS);
    const current = bench.issuer.rights(RIGHTS);
    const whole = bench.issuer.ring(RIGHTS, {}, { from: [] });
    bench.answerWithRing(whole.bundles);
    bench.sync();
    const held = bench.key.role().status().ringseq;
    for (const stale of [old, current]) {
      bench.answerWithRing(stale.bundles);
      bench.sync();
      expect(bench.key.role().status().ringseq).toBe(held);
    }
    expect(syncReasons(bench).slice(-1)).toEqual([OBJECT_OLD]);
  });

  test("T1: the same ring twice changes nothing and writes no slot", () => {
    const bench = createBench();
    const { bundles } = bench.issuer.rights(RIGHTS);
    bench.answerWithRing(bundles);
    bench.sync();
    const erases = bench.key.flash.erases.slice(8, 42);
    bench.sync();
    expect(bench.key.flash.erases.slice(8, 42)).toEqual(erases);
    expect(syncReasons(bench)).toEqual([0, 0]);
  });

  test("T2, K3: a refusal is logged with its reason and the key stays inert", () => {
    const bench = createBench();
    bench.refuseWith(NO_SHIFT);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBe(0);
    expect(syncReasons(bench)).toEqual([NO_SHIFT]);
    expect(bench.key.lastSignal()).toBe(SIGNAL_NEEDS_SYNC);
  });

  test("T3: entries are freed by the issuer's signature alone, not by the station's word", () => {
    const bench = createBench();
    bench.setAcknowledging(false);
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.plug();
    bench.pass(15_000);
    bench.unplug();
    expect(bench.key.role().status().unacknowledged).toBe(1);
    expect(bench.key.signals).toContain(SIGNAL_LOGS_NOT_HOME);
    // A station that makes its own acknowledgement frees nothing either.
    const forger = createBenchIssuer(issuingOf("false city"), bench.key.device);
    bench.answerWith((present) => [
      { type: DOWN_OBJECTS, devid: present.devid, objects: [forger.ack()] },
    ]);
    bench.plug();
    bench.pass(40_000);
    bench.unplug();
    expect(bench.key.role().status().unacknowledged).toBeGreaterThan(0);
  });

  test("T3: the log goes home exactly once, whatever was sent before without an answer", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.setAcknowledging(false);
    bench.sync();
    bench.visit(createRig());
    bench.setAcknowledging(true);
    bench.sync();
    bench.pass(61_000);
    const numbers = bench.issuer.entries().map((entry) => entry.n);
    expect(numbers).toEqual([1, 2, 3]);
    bench.sync();
    expect(bench.key.role().status().unacknowledged).toBe(0);
  });

  /**
   * Goal: a sync interrupted anywhere harms nothing.
   * Method: pull the plug after every so many octets of a sync that carries objects, a ring in
   * parts and logs; the ring is then the old or the new one, and the next sync brings everything.
   */
  test("F19, T1: a key pulled at any octet of a sync holds the old or the new ring", () => {
    const prepare = () => {
      const bench = createBench();
      bench.answerWithRing(bench.issuer.rights(manyRights(20)).bundles);
      bench.sync();
      bench.visit(createRig());
      const next = bench.issuer.rights(manyRights(160));
      return { bench, next, old: bench.key.role().status().ringseq };
    };
    const whole = prepare();
    const before = whole.bench.octets();
    whole.bench.answerWithRing(whole.next.bundles);
    whole.bench.sync();
    const length = whole.bench.octets() - before;
    let olds = 0;
    let news = 0;
    for (let at = 3; at < length; at += 211) {
      const { bench, next, old } = prepare();
      bench.answerWithRing(next.bundles);
      bench.limitOctets(at);
      bench.sync();
      bench.limitOctets(Number.POSITIVE_INFINITY);
      const held = bench.key.role().status().ringseq;
      expect([old, bench.issuer.ringseq()]).toContain(held);
      if (held === old) olds += 1;
      else news += 1;
      bench.sync();
      bench.sync();
      expect(bench.key.role().status()).toMatchObject({
        ringseq: bench.issuer.ringseq(),
        unacknowledged: 0,
        carried: 0,
      });
      const numbers = bench.issuer.entries().map((entry) => entry.n);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
    expect(olds).toBeGreaterThan(2);
    expect(news).toBeGreaterThan(2);
  }, 60_000);

  test("T2: the clock is set by a grant for this contact only", () => {
    const bench = createBench();
    bench.key.setClock(SHIFT_S - 20 * DAY_S);
    let nonce = new Uint8Array(8);
    const { bundles } = bench.issuer.rights(RIGHTS);
    bench.answerWith((present) => {
      nonce = present.nonce.slice();
      return [bench.issuer.bundleDown(bundles, 0)];
    });
    bench.sync();
    expect(bench.key.clockS()).toBe(SHIFT_S - 20 * DAY_S);
    const replayed = bench.issuer.grant(nonce, SHIFT_S);
    bench.answerWith((present) => [
      { type: DOWN_OBJECTS, devid: present.devid, objects: [replayed] },
      bench.issuer.bundleDown(bundles, 0),
    ]);
    bench.sync();
    expect(bench.key.clockS()).toBe(SHIFT_S - 20 * DAY_S);
    bench.answerWithRing(bundles, SHIFT_S + 5);
    bench.sync();
    expect(bench.key.clockS()).toBe(SHIFT_S + 5);
    expect(bench.issuer.entries().map((entry) => entry.tq)).toEqual([0, 0, 2]);
  });

  test("K4: a new enrolment ends the old binding: ring, trust and log are gone", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    const old = bench.key.device.devid;
    const device = enrolDevice(bench.key.flash, entropyOf("next carer"), crypto);
    expect(device.devid).not.toEqual(old);
    expect(bench.key.boot().status()).toMatchObject({ devid: undefined, ringseq: 0 });
    const provision = {
      rootKey: bench.issuing.root.key.publicKey,
      issuerAgreementKey: bench.issuing.agreementPublicKey,
      issuerCertificates: bench.issuing.certificates,
    };
    expect(commissionKey(bench.key.flash, crypto, provision)).toMatchObject({ ok: true });
    expect(bench.key.boot().status()).toMatchObject({ devid: device.devid, ringseq: 0 });
    // The old carer's ring is worth nothing on it.
    bench.answerWithRing(bench.issuer.ring(RIGHTS, {}, { from: [] }).bundles);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBe(0);
    // Commissioning it again without enrolment drops the ring and keeps the log.
    const issuer = createBenchIssuer(bench.issuing, device);
    const { bundles } = issuer.rights(RIGHTS);
    bench.answerWith((present) => [
      {
        type: DOWN_OBJECTS,
        devid: device.devid,
        objects: [issuer.grant(present.nonce, SHIFT_S, device.devid)],
      },
      issuer.bundleDown(bundles, 0),
    ]);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBe(issuer.ringseq());
    const entries = bench.key.role().status().unacknowledged;
    expect(entries).toBeGreaterThan(0);
    expect(commissionKey(bench.key.flash, crypto, provision)).toMatchObject({ ok: true });
    expect(bench.key.boot().status()).toMatchObject({ ringseq: 0, unacknowledged: entries });
  });

  test("C8: a key passes to a test authority by a new enrolment, and nothing of its log with it", () => {
    const bench = createBench();
    bench.setAcknowledging(false);
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    const entries = bench.key.role().status().unacknowledged;
    expect(entries).toBeGreaterThan(0);
    const testing = issuingOf("testing");
    const provision = {
      rootKey: testing.root.key.publicKey,
      issuerAgreementKey: testing.agreementPublicKey,
      issuerCertificates: testing.certificates,
    };
    const refused = commissionKey(bench.key.flash, crypto, provision);
    expect(refused).toEqual({ ok: false, fault: { code: DEVICE_NOT_BLANK } });
    const { ringseq, unacknowledged } = bench.key.boot().status();
    expect([ringseq, unacknowledged]).toEqual([bench.issuer.ringseq(), entries]);
    enrolDevice(bench.key.flash, entropyOf("training"), crypto);
    expect(commissionKey(bench.key.flash, crypto, provision)).toMatchObject({ ok: true });
    expect(bench.key.boot().status()).toMatchObject({ ringseq: 0, unacknowledged: 0 });
  });

  test("K4: a certificate that the root did not sign stops commissioning, and the key stays blank", () => {
    const issuing = issuingOf();
    const key = createBenchKey(issuing);
    const refused = commissionKey(key.flash, crypto, {
      rootKey: issuing.root.key.publicKey,
      issuerAgreementKey: issuing.agreementPublicKey,
      issuerCertificates: issuingOf("false city").certificates,
    });
    expect(refused).toMatchObject({ fault: { code: SIGNATURE_INVALID } });
    expect(key.boot().status().devid).toBeUndefined();
    expect(key.lastSignal()).toBe(SIGNAL_NEEDS_SYNC);
  });

  test("K5: a low battery is shown at rest, and a key that would feed a station stops at 20 %", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    bench.key.setPercent(15);
    bench.sync();
    expect(bench.key.lastSignal()).toBe(SIGNAL_BATTERY_LOW);
    bench.key.setPercent(20);
    bench.plug(undefined, false);
    bench.settle();
    expect(bench.key.lastSignal()).toBe(SIGNAL_BATTERY_LOW);
  });

  test("K5: a key whose battery dies at any flash operation of a sync boots whole and loses no log", () => {
    const run = (cut: number | undefined): { bench: Bench; operations: number } => {
      const bench = createBench();
      bench.answerWithRing(bench.issuer.rights(manyRights(20)).bundles);
      bench.setAcknowledging(false);
      bench.sync();
      bench.setAcknowledging(true);
      bench.answerWithRing(bench.issuer.rights(manyRights(40)).bundles);
      bench.key.flash.cutAt(cut, "subset");
      runUntilCut(() => bench.sync());
      return { bench, operations: bench.key.flash.operations() };
    };
    const { operations } = run(undefined);
    expect(operations).toBeGreaterThan(10);
    for (let cut = 0; cut < operations; cut += 5) {
      const { bench } = run(cut);
      bench.key.flash.cutAt(undefined);
      bench.key.boot();
      bench.station.role().onContact(false);
      bench.sync();
      bench.sync();
      expect(bench.key.role().status()).toMatchObject({
        ringseq: bench.issuer.ringseq(),
        unacknowledged: 0,
      });
      const numbers = bench.issuer.entries().map((entry) => entry.n);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
  }, 60_000);

  test("L5: an emergency ring comes beside the shift ring and does not touch it", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    const shift = bench.key.role().status().ringseq;
    const window = { flags: FLAG_EMERGENCY, iatS: SHIFT_S, nbfS: SHIFT_S, expS: SHIFT_S + 3600 };
    bench.answerWithRing(bench.issuer.ring(RIGHTS.slice(1), window, { from: [] }).bundles);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBe(shift);
  });
});
