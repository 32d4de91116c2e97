// SPDX-License-Identifier: EUPL-1.2

import {
  ACK_MISMATCH,
  ANCHOR_UNKNOWN,
  type CborValue,
  CLAIMS_MALFORMED,
  CLOCK_UNTRUSTED,
  ENTRY_OBJECT,
  GRANT_NOT_ASKED,
  HOLDER_MISMATCH,
  KEY_REVOKED,
  type LockConfig,
  OBJECT_OLD,
  RECORD_LOG_REQUEST,
  RECORD_OBJECT,
  RECORD_TIME_ASK,
  RECORD_WANT,
  RING_EXPIRED,
  RING_NOT_YET_VALID,
  SIGNATURE_INVALID,
  signFirmwareNote,
  signFloorList,
  signLockConfig,
  signLogAck,
  signResend,
  signServicePermit,
  signTimeGrant,
  TYP_SERVICE_PERMIT,
  WANT_TIME_GRANT,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { runUntilCut, TEAR_MODES } from "../../test/cut-flash.ts";
import {
  AUTHORITY,
  configOf,
  createRig,
  issuingOf,
  keyOf,
  ownerEntries,
  plug,
  type Rig,
  SHIFT_S,
} from "../../test/lock-rig.ts";

const city = issuingOf();
const carer = keyOf("carer", city);
const DAY_S = 86_400;

function openedContact(rig: Rig, label = "objects") {
  const contact = plug(rig, carer, label);
  const decision = contact.open({ op: 2 });
  if (typeof decision === "string") throw new Error(decision);
  return contact;
}

function deliver(rig: Rig, object: Uint8Array): number {
  const answer = openedContact(rig).record(RECORD_OBJECT, object);
  if (!Array.isArray(answer)) throw new Error("no answer");
  return answer[0] as number;
}

function floorList(
  listseq: number,
  floors: { devid: Uint8Array; minring: number }[] = [],
  changes: { ringfloor?: number; iatS?: number } = {},
  signer = city.ring,
): Uint8Array {
  const iatS = changes.iatS ?? SHIFT_S - 500;
  const ringfloor = changes.ringfloor ?? 0;
  return signFloorList({ expS: iatS + DAY_S, iatS, listseq, ringfloor, floors }, signer);
}

function codeOf(decision: ReturnType<ReturnType<typeof plug>["open"]>): number | string {
  return typeof decision === "string" ? decision : decision.code;
}

const revocation = [{ devid: carer.devid, minring: 70_001 }];

describe("objects at a lock", () => {
  test("X6: the newest floor list holds, whatever order they come in", () => {
    const rig = createRig();
    expect(deliver(rig, floorList(5))).toBe(0);
    expect(deliver(rig, floorList(5))).toBe(0);
    expect(deliver(rig, floorList(4, revocation))).toBe(OBJECT_OLD);
    expect(openedContact(rig).record(RECORD_WANT, [])).toEqual([5, 1, 1, 1, 5]);
    const contact = openedContact(rig);
    expect(contact.record(RECORD_OBJECT, floorList(6, revocation))).toEqual([0]);
    expect(codeOf(contact.open())).toBe(KEY_REVOKED);
    rig.cutPower();
    rig.boot();
    expect(codeOf(plug(rig, carer, "after").open())).toBe(KEY_REVOKED);
  });

  test("X6: a lock takes 256 floors, and a ring floor for all", () => {
    const rig = createRig();
    const floors = [];
    for (let index = 0; index < 256; index += 1) {
      floors.push({ devid: new Uint8Array(8).fill(index), minring: index + 1 });
    }
    expect(deliver(rig, floorList(6, floors))).toBe(0);
    expect(codeOf(plug(rig, carer, "x").open())).toBe(0);
    expect(deliver(rig, floorList(7, floors, { ringfloor: 70_001 }))).toBe(0);
    expect(codeOf(plug(rig, carer, "x").open())).not.toBe(0);
  });

  test("X6: every kind of object needs the right level of the right authority", () => {
    const other = issuingOf("another city");
    const rig = createRig();
    const devid = rig.device.devid;
    const config = configOf(city, devid, { cfgseq: 9 });
    const ack = {
      authority: AUTHORITY,
      acks: [{ devid, logEpoch: 1, n: 1, chain16: new Uint8Array(16) }],
    };
    const resend = { authority: AUTHORITY, requests: [{ devid, logEpoch: 1, from: 1 }] };
    const grant = { devid, nonce: new Uint8Array(8), nowS: SHIFT_S };
    for (const signer of [other.ring, other.device, city.root, city.device]) {
      expect(deliver(rig, floorList(9, [], {}, signer))).toBe(SIGNATURE_INVALID);
      expect(deliver(rig, signLogAck(ack, signer))).toBe(SIGNATURE_INVALID);
      expect(deliver(rig, signResend(resend, signer))).toBe(SIGNATURE_INVALID);
      expect(deliver(rig, signTimeGrant(grant, signer))).toBe(SIGNATURE_INVALID);
    }
    const permit = { devid, serial: 1, untilS: SHIFT_S + DAY_S };
    for (const signer of [other.ring, other.device, city.root, city.ring]) {
      expect(deliver(rig, signLockConfig(config, signer))).toBe(SIGNATURE_INVALID);
      expect(deliver(rig, signServicePermit(permit, signer))).toBe(SIGNATURE_INVALID);
    }
    const note = { model: 1, version: 1, securityVersion: 1, size: 1, digest: new Uint8Array(32) };
    expect(deliver(rig, signFirmwareNote(note, city.device))).toBe(ANCHOR_UNKNOWN);
    expect(deliver(rig, new Uint8Array(30))).toBe(SIGNATURE_INVALID);
    expect(deliver(rig, city.certificates[0] ?? new Uint8Array(1))).toBe(0);
    expect(deliver(rig, other.certificates[0] ?? new Uint8Array(1))).toBe(SIGNATURE_INVALID);
  });

  test("a service permit opens the console of its own lock once, and no older one ever does", () => {
    const rig = createRig();
    const permit = (serial: number, untilS = SHIFT_S + DAY_S, devid = rig.device.devid) =>
      signServicePermit({ devid, serial, untilS }, city.device);
    const stranger = new Uint8Array(8).fill(9);
    expect(deliver(rig, permit(7, SHIFT_S + DAY_S, stranger))).toBe(HOLDER_MISMATCH);
    // The head that the key shows was signed ten minutes before: the permit is over then.
    expect(deliver(rig, permit(7, SHIFT_S - 600))).toBe(OBJECT_OLD);
    expect(rig.consolesOpened()).toBe(0);
    expect(deliver(rig, permit(7))).toBe(0);
    expect(rig.consolesOpened()).toBe(1);
    expect(ownerEntries(rig).filter((entry) => entry.target === TYP_SERVICE_PERMIT)).toMatchObject([
      { kind: ENTRY_OBJECT, reason: 0, ring: 7 },
    ]);
    for (const again of [7, 6]) {
      rig.cutPower();
      rig.boot();
      expect(deliver(rig, permit(again))).toBe(again === 7 ? 0 : OBJECT_OLD);
    }
    expect(rig.consolesOpened()).toBe(1);
    expect(deliver(rig, permit(8))).toBe(0);
    expect(rig.consolesOpened()).toBe(2);
  });

  test("a cut at every write of a service permit opens the console once or not at all", () => {
    const rig = createRig({ pages: 11 });
    const permit = { devid: rig.device.devid, serial: 7, untilS: SHIFT_S + DAY_S };
    const object = signServicePermit(permit, city.device);
    const image = rig.flash.image();
    let cuts = 0;
    for (let operation = 0; ; operation += 1) {
      let isOver = false;
      for (const mode of TEAR_MODES) {
        rig.flash.restore(image);
        rig.flash.cutAt(undefined);
        rig.boot();
        const before = rig.consolesOpened();
        const victim = openedContact(rig);
        rig.flash.cutAt(operation, mode);
        isOver = !runUntilCut(() => victim.record(RECORD_OBJECT, object));
        rig.flash.cutAt(undefined);
        rig.cutPower();
        rig.boot();
        expect(deliver(rig, object)).toBe(0);
        expect(rig.consolesOpened() - before).toBeLessThanOrEqual(1);
        cuts += 1;
      }
      if (isOver) break;
    }
    expect(cuts).toBeGreaterThan(TEAR_MODES.length);
  });

  test("I10: a newer configuration takes effect at once, an older one never again", () => {
    const rig = createRig();
    const devid = rig.device.devid;
    const sign = (changes: Partial<LockConfig>, device = devid) =>
      signLockConfig(configOf(city, device, changes), city.device);
    const contact = openedContact(rig);
    expect(contact.record(RECORD_OBJECT, sign({ cfgseq: 3, groups: [] }))).toEqual([0]);
    expect(contact.record(RECORD_OBJECT, sign({ cfgseq: 2 }))).toEqual([OBJECT_OLD]);
    expect(contact.record(RECORD_OBJECT, sign({ cfgseq: 4 }, carer.devid))).toEqual([
      HOLDER_MISMATCH,
    ]);
    expect(contact.record(RECORD_OBJECT, sign({ cfgseq: 4, door: 9 }))).toEqual([CLAIMS_MALFORMED]);
    expect(codeOf(contact.open({ slot: 2 }))).not.toBe(0);
    expect(codeOf(contact.open({ slot: 1 }))).toBe(0);
    rig.cutPower();
    rig.boot();
    expect(openedContact(rig).record(RECORD_WANT, [])).toEqual([0, 3, 1, 1, 5]);
  });

  test("L6: a second authority gets in with its own root, and out again, keeping the first's floor", () => {
    const rig = createRig();
    const region = issuingOf("region");
    const anchor = {
      authority: 2,
      kid: region.root.kid,
      publicKey: region.root.key.publicKey,
      opsmask: 1,
      maxvalidS: 3600,
      agreementKey: region.agreementPublicKey,
      issuerEpochMin: 1,
    };
    const base = configOf(city, rig.device.devid);
    const both = { ...base, cfgseq: 2, anchors: [...base.anchors, anchor] };
    const floor = { iatS: SHIFT_S + 50_000 };
    expect(deliver(rig, signLockConfig(both, city.device))).toBe(0);
    const contact = openedContact(rig);
    expect(contact.record(RECORD_OBJECT, floorList(3, [], floor))).toEqual([0]);
    expect(
      contact.record(RECORD_OBJECT, signLockConfig({ ...base, cfgseq: 3 }, city.device)),
    ).toEqual([0]);
    rig.cutPower();
    rig.boot();
    expect(codeOf(plug(rig, carer, "late").open())).toBe(RING_EXPIRED);
  });

  test("X6: a rotation cures a time floor that a stolen key pushed forward, and keeps revocations", () => {
    const rig = createRig();
    const next = issuingOf("city", 2, SHIFT_S - 100);
    const ring = next.certificates[0] ?? new Uint8Array(1);
    const contact = openedContact(rig);
    const stolen = floorList(0xffff_0000, revocation, { iatS: SHIFT_S + 900 * DAY_S });
    expect(contact.record(RECORD_OBJECT, stolen)).toEqual([0]);
    expect(codeOf(contact.open())).toBe(RING_EXPIRED);
    expect(contact.record(RECORD_OBJECT, ring)).toEqual([0]);
    expect(contact.record(RECORD_OBJECT, city.certificates[0] ?? ring)).toEqual([OBJECT_OLD]);
    rig.cutPower();
    rig.boot();
    const honest = { iatS: SHIFT_S, ringseq: 70_001 };
    expect(plug(rig, carer, "old key").open({ head: carer.head(honest) })).toBe(
      "silent after message_3",
    );
    const fresh = plug(rig, carer, "new key");
    expect(codeOf(fresh.open({ head: carer.head({ iatS: SHIFT_S }, next.ring) }))).toBe(
      KEY_REVOKED,
    );
    expect(codeOf(fresh.open({ head: carer.head(honest, next.ring) }))).toBe(0);
    expect(fresh.record(RECORD_OBJECT, floorList(1, [], { iatS: SHIFT_S }, next.ring))).toEqual([
      0,
    ]);
    expect(codeOf(fresh.open({ head: carer.head({ iatS: SHIFT_S }, next.ring) }))).toBe(0);
  });

  test("T3: refuses an acknowledgement of another chain, epoch or device", () => {
    const rig = createRig();
    const contact = openedContact(rig);
    const ack = (devid: Uint8Array, logEpoch: number, n: number) =>
      signLogAck(
        { authority: AUTHORITY, acks: [{ devid, logEpoch, n, chain16: new Uint8Array(16) }] },
        city.ring,
      );
    expect(contact.record(RECORD_OBJECT, ack(rig.device.devid, 1, 1))).toEqual([ACK_MISMATCH]);
    expect(contact.record(RECORD_OBJECT, ack(rig.device.devid, 2, 1))).toEqual([HOLDER_MISMATCH]);
    expect(contact.record(RECORD_OBJECT, ack(carer.devid, 1, 1))).toEqual([HOLDER_MISMATCH]);
    expect(contact.record(RECORD_WANT, [])).toEqual([0, 1, 1, 1, 1]);
  });

  test("T3: gives at most 32 entries in one contact, and the next ones in the next", () => {
    const rig = createRig();
    const contact = openedContact(rig);
    for (let index = 1; index < 50; index += 1) contact.open({ op: 2 });
    const first = contact.record(RECORD_LOG_REQUEST, [0]) as CborValue[];
    const parts = first[1] as number;
    expect(parts).toBeGreaterThan(1);
    for (let part = 1; part < parts; part += 1) {
      const answer = contact.record(RECORD_LOG_REQUEST, [part]) as CborValue[];
      expect((answer[2] as Uint8Array).length).toBeGreaterThan(0);
    }
    expect(contact.record(RECORD_LOG_REQUEST, [0])).toEqual([0, 0, new Uint8Array(0)]);
    expect(contact.record(RECORD_WANT, [])).toEqual([0, 1, 1, 33, 50]);
    rig.role().onContact(false);
    const next = openedContact(rig);
    expect((next.record(RECORD_LOG_REQUEST, [0]) as CborValue[])[1]).toBeGreaterThan(0);
  });

  /**
   * Goal: whatever object is being applied, a cut leaves the lock with the old or the new trust, an
   * honest key opens, and nothing that was revoked or outdated comes back.
   */
  test("L4: a cut at every write of a floor list, configuration or rotation leaves old or new", () => {
    const next = issuingOf("city", 2, SHIFT_S - 100);
    const rig = createRig({ pages: 11 });
    const objects: [string, Uint8Array][] = [
      ["floors", floorList(5, revocation)],
      [
        "config",
        signLockConfig(configOf(city, rig.device.devid, { cfgseq: 2, groups: [] }), city.device),
      ],
      ["rotation", next.certificates[0] ?? new Uint8Array(1)],
    ];
    const image = rig.flash.image();
    let cuts = 0;
    for (const [name, object] of objects) {
      rig.flash.restore(image);
      rig.boot();
      const probe = openedContact(rig);
      rig.flash.cutAt(undefined);
      expect(probe.record(RECORD_OBJECT, object)).toEqual([0]);
      const operations = rig.flash.operations();
      expect(operations).toBeGreaterThanOrEqual(2);
      for (let operation = 0; operation < operations; operation += 1) {
        for (const mode of TEAR_MODES) {
          rig.flash.restore(image);
          rig.flash.cutAt(undefined);
          rig.boot();
          const victim = openedContact(rig);
          rig.flash.cutAt(operation, mode);
          expect(runUntilCut(() => victim.record(RECORD_OBJECT, object))).toBe(true);
          rig.flash.cutAt(undefined);
          rig.cutPower();
          rig.boot();
          expectOldOrNew(rig, name, next.ring);
          cuts += 1;
        }
      }
    }
    expect(cuts).toBeGreaterThanOrEqual(30);
  }, 60_000);
});

function expectOldOrNew(rig: Rig, name: string, nextRing: typeof city.ring): void {
  const contact = plug(rig, carer, "after");
  if (name === "rotation") {
    const old = contact.open();
    const fresh = contact.open({ head: carer.head({}, nextRing) });
    expect([codeOf(old), codeOf(fresh)].filter((code) => code === 0).length).toBe(1);
    return;
  }
  const decision = contact.open();
  if (name === "floors") {
    expect([0, KEY_REVOKED]).toContain(codeOf(decision));
    const other = keyOf("other", city);
    expect(codeOf(plug(rig, other, "other").open())).toBe(0);
  } else {
    expect(codeOf(decision)).toBe(0);
    const state = contact.record(RECORD_WANT, []) as CborValue[];
    expect([1, 2]).toContain(state[1]);
  }
}

describe("a lock with a clock", () => {
  function createClockRig(clockUnknown = 0) {
    return createRig({ config: { profile: 1, clockUnknown } });
  }

  function ask(rig: Rig): Uint8Array {
    const answer = openedContact(rig).record(RECORD_TIME_ASK, []) as CborValue[];
    expect(answer[0]).toEqual(rig.device.devid);
    return answer[1] as Uint8Array;
  }

  function grantOf(rig: Rig, nonce: Uint8Array, nowS: number): Uint8Array {
    return signTimeGrant({ devid: rig.device.devid, nonce, nowS }, city.ring);
  }

  test("T2: without the time it asks for it and follows its policy", () => {
    const open = createClockRig(0);
    const decision = plug(open, carer).open();
    expect(decision).toMatchObject({ code: 0, wants: [WANT_TIME_GRANT] });
    expect(codeOf(plug(createClockRig(1), carer).open())).toBe(CLOCK_UNTRUSTED);
    const flagged = createClockRig(2);
    expect(codeOf(plug(flagged, carer).open())).toBe(CLOCK_UNTRUSTED);
    expect(codeOf(plug(flagged, carer, "x").open({ head: carer.head({ flags: 2 }) }))).toBe(0);
  });

  test("T2: with a granted time it refuses both ends of the window to the second", () => {
    const rig = createClockRig(0);
    const nonce = ask(rig);
    expect(deliver(rig, grantOf(rig, nonce, SHIFT_S + 3600))).toBe(0);
    const contact = plug(rig, carer, "window");
    const opens = (expS: number, nbfS: number) =>
      codeOf(contact.open({ op: 2, head: carer.head({ expS, nbfS }) }));
    expect(opens(SHIFT_S + 7200, SHIFT_S)).toBe(0);
    expect(opens(SHIFT_S + 3600, SHIFT_S)).toBe(RING_EXPIRED);
    expect(opens(SHIFT_S + 3601, SHIFT_S)).toBe(0);
    expect(opens(SHIFT_S + 9000, SHIFT_S + 3661)).toBe(RING_NOT_YET_VALID);
    expect(opens(SHIFT_S + 9000, SHIFT_S + 3660)).toBe(0);
    rig.pass(7_200_000);
    expect(opens(SHIFT_S + 7200, SHIFT_S)).toBe(RING_EXPIRED);
  }, 20_000);

  test("T2: one question is outstanding, every key gets it, and one answer uses it up", () => {
    const rig = createClockRig(0);
    const nonce = ask(rig);
    expect(ask(rig)).toEqual(nonce);
    expect(deliver(rig, grantOf(rig, new Uint8Array(8), SHIFT_S))).toBe(GRANT_NOT_ASKED);
    expect(rig.clockS()).toBeUndefined();
    expect(deliver(rig, grantOf(rig, nonce, SHIFT_S))).toBe(0);
    expect(rig.clockS()).toBe(SHIFT_S);
    expect(deliver(rig, grantOf(rig, nonce, SHIFT_S - 5))).toBe(GRANT_NOT_ASKED);
    expect(ask(rig)).not.toEqual(nonce);
  });

  test("T2: a grant that was carried for an hour leaves an hour of doubt upwards, not downwards", () => {
    const rig = createClockRig(0);
    const nonce = ask(rig);
    rig.pass(3_600_000);
    expect(deliver(rig, grantOf(rig, nonce, SHIFT_S))).toBe(0);
    const contact = plug(rig, carer, "doubt");
    const late = { nbfS: SHIFT_S + 3600, expS: SHIFT_S + 7200 };
    expect(codeOf(contact.open({ op: 2, head: carer.head(late) }))).toBe(0);
    const tooLate = { nbfS: SHIFT_S + 3800, expS: SHIFT_S + 7200 };
    expect(codeOf(contact.open({ op: 2, head: carer.head(tooLate) }))).toBe(RING_NOT_YET_VALID);
  });

  test("T2: after a power loss the time is unknown again and an old answer is worthless", () => {
    const rig = createClockRig(1);
    rig.setClock(undefined);
    const contact = plug(rig, carer);
    expect(codeOf(contact.open({ op: 2 }))).toBe(CLOCK_UNTRUSTED);
    const nonce = (contact.record(RECORD_TIME_ASK, []) as CborValue[])[1] as Uint8Array;
    expect(contact.record(RECORD_OBJECT, grantOf(rig, nonce, SHIFT_S + 60))).toEqual([0]);
    expect(codeOf(contact.open({ op: 2 }))).toBe(0);
    rig.cutPower();
    rig.boot();
    const after = plug(rig, carer, "after");
    expect(codeOf(after.open({ op: 2 }))).toBe(CLOCK_UNTRUSTED);
    expect(after.record(RECORD_OBJECT, grantOf(rig, nonce, SHIFT_S + 60))).toEqual([
      GRANT_NOT_ASKED,
    ]);
  });
});
