// SPDX-License-Identifier: EUPL-1.2

import { LINK_GSM, LINK_LAN, type LinkKind } from "@nyckelring/firmware";
import { expect, test } from "vitest";
import type { KeyUnit, StationUnit, World } from "../src/world.ts";
import { createTown, visitLock } from "./small-town.ts";

const CARERS = 8;
const SECOND_US = 1_000_000;

/** Puts a key in, and the next one two seconds after it was pulled; what each one showed. */
function syncInARow(world: World, station: StationUnit, keys: readonly KeyUnit[]): string[] {
  const signals: string[] = [];
  for (const key of keys) {
    let isOver = false;
    world.visitStation({ key, station, pull: undefined }, (outcome) => {
      signals.push(outcome.signal);
      isOver = true;
    });
    while (!isOver) world.clock.runUntil(world.clock.nowUs() + SECOND_US / 10);
    world.clock.runUntil(world.clock.nowUs() + 2 * SECOND_US);
  }
  return signals;
}

/**
 * Goal: T2, T7. At the start of a shift one key follows the other, each before what the one before
 * brought is at the issuer; nobody gets another's ring or waits for another's logs.
 * Method: eight keys in a row over the office network and over a slow modem with an unkind broker;
 * then each opens a door, and the row comes back with its logs.
 */
test.each<{ name: string; links: LinkKind[] }>([
  { name: "the office network", links: [LINK_LAN] },
  { name: "the modem", links: [LINK_GSM] },
])("T2, T7, F23: eight keys in a row at shift start are served over $name", ({ links }) => {
  const { world, locks, station, keys } = createTown(CARERS);
  const [lock] = locks;
  if (lock === undefined) throw new Error("locks");
  world.setLinks(station, links);
  world.setBrokerFaults({ duplicatePermille: 200, delayPermille: 0, delayMsMax: 0 });
  world.clock.runUntil(60 * SECOND_US);
  const startUs = world.clock.nowUs();
  expect(syncInARow(world, station, keys)).toEqual(keys.map(() => "ready"));
  const perKeyS = (world.clock.nowUs() - startUs) / SECOND_US / CARERS;
  expect(perKeyS).toBeLessThan(30);
  const rings = keys.map((key) => key.board.status().ringseq);
  expect(new Set(rings).size).toBe(CARERS);
  for (const key of keys) expect(visitLock(world, key, lock).signal).toBe("granted");

  syncInARow(world, station, keys);
  world.clock.runUntil(world.clock.nowUs() + 120 * SECOND_US);
  expect(station.board.status()?.queued).toBe(0);
  const stored = world.storedEntries();
  for (const key of keys) {
    const numbers = stored.filter(({ devid }) => devid === key.devid).map(({ n }) => n);
    expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1));
    expect(numbers.length).toBeGreaterThan(1);
  }
});
