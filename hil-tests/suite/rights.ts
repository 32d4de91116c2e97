// SPDX-License-Identifier: EUPL-1.2
import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { APPROVERS_TOO_FEW } from "@nyckelring/protocol";
import { must } from "@nyckelring/simulator";
import type { Bench } from "../src/board-driver/bench.ts";
import type { Lock } from "../src/board-driver/devices.ts";
import type { Town } from "../src/board-driver/town.ts";
import { acceptance, type Case } from "../src/run/case.ts";
import { colleague, enter, refused, setStage, setStageSynced, sync } from "./stage.ts";

const TESTING = 99;
const GUEST = 2;

/** Sets up an entrance of the home town, shared with a second authority that has a client in the house. */
export async function shareEntrance(bench: Bench) {
  const host = bench.home;
  const guest = bench.foreignTown(GUEST);
  const lock = await host.addLock(host.addEntrance());
  host.addClient();
  guest.addClient();
  const { rootKey, issuerAgreementKey: agreementKey } = guest.issuer;
  const limits = { opsmask: 3, maxvalidS: 45_000, issuerEpoch: 1 };
  const added = { authority: GUEST, rootKey, agreementKey, ...limits };
  must(host.issuer.addGuestAuthority(host.desk, added));
  const shared = { door: lock.door, authority: GUEST };
  must(host.issuer.shareDoor(host.desk, shared));
  const papers = must(host.issuer.papersForGuest(host.desk, shared));
  must(guest.issuer.acceptHost(guest.desk, { ...papers, evidence: "agreement" }));
  const { lockCertificate } = papers;
  const place = { authority: 1, building: guest.building, address: "Entrance" };
  must(guest.issuer.addForeignDoor(guest.desk, { ...place, lockCertificate }));
  const ours = await staffOf(bench, host);
  const theirs = await staffOf(bench, guest);
  // The first visit of the owner's key brings the lock the configuration that names the guest.
  await enter(bench, ours.key, lock);
  return { host, guest, lock, ours, theirs };
}

/** A carer of a town with a synced key, and a station. */
async function staffOf(bench: Bench, town: Town) {
  const station = await town.addStation();
  const { carer } = town.addCarer();
  const key = await town.addKey(carer);
  await sync(bench, key, station);
  return { station, carer, key };
}

/** Keys whose passages an authority has read from a lock. */
function peersRead(town: Town, lock: Lock): string[] {
  return town
    .stored(lock)
    .filter(({ what }) => what === "passage")
    .map(({ peer }) => peer);
}

/** A key of the night patrol: no right of its own, only a group. */
async function setPatrol(bench: Bench) {
  const { town, lock, station, key, carer } = await setStage(bench, { hasRight: false });
  const group = must(town.issuer.addGroup(town.desk, { purpose: "night patrol" }));
  must(town.issuer.addDoorToGroup(town.desk, { door: lock.door, group }));
  must(town.issuer.grantGroup(town.desk, { group, carer }));
  // A colleague's visit brings the lock the configuration that names the group.
  const other = await colleague(bench);
  await sync(bench, other.key, station);
  await enter(bench, other.key, lock);
  await sync(bench, key, station);
  return { town, lock, station, key, carer, group };
}

/** Two people of the on-call centre approve an opening for a key without rights. */
async function setEmergency(bench: Bench) {
  const { town, lock, station, key } = await setStage(bench, { hasRight: false });
  const { issuer, desk } = town;
  await bench.insert(key, station);
  const second = must(issuer.addUser(desk, { role: "trygghetsjouren" }));
  const order = { door: lock.door, devid: key.devidBytes, reason: "no answer at the door" };
  const request = must(issuer.requestEmergency(desk, order));
  must(issuer.approveEmergency(desk, request));
  return { town, lock, station, key, second, request };
}

/** Rights beyond a carer's own: groups, emergencies, other authorities, new keys. */
export const RIGHTS: readonly Case[] = [
  acceptance(
    "group-opens",
    "K1, S7: a group right opens a door for which the key holds no right of its own",
    async (bench) => {
      const { key, lock, group } = await setPatrol(bench);
      await enter(bench, key, lock);
      equal((await lock.log()).findLast(({ what }) => what === "passage")?.peer, key.devid);
      ok(group > 0);
    },
  ),

  acceptance(
    "group-taken-back",
    "I3: a group right that is taken back is gone with the next sync",
    async (bench) => {
      const { town, key, lock, station, carer, group } = await setPatrol(bench);
      await enter(bench, key, lock);
      must(town.issuer.revokeGroup(town.desk, { group, carer }));
      await bench.insert(key, station);
      await refused(bench, key, lock, { as: "wrong-door" });
    },
  ),

  acceptance(
    "emergency-opens",
    "L5: an emergency opens with two approvals, and the alarm is on record",
    async (bench) => {
      const { town, lock, station, key, second, request } = await setEmergency(bench);
      must(town.issuer.approveEmergency(second, request));
      await sync(bench, key, station);
      const visit = await bench.insert(key, lock, { as: "emergency" });
      deepEqual([visit.light, visit.opened], ["granted", true]);
      const alarms = town.issuer.history().filter((one) => one.kind === "alarm-raised");
      equal(alarms.length, 1);
    },
  ),

  acceptance(
    "emergency-needs-two",
    "L5: one approval opens nothing, also when the same person gives it twice",
    async (bench) => {
      const { town, lock, station, key, request } = await setEmergency(bench);
      const again = town.issuer.approveEmergency(town.desk, request);
      equal(again.ok ? 0 : again.fault.code, APPROVERS_TOO_FEW);
      await bench.insert(key, station);
      await refused(bench, key, lock, { as: "wrong-door" });
    },
  ),

  acceptance(
    "emergency-is-one-door",
    "L5: an emergency right opens its own door and no other",
    async (bench) => {
      const { town, lock, station, key, second, request } = await setEmergency(bench);
      const neighbour = await town.addLock(town.addApartment().door);
      must(town.issuer.approveEmergency(second, request));
      await sync(bench, key, station);
      await refused(bench, key, neighbour, { as: "wrong-door" });
      ok((await bench.insert(key, lock, { as: "emergency" })).opened);
    },
  ),

  acceptance("emergency-ends", "L5: an emergency right is over after four hours", async (bench) => {
    bench.needs("key", "clock");
    const { town, lock, station, key, second, request } = await setEmergency(bench);
    must(town.issuer.approveEmergency(second, request));
    await sync(bench, key, station);
    await bench.pass({ hours: 4, minutes: 1 });
    await refused(bench, key, lock, { as: "expired-key" });
  }),

  acceptance(
    "two-authorities-at-one-door",
    "L6, I9: keys of two authorities open one entrance",
    async (bench) => {
      const { lock, ours, theirs } = await shareEntrance(bench);
      await enter(bench, theirs.key, lock);
      await enter(bench, ours.key, lock);
    },
  ),

  acceptance(
    "authorities-are-blind",
    "L6, I6: neither of two authorities reads the other's log of their door",
    async (bench) => {
      const { host, guest, lock, ours, theirs } = await shareEntrance(bench);
      for (const { key } of [theirs, ours, theirs, ours]) await enter(bench, key, lock);
      await sync(bench, ours.key, ours.station);
      await sync(bench, theirs.key, theirs.station);
      const [hostRead, guestRead] = [peersRead(host, lock), peersRead(guest, lock)];
      ok(hostRead.length > 0 && guestRead.length > 0, "no passage came home");
      deepEqual(new Set(hostRead), new Set([ours.key.devid]));
      deepEqual(new Set(guestRead), new Set([theirs.key.devid]));
    },
  ),

  acceptance(
    "guest-takes-back-its-key",
    "L6, X6: an authority cuts off its own key at a shared entrance and no other",
    async (bench) => {
      const { guest, lock, ours, theirs } = await shareEntrance(bench);
      const lost = await guest.addKey(guest.addCarer().carer);
      await sync(bench, lost, theirs.station);
      await enter(bench, lost, lock);
      must(guest.issuer.revokeKey(guest.desk, { devid: lost.devidBytes, reason: "lost" }));
      await sync(bench, theirs.key, theirs.station);
      await enter(bench, theirs.key, lock);
      await refused(bench, lost, lock, { as: "revoked-carer" });
      await enter(bench, ours.key, lock);
    },
  ),

  acceptance(
    "test-lock-stays-shut",
    "C8: a production key is refused at a test lock of the same door number",
    async (bench) => {
      const { lock } = await setStage(bench);
      const { key, station } = await staffOf(bench, bench.home);
      const testing = bench.foreignTown(TESTING);
      const testLock = await testing.addLock(testing.addApartment().door);
      equal(testLock.door, lock.door);
      await sync(bench, key, station);
      await refused(bench, key, testLock, { as: "wrong-door" });
    },
  ),

  acceptance(
    "test-key-opens-no-home",
    "C8: a test key is refused at a production lock, and opens its own",
    async (bench) => {
      const { lock } = await setStage(bench);
      const testing = bench.foreignTown(TESTING);
      const testLock = await testing.addLock(testing.addApartment().door);
      const { key } = await staffOf(bench, testing);
      await refused(bench, key, lock, { as: "wrong-door" });
      await enter(bench, key, testLock);
    },
  ),

  acceptance(
    "test-events-stay-apart",
    "C8: what happens at a test lock reaches the test authority alone",
    async (bench) => {
      const { town } = await setStageSynced(bench);
      const testing = bench.foreignTown(TESTING);
      const testLock = await testing.addLock(testing.addApartment().door);
      const { key, station } = await staffOf(bench, testing);
      await enter(bench, key, testLock);
      await enter(bench, key, testLock);
      await sync(bench, key, station);
      deepEqual(new Set(peersRead(testing, testLock)), new Set([key.devid]));
      deepEqual(peersRead(town, testLock), []);
      deepEqual(town.stored(key), []);
    },
  ),

  acceptance(
    "key-for-another-carer",
    "K4: a key that is handed on opens for its new carer, and its old binding is dead",
    async (bench) => {
      const { town, key, lock, station } = await setStageSynced(bench);
      await enter(bench, key, lock);
      const thief = town.copyOf(key);
      const old = key.devid;
      await sync(bench, key, station);
      const next = await town.reassignKey(key, town.addCarer().carer);
      notEqual(next.devid, old);
      await refused(bench, next, lock, { as: "unsynced-key" });
      await sync(bench, next, station);
      await enter(bench, next, lock);
      await refused(bench, thief, lock, { as: "revoked-carer" });
    },
  ),

  acceptance(
    "keys-rotated",
    "X6, threat 12: after a rotation of the issuing keys a lock changes over at the first honest visit",
    async (bench) => {
      const { town, key, lock, station } = await setStage(bench);
      const unvisited = await town.addLock(town.addApartment().door);
      await sync(bench, key, station);
      await enter(bench, key, lock);
      const thief = town.copyOf(key);
      must(town.issuer.rotateIssuerKeys(town.desk));
      await sync(bench, key, station);
      await enter(bench, key, lock);
      await refused(bench, thief, lock, { as: "extracted-key" });
      await enter(bench, key, unvisited);
      await refused(bench, thief, unvisited, { as: "extracted-key" });
      await enter(bench, key, lock);
    },
  ),
];
