// SPDX-License-Identifier: EUPL-1.2
import { deepEqual, equal, ok } from "node:assert/strict";
import { RING_FULL } from "@nyckelring/protocol";
import { must } from "@nyckelring/simulator";
import type { Bench, Span } from "../src/board-driver/bench.ts";
import type { Key, LinkName, Lock, Station } from "../src/board-driver/devices.ts";
import { acceptance, type Case } from "../src/run/case.ts";
import { colleague, enter, FIT, refused, setStage, setStageSynced, sync } from "./stage.ts";

/** Rights that a key holds at most. */
const RIGHTS_MAX = 4000;
const SOON: Span = { minutes: 3 };

/** A first sync of the shift over one kind of link, and an opening with what it gave. */
function syncsOver(link: LinkName) {
  return async (bench: Bench): Promise<void> => {
    bench.needs("station", "links", link);
    const { key, lock, station } = await setStage(bench);
    station.links(link);
    await bench.pass(SOON);
    equal(station.link(), link);
    await sync(bench, key, station);
    await enter(bench, key, lock);
  };
}

type Ability = Parameters<Bench["needs"]>[1];

/** Something happens to the station at a moment of the sync; the key must be fit in the end. */
function survives(needed: readonly Ability[], happens: (station: Station) => void) {
  return async (bench: Bench): Promise<void> => {
    bench.needs("station", "links", "mains", ...needed);
    const { key, lock, station } = await setStage(bench);
    for (const seconds of [0.4, 0.7, 1]) {
      bench.later({ seconds }, () => happens(station));
      const visit = await bench.insert(key, station);
      ok(
        FIT.some((light) => light === visit.light),
        `shows "${visit.light}" after ${seconds} s`,
      );
      station.rejoin();
      station.mains(true);
      await bench.pass(SOON);
    }
    await enter(bench, key, lock);
  };
}

/** Syncs: what a station gives and takes, on whatever power and link it has. */
export const STATIONS: readonly Case[] = [
  acceptance(
    "sync-activates",
    "T1: a sync writes the rights and makes the key fit for its shift",
    async (bench) => {
      const { key, lock, station } = await setStage(bench);
      ok(await bench.waitFor(() => key.light() === "needs-sync", { seconds: 5 }));
      await sync(bench, key, station);
      ok(key.ring() > 0);
      equal(key.light(), "ready");
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "sync-again",
    "T1: a second sync in the same shift gives a newer ring that opens as well",
    async (bench) => {
      const { key, lock, station } = await setStageSynced(bench);
      const first = key.ring();
      await sync(bench, key, station);
      ok(key.ring() > first);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "battery-is-reported",
    "K5: a sync tells the issuer how full the key's battery is",
    async (bench) => {
      bench.needs("key", "battery");
      const { town, key, station } = await setStage(bench);
      key.drainTo(42);
      await sync(bench, key, station);
      await sync(bench, key, station);
      const reported = town.stored(key).find(({ what }) => what === "sync");
      equal(reported?.target, 42);
    },
  ),

  acceptance(
    "battery-low-is-shown",
    "K5: a key that runs low says so and still opens",
    async (bench) => {
      bench.needs("key", "battery");
      const { key, lock, station } = await setStage(bench);
      key.drainTo(12);
      const visit = await sync(bench, key, station);
      equal(visit.light, "battery-low");
      equal(key.light(), "battery-low");
      await enter(bench, key, lock);
    },
  ),

  acceptance("sync-on-lan", "T4: a sync works over the wired network", syncsOver("lan")),
  acceptance("sync-on-wifi", "T4: a sync works over the wireless network", syncsOver("wifi")),
  acceptance("sync-on-gsm", "T7: a sync works over the mobile network", syncsOver("gsm")),

  acceptance(
    "wifi-takes-over",
    "T4: the wired network goes in the middle of a sync, the wireless takes over, and the sync is whole",
    survives(["lan", "wifi"], (station) => station.links("wifi")),
  ),
  acceptance(
    "gsm-takes-over",
    "T7: both office networks go in the middle of a sync, the mobile network takes over, and the sync is whole",
    survives(["gsm"], (station) => station.links("gsm")),
  ),
  acceptance(
    "battery-takes-over",
    "T5: the mains go in the middle of a sync, and the station's battery carries it to its end",
    survives([], (station) => station.mains(false)),
  ),

  acceptance(
    "sync-on-battery",
    "T5: without mains the station syncs one key after the other on its battery",
    async (bench) => {
      bench.needs("station", "mains");
      const { key, lock, station } = await setStage(bench);
      const other = await colleague(bench);
      station.mains(false);
      await sync(bench, key, station);
      await sync(bench, other.key, station);
      await enter(bench, key, lock);
      await enter(bench, other.key, lock);
    },
  ),

  acceptance(
    "sync-on-key-power",
    "T6: mains and battery gone, the key in the station feeds one whole sync",
    async (bench) => {
      bench.needs("station", "mains");
      const { key, lock, station } = await setStage(bench);
      station.mains(false);
      station.battery(0);
      ok(!station.isOn(), "the station has power");
      await sync(bench, key, station);
      ok(!station.isOn(), "the station lives on without a key");
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "weak-key-feeds-nothing",
    "T6, K5: a key at twenty percent feeds no station and keeps what it has",
    async (bench) => {
      bench.needs("station", "mains");
      bench.needs("key", "battery");
      const { key, station } = await setStage(bench);
      key.drainTo(20);
      station.mains(false);
      station.battery(0);
      const visit = await bench.insert(key, station);
      ok(!FIT.some((light) => light === visit.light), `shows "${visit.light}"`);
      ok(!station.isOn());
      ok((await key.log()).length <= 1, "the key wrote more than the failed contact");
    },
  ),

  acceptance(
    "signed-in-advance",
    "T8: without any link a ring signed in advance is released once, and opens",
    async (bench) => {
      bench.needs("station", "links");
      const { town, key, lock, station, carer } = await setStageSynced(bench);
      town.planShift(carer, 8, 9);
      await bench.pass({ minutes: 10 });
      station.cutOff();
      await bench.pass({ hours: 9 });
      await sync(bench, key, station);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "no-link-no-ring",
    "T8: without link and without a ring in advance the refusal says why, and the logs stay",
    async (bench) => {
      bench.needs("station", "links");
      const { key, lock, station } = await setStage(bench);
      station.cutOff();
      const visit = await bench.insert(key, station);
      equal(visit.light, "needs-sync");
      const said = (await key.log()).findLast(({ what }) => what === "sync");
      // A station with a modem cannot know that it is out of reach before it has tried.
      ok(
        ["NO_LINK", "SERVICE_UNREACHABLE"].includes(said?.why ?? ""),
        `the key wrote ${said?.why}`,
      );
      ok(key.unacknowledged() > 0, "the key let go of its log");
      await refused(bench, key, lock, { as: "unsynced-key" });
    },
  ),

  acceptance(
    "logs-wait-for-the-link",
    "T3: logs handed over without a link wait in the station and come home exactly once",
    async (bench) => {
      bench.needs("station", "links");
      const { town, key, lock, station } = await setStageSynced(bench);
      await enter(bench, key, lock);
      station.cutOff();
      await bench.insert(key, station);
      ok((station.queued() ?? 0) > 0, "nothing waits in the station");
      equal(town.stored(key).filter(({ what }) => what === "passage").length, 0);
      station.rejoin();
      const isHome = () => town.stored(key).some(({ what }) => what === "passage");
      await bench.waitFor(isHome, { minutes: 10 });
      await bench.pass(SOON);
      await bench.refresh(station);
      equal(station.queued(), 0);
      const numbers = town.stored(key).map(({ n }) => n);
      deepEqual(
        numbers,
        numbers.map((_, index) => index + 1),
      );
      equal(town.stored(key).filter(({ what }) => what === "passage").length, 1);
    },
  ),

  acceptance(
    "station-loses-all-power",
    "T3, T5: a station that loses all power with logs in its queue has them when it wakes",
    async (bench) => {
      bench.needs("station", "links", "mains");
      const { town, key, lock, station } = await setStageSynced(bench);
      await enter(bench, key, lock);
      station.cutOff();
      await bench.insert(key, station);
      station.battery(0);
      station.mains(false);
      await bench.pass({ hours: 2 });
      station.rejoin();
      station.mains(true);
      const isHome = (device: Key | Lock) =>
        town.stored(device).some(({ what }) => what === "passage");
      await bench.waitFor(() => isHome(key) && isHome(lock), { minutes: 10 });
      equal(town.stored(key).filter(({ what }) => what === "passage").length, 1);
      equal(town.stored(lock).filter(({ what }) => what === "passage").length, 1);
    },
  ),

  acceptance(
    "unkind-broker",
    "T3, threat 50: a broker that repeats and delays everything changes nothing in the end",
    async (bench) => {
      const { town, key, lock, station } = await setStage(bench);
      const faults = { duplicatePermille: 900, delayPermille: 300, delayMsMax: 8_000 };
      town.world.setBrokerFaults(faults);
      for (let round = 0; round < 4; round += 1) {
        await bench.insert(key, station);
        await bench.insert(key, lock);
      }
      await bench.insert(key, station);
      await bench.pass({ hours: 1 });
      for (const device of [key, lock]) {
        const numbers = town.stored(device).map(({ n }) => n);
        ok(numbers.length > 3, `${device.name} has ${numbers.length} entries at the issuer`);
        deepEqual(
          numbers,
          numbers.map((_, index) => index + 1),
        );
      }
    },
  ),

  acceptance(
    "station-of-another-provider",
    "I8: a station of another provider gives a key no ring and says why",
    async (bench) => {
      const { town, key } = await setStage(bench);
      const provider = must(town.issuer.addProvider(town.desk, { organisation: "Home care 2" }));
      const foreign = await town.addStation(provider);
      const visit = await bench.insert(key, foreign);
      equal(visit.light, "needs-sync");
      equal((await key.log()).findLast(({ what }) => what === "sync")?.why, "KEY_FOREIGN_STATION");
    },
  ),

  acceptance(
    "four-thousand-rights",
    "S6: a key takes 4000 rights from a station and opens with them; right 4001 is refused",
    async (bench) => {
      const { town, key, lock, station, carer } = await setStage(bench);
      town.addManyDoors(RIGHTS_MAX - 1);
      await sync(bench, key, station);
      await enter(bench, key, lock);
      const group = must(town.issuer.addGroup(town.desk, { purpose: "alarm response" }));
      const more = town.issuer.grantGroup(town.desk, { group, carer });
      equal(more.ok ? 0 : more.fault.code, RING_FULL);
    },
  ),
];
