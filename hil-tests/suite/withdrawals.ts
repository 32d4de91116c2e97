// SPDX-License-Identifier: EUPL-1.2
import { deepEqual, equal, ok } from "node:assert/strict";
import type { Bench } from "../src/board-driver/bench.ts";
import type { Key, Lock, LogLine } from "../src/board-driver/devices.ts";
import { acceptance, type Case } from "../src/run/case.ts";
import { colleague, enter, FIT, refused, setStage, setStageSynced, sync } from "./stage.ts";

/** Cuts that a bench without free time makes of one session, and of one sync. */
const SAMPLE = 8;
/** Cuts where each of them costs more than one session; a bench without free time makes fewer. */
const SOME = 80;
/** Writes of a lock in one opening, and one more that never comes. */
const WRITES = 6;

function grants(log: readonly LogLine[]): number {
  return log.filter(({ what, why, op }) => what === "passage" && why === "" && op === 1).length;
}

/** Counts openings of a lock and compares them with what its log holds. */
async function openingsAreLogged(lock: Lock, opened: number): Promise<void> {
  const logged = grants(await lock.log());
  ok(logged >= opened, `${lock.name} opened ${opened} times and logged ${logged} of them`);
}

/** Pulls the key at bytes of a visit; the lock must never open without an entry, nor go deaf. */
async function pullAtBytes(
  bench: Bench,
  key: Key,
  lock: Lock,
  wants: "enter" | "leave",
  bytesOf: (whole: number) => readonly number[],
): Promise<void> {
  const stays = 0.2;
  const whole = await bench.insert(key, lock, { wants, staysS: stays });
  equal(whole.light, "granted");
  let opened = whole.opened ? 1 : 0;
  for (const byte of bytesOf(whole.bytes)) {
    const visit = await bench.insert(key, lock, { wants, withdrawAtByte: byte, staysS: stays });
    if (visit.opened) opened += 1;
    ok(!lock.isMotorOn(), `the motor has power after a withdrawal at byte ${byte}`);
  }
  await openingsAreLogged(lock, opened);
}

/** Withdrawal and loss of power at any moment. */
export const WITHDRAWALS: readonly Case[] = [
  acceptance(
    "pulled-at-every-byte-of-an-opening",
    "L4: a key pulled at any byte of an opening leaves a lock that opens for the next one",
    async (bench) => {
      bench.needs("lock", "cut-at-byte");
      const { key, lock, station } = await setStageSynced(bench);
      const other = await colleague(bench);
      await sync(bench, other.key, station);
      await pullAtBytes(bench, key, lock, "enter", (whole) => bench.everyOf(whole, SAMPLE));
      await enter(bench, other.key, lock);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "pulled-out-of-a-leaving",
    "L4, K2: a key pulled at sampled bytes of a leaving leaves the door shut and usable",
    async (bench) => {
      bench.needs("lock", "cut-at-byte");
      const { key, lock } = await setStageSynced(bench);
      await pullAtBytes(bench, key, lock, "leave", (whole) => bench.sampleOf(whole, SOME));
      await enter(bench, key, lock);
      equal(lock.bolt(), "locked");
    },
  ),

  acceptance(
    "pulled-out-of-a-denial",
    "L4, K3: a key pulled at sampled bytes of a denial opens nothing and breaks nothing",
    async (bench) => {
      bench.needs("lock", "cut-at-byte");
      bench.needs("key", "clock");
      const { town, key, lock, station } = await setStageSynced(bench);
      const thief = town.copyOf(key);
      await bench.pass({ hours: 12 });
      const other = await colleague(bench);
      await sync(bench, other.key, station);
      await enter(bench, other.key, lock);
      const whole = await refused(bench, thief, lock, { as: "extracted-key", staysS: 0.2 });
      for (const byte of bench.sampleOf(whole.bytes, SOME)) {
        await refused(bench, thief, lock, {
          as: "extracted-key",
          withdrawAtByte: byte,
          staysS: 0.2,
        });
      }
      equal(lock.bolt(), "locked");
      await enter(bench, other.key, lock);
    },
  ),

  acceptance(
    "pulled-in-every-write",
    "L4, X6: power cut in the middle of any write of an opening leaves an entry without an opening, never the reverse",
    async (bench) => {
      bench.needs("lock", "cut-at-write");
      const { key, lock } = await setStageSynced(bench);
      let opened = 0;
      let cuts = 0;
      for (let write = 1; write <= WRITES; write += 1) {
        // After a leaving the key thinks of entering, so the cut hits the first session.
        const visits = [await bench.insert(key, lock, { wants: "leave" })];
        visits.push(await bench.insert(key, lock, { withdrawAtWrite: write }));
        if (visits[1]?.light === "none") cuts += 1;
        opened += visits.filter((visit) => visit.opened).length;
        await openingsAreLogged(lock, opened);
        await enter(bench, key, lock);
        opened += 1;
      }
      ok(cuts > 0, "no write was cut");
    },
  ),

  acceptance(
    "entry-before-motor",
    "L1, threat 56: the entry is in flash before the motor turns",
    async (bench) => {
      bench.needs("lock", "cut-at-write");
      const { town, key, lock } = await setStageSynced(bench);
      // The first visit of all also begins a page; after it the first write is the entry.
      await bench.insert(key, lock, { wants: "leave" });
      const before = town.world.events.length;
      const visit = await bench.insert(key, lock, { withdrawAtWrite: 1 });
      ok(!visit.opened, "the lock turned its bolt before it had written its entry");
      const motor = town.world.events.slice(before).filter(({ kind }) => kind === "motor");
      deepEqual(
        motor.filter((event) => event.kind === "motor" && event.command === "unlock"),
        [],
      );
    },
  ),

  acceptance(
    "sync-pulled-at-every-byte",
    "T1, L4: a key pulled at any byte of a sync holds its old ring or the new one, and the next sync is whole",
    async (bench) => {
      bench.needs("station", "cut-at-byte");
      const { key, lock, station } = await setStageSynced(bench);
      const whole = await sync(bench, key, station);
      for (const byte of bench.everyOf(whole.bytes, SAMPLE)) {
        const before = key.ring();
        await bench.insert(key, station, { withdrawAtByte: byte });
        ok(key.ring() >= before, `the ring went back at byte ${byte}`);
        ok(
          FIT.some((light) => light === key.light()),
          `the key shows "${key.light()}" after a withdrawal at byte ${byte}`,
        );
      }
      await sync(bench, key, station);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "first-sync-pulled",
    "T1, T2: a key whose first sync of all is pulled at any chunk is inert or fit, nothing between",
    async (bench) => {
      bench.needs("station", "cut-at-byte");
      const { town, lock, station } = await setStage(bench);
      const probe = await town.addKey(town.addCarer().carer);
      const { bytes } = await sync(bench, probe, station);
      const step = Math.ceil(bytes / 24);
      for (let byte = step; byte < bytes; byte += step) {
        const { key } = await colleague(bench);
        await bench.insert(key, station, { withdrawAtByte: byte });
        const isFit = FIT.some((light) => light === key.light());
        const visit = await bench.insert(key, lock, isFit ? {} : { as: "unsynced-key" });
        equal(visit.opened, isFit, `pulled at byte ${byte}, the key shows "${key.light()}"`);
        if (isFit) await bench.insert(key, lock, { wants: "leave" });
      }
    },
  ),

  acceptance(
    "logs-survive-a-pulled-sync",
    "T3, K5: syncs pulled at sampled bytes lose no entry and bring none twice",
    async (bench) => {
      bench.needs("station", "cut-at-byte");
      const { town, key, lock, station } = await setStageSynced(bench);
      const { bytes } = await sync(bench, key, station);
      const step = Math.ceil(bytes / 16);
      for (let byte = step; byte < bytes; byte += step) {
        await enter(bench, key, lock);
        await bench.insert(key, station, { withdrawAtByte: byte });
      }
      await enter(bench, key, lock);
      await sync(bench, key, station);
      await bench.pass({ minutes: 5 });
      for (const device of [key, lock]) {
        const numbers = town.stored(device).map(({ n }) => n);
        deepEqual(
          numbers,
          numbers.map((_, index) => index + 1),
          `${device.name} at the issuer`,
        );
      }
      const passages = town.stored(key).filter(({ what }) => what === "passage");
      equal(passages.length, (await key.log()).filter(({ what }) => what === "passage").length);
    },
  ),

  acceptance(
    "key-restarts",
    "K5: a key whose battery was out holds its ring and its log",
    async (bench) => {
      bench.needs("key", "power");
      const { key, lock } = await setStageSynced(bench);
      await enter(bench, key, lock);
      const before = (await key.log()).length;
      key.restart();
      equal((await key.log()).length, before);
      equal(key.light(), "ready");
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "chattering-contact",
    "L4: twenty insertions of a tenth of a second each do no harm",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      for (let count = 0; count < 20; count += 1) {
        const line = await bench.probe(lock);
        await bench.pass({ seconds: 0.1 });
        await line.withdraw();
      }
      await enter(bench, key, lock);
    },
  ),
];
