// SPDX-License-Identifier: EUPL-1.2

// Holds the logs of devices against what the authorization system has stored and acknowledged.

import {
  type Commits,
  type ContactStory,
  type Opening,
  type Untold,
  untoldOpenings,
  untoldVerdicts,
  wholeLog,
} from "./door-truth.ts";
import type { Case, CommittedEntry, DeviceAtEnd, Violation } from "./evidence.ts";
import { type FoundEntry, findEntries } from "./flash-log.ts";

/** Entry number of protocol.md: kind of a gap record. */
const KIND_GAP = 4;

/**
 * Judges whether every entry came home once and unchanged, and tells of every opening.
 *
 * @param openingsByLock - What the camera saw, by the name of the lock.
 * @param violations - Takes what is broken.
 */
export function judgeLogs(
  evidence: Case,
  openingsByLock: ReadonlyMap<string, readonly Opening[]>,
  contacts: ReadonlyMap<number, ContactStory>,
  devids: ReadonlyMap<string, string>,
  violations: Violation[],
) {
  const committed = countCommits(evidence.committed);
  const epochs = epochsOf(evidence.committed);
  const endUs = evidence.events.at(-1)?.atUs ?? 0;
  let eventsAtDevices = 0;
  let eventsLost = 0;
  let eventsGapped = 0;
  let eventsDuplicated = 0;
  const gapsByDevice = new Map<string, ReadonlySet<number>>();
  for (const [place, count] of committed.counts) {
    if (count.times === 1 && count.texts.size === 1) continue;
    eventsDuplicated += count.times - 1;
    const text = `entry ${place} was stored ${count.times} times at the issuer`;
    violations.push({ invariant: "I2 nothing-lost", atUs: endUs, text });
  }
  for (const device of evidence.devices) {
    if (device.isCounterfeit) continue;
    const all = findEntries(device.pages);
    const guests = device.role === "lock" ? guestsOf(evidence) : [];
    const isOfGuest = ({ entry }: FoundEntry) => guests.some(({ keys }) => keys.has(entry.peer));
    const found = findsWhere(all, (find) => !isOfGuest(find));
    const [epoch = 1, ...earlier] = epochs.get(device.devid) ?? [];
    // A cut before the first entry skips a number; entries of two epochs mean that a log was lost.
    if (earlier.length > 0) {
      const text = `the log of ${device.name} began anew, ${earlier.length + 1} epochs of it are stored`;
      violations.push({ invariant: "I2 nothing-lost", atUs: endUs, text });
    }
    const lastN = Math.max(0, ...found.keys());
    eventsAtDevices += lastN;
    const gaps = gapsOf(found);
    gapsByDevice.set(device.devid, gaps);
    for (let n = 1; n <= lastN; n += 1) {
      const atIssuer = committed.counts.get(`${device.devid}/${epoch}/${n}`);
      if (atIssuer !== undefined) {
        const finds = found.get(n);
        const isSame = finds === undefined || finds.some((find) => atIssuer.texts.has(find.bytes));
        if (isSame) continue;
        const text = `entry ${n} of ${device.name} is another one at the issuer`;
        violations.push({ invariant: "I2 nothing-lost", atUs: endUs, text });
      } else if (gaps.has(n)) {
        eventsGapped += 1;
      } else if (evidence.isSettled) {
        eventsLost += 1;
        const text = `entry ${n} of ${device.name} never reached the issuer`;
        violations.push({ invariant: "I2 nothing-lost", atUs: endUs, text });
      }
    }
    const log = wholeLog(`${device.devid}/${epoch}`, lastN, found, committed);
    // What a gap record declares can tell of no more than it has numbers.
    const told = new Set(log.map(({ n }) => n));
    const overwritten = [...gaps].filter((n) => n <= lastN && !told.has(n)).length;
    const openings = openingsByLock.get(device.name) ?? [];
    const isOfGuestKey = ({ key }: ContactStory) =>
      guests.some(({ keys }) => keys.has(devids.get(key) ?? ""));
    const ownOpenings = openings.filter(({ contact }) => !isOfGuestKey(contact));
    const ownContacts = [...contacts.values()].filter((contact) => !isOfGuestKey(contact));
    const untold = [
      ...untoldOpenings(device.name, log, ownOpenings, devids).slice(overwritten),
      ...untoldVerdicts(device.name, log, ownContacts, devids).slice(overwritten),
      ...guests.flatMap((guest) => untoldToGuest(device, guest, all, openings, contacts, devids)),
    ];
    eventsLost += untold.length;
    for (const { atUs, text } of untold) {
      violations.push({ invariant: "I2 nothing-lost", atUs, text });
    }
  }
  judgeAcknowledgements(evidence, committed, gapsByDevice, violations);
  const eventsAtIssuer = committed.counts.size;
  return { eventsAtDevices, eventsAtIssuer, eventsLost, eventsDuplicated, eventsGapped };
}

/** An authority whose keys come to the locks of another one. */
type Guest = {
  /** Numbers of its keys. */
  readonly keys: ReadonlySet<string>;
  readonly committed: Commits;
  readonly epochs: ReadonlyMap<string, readonly number[]>;
};

function guestsOf(evidence: Case): Guest[] {
  return evidence.guests.map(({ devices, committed }) => ({
    keys: new Set(devices.filter(({ role }) => role === "key").map(({ devid }) => devid)),
    committed: countCommits(committed),
    epochs: epochsOf(committed),
  }));
}

function findsWhere(
  found: ReadonlyMap<number, readonly FoundEntry[]>,
  isWanted: (find: FoundEntry) => boolean,
): Map<number, readonly FoundEntry[]> {
  const wanted = new Map<number, readonly FoundEntry[]>();
  for (const [n, finds] of found) {
    const left = finds.filter(isWanted);
    if (left.length > 0) wanted.set(n, left);
  }
  return wanted;
}

/**
 * What a lock did for keys of a guest and tells the guest nothing of. A lock keeps a log for each
 * authority, with numbers of its own; whose an entry is shows the key that it names.
 */
function untoldToGuest(
  { name, devid }: DeviceAtEnd,
  { keys, committed, epochs }: Guest,
  found: ReadonlyMap<number, readonly FoundEntry[]>,
  openings: readonly Opening[],
  contacts: ReadonlyMap<number, ContactStory>,
  devids: ReadonlyMap<string, string>,
): Untold[] {
  const isGuests = ({ key }: ContactStory) => keys.has(devids.get(key) ?? "");
  const own = findsWhere(found, ({ entry }) => keys.has(entry.peer));
  const [epoch = 1] = epochs.get(devid) ?? [];
  const stored = [...committed.counts.keys()].flatMap((place) =>
    place.startsWith(`${devid}/${epoch}/`) ? [Number(place.split("/")[2])] : [],
  );
  const lastN = Math.max(0, ...own.keys(), ...stored);
  const log = wholeLog(`${devid}/${epoch}`, lastN, own, committed);
  const visits = [...contacts.values()].filter(isGuests);
  return [
    ...untoldOpenings(
      name,
      log,
      openings.filter(({ contact }) => isGuests(contact)),
      devids,
    ),
    ...untoldVerdicts(name, log, visits, devids),
  ];
}

/** What is acknowledged may be overwritten by its device, so it must be stored before. */
function judgeAcknowledgements(
  evidence: Case,
  committed: Commits,
  gapsByDevice: ReadonlyMap<string, ReadonlySet<number>>,
  violations: Violation[],
): void {
  const checkedUpTo = new Map<string, number>();
  for (const { fact, atS } of evidence.journal) {
    if (fact.kind !== "log-acknowledged") continue;
    for (const { devid, logEpoch, n: last } of fact.acks) {
      const log = `${devid}/${logEpoch}`;
      for (let n = (checkedUpTo.get(log) ?? 0) + 1; n <= last; n += 1) {
        if (committed.counts.has(`${log}/${n}`) || gapsByDevice.get(devid)?.has(n)) continue;
        const atUs = (atS - evidence.startS) * 1_000_000;
        const text = `entry ${n} of ${devid} is acknowledged and not stored`;
        violations.push({ invariant: "I2 nothing-lost", atUs, text });
      }
      checkedUpTo.set(log, Math.max(last, checkedUpTo.get(log) ?? 0));
    }
  }
}

/** Log epochs of each device in the store, the newest first. */
function epochsOf(entries: readonly CommittedEntry[]): Map<string, number[]> {
  const epochs = new Map<string, number[]>();
  for (const { devid, logEpoch } of entries) {
    const known = epochs.get(devid) ?? [];
    if (!known.includes(logEpoch)) known.push(logEpoch);
    epochs.set(devid, known);
  }
  for (const known of epochs.values()) known.sort((left, right) => right - left);
  return epochs;
}

function countCommits(entries: readonly CommittedEntry[]): Commits {
  const counts = new Map<string, { times: number; texts: Set<string> }>();
  for (const entry of entries) {
    const place = `${entry.devid}/${entry.logEpoch}/${entry.n}`;
    const count = counts.get(place) ?? { times: 0, texts: new Set<string>() };
    count.times += 1;
    count.texts.add(entry.bytes);
    counts.set(place, count);
  }
  return { counts };
}

function gapsOf(found: ReadonlyMap<number, readonly FoundEntry[]>): ReadonlySet<number> {
  const gaps = new Set<number>();
  for (const finds of found.values()) {
    for (const { entry } of finds) {
      if (entry.kind !== KIND_GAP) continue;
      for (let offset = 0; offset < entry.target; offset += 1) gaps.add(entry.ring + offset);
    }
  }
  return gaps;
}
