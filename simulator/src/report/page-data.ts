// SPDX-License-Identifier: EUPL-1.2

import { describe } from "@nyckelring/protocol/host";
import type { Calendar } from "../calendar.ts";
import type { HardwareFact } from "../world-events.ts";
import type { ClockLabels } from "./clock-labels.ts";
import { createClockLabels } from "./clock-labels.ts";
import { type Day, hasFailed, labelOfCode, type MotorTurn, type Visit } from "./day.ts";
import type { EntryTrip } from "./log-trips.ts";
import { MESSAGE_KINDS } from "./messages.ts";
import { endText, eventIdOf, shapeOfHardware } from "./picture.ts";
import { type Text, type TextName, textNameOf } from "./texts.ts";

/** A log entry in the page, with its way home. */
export type EntryData = {
  readonly n: number;
  readonly device: string;
  /** 0 granted, -1 sync, otherwise a code. */
  readonly code: number;
  readonly carriedBy?: string;
  readonly station?: string;
  readonly handedAt?: string;
  readonly committedAt?: string;
};

/** An event in the page. Times are wall-clock texts of Stockholm. */
export type EventData = {
  readonly id: string;
  readonly shape: string;
  readonly group: "door" | "sync" | "issuer" | "hardware";
  readonly isRefused: boolean;
  readonly text: TextName;
  readonly day: number;
  readonly time: string;
  readonly key?: string;
  readonly device?: string;
  readonly purpose?: TextName;
  readonly isLeave?: boolean;
  readonly signal?: TextName;
  readonly code?: number;
  /** From insertion to the motor, or to the withdrawal where nothing was decided. */
  readonly afterMs?: number;
  /** Kind, milliseconds after insertion of the last byte, 1 from the key, bytes, bytes that passed. */
  readonly messages?: readonly (readonly [number, number, 0 | 1, number, number])[];
  readonly entries?: readonly EntryData[];
  readonly subject?: string;
  readonly seq?: number;
  /** What the text of an event of hardware says beside the device. */
  readonly detail?: string;
  /**
   * 1 towards unlocked, milliseconds after insertion, how long, and 1 where the bolt did not get
   * there; how long is -1 where power was gone first.
   */
  readonly turns?: readonly (readonly [0 | 1, number, number, 0 | 1])[];
  /** Milliseconds after insertion at which the lock reset itself. */
  readonly brownOuts?: readonly number[];
};

/** Everything that the page's script reads. */
export type PageData = {
  readonly events: readonly EventData[];
  readonly codes: { readonly [code: string]: Text & { readonly label: string } };
  readonly kinds: readonly TextName[];
};

/**
 * Makes the data of the page, ready to be shown: the page itself knows no clock and no code.
 *
 * @public
 */
export function createPageData(day: Day, calendar: Calendar): PageData {
  const clock = createClockLabels(calendar);
  const visits = new Map(day.visits.map((visit) => [visit.id, visit]));
  const dated: { readonly atUs: number; readonly event: EventData }[] = [
    ...day.visits.map((visit) => ({
      atUs: visit.startUs,
      event: eventOfVisit(visit, visits, clock),
    })),
    ...day.incidents.map(({ atUs, kind, subject, seq }, index) => ({
      atUs,
      event: {
        id: eventIdOf("incident", index),
        shape: kind === "head" || kind === "headPreSigned" ? "tick" : "incident",
        group: "issuer" as const,
        isRefused: false,
        text: kind,
        day: clock.dayOf(atUs),
        time: clock.secondsOf(atUs),
        subject,
        seq,
      },
    })),
  ];
  day.hardware.forEach((incident, index) => {
    const { atUs, what, detail, device } = incident;
    dated.push({
      atUs,
      event: {
        id: eventIdOf("hardware", index),
        shape: shapeOfHardware(incident),
        group: "hardware",
        isRefused: false,
        text: textNameOf("hw", what),
        day: clock.dayOf(atUs),
        time: clock.secondsOf(atUs),
        subject: device,
        detail: detailOf(what, detail),
      },
    });
  });
  dated.sort((left, right) => left.atUs - right.atUs);
  const events = dated.map(({ event }) => event);
  return {
    events,
    codes: codesOf(events),
    kinds: MESSAGE_KINDS.map(textOfMessage),
  };
}

/** The number of a piece of hardware's event as people say it. */
function detailOf(what: HardwareFact, detail: number): string {
  if (what === "jammed") return String(detail / 10);
  if (what === "contacts-dirty") return String(detail / 1000);
  return String(detail);
}

function textOfMessage(kind: (typeof MESSAGE_KINDS)[number]): TextName {
  return textNameOf("msg", kind);
}

function eventOfVisit(
  visit: Visit,
  visits: ReadonlyMap<number, Visit>,
  clock: ClockLabels,
): EventData {
  const [motorUs] = visit.unlocksUs;
  const endUs = motorUs ?? (visit.end === "early" ? visit.endUs : undefined);
  const { purpose } = visit;
  return {
    id: eventIdOf("contact", visit.id),
    shape: visit.end,
    group: visit.isAtStation ? "sync" : "door",
    isRefused: ["denied", "early", "unsynced"].includes(visit.end),
    text: endText(visit.end),
    day: clock.dayOf(visit.startUs),
    time: clock.secondsOf(visit.startUs),
    key: visit.key,
    device: visit.device,
    ...(purpose === undefined ? {} : { purpose: textNameOf("purpose", purpose) }),
    ...(visit.op === 2 ? { isLeave: true } : {}),
    signal: textNameOf("signal", visit.signal),
    ...(visit.reason === 0 ? {} : { code: visit.reason }),
    ...(endUs === undefined ? {} : { afterMs: Math.round((endUs - visit.startUs) / 1000) }),
    messages: visit.messages.map((message) => [
      MESSAGE_KINDS.indexOf(message.kind),
      Math.round((message.endUs - visit.startUs) / 1000),
      message.isFromKey ? 1 : 0,
      message.sentBytes,
      message.passedBytes,
    ]),
    ...(visit.turns.length === 0
      ? {}
      : { turns: visit.turns.map((turn) => turnData(turn, visit)) }),
    ...(visit.brownOutsUs.length === 0
      ? {}
      : { brownOuts: visit.brownOutsUs.map((atUs) => Math.round((atUs - visit.startUs) / 1000)) }),
    entries: [
      ...visit.entriesAtLock.map((trip) => entryData(trip, visit.device, visits, clock)),
      ...visit.entriesAtKey.map((trip) => entryData(trip, visit.key, visits, clock)),
    ],
  };
}

function turnData(turn: MotorTurn, visit: Visit): [0 | 1, number, number, 0 | 1] {
  const { towards, startUs, endUs } = turn;
  const afterMs = Math.round((startUs - visit.startUs) / 1000);
  const lastedMs = endUs === undefined ? -1 : Math.round((endUs - startUs) / 1000);
  return [towards === "unlock" ? 1 : 0, afterMs, lastedMs, hasFailed(turn) ? 1 : 0];
}

function entryData(
  trip: EntryTrip,
  device: string,
  visits: ReadonlyMap<number, Visit>,
  clock: ClockLabels,
): EntryData {
  const { n, kind, reason, carriedBy, station, handedIn, committedAtS } = trip;
  const handed = handedIn === undefined ? undefined : visits.get(handedIn);
  return {
    n,
    device,
    code: reason === 0 && kind === 3 ? -1 : reason,
    ...(carriedBy === undefined ? {} : { carriedBy }),
    ...(station === undefined ? {} : { station }),
    ...(handed === undefined ? {} : { handedAt: clock.secondsOf(handed.startUs) }),
    ...(committedAtS === undefined ? {} : { committedAt: clock.ofUtc(committedAtS) }),
  };
}

function codesOf(events: readonly EventData[]): PageData["codes"] {
  const used = new Set<number>();
  for (const { code, entries } of events) {
    if (code !== undefined) used.add(code);
    for (const entry of entries ?? []) if (entry.code > 0) used.add(entry.code);
  }
  return Object.fromEntries(
    [...used].sort((left, right) => left - right).map((code) => [code, textOfCode(code)]),
  );
}

/** What a code means in both languages, with its label. */
export function textOfCode(code: number): Text & { readonly label: string } {
  const label = labelOfCode(code);
  const row = describe(code);
  return { label, sv: row?.sv ?? label, en: row?.en ?? label };
}
