// SPDX-License-Identifier: EUPL-1.2

// What may keep a door shut for somebody with a right. Nobody says so: a camera, the journal and the
// objects that reached a device show it. What a scenario calls an attempt excuses nothing.

import type { AuditRecord } from "@nyckelring/issuer/domain";
import type { WorldEvent } from "../world-events.ts";
import { readHeadClaims, readIat, TYP_RING_HEAD, TYP_TIME_GRANT } from "./signed-objects.ts";

/** Why a refusal may be right although there is a right; each has its reason in the requirements. */
export type Hindrance =
  /** A short circuit, a brown-out or a tripped current limit: the lock had no power. */
  | "no-power"
  /** The battery of the key or of the lock had been set to nearly nothing, or was out. */
  | "no-charge"
  | "dirty-contacts"
  /** The lock denies, by its configuration, while it does not know the time. */
  | "time-unknown"
  /** The device's own clock had been spoiled, and no grant of time had put it right. */
  | "clock-wrong"
  /** The ring says that its key stops at a full log, and nothing of it has come home for long. */
  | "log-full";

/** A time in which something stood in the way at one device; microseconds of the run. */
type Span = {
  readonly device: string;
  readonly why: Hindrance;
  readonly fromUs: number;
  untilUs: number;
};

/** Percent of charge from which on nobody is surprised that a key or a lock does nothing. */
const CHARGE_MIN = 10;
/** Contacts after the last acknowledgement by which even the shortest log of a key is full. */
const CONTACTS_OF_A_FULL_LOG = 100;
/** Flag of a ring head: stop at a full log. */
const FLAG_STOP = 8;
/** Tells what stood in the way of a contact. */
export type Hindrances = {
  /** What stood in the way at any moment of a contact; undefined for nothing. */
  find(contact: HinderedContact): Hindrance | undefined;
};

/** A contact, as far as this asks. */
export type HinderedContact = {
  readonly key: string;
  readonly device: string;
  readonly startUs: number;
  readonly endUs: number;
};

/**
 * Reads what stood in the way of keys and locks.
 *
 * @param journal - Of the authority that the locks belong to.
 * @param devids - Device numbers by name.
 */
export function createHindrances(
  events: readonly WorldEvent[],
  journal: readonly AuditRecord[],
  devids: ReadonlyMap<string, string>,
  startS: number,
): Hindrances {
  const spans = readSpans(events, readLocks(journal, devids), startS);
  const acknowledgedUs = readAcknowledgements(journal, startS);
  const stopsFrom = readStops(events);
  const visitsUs = readVisits(events);

  function isLogFull({ key, startUs }: HinderedContact): boolean {
    const stop = stopsFrom.get(key)?.findLast(({ atUs }) => atUs <= startUs);
    if (stop?.isStop !== true) return false;
    const homeUs = (acknowledgedUs.get(devids.get(key) ?? "") ?? [])
      .filter((atUs) => atUs <= startUs)
      .reduce((latest, atUs) => Math.max(latest, atUs), 0);
    const since = (visitsUs.get(key) ?? []).filter((atUs) => atUs > homeUs && atUs < startUs);
    return since.length >= CONTACTS_OF_A_FULL_LOG;
  }

  return {
    find(contact) {
      const span = spans.find(
        ({ device, fromUs, untilUs }) =>
          (device === contact.key || device === contact.device) &&
          fromUs <= contact.endUs &&
          untilUs >= contact.startUs,
      );
      if (span !== undefined) return span.why;
      return isLogFull(contact) ? "log-full" : undefined;
    },
  };
}

/** The locks, and whether each denies while it does not know the time. */
function readLocks(
  journal: readonly AuditRecord[],
  devids: ReadonlyMap<string, string>,
): ReadonlyMap<string, boolean> {
  const locks = new Map<string, boolean>();
  for (const { fact } of journal) {
    if (fact.kind !== "lock-enrolled") continue;
    const isStrict = fact.profile === 1 && fact.clockUnknown !== 0;
    for (const [name, devid] of devids) if (devid === fact.devid) locks.set(name, isStrict);
  }
  return locks;
}

function readSpans(
  events: readonly WorldEvent[],
  locks: ReadonlyMap<string, boolean>,
  startS: number,
): Span[] {
  const spans: Span[] = [];
  const open = new Map<string, Span>();

  function begin(device: string, why: Hindrance, fromUs: number): void {
    const slot = `${device} ${why}`;
    // What is lost once more is lost from then on: an older answer helps no more.
    end(device, why, fromUs);
    const span = { device, why, fromUs, untilUs: Number.POSITIVE_INFINITY };
    open.set(slot, span);
    spans.push(span);
  }

  function end(device: string, why: Hindrance, untilUs: number): void {
    const slot = `${device} ${why}`;
    const span = open.get(slot);
    if (span === undefined) return;
    span.untilUs = untilUs;
    open.delete(slot);
  }

  function readHardware(event: Extract<WorldEvent, { kind: "hardware" }>): void {
    const { device, what, detail, atUs } = event;
    const isStrict = locks.get(device) === true;
    if (what === "shorted") begin(device, "no-power", atUs);
    if (what === "short-gone") end(device, "no-power", atUs);
    if (what === "brown-out" || what === "overload") {
      spans.push({ device, why: "no-power", fromUs: atUs, untilUs: atUs });
    }
    if (what === "battery-out") begin(device, "no-charge", atUs);
    if (what === "battery-in") end(device, "no-charge", atUs);
    if (what === "battery-out" && isStrict) begin(device, "time-unknown", atUs);
    if (what === "charge-set" && detail < CHARGE_MIN) begin(device, "no-charge", atUs);
    if (what === "charge-set" && detail >= CHARGE_MIN) end(device, "no-charge", atUs);
    if (what === "contacts-dirty" && detail > 0) begin(device, "dirty-contacts", atUs);
    if (what === "contacts-dirty" && detail === 0) end(device, "dirty-contacts", atUs);
    // A lock that opens without the time is not hindered by its loss; a key always is.
    if (what === "clock-lost" && (isStrict || !locks.has(device))) {
      begin(device, "time-unknown", atUs);
    }
    if (what === "clock-wrong") begin(device, "clock-wrong", atUs);
  }

  for (const [lock, isStrict] of locks) if (isStrict) begin(lock, "time-unknown", 0);
  const waiting = new Map<string, { readonly contact: number; readonly signedUs: number }>();
  for (const event of events) {
    if (event.kind === "hardware") readHardware(event);
    if (event.kind === "verified" && event.typ === TYP_TIME_GRANT) {
      const iatS = readIat(Buffer.from(event.payload, "hex")) ?? 0;
      const signedUs = (iatS + 1 - startS) * 1_000_000;
      waiting.set(event.device, { contact: event.contact, signedUs });
    }
    // A device that answers after it found a grant good has taken it, if it answers its own question: one
    // that was signed before the time was lost is an answer to an older one.
    const grant = event.kind === "sent" ? waiting.get(event.device) : undefined;
    if (event.kind === "sent" && grant?.contact === event.contact) {
      waiting.delete(event.device);
      for (const why of ["time-unknown", "clock-wrong"] as const) {
        const since = open.get(`${event.device} ${why}`);
        if (since !== undefined && since.fromUs <= grant.signedUs) {
          end(event.device, why, event.atUs);
        }
      }
    }
  }
  return spans;
}

/** When something of a device was acknowledged, by its number. */
function readAcknowledgements(
  journal: readonly AuditRecord[],
  startS: number,
): ReadonlyMap<string, readonly number[]> {
  const times = new Map<string, number[]>();
  for (const { fact, atS } of journal) {
    if (fact.kind !== "log-acknowledged") continue;
    for (const { devid } of fact.acks) {
      times.set(devid, [...(times.get(devid) ?? []), (atS - startS) * 1_000_000]);
    }
  }
  return times;
}

/** What the heads that reached a key say of a full log, in the order of time. */
function readStops(
  events: readonly WorldEvent[],
): ReadonlyMap<string, readonly { readonly atUs: number; readonly isStop: boolean }[]> {
  const stops = new Map<string, { readonly atUs: number; readonly isStop: boolean }[]>();
  for (const event of events) {
    if (event.kind !== "verified" || event.typ !== TYP_RING_HEAD) continue;
    const claims = readHeadClaims(Buffer.from(event.payload, "hex"));
    if (claims === undefined) continue;
    const isStop = (claims.flags & FLAG_STOP) !== 0;
    stops.set(event.device, [...(stops.get(event.device) ?? []), { atUs: event.atUs, isStop }]);
  }
  return stops;
}

function readVisits(events: readonly WorldEvent[]): ReadonlyMap<string, readonly number[]> {
  const visits = new Map<string, number[]>();
  for (const event of events) {
    if (event.kind !== "attempt") continue;
    visits.set(event.key, [...(visits.get(event.key) ?? []), event.atUs]);
  }
  return visits;
}
