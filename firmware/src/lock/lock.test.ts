// SPDX-License-Identifier: EUPL-1.2

import {
  type CborValue,
  DELIVER_FIRST,
  decodeEntry,
  decodeHelloAnswer,
  decodeLogBatch,
  ENTRY_BOLT,
  ENTRY_PASSAGE,
  encodeFrames,
  encodeHello,
  FLOOR_STALE,
  KEY_REVOKED,
  LINK_EDHOC,
  LINK_HELLO,
  LINK_RECORD,
  OP_LEAVE,
  openObject,
  RECORD_LOG_PART,
  RECORD_LOG_REQUEST,
  RECORD_OBJECT,
  RECORD_WANT,
  RING_EXPIRED,
  ROLE_KEY,
  sealingKey,
  signFloorList,
  signLogAck,
  TARGET_MISMATCH,
  VOLTAGE_LOW,
  verifyBatch,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createCutFlash, runUntilCut, TEAR_MODES } from "../../test/cut-flash.ts";
import {
  createRig,
  crypto,
  DOOR,
  entropyOf,
  issuingOf,
  keyOf,
  plug,
  type Rig,
  SHIFT_S,
  secretOf,
} from "../../test/lock-rig.ts";
import { BOLT_BETWEEN, BOLT_LOCKED, BOLT_UNLOCKED } from "../ports.ts";
import { openDeviceRecords, RECORD_AREA, RECORD_LOG_STATE } from "../shared/device-records.ts";
import { enrolDevice } from "../shared/identity.ts";
import { createLogStore } from "../shared/log-store.ts";
import { createLock } from "./lock.ts";
import { openLockLogs } from "./lock-logs.ts";

const issuing = issuingOf();
const carer = keyOf("carer", issuing);

/** Reads the lock's log from its flash, as the bench sees it. */
function entriesOf(rig: Rig) {
  const records = openDeviceRecords(rig.flash);
  const area = {
    firstPage: RECORD_AREA.pageCount,
    pageCount: rig.flash.pageCount - RECORD_AREA.pageCount,
  };
  const log = createLogStore(rig.flash, area, crypto, records, RECORD_LOG_STATE);
  const entries = [];
  for (let n = log.firstN(); n <= log.lastN(); n += 1) {
    const bytes = log.read(n);
    const entry = bytes === undefined ? undefined : decodeEntry(bytes);
    if (entry?.ok) entries.push(entry.value);
  }
  return entries;
}

function codeOf(decision: ReturnType<ReturnType<typeof plug>["open"]>): number | string {
  return typeof decision === "string" ? decision : decision.code;
}

describe("lock", () => {
  test("L1: opens for a right of its own door, logs first, relocks after five seconds", () => {
    const rig = createRig();
    const contact = plug(rig, carer);
    const hello = contact.hello();
    const answer = hello === undefined ? undefined : decodeHelloAnswer(hello);
    expect(answer?.ok && answer.value.devid).toEqual(rig.device.devid);
    const decision = contact.open();
    expect(decision).toMatchObject({ code: 0, lockseq: 1, tS: SHIFT_S - 600 });
    expect(rig.events).toEqual(["unlock"]);
    rig.pass(600);
    expect(rig.position()).toBe(BOLT_UNLOCKED);
    expect(rig.events).toEqual(["unlock", "stop"]);
    rig.pass(4000);
    expect(rig.position()).toBe(BOLT_UNLOCKED);
    rig.pass(2000);
    expect(rig.position()).toBe(BOLT_LOCKED);
    expect(rig.events).toEqual(["unlock", "stop", "lock", "stop"]);
    expect(entriesOf(rig)).toMatchObject([
      {
        n: 1,
        kind: ENTRY_PASSAGE,
        op: 1,
        reason: 0,
        peer: carer.devid,
        ring: 70_000,
        target: DOOR,
      },
    ]);
  });

  test("L4: an insertion writes the entry before the motor turns, and the floor once a shift", () => {
    const order: string[] = [];
    const rig = createRig({
      wrapFlash: (flash) => ({
        ...flash,
        pageBytes: flash.pageBytes,
        pageCount: flash.pageCount,
        program(address, bytes) {
          order.push(address >= RECORD_AREA.pageCount * 4096 ? "log" : "record");
          flash.program(address, bytes);
        },
      }),
    });
    // A new lock begins its log at its first session.
    openLockLogs(rig.flash, crypto, openDeviceRecords(rig.flash)).owner();
    rig.boot();
    order.length = 0;
    const push = rig.events.push.bind(rig.events);
    rig.events.push = (...items) => {
      order.push(...items);
      return push(...items);
    };
    expect(codeOf(plug(rig, carer).open())).toBe(0);
    // The time floor and its twin.
    expect(order).toEqual(["log", "record", "record", "unlock"]);
    rig.pass(10_000);
    order.length = 0;
    expect(codeOf(plug(rig, carer, "again").open())).toBe(0);
    expect(order).toEqual(["log", "unlock"]);
  });

  test("rule 8: leaving is logged and locks, and never unlocks", () => {
    const rig = createRig();
    const contact = plug(rig, carer);
    expect(codeOf(contact.open({ op: OP_LEAVE }))).toBe(0);
    expect(rig.events).toEqual([]);
    expect(codeOf(contact.open())).toBe(0);
    rig.pass(1000);
    expect(codeOf(contact.open({ op: OP_LEAVE }))).toBe(0);
    rig.pass(600);
    expect(rig.position()).toBe(BOLT_LOCKED);
    expect(entriesOf(rig).map((entry) => entry.op)).toEqual([2, 1, 2]);
  });

  test("K3: denies a leaf for another door, an unknown issuer and an expired ring, each logged", () => {
    const rig = createRig();
    const contact = plug(rig, carer);
    expect(codeOf(contact.open({ slot: 0 }))).toBe(TARGET_MISMATCH);
    const stranger = keyOf("carer", issuingOf("another city"));
    expect(contact.open({ head: stranger.head() })).toBe("silent after message_3");
    expect(codeOf(contact.open())).toBe(0);
    rig.pass(6000);
    const later = { iatS: SHIFT_S + 86_400, nbfS: SHIFT_S + 86_400, expS: SHIFT_S + 100_000 };
    expect(codeOf(contact.open({ head: keyOf("night", issuing).head(later) }))).not.toBe(0);
    const night = keyOf("night", issuing);
    expect(codeOf(plug(rig, night, "night").open({ head: night.head(later) }))).toBe(0);
    rig.pass(6000);
    const events = rig.events.length;
    expect(codeOf(plug(rig, carer, "late").open())).toBe(RING_EXPIRED);
    expect(rig.events.length).toBe(events);
    const reasons = entriesOf(rig).map((entry) => entry.reason);
    expect(reasons[0]).toBe(TARGET_MISMATCH);
    expect(reasons.at(-1)).toBe(RING_EXPIRED);
    expect(reasons.filter((reason) => reason === 0).length).toBe(2);
    expect(reasons.length).toBe(6);
  });

  test("T2: the time floor survives any power loss", () => {
    const rig = createRig();
    const night = keyOf("night", issuing);
    const later = { iatS: SHIFT_S + 86_400, nbfS: SHIFT_S + 86_400, expS: SHIFT_S + 100_000 };
    expect(codeOf(plug(rig, night).open({ head: night.head(later) }))).toBe(0);
    rig.cutPower();
    rig.boot();
    expect(codeOf(plug(rig, carer, "late").open())).toBe(RING_EXPIRED);
  });

  test("L2: one firmware serves an entrance by its group and an apartment by its door", () => {
    const entrance = createRig({ config: { door: 900, groups: [7, 8] } });
    expect(codeOf(plug(entrance, carer).open({ slot: 2 }))).toBe(0);
    expect(codeOf(plug(entrance, carer, "x").open({ slot: 1 }))).toBe(TARGET_MISMATCH);
    const apartment = createRig({ config: { groups: [] } });
    expect(codeOf(plug(apartment, carer).open({ slot: 1 }))).toBe(0);
    expect(codeOf(plug(apartment, carer, "x").open({ slot: 2 }))).toBe(TARGET_MISMATCH);
  });

  test("L3: no electronic state holds the bolt; turning it by hand disturbs nothing", () => {
    const rig = createRig();
    rig.turnByHand(BOLT_UNLOCKED);
    expect(rig.turning()).toBe("stop");
    rig.turnByHand(BOLT_LOCKED);
    rig.cutPower();
    rig.turnByHand(BOLT_UNLOCKED);
    expect(rig.turning()).toBe("stop");
    expect(codeOf(plug(createRig(), carer).open())).toBe(0);
  });

  test("L3: a bolt turned by hand while the lock still gets ready stays where it was put", () => {
    const rig = createRig();
    rig.turnByHand(BOLT_UNLOCKED);
    rig.pass(1000);
    expect(rig.turning()).toBe("stop");
    expect(rig.position()).toBe(BOLT_UNLOCKED);
    expect(entriesOf(rig)).toEqual([]);
  });

  test("X6: a decision waits for the floor list that the head demands, and then obeys it", () => {
    const rig = createRig();
    const head = carer.head({ needlist: 5 });
    const list = (floors: { devid: Uint8Array; minring: number }[]) =>
      signFloorList(
        { expS: SHIFT_S + 86_400, iatS: SHIFT_S - 300, listseq: 5, ringfloor: 0, floors },
        issuing.ring,
      );
    const contact = plug(rig, carer);
    expect(contact.open({ head })).toMatchObject({ code: 0x0406, wants: [1] });
    expect(rig.events).toEqual([]);
    const answer = contact.record(RECORD_OBJECT, list([{ devid: carer.devid, minring: 70_001 }]));
    expect(answer).toEqual([0, KEY_REVOKED, 2, SHIFT_S - 300]);
    expect(rig.events).toEqual([]);
    expect(codeOf(contact.open({ head: carer.head({ needlist: 5, ringseq: 70_001 }) }))).toBe(0);
    rig.cutPower();
    rig.boot();
    expect(codeOf(plug(rig, carer, "revoked").open({ head }))).toBe(KEY_REVOKED);
    const clean = createRig();
    const second = plug(clean, carer);
    expect(codeOf(second.open({ head }))).toBe(0x0406);
    expect(second.record(RECORD_OBJECT, list([]))).toEqual([0, 0, 2, SHIFT_S - 300]);
    expect(clean.events).toEqual(["unlock"]);
  });

  test("T3: hands over its sealed log and frees it on the issuer's word only", () => {
    const rig = createRig();
    const contact = plug(rig, carer);
    for (let index = 0; index < 5; index += 1) {
      expect(codeOf(contact.open())).toBe(0);
      rig.pass(6000);
    }
    expect(codeOf(contact.open())).toBe(0);
    expect(contact.record(RECORD_WANT, [])).toEqual([0, 1, 1, 1, 6]);
    const parts: Uint8Array[] = [];
    for (let part = 0, total = 1; part < total; part += 1) {
      const answer = contact.record(RECORD_LOG_REQUEST, [part]) as CborValue[];
      total = answer[1] as number;
      parts.push(answer[2] as Uint8Array);
    }
    const sealed = Buffer.concat(parts);
    const shared = crypto
      .importAgreementKey(secretOf("city agreement"))
      .agree(rig.device.agreementPublicKey);
    if (!shared.ok) throw new Error("agreement");
    const opened = openObject(crypto, new Uint8Array(sealed), (devid) =>
      sealingKey(crypto, shared.value, devid),
    );
    if (!opened.ok) throw new Error("sealed");
    const batch = decodeLogBatch(opened.value.plaintext);
    if (!batch.ok) throw new Error("batch");
    const key = crypto.importVerificationKey(rig.device.signingPublicKey);
    if (!key.ok) throw new Error("key");
    const kid = crypto.hash(rig.device.signingPublicKey).slice(0, 4);
    const verified = verifyBatch(crypto, batch.value, { kid, key: key.value });
    expect(verified.ok && verified.value.entries.map((item) => item.entry.n)).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
    if (!verified.ok) throw new Error("verify");
    const chain = verified.value.head.chain;
    const item = { devid: rig.device.devid, logEpoch: 1, n: 6, chain16: chain.slice(0, 16) };
    const forged = signLogAck({ authority: 1, acks: [item] }, issuingOf("another city").ring);
    expect(contact.record(RECORD_OBJECT, forged)).toEqual([0x0202]);
    expect(contact.record(RECORD_WANT, [])).toEqual([0, 1, 1, 1, 6]);
    const ack = signLogAck({ authority: 1, acks: [item] }, issuing.ring);
    expect(contact.record(RECORD_OBJECT, ack)).toEqual([0]);
    expect(contact.record(RECORD_WANT, [])).toEqual([0, 1, 1, 7, 6]);
    expect(contact.record(RECORD_LOG_REQUEST, [0])).toEqual([0, 0, new Uint8Array(0)]);
    expect(RECORD_LOG_PART).toBe(4);
  });

  test("L4: a blank lock answers hello without a devid and nothing else", () => {
    const flash = createCutFlash(24, 4096);
    const rig = createRig();
    const sent: Uint8Array[] = [];
    const blank = (enrolled: boolean) => {
      if (enrolled) enrolDevice(flash, entropyOf("seed"), crypto);
      return createLock({
        crypto,
        entropy: entropyOf("x"),
        flash,
        contact: { send: (bytes) => sent.push(bytes) },
        timer: rig.timer.port,
        clock: { nowS: () => undefined, set: () => undefined },
        motor: {
          unlock: () => expect.unreachable(),
          lock: () => expect.unreachable(),
          stop: () => undefined,
          position: () => BOLT_BETWEEN,
        },
        supply: { millivolts: () => 3300, percent: () => 100 },
      });
    };
    for (const enrolled of [false, true]) {
      const lock = blank(enrolled);
      const bench = { ...rig, role: () => lock, take: () => sent.splice(0) };
      const contact = plug(bench, carer);
      const answer = contact.exchange(LINK_HELLO, encodeHello(ROLE_KEY));
      const decoded = answer === undefined ? undefined : decodeHelloAnswer(answer);
      expect(decoded?.ok && decoded.value.devid).toBe(null);
      expect(contact.exchange(LINK_EDHOC, new Uint8Array(37))).toBeUndefined();
    }
  });

  test("X6: a garbled, repeated or out of order message never moves the motor", () => {
    const rig = createRig();
    const contact = plug(rig, carer);
    expect(contact.exchange(LINK_RECORD, new Uint8Array(40))).toBeUndefined();
    expect(contact.exchange(LINK_EDHOC, new Uint8Array(0))).toBeUndefined();
    expect(contact.exchange(LINK_EDHOC, new Uint8Array(1025))).toBeUndefined();
    expect(contact.exchange(9, new Uint8Array(3))).toBeUndefined();
    expect(contact.exchange(LINK_HELLO, new Uint8Array(3))).toBeUndefined();
    expect(rig.events).toEqual([]);
    expect(codeOf(contact.open())).toBe(0);
  });

  test("rule 10: denies honestly while the voltage is too low for the motor", () => {
    const rig = createRig();
    rig.setMillivolts(2500);
    expect(codeOf(plug(rig, carer).open())).toBe(VOLTAGE_LOW);
    expect(rig.events).toEqual([]);
    rig.setMillivolts(3300);
    expect(codeOf(plug(rig, carer, "b").open())).toBe(0);
    expect(entriesOf(rig).map((entry) => entry.reason)).toEqual([VOLTAGE_LOW, 0]);
  });

  test("L4: a bolt left open by a pulled key is relocked at the next power, and the log says so", () => {
    const rig = createRig();
    expect(codeOf(plug(rig, carer).open())).toBe(0);
    rig.pass(200);
    rig.cutPower();
    expect(rig.position()).toBe(BOLT_BETWEEN);
    rig.boot();
    rig.pass(600);
    expect(rig.position()).toBe(BOLT_LOCKED);
    expect(rig.turning()).toBe("stop");
    expect(entriesOf(rig).map((entry) => entry.kind)).toEqual([ENTRY_PASSAGE, ENTRY_BOLT]);
  });

  test("X8: eight unproven sessions in a row make a lock deaf, an honest key waits five seconds", () => {
    const rig = createRig();
    const contact = plug(rig, carer);
    const stranger = keyOf("carer", issuingOf("another city"));
    for (let index = 0; index < 8; index += 1) {
      expect(contact.open({ head: stranger.head() })).toBe("silent after message_3");
    }
    expect(contact.open()).toBe("silent after message_1");
    rig.pass(5100);
    expect(codeOf(contact.open())).toBe(0);
    for (let index = 0; index < 30; index += 1) expect(codeOf(contact.open())).toBe(0);
  });

  test("rule 9: an exception in any step leaves the motor off", () => {
    for (const fails of ["send", "timer"] as const) {
      const bench = createRig();
      let isArmed = false;
      let turning = "stop";
      const broken = () => {
        if (isArmed) throw new Error("broken promise");
      };
      const lock = createLock({
        crypto,
        entropy: entropyOf("x"),
        flash: bench.flash,
        contact: {
          send(bytes) {
            if (fails === "send" && turning !== "stop") broken();
            sent.push(bytes);
          },
        },
        timer: {
          after(delayMs, callback) {
            if (fails === "timer" && turning !== "stop") broken();
            return bench.timer.port.after(delayMs, callback);
          },
          cancel: bench.timer.port.cancel,
        },
        clock: { nowS: () => undefined, set: () => undefined },
        motor: {
          unlock() {
            turning = "unlock";
          },
          lock: () => undefined,
          stop() {
            turning = "stop";
          },
          position: () => BOLT_LOCKED,
        },
        supply: { millivolts: () => 3300, percent: () => 100 },
      });
      const sent: Uint8Array[] = [];
      const contact = plug({ ...bench, role: () => lock, take: () => sent.splice(0) }, carer);
      isArmed = true;
      expect(() => contact.open()).toThrow("broken promise");
      expect(turning).toBe("stop");
    }
  });

  test("L4: a key pulled out between two messages leaves the lock ready for the next", () => {
    const rig = createRig();
    expect(plug(rig, carer).begin()).toBeUndefined();
    rig.role().onContact(false);
    expect(codeOf(plug(rig, carer, "next").open())).toBe(0);
    const half = encodeFrames(LINK_EDHOC, new Uint8Array(300)).slice(0, 200);
    plug(rig, carer, "half");
    rig.role().onBytes(half);
    expect(codeOf(plug(rig, carer, "whole").open())).toBe(0);
  });

  test("X6: a handshake that stalls is forgotten after two seconds, a session after ten", () => {
    const rig = createRig();
    const contact = plug(rig, carer);
    expect(contact.begin()).toBeUndefined();
    rig.pass(2100);
    expect(contact.finish()).toBe("silent after message_3");
    expect(rig.events).toEqual([]);
    expect(codeOf(contact.open())).toBe(0);
    rig.pass(9000);
    expect(contact.record(RECORD_WANT, [])).toBeDefined();
    rig.pass(10_100);
    expect(contact.record(RECORD_WANT, [])).toBeUndefined();
    expect(codeOf(contact.open())).toBe(0);
  });

  test("K3: a decision that waits for floors and never gets them is logged as a denial", () => {
    const rig = createRig();
    const contact = plug(rig, carer);
    expect(codeOf(contact.open({ head: carer.head({ needlist: 5 }) }))).toBe(DELIVER_FIRST);
    rig.role().onContact(false);
    expect(entriesOf(rig)).toMatchObject([{ reason: FLOOR_STALE, peer: carer.devid, op: 1 }]);
    expect(rig.events).toEqual([]);
  });

  test("X6: knows six types of records and obeys no other", () => {
    for (const type of [0, 4, 7, 8, 100, 255]) {
      const rig = createRig();
      const contact = plug(rig, carer);
      expect(codeOf(contact.open({ op: OP_LEAVE }))).toBe(0);
      expect(contact.record(type, [])).toBeUndefined();
      expect(contact.record(RECORD_WANT, [])).toBeUndefined();
      expect(rig.events).toEqual([]);
    }
  });

  /**
   * Goal: whatever instant the key is pulled out at, there is no opening without an entry, nothing
   * committed is lost, and the next honest key opens.
   * Method: count the flash operations of one opening (with a newer head, at log fill levels around
   * a page change), cut at each in each way, then boot and open again.
   */
  test("L4: survives withdrawal at every flash operation of an opening and a denial", () => {
    let cuts = 0;
    for (const fill of [0, 84, 85, 86]) {
      for (const slot of [1, 0]) {
        const rig = createRig({ pages: 11 });
        const head = carer.head({ iatS: SHIFT_S - 60 });
        fillLog(rig, fill);
        const image = rig.flash.image();
        rig.boot();
        rig.flash.cutAt(undefined);
        plug(rig, carer).open({ slot, head });
        const operations = rig.flash.operations();
        expect(operations).toBeGreaterThanOrEqual(2);
        for (let operation = 0; operation < operations; operation += 1) {
          for (const mode of TEAR_MODES) {
            rig.flash.restore(image);
            rig.flash.cutAt(undefined);
            rig.turnByHand(BOLT_LOCKED);
            rig.boot();
            rig.events.length = 0;
            rig.flash.cutAt(operation, mode);
            expect(runUntilCut(() => plug(rig, carer).open({ slot, head }))).toBe(true);
            expect(rig.turning()).toBe("stop");
            const hasOpened = rig.events.includes("unlock");
            rig.cutPower();
            rig.flash.cutAt(undefined);
            const entries = entriesOf(rig);
            const passages = entries.filter((entry) => entry.ring === 70_000).length;
            if (hasOpened) expect(passages).toBe(1);
            expect(hasOpened).toBe(false);
            expect(entries.filter((entry) => entry.ring === 1).length).toBe(fill);
            rig.boot();
            const after = rig.events.length;
            expect(codeOf(plug(rig, carer, "next").open({ head }))).toBe(0);
            expect(rig.events.slice(after)).toEqual(["unlock"]);
            cuts += 1;
          }
        }
      }
    }
    expect(cuts).toBeGreaterThanOrEqual(80);
  }, 120_000);
});

function fillLog(rig: Rig, count: number): void {
  const records = openDeviceRecords(rig.flash);
  const area = {
    firstPage: RECORD_AREA.pageCount,
    pageCount: rig.flash.pageCount - RECORD_AREA.pageCount,
  };
  const log = createLogStore(rig.flash, area, crypto, records, RECORD_LOG_STATE);
  for (let index = 0; index < count; index += 1) {
    const peer = new Uint8Array(8);
    const tS = SHIFT_S - 5000;
    log.append({ tS, tq: 0, kind: ENTRY_PASSAGE, op: 1, reason: 0, peer, ring: 1, target: 1 });
  }
}
