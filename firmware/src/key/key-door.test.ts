// SPDX-License-Identifier: EUPL-1.2
import {
  CLOCK_UNTRUSTED,
  ENTRY_DENIED_AT_KEY,
  ENTRY_PASSAGE,
  FLAG_EMERGENCY,
  NEEDS_SYNC,
  NO_DECISION,
  NO_RIGHT,
  OPERATION_NOT_ALLOWED,
  RIGHT_EXPIRED,
  RING_EXPIRED,
  RING_NOT_YET_VALID,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createBench, GROUP_RIGHT, RIGHTS, told } from "../../test/key-bench.ts";
import { createRig, DOOR, SHIFT_S } from "../../test/lock-rig.ts";
import { BOLT_UNLOCKED } from "../ports.ts";
import {
  SIGNAL_DENIED,
  SIGNAL_EXPIRED,
  SIGNAL_GRANTED,
  SIGNAL_NEEDS_SYNC,
  SIGNAL_NO_CONTACT,
} from "./signals.ts";

type Bench = ReturnType<typeof createBench>;

function syncedBench(rights = RIGHTS): Bench {
  const bench = createBench();
  bench.answerWithRing(bench.issuer.rights(rights).bundles);
  bench.sync();
  return bench;
}

/** Entries of the key's own log, brought home by one more sync. */
function entriesOf(bench: Bench): string[] {
  bench.answerWith(undefined);
  bench.plug();
  bench.pass(30_000);
  bench.unplug();
  return told(bench.issuer.entries()).filter((line) => !line.startsWith("3 "));
}

const DOOR_RIGHT = { kind: 0, target: DOOR, ops: 3, untilS: SHIFT_S + 86_400 };
const hex = (code: number) => code.toString(16);

describe("key at a lock", () => {
  test("I2, K1: a right opens the lock only after the key has synced", () => {
    const bench = createBench();
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events).toEqual([]);
    expect(bench.key.signals).toContain(SIGNAL_NEEDS_SYNC);

    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    rig.boot();
    bench.plug(rig);
    bench.pass(1500);
    expect(rig.events).toContain("unlock");
    expect(rig.position()).toBe(BOLT_UNLOCKED);
    expect(bench.key.signals).toContain(SIGNAL_GRANTED);
    bench.unplug();
    expect(entriesOf(bench)).toEqual([
      `${ENTRY_DENIED_AT_KEY} 0 ${hex(NEEDS_SYNC)} 0`,
      `${ENTRY_PASSAGE} 1 0 ${DOOR}`,
    ]);
  });

  test("K2: insertions at a door in one shift are enter and leave in turn", () => {
    const bench = syncedBench();
    const rig = createRig();
    for (let visit = 0; visit < 3; visit += 1) bench.visit(rig);
    expect(entriesOf(bench)).toEqual([
      `${ENTRY_PASSAGE} 1 0 ${DOOR}`,
      `${ENTRY_PASSAGE} 2 0 ${DOOR}`,
      `${ENTRY_PASSAGE} 1 0 ${DOOR}`,
    ]);
  });

  test("K2: the direction survives a change of the battery in the middle of a visit", () => {
    const bench = syncedBench();
    const rig = createRig();
    bench.visit(rig);
    bench.key.boot();
    bench.visit(rig);
    expect(entriesOf(bench)).toEqual([
      `${ENTRY_PASSAGE} 1 0 ${DOOR}`,
      `${ENTRY_PASSAGE} 2 0 ${DOOR}`,
    ]);
  });

  test("K2: a press while inserted chooses the other direction", () => {
    const bench = syncedBench();
    const rig = createRig();
    rig.boot();
    bench.plug(rig);
    bench.pass(500);
    bench.key.role().onButton();
    bench.pass(1500);
    bench.unplug();
    expect(entriesOf(bench)).toEqual([
      `${ENTRY_PASSAGE} 1 0 ${DOOR}`,
      `${ENTRY_PASSAGE} 2 0 ${DOOR}`,
    ]);
  });

  test("K2: a press while the lock still boots chooses the other direction, and a second one takes it back", () => {
    const bench = syncedBench();
    const rig = createRig();
    const deaf = { onContact: () => undefined, onBytes: () => undefined };
    for (const presses of [1, 2, 0]) {
      // A key-powered lock that is not awake yet: hellos are lost.
      let isAwake = false;
      bench.plug({ ...rig, role: () => (isAwake ? rig.role() : deaf) });
      for (let press = 0; press < presses; press += 1) bench.key.role().onButton();
      bench.pass(400);
      isAwake = true;
      rig.boot();
      rig.role().onContact(true);
      bench.pass(1500);
      bench.unplug();
      rig.cutPower();
    }
    expect(entriesOf(bench)).toEqual([
      `${ENTRY_PASSAGE} 2 0 ${DOOR}`,
      `${ENTRY_PASSAGE} 1 0 ${DOOR}`,
      `${ENTRY_PASSAGE} 2 0 ${DOOR}`,
    ]);
  });

  test("K3: an attempt at a door without a right is denied by the key, logged, and moves nothing", () => {
    const bench = syncedBench(RIGHTS.slice(0, 1));
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events).toEqual([]);
    expect(bench.key.signals).toContain(SIGNAL_DENIED);
    expect(entriesOf(bench)).toEqual([`${ENTRY_DENIED_AT_KEY} 0 ${hex(NO_RIGHT)} ${DOOR}`]);
  });

  test.each([
    ["has ended", { ...DOOR_RIGHT, untilS: SHIFT_S }, RIGHT_EXPIRED],
    ["covers leaving only", { ...DOOR_RIGHT, ops: 2 }, OPERATION_NOT_ALLOWED],
  ])("K3: a right that %s is denied by the key with that reason", (_name, right, reason) => {
    const bench = syncedBench([right]);
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events).toEqual([]);
    expect(entriesOf(bench)).toEqual([`${ENTRY_DENIED_AT_KEY} 0 ${hex(reason)} ${DOOR}`]);
  });

  test("K1: of two rights for one door the one that covers the passage is shown", () => {
    const bench = syncedBench([{ ...DOOR_RIGHT, untilS: SHIFT_S - 1 }, DOOR_RIGHT]);
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events).toContain("unlock");
  });

  test("K1: a group right opens where the key holds no right for the door itself", () => {
    const bench = syncedBench([...RIGHTS.slice(0, 1), GROUP_RIGHT]);
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events).toContain("unlock");
  });

  test("L5: an emergency ring opens beside a shift ring that has no right for the door", () => {
    const bench = syncedBench(RIGHTS.slice(0, 1));
    const shift = bench.issuer.slots();
    const emergency = bench.issuer.ring(
      RIGHTS.slice(1),
      { flags: FLAG_EMERGENCY, iatS: SHIFT_S, nbfS: SHIFT_S, expS: SHIFT_S + 3600 },
      { from: [] },
    );
    bench.answerWithRing(emergency.bundles);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBe(bench.issuer.ringseq() - 1);
    expect(shift.length).toBe(1);
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events).toContain("unlock");
  });

  test.each([
    ["the second before the window denies", SHIFT_S + 99, RING_NOT_YET_VALID, SIGNAL_NEEDS_SYNC],
    ["the first second of the window opens", SHIFT_S + 100, 0, SIGNAL_GRANTED],
    ["the last second of the window opens", SHIFT_S + 8 * 3600 - 1, 0, SIGNAL_GRANTED],
    ["the end of the window denies", SHIFT_S + 8 * 3600, RING_EXPIRED, SIGNAL_EXPIRED],
  ])("T2, K3: by the key's own clock %s", (_name, nowS, reason, signal) => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS, { nbfS: SHIFT_S + 100 }).bundles);
    bench.sync();
    bench.key.setClock(nowS);
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events.includes("unlock")).toBe(reason === 0);
    expect(bench.key.signals).toContain(signal);
    expect(entriesOf(bench)).toEqual([
      reason === 0 ? `${ENTRY_PASSAGE} 1 0 ${DOOR}` : `${ENTRY_DENIED_AT_KEY} 0 ${hex(reason)} 0`,
    ]);
  });

  test("T2: a clock that has fallen behind signed time does not bring an ended ring back", () => {
    const bench = syncedBench();
    bench.key.setClock(SHIFT_S - 301);
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events).toEqual([]);
    expect(entriesOf(bench)).toEqual([`${ENTRY_DENIED_AT_KEY} 0 ${hex(CLOCK_UNTRUSTED)} 0`]);
  });

  test("T2: a key whose clock has lost the time is inert until a sync gives it back", () => {
    const bench = syncedBench();
    bench.key.setClock(undefined);
    const rig = createRig();
    bench.visit(rig);
    expect(rig.events).toEqual([]);
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles, SHIFT_S + 60);
    bench.sync();
    expect(bench.key.clockS()).toBe(SHIFT_S + 60);
    bench.visit(rig);
    expect(rig.events).toContain("unlock");
  });

  test("F11: a withdrawal at any octet leaves the lock shut or the opening logged on both sides", () => {
    const whole = syncedBench();
    const before = whole.octets();
    whole.visit(createRig());
    const length = whole.octets() - before;
    expect(length).toBeGreaterThan(900);
    let opened = 0;
    let undecided = 0;
    for (let at = 1; at < length; at += 67) {
      const bench = syncedBench();
      const rig = createRig();
      rig.boot();
      bench.limitOctets(at);
      bench.plug(rig);
      bench.pass(6000);
      bench.unplug();
      bench.limitOctets(Number.POSITIVE_INFINITY);
      const hasOpened = rig.events.includes("unlock");
      if (hasOpened) opened += 1;
      const entries = entriesOf(bench);
      if (entries.some((line) => line.includes(` ${hex(NO_DECISION)} `))) undecided += 1;
      if (hasOpened) expect(entries.some((line) => line.startsWith("1 1"))).toBe(true);
      // The next insertion works at once.
      bench.key.setClock(SHIFT_S + 60);
      bench.visit(rig);
      expect(bench.key.signals).toContain(SIGNAL_GRANTED);
    }
    expect(opened).toBeGreaterThan(2);
    expect(undecided).toBeGreaterThan(2);
  }, 60_000);

  test("K3: nobody at the contact is told as no contact, after three seconds and not later", () => {
    const bench = syncedBench();
    const rig = createRig();
    rig.cutPower();
    bench.key.role().onContact(true, false);
    bench.key.timer.pass(2900);
    expect(bench.key.lastSignal()).not.toBe(SIGNAL_NO_CONTACT);
    bench.key.timer.pass(200);
    expect(bench.key.lastSignal()).toBe(SIGNAL_NO_CONTACT);
  });

  test("T3, I9: the key carries the lock's sealed log to the station, unread", () => {
    const bench = syncedBench();
    bench.visit(createRig());
    expect(bench.key.role().status().carried).toBe(1);
    bench.answerWith(undefined);
    bench.plug();
    bench.pass(30_000);
    bench.unplug();
    expect(bench.key.role().status().carried).toBe(0);
    expect(bench.sealedOfOthers.length).toBe(1);
  });
});
