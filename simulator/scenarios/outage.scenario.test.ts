// SPDX-License-Identifier: EUPL-1.2

import {
  LEDGER,
  LINK_GSM,
  LINK_LAN,
  LINK_NONE,
  leftMj,
  loadMw,
  syncMj,
} from "@nyckelring/firmware";
import { expect, test } from "vitest";
import { findEntries } from "../src/oracle/flash-log.ts";
import { type KeyUnit, type LockUnit, must, type World } from "../src/world.ts";
import { createTown, START_S, syncKey, visitLock } from "./small-town.ts";

const HOUR_US = 3_600_000_000;
const DAY_S = 86_400;
const SHIFT_S = 8 * 3600;
/** What a key shows that is fit for its shift. */
const ACTIVE = ["ready", "logs-not-home", "battery-low"];

type Town = ReturnType<typeof createTown>;

/** Lets the world go on to an hour after its beginning, a Monday at six. */
function runTo(world: World, hour: number): void {
  const atUs = hour * HOUR_US;
  if (atUs < world.clock.nowUs()) throw new Error(`hour ${hour} is over`);
  world.clock.runUntil(atUs);
}

/** The same shift on each of the next days, for both carers. */
function planShifts({ world, planner, key, lost }: Town, days: number): void {
  for (const unit of [key, lost]) {
    const carer = world.issuer.register.keys.get(unit.devid)?.carer ?? 0;
    for (let day = 1; day <= days; day += 1) {
      const startS = START_S + day * DAY_S;
      must(world.issuer.planShift(planner, { carer, startS, endS: startS + SHIFT_S }));
    }
  }
}

/** What a device has written and the authorization system has not, and what it has twice. */
function audit(world: World, units: readonly (KeyUnit | LockUnit)[]) {
  const stored = world.storedEntries().map(({ devid, logEpoch, n }) => `${devid}/${logEpoch}/${n}`);
  const home = new Set(stored);
  let written = 0;
  const missing: string[] = [];
  for (const unit of units) {
    const { flash } = unit.board;
    const numbers = findEntries(flash.writtenPages().map((page) => flash.readPage(page))).keys();
    for (const n of numbers) {
      written += 1;
      if (!home.has(`${unit.devid}/1/${n}`)) missing.push(`${unit.name}/${n}`);
    }
  }
  return { written, missing, duplicates: stored.length - home.size };
}

/**
 * Goal: O8. An office without power and without any network for 72 hours: rings that were signed in
 * advance serve the next shift, then the refusal says why; what keys bring stays in the station
 * through its battery's end and beyond; and when power and network are back, everything comes home,
 * each event once, without anybody's help.
 * Method: the battery runs down by the energy ledger, nobody sets it. Two carers keep their habits.
 */
test("O8, T5, T6, T8, F21, F26: 72 hours without power or network and back lose nothing", () => {
  const town = createTown();
  const { world, locks, station, key, lost: second } = town;
  const [first, other] = locks;
  if (first === undefined || other === undefined) throw new Error("locks");
  planShifts(town, 4);
  expect(syncKey(world, key, station)).toBe("ready");
  expect(syncKey(world, second, station)).toBe("ready");
  expect(visitLock(world, key, first).signal).toBe("granted");

  runTo(world, 4);
  world.setMains(station, false);
  world.setLinks(station, []);
  const outUs = world.clock.nowUs();
  expect(visitLock(world, key, other).signal).toBe("granted");
  expect(visitLock(world, second, first).signal).toBe("granted");
  runTo(world, 8.1);
  for (const unit of [key, second]) syncKey(world, unit, station);
  expect(station.board.status()?.queued).toBeGreaterThan(0);
  // Rights end with the shift, whatever the station has.
  expect(visitLock(world, key, first).isOpened).toBe(false);

  // Tuesday: what was signed on Monday, before the outage, serves the shift.
  runTo(world, 24.05);
  for (const unit of [key, second]) expect(ACTIVE).toContain(syncKey(world, unit, station));
  for (const lock of locks) expect(visitLock(world, key, lock).signal).toBe("granted");
  runTo(world, 32.2);
  for (const unit of [key, second]) syncKey(world, unit, station);

  // Wednesday: nobody could sign anything, and the key says that it needs a sync.
  runTo(world, 47.9);
  expect(station.board.source()).toBe(1);
  expect(syncKey(world, key, station)).toBe("expired");
  expect(visitLock(world, key, first)).toMatchObject({ isOpened: false, signal: "expired" });
  let runDownUs = 0;
  while (station.board.source() !== undefined) {
    world.clock.runUntil(world.clock.nowUs() + HOUR_US / 60);
    runDownUs = world.clock.nowUs();
  }
  const lastedS = (runDownUs - outUs) / 1_000_000;
  const computedS = (leftMj(100) - 5 * syncMj(LINK_NONE)) / loadMw(LINK_NONE);
  expect(Math.abs(lastedS - computedS)).toBeLessThan(computedS / 100);
  expect(station.board.batteryPercent()).toBe(LEDGER.cutOffPercent);
  expect(station.board.status()).toBeUndefined();

  // A key feeds the station for one sync: the logs are taken, the queue is as it was.
  runTo(world, 54);
  const chargeBefore = key.board.batteryPercent();
  expect(syncKey(world, key, station)).toBe("expired");
  expect(station.board.status()).toBeUndefined();
  expect(station.board.takenFromKeysMj()).toBeGreaterThan(0);
  expect(chargeBefore - key.board.batteryPercent()).toBeLessThanOrEqual(1);
  expect(key.board.status().unacknowledged).toBeGreaterThan(0);
  // A key below its stop feeds nobody, and keeps its log.
  second.board.battery.setPercent(15);
  syncKey(world, second, station);
  expect(station.board.status()).toBeUndefined();

  // Thursday, 72 hours later: power and network are back, and nobody touches anything.
  const homeBefore = world.storedEntries().length;
  runTo(world, 76);
  world.setMains(station, true);
  const queued = station.board.status()?.queued ?? 0;
  expect(queued).toBeGreaterThan(3);
  world.setLinks(station, [LINK_LAN, LINK_GSM]);
  world.clock.runUntil(world.clock.nowUs() + HOUR_US / 4);
  expect(station.board.status()?.queued).toBe(0);
  expect(world.storedEntries().length).toBeGreaterThan(homeBefore + 10);

  // The carers' next visits and syncs bring home what locks and keys still hold.
  for (const unit of [key, second]) expect(ACTIVE).toContain(syncKey(world, unit, station));
  for (let round = 0; round < 3; round += 1) {
    for (const lock of locks) expect(visitLock(world, key, lock).isOpened).toBe(true);
    for (const unit of [key, second]) syncKey(world, unit, station);
  }
  world.clock.runUntil(world.clock.nowUs() + HOUR_US / 4);
  const { written, missing, duplicates } = audit(world, [...locks, key, second]);
  expect(written).toBeGreaterThan(40);
  expect(duplicates).toBe(0);
  // The last entries of a lock travel with the next visit, and the sync's own entry with the next sync.
  const lastOf = (name: string) => missing.filter((one) => one.startsWith(`${name}/`)).length;
  for (const lock of locks) expect(lastOf(lock.name)).toBeLessThanOrEqual(1);
  for (const unit of [key, second]) expect(lastOf(unit.name)).toBeLessThanOrEqual(1);
  expect(world.events.filter((event) => event.kind === "fault")).toEqual([]);
}, 60_000);
