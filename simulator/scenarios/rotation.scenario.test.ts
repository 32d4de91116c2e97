// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { must } from "../src/world.ts";
import { createTown, syncKey, visitLock } from "./small-town.ts";

/**
 * Goal: threat 12. A stolen issuing key is cut off at every lock that one honest key has visited
 * since the rotation, and nobody but carers has to go anywhere.
 * Method: a thief copies a key with its ring of the old epoch; the issuer rotates; the honest key
 * syncs and visits three of four locks once; then the thief tries all of them.
 */
test("X6, threat 12: after a rotation each lock changes over at the first visit of an honest key", () => {
  const { world, planner, locks, station, key, lost } = createTown();
  const { issuer } = world;
  expect(syncKey(world, lost, station)).toBe("ready");
  must(issuer.revokeKey(planner, { devid: lost.devidBytes, reason: "lost" }));
  expect(syncKey(world, key, station)).toBe("ready");
  for (const lock of locks)
    expect(visitLock(world, key, lock)).toMatchObject({ signal: "granted" });

  const thief = world.copyKey(key, world.clock.nowS());
  must(issuer.rotateIssuerKeys(issuer.founder));
  expect(syncKey(world, key, station)).toMatch(/ready|logs-not-home/);
  const [first, second, third, neverVisited] = locks;
  if (!first || !second || !third || !neverVisited) throw new Error("locks");
  expect(visitLock(world, thief, first).isOpened).toBe(true);
  const visited = [first, second, third];
  // The newest floor list of the new epoch is demanded, delivered and obeyed in the same contact.
  for (const lock of visited) expect(visitLock(world, key, lock).signal).toBe("granted");
  for (const lock of visited) {
    const outcome = visitLock(world, thief, lock);
    expect([outcome.isOpened, outcome.signal]).toEqual([false, "needs-sync"]);
  }
  expect(visitLock(world, thief, neverVisited).isOpened).toBe(true);
  for (const lock of visited) expect(visitLock(world, key, lock).signal).toBe("granted");

  syncKey(world, key, station);
  const states = locks.map((lock) => issuer.register.locks.get(lock.devid));
  expect(states.map((state) => [state?.cfgseq, state?.appliedCfgseq])).toEqual([
    [2, 2],
    [2, 2],
    [2, 2],
    [2, 1],
  ]);
  expect(visitLock(world, key, neverVisited).signal).toBe("granted");
  expect(visitLock(world, thief, neverVisited).isOpened).toBe(false);
  for (const lock of visited) expect(visitLock(world, key, lock).signal).toBe("granted");
  expect(syncKey(world, key, station)).toMatch(/ready|logs-not-home/);

  // Everything that the locks had written when the key last left them is at the issuer, once.
  const stored = world.storedEntries();
  const names = stored.map((entry) => `${entry.devid}/${entry.logEpoch}/${entry.n}`);
  expect(new Set(names).size).toBe(names.length);
  for (const lock of visited) {
    expect(stored.filter((entry) => entry.devid === lock.devid).length).toBeGreaterThan(5);
  }
  // Acknowledgements of the new epoch reach the locks: nothing old is handed out again.
  const acked = visited.map((lock) => issuer.register.logs.get(`${lock.devid}/1`)?.acked ?? 0);
  expect(Math.min(...acked)).toBeGreaterThan(5);
}, 60_000);
