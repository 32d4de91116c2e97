// SPDX-License-Identifier: EUPL-1.2
import {
  BOLT_JAMMED,
  DOOR_FORCED,
  ENTRY_BOLT,
  ENTRY_PASSAGE,
  ENTRY_POWER,
  VOLTAGE_LOW,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createRig, issuingOf, keyOf, ownerEntries, plug, type Rig } from "../../test/lock-rig.ts";
import { BOLT_LOCKED, BOLT_UNLOCKED } from "../ports.ts";

const issuing = issuingOf();
const carer = keyOf("carer", issuing);
const WITH_CLOCK = { config: { profile: 1 } } as const;

function opens(rig: Rig, label: string): boolean {
  const decision = plug(rig, carer, label).open();
  return typeof decision !== "string" && decision.code === 0;
}

describe("lock without power, with little, and forced", () => {
  /**
   * Goal: a bolt whose motor loses power at any step of any move is locked again at the next power.
   * Method: one opening lasts 6 s from the decision to the relocked bolt; power goes after each
   * tenth of a second of it, comes back, and goes again after each tenth of a second of the relock.
   */
  test("L4: a motor cut at any step, and again while it relocks, is whole at the next power", () => {
    let cuts = 0;
    const rig = createRig();
    const image = rig.flash.image();
    for (let firstMs = 0; firstMs <= 6000; firstMs += 100) {
      for (let secondMs = 0; secondMs <= 600; secondMs += 100) {
        rig.flash.restore(image);
        rig.turnByHand(BOLT_LOCKED);
        rig.boot();
        expect(opens(rig, "first")).toBe(true);
        rig.pass(firstMs);
        rig.cutPower();
        expect(rig.turning()).toBe("stop");
        rig.boot();
        rig.pass(secondMs);
        rig.cutPower();
        rig.boot();
        rig.pass(700);
        expect(rig.position()).toBe(BOLT_LOCKED);
        expect(rig.turning()).toBe("stop");
        expect(ownerEntries(rig)[0]).toMatchObject({ kind: ENTRY_PASSAGE, reason: 0 });
        expect(opens(rig, "second")).toBe(true);
        rig.pass(700);
        expect(rig.position()).toBe(BOLT_UNLOCKED);
        cuts += 1;
      }
    }
    expect(cuts).toBe(61 * 7);
  }, 60_000);

  test("rule 10: a jam and a sag under load stand in the log, and the next key opens", () => {
    const rig = createRig();
    rig.stick(true);
    expect(opens(rig, "jam")).toBe(true);
    rig.pass(6000);
    rig.stick(false);
    expect(opens(rig, "sag")).toBe(true);
    rig.pass(100);
    // The supply gives in as soon as the motor turns.
    for (let step = 0; step < 60; step += 1) {
      rig.setMillivolts(rig.turning() === "stop" ? 3000 : 2000);
      rig.pass(100);
    }
    const bolts = ownerEntries(rig).filter(({ kind }) => kind === ENTRY_BOLT);
    expect(bolts[0]).toMatchObject({ reason: BOLT_JAMMED, target: 1 });
    expect(bolts.some(({ reason }) => reason === VOLTAGE_LOW)).toBe(true);
    expect(rig.turning()).toBe("stop");
    rig.setMillivolts(3300);
    expect(opens(rig, "next")).toBe(true);
    rig.pass(6500);
    expect(rig.position()).toBe(BOLT_LOCKED);
  });

  test("a door that opens past a thrown bolt is logged as forced, without any session", () => {
    const rig = createRig(WITH_CLOCK);
    rig.moveDoor(true);
    const forced = ownerEntries(rig).filter(({ reason }) => reason === DOOR_FORCED);
    expect(forced).toMatchObject([{ kind: ENTRY_BOLT, op: 0, target: 0, ring: 0 }]);
    expect(forced[0]?.peer).toEqual(new Uint8Array(8));
    rig.moveDoor(true);
    expect(ownerEntries(rig).filter(({ reason }) => reason === DOOR_FORCED).length).toBe(1);
    expect(rig.events).toEqual([]);
  });

  test("L3: a door opened by the resident's key, the handle or a session is not forced", () => {
    const rig = createRig(WITH_CLOCK);
    rig.turnByHand(BOLT_UNLOCKED);
    rig.moveDoor(true);
    rig.moveDoor(false);
    rig.turnByHand(BOLT_LOCKED);
    expect(opens(rig, "session")).toBe(true);
    rig.pass(600);
    rig.moveDoor(true);
    // Held open for so long that the bolt comes out beside the frame.
    rig.pass(8000);
    rig.moveDoor(false);
    expect(ownerEntries(rig).some(({ reason }) => reason === DOOR_FORCED)).toBe(false);
  });

  test("a motor that resets the lock at every boot rests after three, until a key comes", () => {
    const rig = createRig(WITH_CLOCK);
    rig.turnByHand(BOLT_UNLOCKED);
    let starts = 0;
    for (let boot = 0; boot < 20; boot += 1) {
      rig.events.length = 0;
      rig.boot();
      if (rig.events.includes("lock")) starts += 1;
      rig.cutPower();
    }
    expect(starts).toBeLessThanOrEqual(3);
    expect(ownerEntries(rig).every(({ kind }) => kind === ENTRY_POWER)).toBe(true);
    rig.boot();
    expect(opens(rig, "key")).toBe(true);
    rig.pass(6500);
    expect(rig.position()).toBe(BOLT_LOCKED);
  });
});
