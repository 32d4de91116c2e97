// SPDX-License-Identifier: EUPL-1.2
import { equal, ok } from "node:assert/strict";
import type { Bench } from "../src/board-driver/bench.ts";
import type { Lock } from "../src/board-driver/devices.ts";
import { acceptance, type Case } from "../src/run/case.ts";
import { enter, setStaff, setStageSynced, sync } from "./stage.ts";

async function reasonsOf(lock: Lock, what: string): Promise<string[]> {
  return (await lock.log()).filter((entry) => entry.what === what).map(({ why }) => why);
}

/** An entrance whose lock has its own power, and a carer who has just synced. */
async function setWatchedEntrance(bench: Bench) {
  bench.needs("lock", "mechanics", "clock");
  const { town, key, station } = await setStaff(bench);
  town.addClient();
  const lock = await town.addClockLock(town.addEntrance(), "flag");
  await sync(bench, key, station);
  return { key, lock };
}

/** Bolts that stick, doors that are forced, and residents with a key of metal. */
export const MECHANICS: readonly Case[] = [
  acceptance(
    "bolt-sticks",
    "L1, L4: a bolt that sticks half way stops the motor, is in the log, and opens once it is free",
    async (bench) => {
      bench.needs("lock", "mechanics");
      const { key, lock } = await setStageSynced(bench);
      lock.jam(50);
      await bench.insert(key, lock);
      ok(!lock.isMotorOn(), "the motor has power at a bolt that sticks");
      equal(lock.bolt(), "between");
      ok((await reasonsOf(lock, "bolt")).includes("BOLT_JAMMED"), "the log tells of no jam");
      lock.free();
      await enter(bench, key, lock);
      equal(lock.bolt(), "locked");
    },
  ),

  acceptance(
    "bolt-sticks-at-its-end",
    "L1, L4: a bolt that cannot leave its end opens nothing, and nobody is told that it did",
    async (bench) => {
      bench.needs("lock", "mechanics");
      const { key, lock } = await setStageSynced(bench);
      lock.jam(0);
      await bench.insert(key, lock);
      equal(lock.bolt(), "locked");
      ok(!lock.isMotorOn(), "the motor has power at a bolt that sticks");
      ok((await reasonsOf(lock, "bolt")).includes("BOLT_JAMMED"), "the log tells of no jam");
    },
  ),

  acceptance(
    "resident-turns-the-bolt",
    "L3: a bolt that the resident turns by hand obeys the hand, and the next key as ever",
    async (bench) => {
      bench.needs("lock", "mechanics");
      const { key, lock } = await setStageSynced(bench);
      lock.turnByHand("unlocked");
      await enter(bench, key, lock);
      lock.turnByHand("unlocked");
      lock.turnByHand("locked");
      await bench.insert(key, lock, { wants: "leave" });
      equal(lock.bolt(), "locked");
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "forced-door",
    "L3: a door that is forced against its bolt is in the log without any key",
    async (bench) => {
      const { key, lock } = await setWatchedEntrance(bench);
      lock.moveDoor(true);
      await bench.pass({ minutes: 2 });
      lock.moveDoor(false);
      await enter(bench, key, lock);
      equal((await reasonsOf(lock, "bolt")).filter((why) => why === "DOOR_FORCED").length, 1);
    },
  ),

  acceptance(
    "resident-at-the-door",
    "L3: a resident who unlocks by hand and goes out forces nothing",
    async (bench) => {
      const { key, lock } = await setWatchedEntrance(bench);
      lock.turnByHand("unlocked");
      lock.moveDoor(true);
      await bench.pass({ seconds: 20 });
      lock.moveDoor(false);
      lock.turnByHand("locked");
      await bench.pass({ minutes: 2 });
      await enter(bench, key, lock);
      equal((await reasonsOf(lock, "bolt")).filter((why) => why === "DOOR_FORCED").length, 0);
    },
  ),
];
