// SPDX-License-Identifier: EUPL-1.2

// Holds the logs of keys and locks against what a camera at the door saw.

import type { SignalName, WorldEvent } from "../world-events.ts";
import type { FoundEntry } from "./flash-log.ts";
import { type LogEntry, readLogEntry } from "./signed-objects.ts";

/** One insertion as the camera saw it. */
export type ContactStory = {
  readonly id: number;
  readonly key: string;
  readonly device: string;
  readonly startUs: number;
  endUs: number;
  early: boolean;
  signal: SignalName;
  attempt: Extract<WorldEvent, { kind: "attempt" }> | undefined;
  readonly unlocks: number[];
};

/** A motor that was started towards unlocked. */
export type Opening = { readonly atUs: number; readonly contact: ContactStory };

/** Entries in the store of the authorization system, by device, log epoch and number. */
export type Commits = {
  readonly counts: ReadonlyMap<string, { readonly times: number; readonly texts: Set<string> }>;
};

/** Something that happened at a door and stands in no log. */
export type Untold = { readonly atUs: number; readonly text: string };

/** Entry numbers of protocol.md: kind of a passage, and of an attempt that the key itself denied. */
const KIND_PASSAGE = 1;
const KIND_DENIED = 2;
/** Lights that are a verdict on an attempt, and not on the state of the key. */
const VERDICTS: readonly SignalName[] = ["granted", "denied", "needs-sync", "expired"];

/**
 * The log of a device in the order of its numbers: what its flash holds, and what it has overwritten
 * since the authorization system stored it. Of two finds for one number, which a torn write can
 * leave, the stored one is the entry.
 *
 * @param log - Device number and log epoch, as `devid/epoch`.
 */
export function wholeLog(
  log: string,
  lastN: number,
  found: ReadonlyMap<number, readonly FoundEntry[]>,
  committed: Commits,
): LogEntry[] {
  const entries: LogEntry[] = [];
  for (let n = 1; n <= lastN; n += 1) {
    const texts = committed.counts.get(`${log}/${n}`)?.texts ?? new Set<string>();
    const finds = found.get(n) ?? [];
    const own = finds.find((find) => texts.has(find.bytes)) ?? finds[0];
    const [stored = ""] = texts;
    const entry = own?.entry ?? readLogEntry(Buffer.from(stored, "hex"));
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** Openings that the camera saw and the lock's log does not know, in the order of both. */
export function untoldOpenings(
  name: string,
  log: readonly LogEntry[],
  openings: readonly Opening[],
  devids: ReadonlyMap<string, string>,
): Untold[] {
  const entries = passagesOf(log, 1);
  const untold: Untold[] = [];
  let next = 0;
  let previousContact: ContactStory | undefined;
  for (const { atUs, contact } of openings) {
    // A motor that starts again in one contact without a new decision tries to free a jam.
    if (contact === previousContact) continue;
    previousContact = contact;
    const peer = devids.get(contact.key);
    const index = entries.findIndex((entry, at) => at >= next && entry.peer === peer);
    if (index >= 0) {
      next = index + 1;
    } else {
      untold.push({ atUs, text: `${name} opened for ${contact.key} and its log does not say so` });
    }
  }
  return untold;
}

/**
 * Verdicts that a person saw and a log does not know: each one on the key stands in the key's log,
 * and each granted leave, for which no bolt has to move, in the lock's log as well.
 *
 * Times are not compared, since a clockless lock has none: entries and verdicts are counted.
 */
export function untoldVerdicts(
  name: string,
  log: readonly LogEntry[],
  contacts: Iterable<ContactStory>,
  devids: ReadonlyMap<string, string>,
): Untold[] {
  let left = log.filter(({ kind }) => kind === KIND_PASSAGE || kind === KIND_DENIED).length;
  const leaves = passagesOf(log, 2);
  const untold: Untold[] = [];
  for (const { attempt, early, key, device, signal, startUs, unlocks } of contacts) {
    if (attempt === undefined || early || !VERDICTS.includes(signal)) continue;
    if (key === name) {
      left -= 1;
      if (left >= 0) continue;
      untold.push({
        atUs: startUs,
        text: `${key} showed ${signal} at ${device} and did not log it`,
      });
    } else if (
      device === name &&
      signal === "granted" &&
      attempt.op === 2 &&
      unlocks.length === 0
    ) {
      const index = leaves.findIndex((entry) => entry.peer === devids.get(key));
      if (index >= 0) leaves.splice(index, 1);
      else untold.push({ atUs: startUs, text: `${device} let ${key} leave and did not log it` });
    }
  }
  return untold;
}

function passagesOf(log: readonly LogEntry[], op: 1 | 2): LogEntry[] {
  return log.filter(
    (entry) => entry.kind === KIND_PASSAGE && entry.reason === 0 && entry.op === op,
  );
}
