// SPDX-License-Identifier: EUPL-1.2

import { LINK_GSM, LINK_LAN } from "@nyckelring/firmware";
import { findEntries } from "./oracle/flash-log.ts";
import { CAREFUL, createPerson, type Person, useDoor, useStation } from "./person.ts";
import type { RandomStream } from "./prng.ts";
import { KIND_BROKER } from "./uplink.ts";
import type { KeyUnit, LockUnit, World } from "./world.ts";

/** Who brings everything home in the second phase. */
export type Party = {
  readonly persons: readonly Person[];
  /** Plans shifts for everybody, so that every key can sync from now on. */
  planShifts(startS: number, endS: number): void;
  /** Whose key opens every door. */
  readonly collector: Person;
};

/** Longest that the second phase may take, in virtual hours. */
const SETTLE_HOURS_MAX = 48;
const HOUR_US = 3_600_000_000;
/** A shift of the second phase; a window may last 12 h 30 min with its grace. */
const SHIFT_S = 11 * 3600;
const ROUND_US = 12 * HOUR_US;

/**
 * Plays the second phase: no more faults, honest visits collect what the locks still hold, and every
 * key brings it home. It ends when nothing is left, or after 48 virtual hours.
 *
 * @param onProgress - Told how much is left after each round.
 * @returns Virtual hours that it took, and whether everything came home.
 */
export function settle(
  world: World,
  party: Party,
  random: RandomStream,
  onProgress: (text: string) => void,
): { readonly hours: number; readonly isSettled: boolean } {
  const startUs = world.clock.nowUs();
  world.setBrokerFaults(KIND_BROKER);
  for (const station of world.stations) {
    world.setStationBattery(station, 100);
    world.setMains(station, true);
    world.setLinks(station, [LINK_LAN, LINK_GSM]);
  }
  finishAgendas(world, party.persons);

  for (let round = 0; round * 12 < SETTLE_HOURS_MAX; round += 1) {
    const roundStartUs = world.clock.nowUs();
    const startS = world.clock.nowS() + 60;
    party.planShifts(startS, startS + SHIFT_S);
    const roundRandom = random.split(`round ${round}`);
    world.clock.runUntil(roundStartUs + 120_000_000);
    syncAll(world, party, roundRandom.split("out"));
    collect(world, party, roundRandom.split("collect"));
    syncAll(world, party, roundRandom.split("home"));
    const left = leftBehind(world);
    onProgress(`second phase, round ${round + 1}: ${left.count} events are not home yet`);
    if (left.count === 0 && pendingMessages(world) === 0) {
      const hours = (world.clock.nowUs() - startUs) / HOUR_US;
      return { hours, isSettled: true };
    }
    world.clock.runUntil(roundStartUs + ROUND_US);
  }
  return { hours: SETTLE_HOURS_MAX, isSettled: false };
}

function finishAgendas(world: World, persons: readonly Person[]): void {
  for (let hour = 0; hour < 12; hour += 1) {
    if (persons.every((person) => person.pending() === 0)) return;
    world.clock.runUntil(world.clock.nowUs() + HOUR_US);
  }
}

/** Every key goes to the station, one after the other, whoever holds it. */
function syncAll(world: World, party: Party, random: RandomStream): void {
  const station = world.stations[0];
  if (station === undefined) return;
  for (const key of world.keys.filter((unit) => !unit.isCounterfeit)) {
    const person = personFor(world, party, key);
    let isDone = false;
    const use = { person, station, clumsiness: CAREFUL, tries: 1 };
    useStation(world, random.split(key.name), use, () => {
      isDone = true;
    });
    runUntilDone(world, () => isDone);
  }
  // What the station has stored goes to the issuer, and the answers come back.
  for (let minute = 0; minute < 30 && pendingMessages(world) > 0; minute += 1) {
    world.clock.runUntil(world.clock.nowUs() + 60_000_000);
  }
}

/** The patrol visits each lock that holds something, as often as it takes. */
function collect(world: World, party: Party, random: RandomStream): void {
  const person = party.collector;
  const { locks } = leftBehind(world);
  for (const lock of locks) {
    for (const op of [1, 2] as const) {
      let isDone = false;
      const use = { person, lock, op, purpose: "collect", clumsiness: CAREFUL } as const;
      useDoor(world, random.split(`${lock.name} ${op}`), { ...use, isPersistent: true }, () => {
        isDone = true;
      });
      runUntilDone(world, () => isDone);
      world.clock.runUntil(world.clock.nowUs() + 60_000_000);
    }
  }
}

function runUntilDone(world: World, isDone: () => boolean): void {
  for (let second = 0; second < 1200 && !isDone(); second += 1) {
    world.clock.runUntil(world.clock.nowUs() + 1_000_000);
  }
  // No hand takes a key from one plug to the next in less.
  world.clock.runUntil(world.clock.nowUs() + 1_000_000);
}

function personFor(world: World, party: Party, key: KeyUnit): Person {
  return party.persons.find((person) => person.key === key) ?? createPerson(world, key);
}

function pendingMessages(world: World): number {
  return world.stations.reduce(
    (sum, station) => sum + station.uplink.pending() + (station.board.status()?.queued ?? 0),
    0,
  );
}

/** Entries that devices hold and the authorization system has not stored. */
function leftBehind(world: World): { readonly count: number; readonly locks: LockUnit[] } {
  const home = new Set(world.storedEntries().map(({ devid, n }) => `${devid}/${n}`));
  let count = 0;
  const locks: LockUnit[] = [];
  for (const device of [...world.locks, ...world.keys]) {
    if ("isCounterfeit" in device && device.isCounterfeit) continue;
    const { flash } = device.board;
    const found = findEntries(flash.writtenPages().map((page) => flash.readPage(page)));
    const missing = [...found.keys()].filter((n) => !home.has(`${device.devid}/${n}`)).length;
    count += missing;
    if (missing > 0 && "hasClock" in device) locks.push(device);
  }
  return { count, locks };
}
