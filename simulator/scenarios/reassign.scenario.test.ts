// SPDX-License-Identifier: EUPL-1.2

import { commissionKey, enrolDevice } from "@nyckelring/firmware";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { expect, test } from "vitest";
import { hex } from "../src/oracle/signed-objects.ts";
import { createRandomStream } from "../src/prng.ts";
import { must } from "../src/world.ts";
import { createTown, START_S, syncKey, visitLock } from "./small-town.ts";

/**
 * Goal: K4. A key that is handed to another carer is another key: the old binding's log is at home,
 * its rights are nobody's, and what a thief copied of it dies at each lock with the first visit.
 * Method: a thief copies the key, the key is enrolled anew for a second carer and syncs; then both
 * try a lock that the key has visited and one that it has not.
 */
test("K4: a reassigned key opens for its new carer, and a copy of the old binding is cut off", () => {
  const { world, planner, locks, station, key } = createTown();
  const { issuer } = world;
  const crypto = createNodeCrypto();
  const [first, second] = locks;
  if (first === undefined || second === undefined) throw new Error("locks");
  syncKey(world, key, station);
  expect(visitLock(world, key, first).signal).toBe("granted");
  expect(visitLock(world, key, second).signal).toBe("granted");
  const thief = world.copyKey(key, world.clock.nowS());
  syncKey(world, key, station);
  expect(key.board.status().unacknowledged).toBe(0);
  const entriesBefore = world.storedEntries().filter(({ devid }) => devid === key.devid).length;
  expect(entriesBefore).toBeGreaterThan(2);

  const { provider } = issuer.register.keys.get(key.devid) ?? { provider: 0 };
  const carer = must(issuer.addCarer(planner, { provider, staffCode: "S9" }));
  must(issuer.grantRight(planner, { carer }));
  must(issuer.planShift(planner, { carer, startS: START_S, endS: START_S + 8 * 3600 }));
  key.board.powerOff();
  const enrolled = enrolDevice(key.board.flash.cable, createRandomStream("99"), crypto);
  const provision = must(
    issuer.reassignKey(planner, { devid: key.devidBytes, carer, devicePublic: enrolled }),
  );
  must(commissionKey(key.board.flash.cable, crypto, provision));
  key.board.powerOn();
  expect(hex(enrolled.devid)).not.toBe(key.devid);
  // Nothing of the old binding is left on the device, least of all its ring.
  expect(visitLock(world, key, first)).toMatchObject({ isOpened: false, signal: "needs-sync" });

  expect(syncKey(world, key, station)).toBe("ready");
  expect(visitLock(world, key, first).signal).toBe("granted");
  expect(visitLock(world, thief, first)).toMatchObject({ isOpened: false, signal: "denied" });
  expect(visitLock(world, thief, second).isOpened).toBe(true);
  expect(visitLock(world, key, second).signal).toBe("granted");
  expect(visitLock(world, thief, second).isOpened).toBe(false);

  syncKey(world, key, station);
  const stored = world.storedEntries();
  expect(stored.filter(({ devid }) => devid === key.devid).length).toBe(entriesBefore);
  const ofNew = stored.filter(({ devid }) => devid === hex(enrolled.devid));
  expect(ofNew.map(({ n }) => n)).toEqual(ofNew.map((_, index) => index + 1));
  expect(ofNew.length).toBeGreaterThan(3);
}, 60_000);
