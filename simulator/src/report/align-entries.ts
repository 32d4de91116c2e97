// SPDX-License-Identifier: EUPL-1.2

import { groupBy } from "./group-by.ts";
import type { EntryTrip } from "./log-trips.ts";
import type { Message } from "./messages.ts";
import type { DeviceLine } from "./recorder.ts";

/** The part of a contact by which its log entries are found. */
export type AlignableVisit = {
  readonly id: number;
  readonly key: string;
  readonly device: string;
  readonly isAtStation: boolean;
  readonly startUs: number;
  readonly endUs: number;
  readonly op: 0 | 1 | 2;
  readonly unlocksUs: readonly number[];
  readonly grantsUs: readonly number[];
  readonly messages: readonly Message[];
};

/** The entries that a contact left at both of its ends. */
export type VisitEntries = { readonly atLock: EntryTrip[]; readonly atKey: EntryTrip[] };

/** A moment at which a lock may have written a passage. */
type Slot = {
  readonly visit: number;
  /** How sure an onlooker is that there is an entry: the bolt or a light, message 4, or nothing. */
  readonly sureness: number;
  /** What was decided, as far as a camera can tell; undefined for not known. */
  readonly op: 1 | 2 | undefined;
};

const KIND_PASSAGE = 1;
const KIND_DENIED = 2;
const KIND_SYNC = 3;
/** How far the clock of an honest key may be off, with the length of a contact's end, in seconds. */
const KEY_CLOCK_S = 4;

/**
 * Finds the log entries of each contact.
 *
 * A lock without a clock cannot say when it wrote, so its entries are laid along its contacts: same
 * key, same order, and as many as the lock sent decisions. The entries of a key carry its own clock.
 *
 * @param visits - All contacts, in the order of time.
 * @param trips - The entries of each device.
 * @param devices - The devices by name.
 */
export function alignEntries(
  visits: readonly AlignableVisit[],
  trips: ReadonlyMap<string, readonly EntryTrip[]>,
  devices: ReadonlyMap<string, DeviceLine>,
  startS: number,
): Map<number, VisitEntries> {
  const found = new Map<number, VisitEntries>(
    visits.map((visit) => [visit.id, { atLock: [], atKey: [] }]),
  );
  const devidOf = (name: string) => devices.get(name)?.devid ?? "";
  const atLocks = groupBy(
    visits.filter((visit) => !visit.isAtStation),
    (visit) => `${visit.device} ${devidOf(visit.key)}`,
  );
  for (const [pair, list] of atLocks) {
    const [lock = "", keyDevid] = pair.split(" ");
    const entries = (trips.get(lock) ?? []).filter(
      (trip) => trip.peer === keyDevid && (trip.kind === KIND_PASSAGE || trip.kind === KIND_DENIED),
    );
    for (const [trip, visit] of layAlong(entries, list.flatMap(slotsOf))) {
      found.get(visit)?.atLock.push(trip);
    }
  }
  for (const [key, list] of groupBy(visits, (visit) => visit.key)) {
    // The clock of a copy is a lie.
    if (devices.get(key)?.role === "copy") continue;
    for (const trip of trips.get(key) ?? []) {
      const visit = list
        .filter((candidate) => isWrittenIn(trip, candidate, devidOf, startS))
        .reduce<AlignableVisit | undefined>(
          (best, next) =>
            best === undefined || distanceS(trip, next, startS) <= distanceS(trip, best, startS)
              ? next
              : best,
          undefined,
        );
      if (visit !== undefined) found.get(visit.id)?.atKey.push(trip);
    }
  }
  return found;
}

function isWrittenIn(
  trip: EntryTrip,
  visit: AlignableVisit,
  devidOf: (name: string) => string,
  startS: number,
): boolean {
  const fromS = startS + visit.startUs / 1_000_000 - KEY_CLOCK_S;
  const untilS = startS + visit.endUs / 1_000_000 + KEY_CLOCK_S;
  if (trip.tS < fromS || trip.tS > untilS) return false;
  if (visit.isAtStation) return trip.kind === KIND_SYNC;
  if (trip.kind !== KIND_PASSAGE && trip.kind !== KIND_DENIED) return false;
  return trip.peer === devidOf(visit.device) || /^0*$/.test(trip.peer);
}

/** How far the time of an entry lies outside of a contact, in seconds. */
function distanceS(trip: EntryTrip, visit: AlignableVisit, startS: number): number {
  const fromS = Math.floor(startS + visit.startUs / 1_000_000);
  const untilS = startS + visit.endUs / 1_000_000;
  return Math.max(0, fromS - trip.tS, trip.tS - untilS);
}

/**
 * The decisions of a contact, from what an onlooker saw: one for each message 3 that passed whole. A
 * lock that first wants a floor list moves the bolt long after message 4, so everything up to the
 * next handshake belongs to the decision.
 */
function slotsOf(visit: AlignableVisit): Slot[] {
  const asked = visit.messages.filter(
    ({ kind, sentBytes, passedBytes }) => kind === "edhoc3" && passedBytes === sentBytes,
  );
  return asked.map(({ endUs: fromUs }, index): Slot => {
    const untilUs = asked[index + 1]?.endUs ?? visit.endUs;
    const isWithin = (atUs: number) => atUs >= fromUs && atUs < untilUs;
    const isEnter = visit.unlocksUs.some(isWithin);
    const isGranted = isEnter || visit.grantsUs.some(isWithin);
    const isAnswered = visit.messages.some(
      ({ kind, startUs }) => kind === "edhoc4" && isWithin(startUs),
    );
    const sureness = isGranted ? 6 : isAnswered ? 3 : 1;
    return { visit: visit.id, sureness, op: isEnter ? 1 : isGranted ? 2 : undefined };
  });
}

/** Lays entries along slots, both in order, so that the surest slots are filled. */
function layAlong(
  entries: readonly EntryTrip[],
  slots: readonly Slot[],
): (readonly [EntryTrip, number])[] {
  // best[i][j]: the worth of the entries from i on along the slots from j on.
  const best = entries.map(() => slots.map(() => 0));
  const worthAt = (i: number, j: number) => best[i]?.[j] ?? 0;
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    for (let j = slots.length - 1; j >= 0; j -= 1) {
      const row = best[i];
      if (row === undefined) continue;
      row[j] = Math.max(
        pairWorth(entries[i], slots[j]) + worthAt(i + 1, j + 1),
        worthAt(i + 1, j),
        worthAt(i, j + 1),
      );
    }
  }
  const pairs: (readonly [EntryTrip, number])[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const entry = entries[i];
    const slot = slots[j];
    if (entry === undefined || slot === undefined) return pairs;
    if (worthAt(i, j) === pairWorth(entry, slot) + worthAt(i + 1, j + 1)) {
      pairs.push([entry, slot.visit]);
      i += 1;
      j += 1;
    } else if (worthAt(i, j) === worthAt(i + 1, j)) i += 1;
    else j += 1;
  }
}

function pairWorth(entry: EntryTrip | undefined, slot: Slot | undefined): number {
  if (entry === undefined || slot === undefined) return 0;
  if (slot.op === undefined) return slot.sureness;
  return entry.op === slot.op && entry.reason === 0 ? 2 * slot.sureness : 1;
}
