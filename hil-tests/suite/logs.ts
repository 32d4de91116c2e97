// SPDX-License-Identifier: EUPL-1.2
import { deepEqual, equal, ok } from "node:assert/strict";
import { must } from "@nyckelring/simulator";
import type { Bench } from "../src/board-driver/bench.ts";
import type { Town } from "../src/board-driver/town.ts";
import { acceptance, type Case } from "../src/run/case.ts";
import { colleague, enter, refused, setStage, setStageSynced, sync } from "./stage.ts";

/** Pages of the smallest key that there may be, and visits that fill its log and write over it. */
const SMALL_KEY_PAGES = 66;
const VISITS_TO_FULL = 140;
const VISITS_TO_OVERWRITE = 240;

/** A door, a station, and a carer on a long shift whose key has a short log. */
async function setSmallKey(bench: Bench, town: Town) {
  bench.needs("key", "small-memory", "clock");
  const { door } = town.addApartment();
  const lock = await town.addLock(door);
  const station = await town.addStation();
  const { carer } = town.addCarer({ hasShift: false });
  town.planShift(carer, 12);
  const key = await town.addKey(carer, SMALL_KEY_PAGES);
  await sync(bench, key, station);
  return { town, key, lock, station };
}

/** Logs on their way home: nothing lost, nothing twice, nothing freed too early. */
export const LOGS: readonly Case[] = [
  acceptance(
    "denial-comes-home",
    "K3, G1: a denied attempt is at the issuer with its reason after the next sync",
    async (bench) => {
      const { town, key, lock, station, carer } = await setStage(bench, { hasRight: false });
      const other = town.addApartment();
      await town.addLock(other.door);
      must(town.issuer.grantRight(town.planner, { carer, scope: [other.client] }));
      await sync(bench, key, station);
      await refused(bench, key, lock, { as: "wrong-door" });
      await sync(bench, key, station);
      const denied = town.stored(key).find(({ what }) => what === "denied");
      deepEqual([denied?.why, denied?.peer], ["NO_RIGHT", lock.devid]);
    },
  ),

  acceptance(
    "exactly-once",
    "T3: after several visits and syncs each entry is at the issuer exactly once",
    async (bench) => {
      const { town, key, lock, station } = await setStageSynced(bench);
      for (let round = 0; round < 3; round += 1) {
        await enter(bench, key, lock);
        await bench.insert(key, lock, { wants: "leave" });
        await sync(bench, key, station);
      }
      for (const device of [key, lock]) {
        const numbers = town.stored(device).map(({ n }) => n);
        ok(numbers.length >= 5, `${device.name} has ${numbers.length} entries at the issuer`);
        deepEqual(
          numbers,
          numbers.map((_, index) => index + 1),
          `${device.name} at the issuer`,
        );
      }
    },
  ),

  acceptance(
    "lock-log-by-another-key",
    "T3, threat 56: the key that opened is destroyed, and a colleague's key brings the lock's log home",
    async (bench) => {
      const { town, key, lock, station } = await setStageSynced(bench);
      const other = await colleague(bench);
      await sync(bench, other.key, station);
      await enter(bench, key, lock);
      // Nobody ever hears of this key again.
      await enter(bench, other.key, lock);
      await sync(bench, other.key, station);
      const passages = town.stored(lock).filter(({ what }) => what === "passage");
      ok(
        passages.some(({ peer }) => peer === key.devid),
        "the opening of the lost key is not home",
      );
      deepEqual(
        town.stored(key).filter(({ what }) => what === "passage"),
        [],
      );
    },
  ),

  acceptance(
    "freed-on-the-issuers-word",
    "T3: a lock counts an entry as home only when the issuer's acknowledgement has come back to it",
    async (bench) => {
      const { town, key, lock, station } = await setStageSynced(bench);
      await enter(bench, key, lock);
      const acked = () => town.issuer.register.logs.get(`${lock.devid}/1`)?.acked ?? 0;
      await sync(bench, key, station);
      const heard = acked();
      ok(heard > 0, "the issuer acknowledged nothing");
      await enter(bench, key, lock);
      const log = await lock.log();
      ok(log.length > heard, "the lock has lost what it must keep");
      deepEqual(
        log.map(({ n }) => n),
        log.map((_, index) => index + 1),
      );
    },
  ),

  acceptance(
    "key-keeps-until-acknowledged",
    "T3, threat 46: a key keeps its entries until the issuer's signature, whatever the station stored",
    async (bench) => {
      bench.needs("station", "links");
      const { key, lock, station } = await setStageSynced(bench);
      await enter(bench, key, lock);
      const before = key.unacknowledged();
      station.cutOff();
      await bench.insert(key, station);
      ok(key.unacknowledged() >= before, "the key let go of entries on the station's word");
      station.rejoin();
      await bench.pass({ minutes: 5 });
      await sync(bench, key, station);
      await sync(bench, key, station);
      ok(key.unacknowledged() < before + 2, `${key.unacknowledged()} entries are not acknowledged`);
    },
  ),

  acceptance(
    "logs-not-home-is-shown",
    "T3: a key whose logs stayed behind says so",
    async (bench) => {
      bench.needs("station", "links");
      const { key, lock, station } = await setStageSynced(bench);
      await bench.pass({ minutes: 10 });
      await enter(bench, key, lock);
      station.cutOff();
      const visit = await bench.insert(key, station);
      ok(visit.lights.includes("logs-not-home"), `it showed ${visit.lights.join(", ")}`);
    },
  ),

  acceptance(
    "complete-up-to",
    "G1: which key opened which door and when, and up to when the answer is whole",
    async (bench) => {
      const { town, key, lock, station, door } = await setStageSynced(bench);
      await enter(bench, key, lock);
      await bench.pass({ minutes: 30 });
      await sync(bench, key, station);
      const answer = must(town.issuer.events(town.desk, { door }));
      const opened = answer.events.filter((event) => event.kind === 1 && event.reason === 0);
      deepEqual(new Set(opened.map((event) => event.key)), new Set([key.devid]));
      deepEqual(new Set(opened.map(({ madeBy }) => madeBy)), new Set(["key", "lock"]));
      const whole = answer.completeness.find((one) => one.key === key.devid);
      ok(
        Math.abs((whole?.completeUpToS ?? 0) - bench.nowS()) < 600,
        "the answer is whole up to now",
      );
    },
  ),

  acceptance(
    "store-restored",
    "T3, threat 50: an issuer that comes back from a backup asks again and has everything once",
    async (bench) => {
      const { town, key, lock, station } = await setStageSynced(bench);
      await enter(bench, key, lock);
      await sync(bench, key, station);
      const backup = town.world.backUp();
      await enter(bench, key, lock);
      await sync(bench, key, station);
      const had = town.stored(key).length;
      town.world.restoreFrom(backup);
      ok(town.stored(key).length < had, "the backup is older");
      for (let round = 0; round < 4; round += 1) {
        await sync(bench, key, station);
        await enter(bench, key, lock);
      }
      await sync(bench, key, station);
      for (const device of [key, lock]) {
        const numbers = town.stored(device).map(({ n }) => n);
        deepEqual(
          numbers,
          numbers.map((_, index) => index + 1),
          `${device.name} at the issuer`,
        );
      }
      ok(town.stored(key).length >= had);
    },
  ),

  acceptance(
    "full-log-goes-on",
    "K2, G1: a key whose log is full opens on, and declares what it overwrote",
    async (bench) => {
      const { town, key, lock, station } = await setSmallKey(bench, bench.home);
      station.cutOff();
      for (let visit = 0; visit < VISITS_TO_OVERWRITE; visit += 1) {
        await bench.insert(key, lock, { staysS: 0.3 });
      }
      await enter(bench, key, lock);
      station.rejoin();
      await sync(bench, key, station);
      await bench.pass({ minutes: 5 });
      const gaps = town.stored(key).filter(({ what }) => what === "gap");
      ok(gaps.length > 0, "nothing tells the issuer of what was overwritten");
    },
  ),

  acceptance(
    "full-log-stops",
    "K2, T3: told to stop, a key whose log is full opens nothing until it has synced, and loses nothing",
    async (bench) => {
      const strict = bench.foreignTown(2, true);
      const { town, key, lock, station } = await setSmallKey(bench, strict);
      station.cutOff();
      let opened = 0;
      for (let visit = 0; visit < VISITS_TO_FULL; visit += 1) {
        opened += (await bench.insert(key, lock, { staysS: 0.3 })).opened ? 1 : 0;
      }
      ok(opened > VISITS_TO_FULL / 4, `it opened ${opened} times only`);
      const visit = await refused(bench, key, lock);
      equal(visit.light, "logs-not-home");
      station.rejoin();
      await sync(bench, key, station);
      await enter(bench, key, lock);
      await sync(bench, key, station);
      await bench.pass({ minutes: 5 });
      const numbers = town.stored(key).map(({ n }) => n);
      deepEqual(
        numbers,
        numbers.map((_, index) => index + 1),
      );
      equal(town.stored(key).filter(({ what }) => what === "gap").length, 0);
    },
  ),
];
