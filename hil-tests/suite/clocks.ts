// SPDX-License-Identifier: EUPL-1.2
import { equal, ok } from "node:assert/strict";
import type { Bench } from "../src/board-driver/bench.ts";
import type { Key, Lock, Station } from "../src/board-driver/devices.ts";
import { acceptance, type Case } from "../src/run/case.ts";
import { colleague, enter, refused, setStaff, setStageSynced, sync } from "./stage.ts";

/** An entrance whose lock has its own clock, which knows no time yet, and a carer who has synced. */
async function setClockLock(bench: Bench, whenUnknown: "flag" | "deny" = "deny") {
  bench.needs("lock", "clock");
  const stage = await setStaff(bench);
  const { town, key, station } = stage;
  // A client lives there, or nobody would have a right to come in.
  town.addClient();
  const lock = await town.addClockLock(town.addEntrance(), whenUnknown);
  await sync(bench, key, station);
  return { ...stage, lock };
}

/** Carries the question of a lock for the time to the station, and the answer back. */
async function bringTime(bench: Bench, key: Key, lock: Lock, station: Station): Promise<void> {
  await bench.insert(key, lock);
  await sync(bench, key, station);
  await bench.insert(key, lock);
}

/** What is known of the time, and what happens when it is lost. */
export const CLOCKS: readonly Case[] = [
  acceptance(
    "key-lost-the-time",
    "T2: a key whose clock has lost the time opens nothing until a sync gives it back",
    async (bench) => {
      bench.needs("key", "clock", "power");
      const { key, lock, station } = await setStageSynced(bench);
      key.loseClock();
      await refused(bench, key, lock, { as: "unsynced-key" });
      await sync(bench, key, station);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "losing-the-time-revives-nothing",
    "T2, X6: an ended ring does not come back when the key's clock loses the time",
    async (bench) => {
      bench.needs("key", "clock", "power");
      const { key, lock } = await setStageSynced(bench);
      await bench.pass({ hours: 10 });
      key.loseClock();
      await refused(bench, key, lock, { as: "expired-key" });
    },
  ),

  acceptance(
    "lock-learns-the-time",
    "X6: each honest visit raises the least time that a lock without a clock knows",
    async (bench) => {
      bench.needs("key", "clock");
      const { town, key, lock, station } = await setStageSynced(bench);
      const thief = town.copyOf(key);
      const other = await colleague(bench);
      await bench.pass({ hours: 10 });
      town.planShift(other.carer);
      await sync(bench, other.key, station);
      await enter(bench, other.key, lock);
      // The lock has had no power since; what it learnt lies in its flash.
      await bench.pass({ hours: 48 });
      await refused(bench, thief, lock, { as: "extracted-key" });
    },
  ),

  acceptance(
    "entry-has-the-best-time",
    "G1: an entry of a lock without a clock has the time of the head that was shown, never an older one",
    async (bench) => {
      bench.needs("key", "clock");
      const { town, key, lock, station, carer } = await setStageSynced(bench);
      await enter(bench, key, lock);
      await bench.pass({ hours: 12 });
      town.planShift(carer);
      const syncS = bench.nowS();
      await sync(bench, key, station);
      await enter(bench, key, lock);
      const times = (await lock.log()).filter(({ what }) => what === "passage").map(({ tS }) => tS);
      equal(times.length, 2);
      ok(
        (times[1] ?? 0) >= syncS && (times[1] ?? 0) <= bench.nowS(),
        "the second entry is dated wrongly",
      );
      ok((times[0] ?? 0) < syncS);
    },
  ),

  acceptance(
    "clock-of-the-key-drifts",
    "T2: a key whose clock runs wrong is right again after its sync",
    async (bench) => {
      bench.needs("key", "clock");
      const { town, key, lock, station, carer } = await setStageSynced(bench);
      for (let day = 0; day < 5; day += 1) {
        await bench.pass({ hours: 24 });
        town.planShift(carer);
        await sync(bench, key, station);
        await enter(bench, key, lock);
      }
      const last = (await key.log()).findLast(({ what }) => what === "passage");
      ok(Math.abs((last?.tS ?? 0) - bench.nowS()) < 30, "the entry of the key is dated wrongly");
    },
  ),

  acceptance(
    "clock-lock-asks-for-the-time",
    "L2, X6: a lock with a clock that has never known the time denies until keys have carried it the time",
    async (bench) => {
      const { key, lock, station } = await setClockLock(bench);
      const visit = await refused(bench, key, lock);
      equal(visit.light, "denied");
      const isNoted = (await key.log()).some(({ why }) => why === "CLOCK_UNTRUSTED");
      ok(isNoted, "the key does not say why it was refused");
      await bringTime(bench, key, lock, station);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "clock-lock-judges-by-itself",
    "X6, threat 1: a lock with a clock refuses an extracted key whose ring has ended, though nobody was there since",
    async (bench) => {
      bench.needs("key", "clock");
      const { town, key, lock, station } = await setClockLock(bench);
      await bringTime(bench, key, lock, station);
      const thief = town.copyOf(key);
      await enter(bench, thief, lock);
      await bench.pass({ hours: 14 });
      await refused(bench, thief, lock, { as: "extracted-key" });
    },
  ),

  acceptance(
    "clock-lock-drifts",
    "L2, G1: a lock whose clock runs wrong opens after five days, and its entry is off by no more than that",
    async (bench) => {
      bench.needs("key", "clock");
      const { town, key, lock, station, carer } = await setClockLock(bench);
      await bringTime(bench, key, lock, station);
      await bench.pass({ hours: 120 });
      town.planShift(carer);
      await sync(bench, key, station);
      await enter(bench, key, lock);
      const last = (await lock.log()).findLast(({ what }) => what === "passage");
      // Forty parts of a million over five days are 17 seconds.
      ok(Math.abs((last?.tS ?? 0) - bench.nowS()) < 30, "the entry of the lock is dated wrongly");
    },
  ),

  acceptance(
    "clock-lock-loses-its-battery",
    "L2, L4: a lock whose battery was out denies until it knows the time again, and says what happened",
    async (bench) => {
      const { key, lock, station } = await setClockLock(bench);
      await bringTime(bench, key, lock, station);
      await enter(bench, key, lock);
      lock.battery(false);
      await bench.pass({ minutes: 10 });
      lock.battery(true);
      await refused(bench, key, lock);
      await bringTime(bench, key, lock, station);
      await enter(bench, key, lock);
      ok(
        (await lock.log()).some(({ what }) => what === "power"),
        "the log tells of no loss of power",
      );
    },
  ),

  acceptance(
    "clock-lock-lets-in-and-flags",
    "L2: a lock that is told to do so lets in while it does not know the time, and flags the entry",
    async (bench) => {
      const { key, lock } = await setClockLock(bench, "flag");
      await enter(bench, key, lock);
      const passage = (await lock.log()).find(({ what }) => what === "passage");
      equal(passage?.peer, key.devid);
    },
  ),
];
