// SPDX-License-Identifier: EUPL-1.2
import { equal, ok } from "node:assert/strict";
import { acceptance, type Case } from "../src/run/case.ts";
import { colleague, enter, refused, setStageSynced, sync } from "./stage.ts";

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
];
