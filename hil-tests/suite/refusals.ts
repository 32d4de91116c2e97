// SPDX-License-Identifier: EUPL-1.2
import { deepEqual, equal, ok } from "node:assert/strict";
import { OBJECT_OLD } from "@nyckelring/protocol";
import { must } from "@nyckelring/simulator";
import { StolenKey } from "../src/board-driver/stolen-key.ts";
import { acceptance, type Case } from "../src/run/case.ts";
import { colleague, enter, refused, setStage, setStageSynced, sync } from "./stage.ts";

/** What must not open a door, and what takes a right away. */
export const REFUSALS: readonly Case[] = [
  acceptance(
    "refuses-after-expiry",
    "T2: after its window a key shows expired and says no word to the lock",
    async (bench) => {
      bench.needs("key", "clock");
      const { key, lock } = await setStageSynced(bench);
      await enter(bench, key, lock);
      const before = await lock.log();
      await bench.pass({ hours: 9 });
      const visit = await refused(bench, key, lock, { as: "expired-key" });
      equal(visit.light, "expired");
      equal((await key.log()).at(-1)?.why, "RING_EXPIRED");
      equal((await lock.log()).length, before.length);
    },
  ),

  acceptance(
    "ready-again-after-the-next-sync",
    "T2, T1: an expired key opens again after the sync of its next shift",
    async (bench) => {
      bench.needs("key", "clock");
      const { town, key, lock, station, carer } = await setStageSynced(bench);
      await bench.pass({ hours: 12 });
      equal((await refused(bench, key, lock, { as: "expired-key" })).light, "expired");
      town.planShift(carer);
      await sync(bench, key, station);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "lock-refuses-an-ended-ring",
    "X6, L1: a lock refuses an ended ring whose key does not judge itself",
    async (bench) => {
      bench.needs("key", "clock");
      const { town, key, lock, station, carer } = await setStageSynced(bench);
      const thief = town.copyOf(key);
      await bench.pass({ hours: 12 });
      town.planShift(carer);
      await sync(bench, key, station);
      await enter(bench, key, lock);
      const visit = await refused(bench, thief, lock, { as: "extracted-key" });
      equal(visit.light, "expired");
      const last = (await lock.log()).findLast(({ what }) => what === "passage");
      equal(last?.why, "RING_EXPIRED");
    },
  ),

  acceptance(
    "ends-at-the-very-second",
    "X6: a ring is over in the second that its head names",
    async (bench) => {
      bench.needs("key", "clock");
      const { town, key, lock, station } = await setStageSynced(bench);
      const expS = key.unit.board.status().expS;
      const thief = town.copyOf(key);
      const other = await colleague(bench);
      await bench.pass({ seconds: expS - bench.nowS() });
      town.planShift(other.carer);
      await sync(bench, other.key, station);
      await enter(bench, other.key, lock);
      await refused(bench, thief, lock, { as: "extracted-key" });
    },
  ),

  acceptance(
    "needs-a-sync-first",
    "T2, I2: a key that has not been in a station opens nothing and says so",
    async (bench) => {
      const { key, lock } = await setStage(bench);
      const visit = await refused(bench, key, lock, { as: "unsynced-key" });
      equal(visit.light, "needs-sync");
      equal((await lock.log()).length, 0);
    },
  ),

  acceptance(
    "blank-lock-opens-for-nobody",
    "L1: a lock as it left the factory opens for no key, and the key says so",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      lock.wipe();
      const visit = await refused(bench, key, lock, { as: "wrong-door" });
      equal(visit.light, "needs-sync");
      equal((await key.log()).at(-1)?.why, "DEVICE_BLANK");
    },
  ),

  acceptance(
    "blank-key-opens-nothing",
    "K4: a key as it left the factory opens nothing",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      key.wipe();
      equal((await refused(bench, key, lock, { as: "unsynced-key" })).light, "needs-sync");
    },
  ),

  acceptance(
    "no-shift-no-ring",
    "T1, I2: without a planned shift the station gives no ring and the log says why",
    async (bench) => {
      const { key, lock, station } = await setStage(bench, { hasShift: false });
      const visit = await bench.insert(key, station);
      equal(visit.light, "needs-sync");
      equal((await key.log()).findLast(({ what }) => what === "sync")?.why, "NO_SHIFT");
      await refused(bench, key, lock, { as: "unsynced-key" });
    },
  ),

  acceptance(
    "right-ends-before-the-shift",
    "I3: a right that ends before the shift opens until then and no longer",
    async (bench) => {
      bench.needs("key", "clock");
      const { town, key, lock, station, client, carer } = await setStage(bench, {
        hasRight: false,
      });
      const untilS = bench.nowS() + 2 * 3600;
      must(town.issuer.grantRight(town.planner, { carer, scope: [client], untilS }));
      await sync(bench, key, station);
      await enter(bench, key, lock);
      await bench.pass({ hours: 3 });
      await refused(bench, key, lock, { as: "expired-key" });
      equal((await key.log()).at(-1)?.why, "RIGHT_EXPIRED");
    },
  ),

  acceptance(
    "right-taken-back",
    "I3: a right that is taken back is gone with the next sync",
    async (bench) => {
      const { town, key, lock, station, right } = await setStageSynced(bench);
      await enter(bench, key, lock);
      must(town.issuer.revokeRight(town.planner, right));
      await bench.insert(key, station);
      await refused(bench, key, lock, { as: "wrong-door" });
    },
  ),

  acceptance(
    "right-narrowed",
    "I3: a right narrowed to another client leaves this door",
    async (bench) => {
      const { town, key, lock, station, right } = await setStage(bench);
      const other = town.addApartment();
      const second = await town.addLock(other.door);
      await sync(bench, key, station);
      await enter(bench, key, second);
      must(town.issuer.restrictRight(town.planner, { right, scope: [other.client] }));
      await sync(bench, key, station);
      await refused(bench, key, lock, { as: "wrong-door" });
      await bench.insert(key, second, { wants: "leave" });
      await enter(bench, key, second);
    },
  ),

  acceptance(
    "provider-change",
    "I10, I9: a change of provider moves the door, and nobody visits the lock",
    async (bench) => {
      const { town, key, lock, station, client } = await setStageSynced(bench);
      const { issuer, desk, provider } = town;
      const next = must(issuer.addProvider(desk, { organisation: "Home care 2" }));
      const theirs = await town.addKey(town.addCarer({ provider: next }).carer);
      await enter(bench, key, lock);
      must(issuer.changeProvider(desk, { client, from: provider, provider: next }));
      await sync(bench, theirs, station);
      await enter(bench, theirs, lock);
      await bench.insert(key, station);
      await refused(bench, key, lock, { as: "lost-client" });
    },
  ),

  acceptance(
    "lost-key-reported",
    "X6, T2: a key that was reported lost is cut off at a lock by a colleague's visit",
    async (bench) => {
      const { town, key, lock, station } = await setStageSynced(bench);
      const other = await colleague(bench);
      await enter(bench, key, lock);
      must(town.issuer.revokeKey(town.planner, { devid: key.devidBytes, reason: "lost" }));
      await sync(bench, other.key, station);
      await enter(bench, other.key, lock);
      await refused(bench, key, lock, { as: "revoked-carer" });
      const last = (await lock.log()).findLast(({ what }) => what === "passage");
      deepEqual([last?.why, last?.peer], ["KEY_REVOKED", key.devid]);
    },
  ),

  acceptance(
    "lost-key-at-the-station",
    "I3, T2: a key that was reported lost gets no ring at a station",
    async (bench) => {
      const { town, key, station } = await setStageSynced(bench);
      const ring = key.ring();
      must(town.issuer.revokeKey(town.planner, { devid: key.devidBytes, reason: "lost" }));
      await bench.insert(key, station);
      equal((await key.log()).findLast(({ what }) => what === "sync")?.why, "KEY_REVOKED");
      equal(key.ring(), ring);
    },
  ),

  acceptance("carer-who-leaves", "I3: a carer who leaves gets no further ring", async (bench) => {
    const { town, key, lock, station, carer } = await setStageSynced(bench);
    const other = await colleague(bench);
    must(town.issuer.revokeCarer(town.planner, { carer, reason: "left" }));
    await sync(bench, other.key, station);
    await enter(bench, other.key, lock);
    await refused(bench, key, lock, { as: "revoked-carer" });
    await bench.insert(key, station);
    equal((await key.log()).findLast(({ what }) => what === "sync")?.why, "KEY_REVOKED");
  }),

  acceptance(
    "consent-withdrawn",
    "C2, C5: a withdrawn consent takes its own door out of the next ring",
    async (bench) => {
      const { town, key, lock, station, door } = await setStage(bench);
      const second = await town.addLock(town.addApartment().door);
      await sync(bench, key, station);
      await enter(bench, key, lock);
      const consents = must(town.issuer.consents(town.desk));
      const own = consents.find(({ scope }) => JSON.stringify(scope) === JSON.stringify({ door }));
      ok(own !== undefined, "the consent of the door");
      must(town.issuer.withdrawConsent(town.desk, own.consent));
      await sync(bench, key, station);
      await refused(bench, key, lock, { as: "lost-client" });
      await enter(bench, key, second);
    },
  ),

  acceptance(
    "lock-judges-the-leaf",
    "L1, threat 1: a lock refuses a leaf for another door from a key that does not judge itself",
    async (bench) => {
      const { town, key, lock, station } = await setStage(bench);
      const other = town.addApartment();
      const second = await town.addLock(other.door);
      await sync(bench, key, station);
      const thief = new StolenKey(bench, town.copyOf(key));
      const line = await thief.plug(lock);
      equal(await thief.open(line, { slot: thief.slotOf(other.door) }), "TARGET_MISMATCH");
      await line.withdraw();
      equal((await lock.log()).at(-1)?.why, "TARGET_MISMATCH");
      equal(lock.bolt(), "locked");
      await enter(bench, key, second);
    },
  ),

  acceptance(
    "old-configuration-refused",
    "X6, threat 36: a lock takes no configuration that is older than its own",
    async (bench) => {
      const { town, key, lock, station } = await setStageSynced(bench);
      const { issuer, desk } = town;
      const first = issuer.register.locks.get(lock.devid)?.config ?? "";
      const group = must(issuer.addGroup(desk, { purpose: "patrol" }));
      must(issuer.addDoorToGroup(desk, { door: lock.door, group }));
      await sync(bench, key, station);
      await enter(bench, key, lock);
      const applied = (await lock.log()).filter(({ what }) => what === "object").length;
      ok(applied > 0, "the new configuration never reached the lock");
      const thief = new StolenKey(bench, town.copyOf(key));
      const line = await thief.plug(lock);
      equal(await thief.open(line, { op: 2 }), "granted");
      const old = Uint8Array.from(Buffer.from(first, "hex"));
      deepEqual(await thief.ask(line, 2, old), [OBJECT_OLD]);
      await line.withdraw();
      equal((await lock.log()).filter(({ what }) => what === "object").length, applied);
    },
  ),
];
