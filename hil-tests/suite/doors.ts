// SPDX-License-Identifier: EUPL-1.2
import { deepEqual, equal, ok } from "node:assert/strict";
import { must } from "@nyckelring/simulator";
import { acceptance, type Case } from "../src/run/case.ts";
import { colleague, enter, refused, setStage, setStageSynced, sync } from "./stage.ts";

/** Passages: who gets in, in which direction, and what the log says of it. */
export const DOORS: readonly Case[] = [
  acceptance(
    "opens-with-a-right",
    "L1, I2: opens for a key with a right for this door",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      await enter(bench, key, lock);
      const [entry] = await lock.log();
      equal(entry?.what, "passage");
      equal(entry?.peer, key.devid);
      deepEqual([entry?.op, entry?.why], [1, ""]);
    },
  ),

  acceptance(
    "locks-itself-again",
    "L1: locks itself again by its own timer, and the motor rests",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      let seen: readonly [string, boolean] | undefined;
      bench.later({ seconds: 8 }, () => {
        seen = [lock.bolt(), lock.isMotorOn()];
      });
      const visit = await bench.insert(key, lock, { staysS: 9 });
      ok(visit.opened);
      deepEqual(seen, ["locked", false], "bolt and motor eight seconds after the insertion");
    },
  ),

  acceptance(
    "stays-open-while-needed",
    "L1: stays unlocked for the first seconds after an opening",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      const visit = await bench.insert(key, lock, { staysS: 2 });
      ok(visit.opened);
      equal(lock.bolt(), "unlocked");
    },
  ),

  acceptance(
    "relocks-when-power-returns",
    "L4: a bolt left open by an early withdrawal locks at the next insertion",
    async (bench) => {
      // A lock on a bench supply keeps its power and locks by its own timer.
      bench.needs("lock", "power");
      const { key, lock } = await setStageSynced(bench);
      await bench.insert(key, lock, { staysS: 1 });
      equal(lock.bolt(), "unlocked");
      await bench.insert(key, lock, { wants: "leave" });
      equal(lock.bolt(), "locked");
      equal((await lock.log()).filter(({ what }) => what === "bolt").length, 1);
    },
  ),

  acceptance(
    "answers-in-time",
    "L1: turns the bolt within two seconds of the insertion",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      const visit = await enter(bench, key, lock);
      ok(
        (visit.openedAfterMs ?? Number.POSITIVE_INFINITY) < 2000,
        `it took ${visit.openedAfterMs} ms`,
      );
    },
  ),

  acceptance(
    "enter-and-leave",
    "K2: insertions at one door are enter and leave in turn, on key and lock",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      await enter(bench, key, lock);
      const out = await bench.insert(key, lock, { wants: "leave" });
      deepEqual([out.light, out.opened], ["granted", false]);
      await enter(bench, key, lock);
      const ops = (log: { what: string; op: number }[]) =>
        log.filter(({ what }) => what === "passage").map(({ op }) => op);
      deepEqual(ops(await key.log()), [1, 2, 1]);
      deepEqual(ops(await lock.log()), [1, 2, 1]);
    },
  ),

  acceptance(
    "press-chooses-the-other-way",
    "K2: a press on the button while inserted chooses the other direction",
    async (bench) => {
      bench.needs("key", "button");
      const { key, lock } = await setStageSynced(bench);
      const visit = await bench.insert(key, lock, { wants: "leave" });
      equal(visit.light, "granted");
      const passages = (await lock.log()).filter(({ what }) => what === "passage");
      deepEqual(
        passages.map(({ op }) => op),
        [1, 2],
      );
    },
  ),

  acceptance(
    "key-names-the-entry-of-the-lock",
    "K2: the key writes down lock, time and result of a passage",
    async (bench) => {
      const { key, lock, door } = await setStageSynced(bench);
      const beforeS = bench.nowS();
      await enter(bench, key, lock);
      const entry = (await key.log()).find(({ what }) => what === "passage");
      deepEqual([entry?.peer, entry?.target, entry?.why], [lock.devid, door, ""]);
      ok(
        Math.abs((entry?.tS ?? 0) - beforeS) <= 5,
        "the time of the entry is not the time of the visit",
      );
    },
  ),

  acceptance(
    "entrance-and-apartment",
    "K1, L2: one key opens the entrance and the apartment behind it",
    async (bench) => {
      const { town, key, lock, station } = await setStage(bench);
      const entrance = await town.addLock(town.addEntrance());
      await sync(bench, key, station);
      await enter(bench, key, entrance);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "refuses-another-door",
    "K3: a key without a right for the door is denied, and both ends write it down",
    async (bench) => {
      const { town, key, lock, station, carer } = await setStage(bench, { hasRight: false });
      const other = town.addApartment();
      await town.addLock(other.door);
      must(town.issuer.grantRight(town.planner, { carer, scope: [other.client] }));
      await sync(bench, key, station);
      const visit = await refused(bench, key, lock, { as: "wrong-door" });
      equal(visit.light, "denied");
      const denied = (await key.log()).find(({ what }) => what === "denied");
      deepEqual([denied?.why, denied?.peer], ["NO_RIGHT", lock.devid]);
      equal(lock.bolt(), "locked");
    },
  ),

  acceptance(
    "colleague-has-an-own-entry",
    "G1: the log of a lock tells two carers apart",
    async (bench) => {
      const { key, lock, station } = await setStageSynced(bench);
      const other = await colleague(bench);
      await sync(bench, other.key, station);
      await enter(bench, key, lock);
      await enter(bench, other.key, lock);
      const peers = (await lock.log())
        .filter(({ what }) => what === "passage")
        .map(({ peer }) => peer);
      deepEqual(peers, [key.devid, other.key.devid]);
    },
  ),
];
