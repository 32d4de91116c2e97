// SPDX-License-Identifier: EUPL-1.2
import { equal, ok } from "node:assert/strict";
import type { Bench, Insertion } from "../src/board-driver/bench.ts";
import type { Key, Lock, Station } from "../src/board-driver/devices.ts";
import type { CarerRequest, Town } from "../src/board-driver/town.ts";

/** Lights after which a key is fit for its shift. */
export const FIT = ["ready", "battery-low", "logs-not-home"] as const;

/** The usual stage: an apartment with a lock, a station, and a carer on shift with a key. */
export type Stage = {
  readonly town: Town;
  readonly lock: Lock;
  readonly door: number;
  readonly client: string;
  readonly station: Station;
  readonly key: Key;
  readonly carer: number;
  readonly right: number;
};

/** A station and a carer on shift with a key, and no door yet. */
export async function setStaff(bench: Bench, staff: CarerRequest = {}, town: Town = bench.home) {
  const station = await town.addStation();
  const { carer, right } = town.addCarer(staff);
  const key = await town.addKey(carer);
  return { town, station, key, carer, right };
}

/** Sets the usual stage; the key has not been in the station yet. */
export async function setStage(
  bench: Bench,
  staff: CarerRequest = {},
  town: Town = bench.home,
): Promise<Stage> {
  const { door, client } = town.addApartment();
  const lock = await town.addLock(door);
  return { lock, door, client, ...(await setStaff(bench, staff, town)) };
}

/** The usual stage after the carer's first sync of the shift. */
export async function setStageSynced(bench: Bench): Promise<Stage> {
  const stage = await setStage(bench);
  await sync(bench, stage.key, stage.station);
  return stage;
}

/** A sync that has to work. */
export async function sync(bench: Bench, key: Key, station: Station): Promise<Insertion> {
  const visit = await bench.insert(key, station);
  ok(
    FIT.some((light) => light === visit.light),
    `${key.name} in ${station.name} shows "${visit.light}" instead of a light that says fit`,
  );
  return visit;
}

/** An insertion that has to let the carer in. */
export async function enter(bench: Bench, key: Key, lock: Lock): Promise<Insertion> {
  const visit = await bench.insert(key, lock);
  equal(visit.light, "granted", `${key.name} at ${lock.name} shows "${visit.light}"`);
  ok(visit.opened, `${lock.name} did not turn its bolt`);
  return visit;
}

/** An insertion that must not open; gives back what the carer saw. */
export async function refused(
  bench: Bench,
  key: Key,
  lock: Lock,
  as: Parameters<Bench["insert"]>[2] = {},
): Promise<Insertion> {
  const visit = await bench.insert(key, lock, as);
  ok(!visit.opened, `${lock.name} opened for ${key.name}`);
  ok(visit.light !== "granted", `${key.name} shows "granted" at ${lock.name}`);
  return visit;
}

/** A colleague on shift with a key; simulated wherever the rig has a key of its own. */
export async function colleague(bench: Bench, town: Town = bench.home) {
  const { carer, right } = town.addCarer();
  return { key: await town.addKey(carer), carer, right };
}
