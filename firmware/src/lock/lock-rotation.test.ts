// SPDX-License-Identifier: EUPL-1.2

import {
  ANCHOR_UNKNOWN,
  DOWN_OBJECTS,
  type DownMessage,
  decodeEntry,
  ENTRY_OBJECT,
  ENTRY_PASSAGE,
  RECORD_OBJECT,
  RECORD_WANT,
  RING_EXPIRED,
  SIGNATURE_INVALID,
  signFloorList,
  signIssuerCertificate,
  signTimeGrant,
  TYP_ISSUER_CERTIFICATE,
  WANT_TIME_GRANT,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { runUntilCut, TEAR_MODES } from "../../test/cut-flash.ts";
import { createBench, createBenchIssuer, RIGHTS } from "../../test/key-bench.ts";
import {
  AUTHORITY,
  createRig,
  type Issuing,
  issuingOf,
  keyOf,
  plug,
  provisionOf,
  type Rig,
  SHIFT_S,
} from "../../test/lock-rig.ts";
import { SIGNAL_DENIED, SIGNAL_GRANTED } from "../key/signals.ts";

const DAY_S = 86_400;
const city = issuingOf();
/** The keys of the city after a rotation ten minutes before the shift. */
const rotated = issuingOf("city", 2, SHIFT_S - 600);
const carer = keyOf("carer", city);
const NOTHING = new Uint8Array(0);

function ringCertificate(issuing: Issuing): Uint8Array {
  return issuing.certificates[0] ?? NOTHING;
}

/** A contact in which the key shows a certificate beside its head; the code, or what went wrong. */
function show(rig: Rig, issuing: Issuing, certificate: Uint8Array, label = "rotation") {
  const contact = plug(rig, carer, label);
  const head = carer.head({}, issuing.ring);
  const begun = contact.begin({ head });
  if (begun !== undefined) return begun;
  contact.door.useCertificate(certificate);
  const decision = contact.finish();
  return typeof decision === "string" ? decision : decision.code;
}

const REFUSED = "silent after message_3";

/** An issuer certificate like that of `rotated`, with changes. */
function certified(changes: { authority?: number; level?: number; by?: Issuing }) {
  return signIssuerCertificate(
    {
      expS: SHIFT_S + 365 * DAY_S,
      iatS: SHIFT_S - 600,
      issuer: { kid: rotated.ring.kid, publicKey: rotated.ring.key.publicKey },
      level: changes.level ?? 1,
      issuerEpoch: 2,
      authority: changes.authority ?? AUTHORITY,
    },
    (changes.by ?? city).root,
  );
}

/** What the log of a lock says: kind, reason, target and number of its entries. */
function toldBy(rig: Rig): number[][] {
  const entries: number[][] = [];
  const flash = rig.flash.image();
  for (let at = 0; at < flash.length; at += 1) {
    if (flash[at] !== 0x89) continue;
    for (let bytes = 20; bytes <= 38; bytes += 1) {
      const entry = decodeEntry(flash.slice(at, at + bytes));
      if (!entry.ok) continue;
      const { kind, reason, target, ring } = entry.value;
      entries.push([kind, reason, target, ring]);
    }
  }
  return entries;
}

describe("a rotation of issuing keys at a lock", () => {
  test("X6, threat 12: a head of a new key opens in the session that brings its certificate", () => {
    const rig = createRig();
    expect(show(rig, rotated, NOTHING)).toBe(REFUSED);
    expect(show(rig, city, NOTHING)).toBe(0);
    expect(show(rig, rotated, ringCertificate(rotated))).toBe(0);
    expect(rig.events.filter((event) => event === "unlock").length).toBe(2);
    rig.cutPower();
    rig.boot();
    expect(show(rig, city, NOTHING)).toBe(REFUSED);
    expect(show(rig, city, ringCertificate(city))).toBe(REFUSED);
    expect(show(rig, rotated, NOTHING)).toBe(0);
    const told = toldBy(rig);
    expect(told).toContainEqual([ENTRY_OBJECT, 0, TYP_ISSUER_CERTIFICATE, 2]);
    expect(told).toContainEqual([ENTRY_PASSAGE, ANCHOR_UNKNOWN, 0, 0]);
  });

  test("X6, threat 13: an epoch of the past never comes back, nor does another key of the same", () => {
    const rig = createRig();
    const third = issuingOf("city", 3, SHIFT_S - 300);
    expect(show(rig, third, ringCertificate(third))).toBe(0);
    expect(show(rig, rotated, ringCertificate(rotated))).toBe(REFUSED);
    expect(show(rig, city, ringCertificate(city))).toBe(REFUSED);
    expect(show(rig, third, ringCertificate(rotated))).toBe(0);
    rig.cutPower();
    rig.boot();
    expect(show(rig, rotated, ringCertificate(rotated))).toBe(REFUSED);
    expect(show(rig, third, NOTHING)).toBe(0);
  });

  test("X6: only the root of this authority certifies its ring keys", () => {
    const rig = createRig();
    const other = issuingOf("another city");
    const hostile = [
      certified({ by: other }),
      certified({ authority: 2 }),
      certified({ level: 2 }),
      certified({ level: 3 }),
      ringCertificate(rotated).map((octet, index) => (index === 100 ? octet ^ 1 : octet)),
      ringCertificate(rotated).slice(0, 100),
      signTimeGrant({ devid: carer.devid, nonce: new Uint8Array(8), nowS: SHIFT_S }, city.ring),
      new Uint8Array(256),
    ];
    for (const certificate of hostile) {
      expect(show(rig, rotated, certificate)).toBe(REFUSED);
      rig.pass(6000);
    }
    // An honest head makes no use of what comes beside it.
    for (const certificate of hostile) expect(show(rig, city, certificate)).toBe(0);
    expect(show(rig, rotated, ringCertificate(rotated))).toBe(0);
  });

  test("X6, threat 12: a stolen key that sets clock and floor far ahead cannot keep its successor out", () => {
    const clocked = createRig({ config: { profile: 1 } });
    const contact = plug(clocked, carer, "clock");
    contact.open({ op: 2 });
    const asked = contact.record(5, []) as [Uint8Array, Uint8Array];
    const farS = SHIFT_S + 4000 * DAY_S;
    const forged = { devid: clocked.device.devid, nonce: asked[1], nowS: farS };
    expect(contact.record(RECORD_OBJECT, signTimeGrant(forged, city.ring))).toEqual([0]);
    expect(show(clocked, city, NOTHING)).toBe(RING_EXPIRED);
    // The certificate is taken; the clock is put right by the first grant of the new key.
    expect(show(clocked, rotated, ringCertificate(rotated))).toBe(RING_EXPIRED);
    const cure = plug(clocked, carer, "cure");
    expect(cure.open({ op: 2, head: carer.head({}, rotated.ring) })).toMatchObject({
      wants: [WANT_TIME_GRANT],
    });
    const again = cure.record(5, []) as [Uint8Array, Uint8Array];
    const grant = { devid: clocked.device.devid, nonce: again[1], nowS: SHIFT_S };
    expect(cure.record(RECORD_OBJECT, signTimeGrant(grant, rotated.ring))).toEqual([0]);
    expect(show(clocked, rotated, NOTHING)).toBe(0);

    const rig = createRig();
    const pushed = { expS: farS + DAY_S, iatS: farS, listseq: 9, ringfloor: 0, floors: [] };
    const stolen = plug(rig, carer, "stolen");
    stolen.open({ op: 2 });
    expect(stolen.record(RECORD_OBJECT, signFloorList(pushed, city.ring))).toEqual([0]);
    expect(show(rig, city, NOTHING)).toBe(RING_EXPIRED);
    expect(show(rig, rotated, ringCertificate(rotated))).toBe(0);
  });

  test("X6: a clock that the old key may have set is asked for again, once", () => {
    const rig = createRig({ config: { profile: 1 } });
    const contact = plug(rig, carer, "clock");
    rig.setClock(SHIFT_S);
    contact.open({ op: 2 });
    const first = contact.record(5, []) as [Uint8Array, Uint8Array];
    const early = { devid: rig.device.devid, nonce: first[1], nowS: SHIFT_S };
    expect(contact.record(RECORD_OBJECT, signTimeGrant(early, city.ring))).toEqual([0]);
    const fresh = plug(rig, carer, "fresh");
    fresh.begin({ head: carer.head({}, rotated.ring) });
    fresh.door.useCertificate(ringCertificate(rotated));
    const decision = fresh.finish();
    expect(decision).toMatchObject({ code: 0, wants: [WANT_TIME_GRANT] });
    const second = fresh.record(5, []) as [Uint8Array, Uint8Array];
    const grant = { devid: rig.device.devid, nonce: second[1], nowS: SHIFT_S + 60 };
    expect(fresh.record(RECORD_OBJECT, signTimeGrant(grant, city.ring))).toEqual([
      SIGNATURE_INVALID,
    ]);
    expect(fresh.record(RECORD_OBJECT, signTimeGrant(grant, rotated.ring))).toEqual([0]);
    const after = plug(rig, carer, "after").open({ head: carer.head({}, rotated.ring) });
    expect(after).toMatchObject({ code: 0, wants: [] });
  });

  /**
   * Goal: threat 14, a rotation that is cut leaves no lock that accepts nobody.
   * Method: every flash operation of the session that adopts the certificate, from message_3 to the
   * decision, is cut in every way; afterwards one of the two epochs opens, the new one always does
   * with its certificate, and once it has, the old one never again.
   */
  test("L4, threats 13, 14: a cut at every flash operation of the adoption leaves old or new", () => {
    const rig = createRig({ pages: 11 });
    const image = rig.flash.image();
    const head = carer.head({}, rotated.ring);
    function brought(): ReturnType<typeof plug> {
      const contact = plug(rig, carer, "adoption");
      contact.begin({ head });
      contact.door.useCertificate(ringCertificate(rotated));
      return contact;
    }
    const probe = brought();
    rig.flash.cutAt(undefined);
    expect(probe.finish()).toMatchObject({ code: 0 });
    const operations = rig.flash.operations();
    expect(operations).toBeGreaterThanOrEqual(3);
    let olds = 0;
    let news = 0;
    for (let operation = 0; operation < operations; operation += 1) {
      for (const mode of TEAR_MODES) {
        rig.flash.restore(image);
        rig.flash.cutAt(undefined);
        rig.cutPower();
        rig.boot();
        const victim = brought();
        rig.flash.cutAt(operation, mode);
        expect(runUntilCut(() => victim.finish())).toBe(true);
        rig.flash.cutAt(undefined);
        rig.cutPower();
        rig.boot();
        const isOld = show(rig, city, NOTHING, "old") === 0;
        const isNew = show(rig, rotated, NOTHING, "new") === 0;
        expect(isOld).toBe(!isNew);
        if (isOld) olds += 1;
        else news += 1;
        expect(show(rig, rotated, ringCertificate(rotated), "cure")).toBe(0);
        expect(show(rig, city, NOTHING, "withdrawn")).toBe(REFUSED);
      }
    }
    expect(olds).toBeGreaterThan(2);
    expect(news).toBeGreaterThan(5);
  }, 60_000);
});

describe("a rotation carried by a key", () => {
  type Bench = ReturnType<typeof createBench>;

  /** A sync in which the issuer has new keys: certificates, time, objects for locks, a new ring. */
  function syncAfterRotation(bench: Bench, issuing: Issuing, objects: readonly Uint8Array[]): void {
    const issuer = createBenchIssuer(issuing, bench.key.device);
    const ringseq = 400 + issuer.ringseq();
    const { bundles } = issuer.rights(RIGHTS, { ringseq });
    bench.answerWith((present) => {
      const given = [...issuing.certificates, issuer.grant(present.nonce, SHIFT_S), ...objects];
      const downs: DownMessage[] = [{ type: DOWN_OBJECTS, devid: present.devid, objects: given }];
      return [...downs, issuer.bundleDown(bundles, 0)];
    });
    bench.sync();
  }

  test("X6, threat 12: one honest visit moves a lock to the new keys, its certificate and configuration", () => {
    const bench = createBench();
    const { bundles } = bench.issuer.rights(RIGHTS);
    bench.answerWithRing(bundles);
    bench.sync();
    const visited = createRig();
    const neverVisited = createRig();
    bench.visit(visited);
    expect(bench.key.lastSignal()).not.toBe(SIGNAL_DENIED);
    const before = bench.key.signals.filter((signal) => signal === SIGNAL_GRANTED).length;
    expect(before).toBe(1);

    const provision = provisionOf(rotated, visited.device, { cfgseq: 2 });
    syncAfterRotation(bench, rotated, [provision.certificate, provision.config]);
    bench.visit(visited);
    expect(bench.key.signals.filter((signal) => signal === SIGNAL_GRANTED).length).toBe(2);

    visited.boot();
    const renewed: Rig = { ...visited, issuing: rotated };
    expect(show(renewed, rotated, NOTHING)).toBe(0);
    expect(show(renewed, city, NOTHING)).toBe(REFUSED);
    const contact = plug(renewed, carer, "state");
    contact.open({ head: carer.head({}, rotated.ring), op: 2 });
    expect((contact.record(RECORD_WANT, []) as number[])[1]).toBe(2);
    // The lock that nobody has visited obeys the keys that it knows, and still opens for a key with
    // the new ones, which it shows its old certificate.
    expect(show(neverVisited, city, NOTHING)).toBe(0);
    bench.visit(neverVisited);
    expect(bench.key.signals.filter((signal) => signal === SIGNAL_GRANTED).length).toBe(3);
    neverVisited.boot();
    expect(show(neverVisited, city, NOTHING)).toBe(REFUSED);
  });

  test("X6, threat 12: a key that has not heard of a rotation is refused where it has arrived", () => {
    const bench = createBench();
    const { bundles } = bench.issuer.rights(RIGHTS);
    bench.answerWithRing(bundles);
    bench.sync();
    const rig = createRig();
    expect(show(rig, rotated, ringCertificate(rotated))).toBe(0);
    rig.events.length = 0;
    bench.visit(rig);
    expect(rig.events).not.toContain("unlock");
    expect(bench.key.signals).not.toContain(SIGNAL_GRANTED);
  });
});
