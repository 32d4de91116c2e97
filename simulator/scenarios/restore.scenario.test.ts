// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { findEntries } from "../src/oracle/flash-log.ts";
import type { LockUnit } from "../src/world.ts";
import { createTown, START_S, syncKey, visitLock } from "./small-town.ts";

/** Numbers of the entries that lie in a lock's flash. */
function numbersIn(lock: LockUnit): number[] {
  const pages = lock.board.flash.writtenPages().map((page) => lock.board.flash.readPage(page));
  return [...findEntries(pages).keys()].sort((a, b) => a - b);
}

/**
 * Goal: the store is lost and comes back from a backup that is some visits old; what the issuer had
 * acknowledged in between, and locks may therefore overwrite, comes home again, and nothing twice.
 * Method: visits, a backup, more visits until the locks hold acknowledgements beyond the backup, the
 * loss, and ordinary visits. Every entry in the flash of every device must be at the issuer.
 */
test("T3, F28, threat 15: a restored issuer gets again what was acknowledged after its backup", () => {
  const { world, locks, station, key } = createTown();
  const round = () => {
    for (const lock of locks) expect(visitLock(world, key, lock).signal).toBe("granted");
    syncKey(world, key, station);
  };
  expect(syncKey(world, key, station)).toBe("ready");
  round();
  round();
  const backup = world.backUp();
  const kept = backup.entries.length;
  round();
  round();
  round();
  const beforeLoss = world.storedEntries().length;
  expect(beforeLoss).toBeGreaterThan(kept + 20);
  const ackedBefore = locks.map(({ devid }) => world.issuer.register.logs.get(`${devid}/1`)?.acked);
  const ringseq = Math.max(
    ...backup.records.map(({ fact }) => ("ringseq" in fact ? fact.ringseq : 0)),
  );

  world.restoreFrom(backup);
  expect(world.storedEntries().length).toBe(kept);
  syncKey(world, key, station);
  expect(world.issuer.register.ringseq).toBeGreaterThan(ringseq + 65_536);
  for (let times = 0; times < 4; times += 1) round();

  const stored = world.storedEntries();
  const names = stored.map(({ devid, logEpoch, n }) => `${devid}/${logEpoch}/${n}`);
  expect(new Set(names).size).toBe(names.length);
  for (const [index, lock] of locks.entries()) {
    const log = world.issuer.register.logs.get(`${lock.devid}/1`);
    // Without a hole, beyond what the lock had been told to forget before the loss.
    expect(log?.tail).toBeGreaterThan(ackedBefore[index] ?? 0);
    expect(log?.resend).toBe(false);
    const home = new Set(stored.filter(({ devid }) => devid === lock.devid).map(({ n }) => n));
    const missing = numbersIn(lock).filter((n) => !home.has(n) && n <= (log?.tail ?? 0));
    expect(missing).toEqual([]);
    expect(home.size).toBeGreaterThan(8);
  }
  const own = world.issuer.register.logs.get(`${key.devid}/1`);
  expect(own?.holeSinceS).toBeNull();
  expect(world.clock.nowS()).toBeLessThan(START_S + 8 * 3600);
}, 60_000);
