// SPDX-License-Identifier: EUPL-1.2

import { describe } from "@nyckelring/protocol/host";
import type { RunOutcome } from "../run.ts";
import type { AttemptPurpose, HardwareFact, SignalName, WorldEvent } from "../world-events.ts";
import { alignEntries } from "./align-entries.ts";
import { groupBy } from "./group-by.ts";
import { type EntryTrip, followEntries } from "./log-trips.ts";
import { type Message, readMessages } from "./messages.ts";
import type { ContactFrame, DeviceLine, Recording } from "./recorder.ts";

/** How a contact ended. */
export type VisitEnd =
  | "opened"
  | "stuck"
  | "left"
  | "residual"
  | "unauthorized"
  | "denied"
  | "early"
  | "synced"
  | "unsynced";

/** One turn of a motor; microseconds of the run. */
export type MotorTurn = {
  readonly towards: "unlock" | "lock";
  readonly startUs: number;
  readonly endUs: number | undefined;
};

/** One contact of a key, with everything that is known of it. */
export type Visit = {
  readonly id: number;
  readonly key: string;
  /** A lock or a station. */
  readonly device: string;
  readonly isAtStation: boolean;
  readonly startUs: number;
  readonly endUs: number;
  readonly end: VisitEnd;
  /** Undefined at a station. */
  readonly purpose: AttemptPurpose | undefined;
  /** What the person wanted: 1 enter, 2 leave, 0 sync. */
  readonly op: 0 | 1 | 2;
  /** What the key showed last. */
  readonly signal: SignalName;
  /** When the motor was started towards unlocked, in microseconds of the run. */
  readonly unlocksUs: readonly number[];
  /** When a motor stopped, in microseconds of the run. */
  readonly stopsUs: readonly number[];
  /** Each turn of the motor: its end is unknown where power went before a stop. */
  readonly turns: readonly MotorTurn[];
  /** When the lock reset itself because its voltage was too low. */
  readonly brownOutsUs: readonly number[];
  /** When the key showed that it was let in, in microseconds of the run. */
  readonly grantsUs: readonly number[];
  readonly messages: readonly Message[];
  readonly entriesAtLock: readonly EntryTrip[];
  readonly entriesAtKey: readonly EntryTrip[];
  /** Code of the refusal that a device wrote down; 0 for none. */
  readonly reason: number;
};

/** Something at the authorization system that a person should see. */
export type Incident = {
  readonly atUs: number;
  readonly kind:
    | "head"
    | "headPreSigned"
    | "headEmergency"
    | "floors"
    | "keyRevoked"
    | "providerChanged"
    | "emergencyRequested"
    | "keyCopied";
  /** The device, door or number that it is about. */
  readonly subject: string;
  /** Number in the journal; 0 for what happened outside of it. */
  readonly seq: number;
};

/** Something that happened to hardware, to a door, or to everything at once. */
export type HardwareIncident = {
  readonly atUs: number;
  /** Empty for what befalls all devices. */
  readonly device: string;
  readonly what: HardwareFact;
  /** As the trace has it. */
  readonly detail: number;
};

/** A state of a device that lasted. */
export type Band = {
  readonly device: string;
  readonly kind:
    | "battery"
    | "keyPower"
    | "dark"
    | "gsm"
    | "offline"
    | "jammed"
    | "noBattery"
    | "shorted"
    | "dirty"
    | "doorOpen";
  readonly startUs: number;
  readonly endUs: number;
};

/** A door with a lock. */
export type DoorLane = {
  readonly lock: string;
  /** Whether it belongs to the authority whose journal comes first, that of production. */
  readonly isHome: boolean;
  readonly building: number;
  readonly isEntrance: boolean;
};

/** The whole run as the report shows it. */
export type Day = {
  readonly startS: number;
  /** Where the picture begins, in microseconds of the run. */
  readonly fromUs: number;
  /** The end of the first phase, and of the run, in microseconds. */
  readonly phaseEndUs: number;
  readonly endUs: number;
  readonly visits: readonly Visit[];
  readonly incidents: readonly Incident[];
  readonly hardware: readonly HardwareIncident[];
  readonly bands: readonly Band[];
  readonly doors: readonly DoorLane[];
  readonly keys: readonly DeviceLine[];
  readonly stations: readonly DeviceLine[];
};

type DraftVisit = {
  id: number;
  key: string;
  device: string;
  startUs: number;
  endUs: number;
  early: boolean;
  signal: SignalName;
  purpose: AttemptPurpose | undefined;
  op: 0 | 1 | 2;
  unlocksUs: number[];
  stopsUs: number[];
  turns: { towards: "unlock" | "lock"; startUs: number; endUs: number | undefined }[];
  brownOutsUs: number[];
  grantsUs: number[];
};

/** A person who waits this long and is not let in was refused. */
const PATIENCE_US = 6_000_000;
/** The quickest bolt needs so long from end to end, and a try lasts 1500 ms. */
const FASTEST_BOLT_US = 200_000;
const STUCK_US = 1_450_000;
/** Lights after which a key is fit for its shift. */
const FIT_SIGNALS: readonly SignalName[] = ["ready", "battery-low", "logs-not-home"];

/**
 * Makes the picture's content of the lines of a trace.
 *
 * @param outcome - The judged run that wrote the trace.
 * @public
 */
export function readDay(recording: Recording, outcome: RunOutcome): Day {
  const { calendar, result } = outcome;
  const drafts = readDrafts(recording);
  const roles = new Map(recording.devices.map((device) => [device.name, device]));
  const frames = groupBy(recording.contactFrames, (frame) => frame.contact);
  const talks = drafts.map((draft) => ({
    contact: draft.id,
    key: draft.key,
    messages: readMessages(inOrder(frames.get(draft.id) ?? []), draft.key),
  }));
  const stationTalks = talks.filter(
    (_, index) => roles.get(drafts[index]?.device ?? "")?.role === "station",
  );
  const trips = followEntries(recording, calendar.startS, stationTalks);
  const broken = brokenContacts(outcome);
  const bare = drafts.map((draft, index) => ({
    ...draft,
    isAtStation: roles.get(draft.device)?.role === "station",
    messages: talks[index]?.messages ?? [],
  }));
  const aligned = alignEntries(bare, trips, roles, calendar.startS);
  const visits = bare.map((draft): Visit => {
    const { atLock, atKey } = aligned.get(draft.id) ?? { atLock: [], atKey: [] };
    const refusal = [...atLock, ...atKey].find((trip) => trip.reason !== 0);
    return {
      ...draft,
      end: endOf(draft, broken),
      entriesAtLock: atLock,
      entriesAtKey: atKey,
      reason: refusal?.reason ?? 0,
    };
  });
  const { view } = outcome;
  const phaseEndUs = view?.toUs ?? calendar.atUs(result.virtualDays, 5, 0);
  // What is played after a scenario file is not its story, so the picture ends with its steps.
  const endUs =
    view?.toUs ?? visits.reduce((lastUs, visit) => Math.max(lastUs, visit.endUs), phaseEndUs);
  return {
    startS: calendar.startS,
    fromUs: view?.fromUs ?? 0,
    phaseEndUs,
    endUs,
    visits,
    incidents: readIncidents(recording, calendar.startS),
    hardware: recording.world.filter((event) => event.kind === "hardware"),
    bands: readBands(recording, endUs),
    doors: readDoors(recording),
    keys: recording.devices.filter(({ role }) => role === "key" || role === "copy"),
    stations: recording.devices.filter(({ role }) => role === "station"),
  };
}

/** How many contacts a result counts as openings and as denials. */
export function countEnds(day: Day): { readonly openings: number; readonly denials: number } {
  return {
    openings: day.visits.reduce((sum, visit) => sum + visit.unlocksUs.length, 0),
    denials: day.visits.filter((visit) => visit.end === "denied").length,
  };
}

/** The name of a code for people, such as `E0402 RING_EXPIRED`. */
export function labelOfCode(code: number): string {
  return describe(code)?.label ?? `code ${code}`;
}

function inOrder(frames: readonly ContactFrame[]): readonly ContactFrame[] {
  return frames.toSorted((left, right) => left.t - right.t);
}

function readDrafts(recording: Recording): DraftVisit[] {
  const drafts = new Map<number, DraftVisit>();
  const atDoor = new Map<string, number>();
  for (const event of recording.world) {
    if (event.kind === "hardware" && event.what === "brown-out") {
      drafts.get(atDoor.get(event.device) ?? 0)?.brownOutsUs.push(event.atUs);
    }
    if (event.kind === "plugged") {
      const { contact: id, key, device, atUs: startUs } = event;
      const lists = { unlocksUs: [], stopsUs: [], turns: [], brownOutsUs: [], grantsUs: [] };
      atDoor.set(device, id);
      const open = { endUs: startUs, early: false, signal: "none", op: 0 } as const;
      drafts.set(id, { id, key, device, startUs, ...open, purpose: undefined, ...lists });
    }
    const draft = "contact" in event ? drafts.get(event.contact) : undefined;
    if (draft === undefined) continue;
    if (event.kind === "attempt") {
      draft.purpose = event.purpose;
      draft.op = event.op;
    }
    if (event.kind === "motor" && event.command === "unlock") draft.unlocksUs.push(event.atUs);
    if (event.kind === "motor" && event.command === "stop") draft.stopsUs.push(event.atUs);
    if (event.kind === "motor") noteTurn(draft, event);
    if (event.kind === "signal" && event.signal === "granted") draft.grantsUs.push(event.atUs);
    if (event.kind === "pulled") {
      draft.endUs = event.atUs;
      draft.early = event.early;
      draft.signal = event.signal;
    }
  }
  return [...drafts.values()];
}

function noteTurn(draft: DraftVisit, event: Extract<WorldEvent, { kind: "motor" }>): void {
  const last = draft.turns.at(-1);
  if (last !== undefined && last.endUs === undefined && event.command === "stop") {
    last.endUs = event.atUs;
  }
  if (event.command === "stop") return;
  draft.turns.push({ towards: event.command, startUs: event.atUs, endUs: undefined });
}

function endOf(draft: DraftVisit, broken: ReadonlySet<number>): VisitEnd {
  if (draft.op === 0) {
    return !draft.early && FIT_SIGNALS.includes(draft.signal) ? "synced" : "unsynced";
  }
  if (draft.unlocksUs.length > 0) {
    if (broken.has(draft.id)) return "unauthorized";
    const isCopy = draft.purpose === "extracted-key" || draft.purpose === "extracted-key-unvisited";
    if (isCopy) return "residual";
    const turns = draft.turns.filter(({ towards }) => towards === "unlock");
    return turns.every(hasFailed) ? "stuck" : "opened";
  }
  if (draft.op === 2 && draft.signal === "granted") return "left";
  const wasWaiting = !draft.early || draft.endUs - draft.startUs >= PATIENCE_US;
  return wasWaiting ? "denied" : "early";
}

/** A turn that was stopped before any bolt gets there, or that no bolt needs so long for. */
export function hasFailed({ startUs, endUs }: MotorTurn): boolean {
  if (endUs === undefined) return false;
  return endUs - startUs < FASTEST_BOLT_US || endUs - startUs >= STUCK_US;
}

/** Contacts in which the judge found an opening that must not have happened. */
function brokenContacts({ violations }: RunOutcome): ReadonlySet<number> {
  const contacts = new Set<number>();
  for (const { invariant, text } of violations) {
    if (invariant !== "I1 no-unauth") continue;
    const [, contact] = /\(contact (\d+)\)/.exec(text) ?? [];
    if (contact !== undefined) contacts.add(Number(contact));
  }
  return contacts;
}

function readIncidents(recording: Recording, startS: number): Incident[] {
  const names = new Map(
    recording.devices.filter(({ role }) => role !== "copy").map(({ devid, name }) => [devid, name]),
  );
  const nameOf = (value: unknown) => names.get(String(value)) ?? String(value);
  const lockOfDoor = new Map(
    recording.devices
      .filter(({ role }) => role === "lock")
      .map(({ authority, number, name }) => [`${authority}/${number}`, name]),
  );
  const incidents: Incident[] = [];
  for (const line of recording.journal) {
    const atUs = (line.atS - startS) * 1_000_000;
    const { seq } = line;
    const devid = nameOf(line["devid"]);
    const add = (kind: Incident["kind"], subject: string) =>
      incidents.push({ atUs, kind, subject, seq });
    if (line.kind === "head-issued") add(headKind(line["purpose"]), devid);
    if (line.kind === "floors-issued") add("floors", String(line["listseq"]));
    if (line.kind === "key-revoked") add("keyRevoked", devid);
    if (line.kind === "provider-changed") add("providerChanged", "");
    if (line.kind === "emergency-requested") {
      add("emergencyRequested", lockOfDoor.get(`${line.authority}/${line["door"]}`) ?? "");
    }
  }
  for (const { role, of, atUs } of recording.devices) {
    if (role === "copy") incidents.push({ atUs, kind: "keyCopied", subject: of, seq: 0 });
  }
  return incidents.sort((left, right) => left.atUs - right.atUs || left.seq - right.seq);
}

function headKind(purpose: unknown): Incident["kind"] {
  if (purpose === "pre-signed") return "headPreSigned";
  return purpose === "emergency" ? "headEmergency" : "head";
}

/** What begins or ends a state of a device: the slot that it has, and the state or its end. */
const HARDWARE_STATES: {
  readonly [what in HardwareFact]?: readonly [string, Band["kind"] | undefined];
} = {
  jammed: ["bolt", "jammed"],
  freed: ["bolt", undefined],
  "battery-out": ["power", "noBattery"],
  "battery-in": ["power", undefined],
  shorted: ["contacts", "shorted"],
  "short-gone": ["contacts", undefined],
  "contacts-dirty": ["contacts", "dirty"],
  "door-opened": ["door", "doorOpen"],
  "door-forced": ["door", "doorOpen"],
  "door-closed": ["door", undefined],
};

/** What of power, links, bolts and doors was not as it should be, and for how long. */
function readBands(recording: Recording, endUs: number): Band[] {
  const bands: Band[] = [];
  const open = new Map<string, { readonly kind: Band["kind"]; readonly startUs: number }>();

  function turn(device: string, slot: string, kind: Band["kind"] | undefined, atUs: number): void {
    const id = `${device} ${slot}`;
    const before = open.get(id);
    if (before?.kind === kind) return;
    if (before !== undefined && atUs > before.startUs) {
      bands.push({ device, kind: before.kind, startUs: before.startUs, endUs: atUs });
    }
    if (kind === undefined) open.delete(id);
    else open.set(id, { kind, startUs: atUs });
  }

  for (const event of recording.world) {
    if (event.kind === "power") {
      const kinds = {
        mains: undefined,
        battery: "battery",
        key: "keyPower",
        none: "dark",
      } as const;
      turn(event.device, "power", kinds[event.source], event.atUs);
    }
    if (event.kind === "hardware") {
      const state = HARDWARE_STATES[event.what];
      const isOn = state !== undefined && (event.what !== "contacts-dirty" || event.detail > 0);
      if (state !== undefined)
        turn(event.device, state[0], isOn ? state[1] : undefined, event.atUs);
    }
    if (event.kind === "links") {
      const hasFast = event.links.includes("lan") || event.links.includes("wifi");
      const slow = event.links.includes("gsm") ? "gsm" : "offline";
      turn(event.device, "links", hasFast ? undefined : slow, event.atUs);
    }
  }
  for (const id of [...open.keys()]) {
    const [device = "", slot = ""] = id.split(" ");
    turn(device, slot, undefined, endUs);
  }
  return bands;
}

function readDoors(recording: Recording): DoorLane[] {
  const home = recording.journal[0]?.authority;
  const places = new Map<string, { readonly building: number; readonly isEntrance: boolean }>();
  for (const line of recording.journal) {
    if (line.kind !== "door-added") continue;
    const isEntrance = line["use"] === "entrance";
    places.set(`${line.authority}/${line["door"]}`, {
      building: Number(line["building"]),
      isEntrance,
    });
  }
  return recording.devices
    .filter(({ role }) => role === "lock")
    .map(({ name, authority, number }) => {
      const { building = 0, isEntrance = false } = places.get(`${authority}/${number}`) ?? {};
      return { lock: name, isHome: authority === home, building, isEntrance };
    })
    .sort(
      (left, right) =>
        Number(right.isHome) - Number(left.isHome) ||
        left.building - right.building ||
        Number(right.isEntrance) - Number(left.isEntrance) ||
        (left.lock < right.lock ? -1 : 1),
    );
}
