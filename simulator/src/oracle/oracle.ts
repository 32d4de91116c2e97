// SPDX-License-Identifier: EUPL-1.2

// Judges a run from outside. It sees what a camera, a logic analyser, the journal of the
// authorization system and the raw flash of the devices show, and it uses none of the code that
// decides, signs, stores or counts.

import type { KeyObject } from "node:crypto";
import type { LeafFact } from "@nyckelring/issuer/domain";
import {
  FORBIDDEN_PURPOSES,
  type HardwareFact,
  type SignalName,
  type WorldEvent,
} from "../world-events.ts";
import type { ContactStory, Opening } from "./door-truth.ts";
import type { AuthorityEvidence, Case, Evidence, Violation } from "./evidence.ts";
import { createHindrances, type Hindrances } from "./hindrances.ts";
import { judgeLogs } from "./log-truth.ts";
import {
  createRightsModel,
  type IssuedHead,
  type KnownLock,
  type RightsModel,
} from "./rights-model.ts";
import {
  ed25519KeyOf,
  type HeadClaims,
  hex,
  isSignedBy,
  readFloorClaims,
  readHeadClaims,
  readIat,
  readIssuerCertificate,
  readSign1,
  TYP_FLOOR_LIST,
  TYP_ISSUER_CERTIFICATE,
  TYP_RING_HEAD,
} from "./signed-objects.ts";

/** The judgement of a run. */
export type Verdict = {
  readonly violations: readonly Violation[];
  readonly openings: number;
  readonly unauthorizedOpenings: number;
  readonly residualOpenings: number;
  /** Residual openings by class. */
  readonly residualClasses: { readonly [name: string]: number };
  readonly denials: number;
  readonly wrongDenials: number;
  /** Refusals of somebody with a right, by what the oracle saw stand in the way. */
  readonly hindrances: { readonly [why: string]: number };
  readonly eventsAtDevices: number;
  readonly eventsAtIssuer: number;
  readonly eventsLost: number;
  readonly eventsDuplicated: number;
  readonly eventsGapped: number;
  /** Attempts at what is forbidden, and how many of them were stopped. */
  readonly forbiddenAttempts: number;
  readonly forbiddenStopped: number;
  readonly attemptsByPurpose: { readonly [purpose: string]: number };
  readonly openedByPurpose: { readonly [purpose: string]: number };
  /** How much was looked at; a judgement over nothing is worth nothing. */
  readonly headsVerified: number;
  readonly leavesChecked: number;
  readonly floorsDelivered: number;
};

/** Largest error of an honest key's clock within a window, in seconds. */
const CLOCK_BOUND_S = 2;
/** A person who waits this long and is not let in was refused. */
const PATIENCE_US = 6_000_000;

type Head = { readonly issued: IssuedHead; readonly claims: HeadClaims };

type Delivery = { readonly atUs: number; readonly payload: Uint8Array; readonly typ: number };

/**
 * Judges a run.
 *
 * Authorised means: a genuine head of this key with a leaf for this door and operation exists, true
 * time lies in its window plus the stated clock bound, and no covering floor had reached this lock.
 * An opening that only the missing clock of the lock explains is residual when the key was an
 * attacker's, and a violation when it was honest. Each lock is judged by the journal of its own
 * authority; a key of another one counts where that is a guest to whom this door was opened, by what
 * the guest has issued and the host allows it. What a scenario calls an attempt is
 * counted and believed in nothing.
 *
 * @param evidence - What is known of the run; nothing in it is changed.
 * @public
 */
export function judgeRun(evidence: Evidence): Verdict {
  const { startS, events, isSettled, authorities } = evidence;
  const devices = authorities.flatMap((authority) => authority.devices);
  const devids = new Map(devices.map((device) => [device.name, device.devid]));
  const counterfeits = new Set(
    devices.filter(({ isCounterfeit }) => isCounterfeit).map(({ name }) => name),
  );
  const sides = authorities.map(readSide);
  const verdicts = sides.map((side) => {
    const { authority, own } = side;
    const others = sides.filter((other) => other !== side);
    const guests = others
      .filter(({ model }) => side.model.guests.has(model.authority))
      .map((guest) => guest.authority);
    const seen = { startS, events, isSettled, devids, counterfeits };
    return judgeAuthority({ ...authority, ...seen, own, guests }, side, others);
  });
  const faults = readFaults(events);
  const [first, ...others] = verdicts;
  if (first === undefined) throw new Error("a run without an authority has nothing to judge");
  const whole = others.reduce(addVerdicts, first);
  return {
    ...whole,
    violations: [...whole.violations, ...faults].sort((left, right) => left.atUs - right.atUs),
  };
}

/** What an authority has issued, and to which keys. */
type Side = {
  readonly authority: AuthorityEvidence;
  readonly own: ReadonlySet<string>;
  readonly model: RightsModel;
  readonly heads: readonly Head[];
  readonly violations: readonly Violation[];
  /** Payloads of its floor lists, as hexadecimal text. */
  readonly floorPayloads: ReadonlySet<string>;
};

function readSide(authority: AuthorityEvidence): Side {
  const model = createRightsModel(authority.journal);
  const violations: Violation[] = [];
  const heads = verifyHeads(model, violations);
  const own = new Set(authority.devices.map(({ name }) => name));
  const lists = [...model.floorLists].flatMap((text) => {
    const payload = readSign1(Buffer.from(text, "hex"))?.payload;
    return payload === undefined ? [] : [hex(payload)];
  });
  return { authority, own, model, heads, violations, floorPayloads: new Set(lists) };
}

/** Adds what was found under two authorities. */
function addVerdicts(left: Verdict, right: Verdict): Verdict {
  return {
    violations: [...left.violations, ...right.violations],
    openings: left.openings + right.openings,
    unauthorizedOpenings: left.unauthorizedOpenings + right.unauthorizedOpenings,
    residualOpenings: left.residualOpenings + right.residualOpenings,
    residualClasses: addCounts(left.residualClasses, right.residualClasses),
    denials: left.denials + right.denials,
    wrongDenials: left.wrongDenials + right.wrongDenials,
    hindrances: addCounts(left.hindrances, right.hindrances),
    eventsAtDevices: left.eventsAtDevices + right.eventsAtDevices,
    eventsAtIssuer: left.eventsAtIssuer + right.eventsAtIssuer,
    eventsLost: left.eventsLost + right.eventsLost,
    eventsDuplicated: left.eventsDuplicated + right.eventsDuplicated,
    eventsGapped: left.eventsGapped + right.eventsGapped,
    forbiddenAttempts: left.forbiddenAttempts + right.forbiddenAttempts,
    forbiddenStopped: left.forbiddenStopped + right.forbiddenStopped,
    attemptsByPurpose: addCounts(left.attemptsByPurpose, right.attemptsByPurpose),
    openedByPurpose: addCounts(left.openedByPurpose, right.openedByPurpose),
    headsVerified: left.headsVerified + right.headsVerified,
    leavesChecked: left.leavesChecked + right.leavesChecked,
    floorsDelivered: left.floorsDelivered + right.floorsDelivered,
  };
}

type Counts = { readonly [name: string]: number };

function addCounts(left: Counts, right: Counts): Counts {
  const sums: Record<string, number> = { ...left };
  for (const [name, count] of Object.entries(right)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}

function judgeAuthority(evidence: Case, side: Side, others: readonly Side[]): Verdict {
  const { devids } = evidence;
  const { model, heads } = side;
  const violations: Violation[] = [...side.violations];
  const contacts = readContacts(evidence.events);
  const deliveries = readDeliveries(evidence.events);
  for (const wrong of model.wrongLeaves) {
    const atUs = (wrong.atS - evidence.startS) * 1_000_000;
    violations.push({
      invariant: "X6 right-at-issue",
      atUs,
      text: `${wrong.devid}: ${wrong.text}`,
    });
  }
  judgeMotors(evidence, violations);

  const hindrances = createHindrances(evidence.events, evidence.journal, devids, evidence.startS);
  const doors = judgeDoors({
    evidence,
    model,
    heads,
    others,
    devids,
    contacts,
    deliveries,
    hindrances,
    violations,
  });
  judgeSyncs(evidence, model, devids, contacts, violations);
  const logs = judgeLogs(evidence, doors.openingsByLock, contacts, devids, violations);
  return {
    violations,
    ...doors.counts,
    ...logs,
    headsVerified: heads.length,
    leavesChecked: model.leavesChecked,
    floorsDelivered: doors.floorsDelivered,
  };
}

function verifyHeads(model: RightsModel, violations: Violation[]): Head[] {
  const ringKeys = readRingKeys(model);
  const heads: Head[] = [];
  for (const issued of model.heads) {
    const object = readSign1(issued.head);
    const claims = object === undefined ? undefined : readHeadClaims(object.payload);
    const isGenuine =
      object !== undefined &&
      object.typ === TYP_RING_HEAD &&
      ringKeys.some((key) => isSignedBy(object, key)) &&
      claims !== undefined &&
      claims.holder === issued.devid &&
      claims.root === issued.root &&
      claims.ringseq === issued.ringseq;
    if (claims !== undefined && isGenuine) {
      heads.push({ issued, claims });
    } else {
      const text = `head ${issued.ringseq} of ${issued.devid} in the journal is not genuine`;
      violations.push({ invariant: "X6 right-at-issue", atUs: 0, text });
    }
  }
  return heads;
}

function readRingKeys(model: RightsModel): KeyObject[] {
  const root = model.rootPublicKey;
  if (root === undefined) return [];
  const rootKey = ed25519KeyOf(root);
  return model.ringCertificates.flatMap((bytes) => {
    const object = readSign1(bytes);
    if (object === undefined || object.typ !== TYP_ISSUER_CERTIFICATE) return [];
    const certificate = readIssuerCertificate(object.payload);
    if (certificate === undefined || certificate.level !== 1) return [];
    return isSignedBy(object, rootKey) ? [ed25519KeyOf(certificate.publicKey)] : [];
  });
}

function readContacts(events: readonly WorldEvent[]): Map<number, ContactStory> {
  const contacts = new Map<number, ContactStory>();
  for (const event of events) {
    if (event.kind === "plugged") {
      contacts.set(event.contact, {
        id: event.contact,
        key: event.key,
        device: event.device,
        startUs: event.atUs,
        endUs: event.atUs,
        early: false,
        signal: "none",
        attempt: undefined,
        unlocks: [],
      });
    } else if (event.kind === "pulled") {
      const contact = contacts.get(event.contact);
      if (contact === undefined) continue;
      contact.endUs = event.atUs;
      contact.early = event.early;
      contact.signal = event.signal;
    } else if (event.kind === "attempt") {
      const contact = contacts.get(event.contact);
      if (contact !== undefined) contact.attempt = event;
    }
  }
  return contacts;
}

/**
 * Which signed objects have reached which device: those that its verifier found good and after
 * which it still answered in the same contact. A power cut in between leaves it open whether the
 * device kept them, and then nothing is demanded of it.
 */
function readDeliveries(events: readonly WorldEvent[]): Map<string, Delivery[]> {
  const deliveries = new Map<string, Delivery[]>();
  const open = new Map<string, Extract<WorldEvent, { kind: "verified" }>[]>();
  for (const event of events) {
    if (event.kind === "verified") {
      const waiting = open.get(event.device) ?? [];
      waiting.push(event);
      open.set(event.device, waiting);
    } else if (event.kind === "sent") {
      for (const verified of open.get(event.device) ?? []) {
        if (verified.contact !== event.contact || verified.atUs > event.atUs) continue;
        const known = deliveries.get(event.device) ?? [];
        const payload = Buffer.from(verified.payload, "hex");
        known.push({ atUs: event.atUs, payload, typ: verified.typ });
        deliveries.set(event.device, known);
      }
      open.delete(event.device);
    }
  }
  return deliveries;
}

/** Longest that a motor may turn without a stop, in microseconds: one try and a little. */
const MOTOR_US_MAX = 1_600_000;

/** What stops a motor without a command. */
const POWER_ENDS: readonly HardwareFact[] = ["battery-out", "brown-out", "overload"];

/** A motor that is started is stopped: by the lock in time, or by the end of power. */
function judgeMotors(evidence: Case, violations: Violation[]): void {
  const turningSince = new Map<string, { readonly atUs: number; readonly contact: number }>();
  const withBattery = new Set(
    evidence.devices.filter(({ hasBattery }) => hasBattery === true).map(({ name }) => name),
  );
  const stop = (lock: string, atUs: number) => {
    const start = turningSince.get(lock);
    turningSince.delete(lock);
    if (start === undefined || atUs - start.atUs <= MOTOR_US_MAX) return;
    const text = `the motor of ${lock} turned for ${atUs - start.atUs} microseconds`;
    violations.push({ invariant: "I7 door-safe", atUs: start.atUs, text });
  };
  for (const event of evidence.events) {
    if (event.kind === "motor") {
      if (!evidence.own.has(event.lock)) continue;
      stop(event.lock, event.atUs);
      if (event.command !== "stop") turningSince.set(event.lock, event);
    } else if (event.kind === "pulled") {
      for (const [lock, start] of turningSince) {
        if (start.contact === event.contact && !withBattery.has(lock)) stop(lock, event.atUs);
      }
    } else if (event.kind === "hardware" && POWER_ENDS.includes(event.what)) {
      stop(event.device, event.atUs);
    }
  }
  for (const device of evidence.devices) {
    if (!device.isMotorOn) continue;
    const text = `the motor of ${device.name} still turns at the end`;
    violations.push({ invariant: "I7 door-safe", atUs: 0, text });
  }
}

function readFaults(events: readonly WorldEvent[]): Violation[] {
  return events.flatMap((event) => {
    if (event.kind !== "fault") return [];
    const text = `${event.device} threw: ${event.text}`;
    return [{ invariant: "I4 no-brick" as const, atUs: event.atUs, text }];
  });
}

type DoorCase = {
  readonly evidence: Case;
  readonly model: RightsModel;
  readonly heads: readonly Head[];
  /** The other authorities, whose keys may be guests here. */
  readonly others: readonly Side[];
  readonly devids: ReadonlyMap<string, string>;
  readonly contacts: ReadonlyMap<number, ContactStory>;
  readonly deliveries: ReadonlyMap<string, readonly Delivery[]>;
  readonly hindrances: Hindrances;
  readonly violations: Violation[];
};

/** The strongest thing that can be said for an opening. */
type Standing = "authorised" | "expiredAtClocklessLock" | "notYetAtClocklessLock" | "none";

function judgeDoors(doorCase: DoorCase) {
  const { evidence, contacts, violations } = doorCase;
  const openingsByLock = new Map<string, Opening[]>();
  const residualClasses: Record<string, number> = {};
  let openings = 0;
  let unauthorizedOpenings = 0;
  let residualOpenings = 0;
  for (const event of evidence.events) {
    if (event.kind !== "motor" || event.command !== "unlock") continue;
    if (!evidence.own.has(event.lock)) continue;
    const contact = contacts.get(event.contact);
    const list = openingsByLock.get(event.lock) ?? [];
    openingsByLock.set(event.lock, list);
    if (contact === undefined) {
      unauthorizedOpenings += 1;
      const text = `${event.lock} moved to unlocked without a key`;
      violations.push({ invariant: "I1 no-unauth", atUs: event.atUs, text });
      continue;
    }
    contact.unlocks.push(event.atUs);
    list.push({ atUs: event.atUs, contact });
    openings += 1;
    const standing = standingOf(doorCase, contact, event.atUs);
    if (standing === "authorised") continue;
    if (standing !== "none" && evidence.counterfeits.has(contact.key)) {
      residualOpenings += 1;
      residualClasses[standing] = (residualClasses[standing] ?? 0) + 1;
      continue;
    }
    unauthorizedOpenings += 1;
    const text = `${event.lock} opened for ${contact.key} (contact ${contact.id}), standing: ${standing}`;
    violations.push({ invariant: "I1 no-unauth", atUs: event.atUs, text });
  }
  const locks = new Set(
    evidence.devices.filter(({ role }) => role === "lock").map(({ name }) => name),
  );
  const floorsDelivered = [...doorCase.deliveries.entries()]
    .filter(([device]) => locks.has(device))
    .reduce((sum, [, list]) => sum + list.filter((item) => item.typ === TYP_FLOOR_LIST).length, 0);
  return {
    openingsByLock,
    floorsDelivered,
    counts: {
      openings,
      unauthorizedOpenings,
      residualOpenings,
      residualClasses,
      ...judgeAttempts(doorCase),
    },
  };
}

function standingOf(doorCase: DoorCase, contact: ContactStory, atUs: number): Standing {
  const { evidence, model, devids, deliveries } = doorCase;
  const nowS = evidence.startS + atUs / 1_000_000;
  const keyDevid = devids.get(contact.key);
  const lock = model.locks.get(devids.get(contact.device) ?? "");
  if (lock === undefined || keyDevid === undefined) return "none";
  const reached = (deliveries.get(contact.device) ?? []).filter((item) => item.atUs <= atUs);
  const { heads, reaches, floors } = claimOf(doorCase, contact, lock);
  let standing: Standing = "none";
  for (const head of heads) {
    const { claims, issued } = head;
    if (claims.holder !== keyDevid || issued.atS > nowS + 1) continue;
    if (isCoveredByFloor(reached.filter(floors), claims)) continue;
    const isStarted = nowS >= claims.nbfS - CLOCK_BOUND_S;
    const isOver = nowS >= claims.expS + CLOCK_BOUND_S;
    if (isStarted && !isOver) {
      // A right can end inside the window of its head.
      if (reaches(head, 1, nowS - CLOCK_BOUND_S)) return "authorised";
    } else if (reaches(head, 1, claims.expS)) {
      if (!isStarted) standing = "notYetAtClocklessLock";
      else if (claims.expS > timeFloor(reached)) standing = "expiredAtClocklessLock";
    }
  }
  return standing;
}

/** What a key has to show for at a door, be it at home or a guest there. */
type Claim = {
  readonly heads: readonly Head[];
  /** Whether a head holds the door for an operation until after a time. */
  readonly reaches: (head: Head, op: 1 | 2, afterS: number) => boolean;
  /** Whether a floor list is one of the authority of the key. */
  readonly floors: (item: Delivery) => boolean;
};

/**
 * Whose heads count for a contact: those of the lock's own authority, or those of the key's where
 * that is a guest to whom this door was opened, within what the host allows it.
 */
function claimOf(
  { model, heads, others }: DoorCase,
  contact: ContactStory,
  lock: KnownLock,
): Claim {
  const guest = others.find(({ own }) => own.has(contact.key));
  const isOf = (side: Side, { payload }: Delivery) => side.floorPayloads.has(hex(payload));
  if (guest === undefined) {
    return {
      heads,
      reaches: (head, op, afterS) => hasLeaf(head, lock, op, afterS),
      floors: (item) => !others.some((side) => isOf(side, item)),
    };
  }
  const terms = model.guests.get(guest.model.authority);
  return {
    heads: guest.heads,
    reaches: (head, op, afterS) =>
      terms?.doors.has(lock.door) === true &&
      (terms.opsmask & op) !== 0 &&
      head.claims.expS - head.claims.nbfS <= terms.maxvalidS &&
      hasForeignLeaf(head, model.authority, lock.door, op, afterS),
    floors: (item) => isOf(guest, item),
  };
}

function hasLeaf(
  head: Head,
  lock: { readonly door: number; readonly groups: readonly number[] },
  op: 1 | 2,
  afterS: number,
): boolean {
  return head.issued.leaves.some((leaf) => {
    const [kind, target] = leaf;
    // Doors of other authorities are none of this one's locks.
    if (kind > 1) return false;
    const isHere = kind === 0 ? target === lock.door : lock.groups.includes(target);
    return isHere && isLeafFor(head, leaf, op, afterS);
  });
}

/** From 2 on the kind of a leaf is the number of the authority whose door it names. */
function hasForeignLeaf(
  head: Head,
  host: number,
  door: number,
  op: 1 | 2,
  afterS: number,
): boolean {
  return head.issued.leaves.some((leaf) => {
    const [kind, target] = leaf;
    return kind === 2 + host && target === door && isLeafFor(head, leaf, op, afterS);
  });
}

function isLeafFor(head: Head, [, , ops, untilS]: LeafFact, op: 1 | 2, afterS: number): boolean {
  // A right that ends with the window counts for the whole window.
  return (ops & op) !== 0 && untilS >= Math.min(afterS, head.claims.expS);
}

function isCoveredByFloor(reached: readonly Delivery[], claims: HeadClaims): boolean {
  let newest: ReturnType<typeof readFloorClaims>;
  for (const item of reached) {
    if (item.typ !== TYP_FLOOR_LIST) continue;
    const floors = readFloorClaims(item.payload);
    if (floors === undefined) continue;
    if (newest === undefined || floors.listseq > newest.listseq) newest = floors;
  }
  if (newest === undefined) return false;
  const minimum = Math.max(newest.ringfloor, newest.floors.get(claims.holder) ?? 0);
  return claims.ringseq < minimum;
}

/** What a lock can know of the time: the newest time of signing that has reached it. */
function timeFloor(reached: readonly Delivery[]): number {
  return reached.reduce((floorS, item) => Math.max(floorS, readIat(item.payload) ?? 0), 0);
}

function judgeAttempts(doorCase: DoorCase) {
  const attemptsByPurpose: Record<string, number> = {};
  const openedByPurpose: Record<string, number> = {};
  const hindrances: Record<string, number> = {};
  let denials = 0;
  let wrongDenials = 0;
  let forbiddenAttempts = 0;
  let forbiddenStopped = 0;
  for (const contact of doorCase.contacts.values()) {
    const { attempt } = contact;
    if (attempt === undefined || !doorCase.evidence.own.has(contact.device)) continue;
    attemptsByPurpose[attempt.purpose] = (attemptsByPurpose[attempt.purpose] ?? 0) + 1;
    // A leave moves no bolt that a camera could tell from a relock; the light of the key has to do.
    const isIn = contact.unlocks.length > 0 || (attempt.op === 2 && contact.signal === "granted");
    if (isIn) openedByPurpose[attempt.purpose] = (openedByPurpose[attempt.purpose] ?? 0) + 1;
    const isForbidden = FORBIDDEN_PURPOSES.includes(attempt.purpose);
    if (isForbidden) {
      forbiddenAttempts += 1;
      if (!isIn) forbiddenStopped += 1;
    }
    const wasWaiting = !contact.early || contact.endUs - contact.startUs >= PATIENCE_US;
    if (isIn || !wasWaiting) continue;
    denials += 1;
    if (!mustOpen(doorCase, contact, attempt.op)) continue;
    const hindrance = doorCase.hindrances.find(contact);
    if (hindrance !== undefined) {
      hindrances[hindrance] = (hindrances[hindrance] ?? 0) + 1;
      continue;
    }
    wrongDenials += 1;
    const text = `${attempt.key} was refused at ${attempt.lock} (contact ${contact.id}) with a right`;
    doorCase.violations.push({ invariant: "I3 no-lockout", atUs: contact.startUs, text });
  }
  return {
    denials,
    wrongDenials,
    hindrances,
    forbiddenAttempts,
    forbiddenStopped,
    attemptsByPurpose,
    openedByPurpose,
  };
}

/**
 * Whether an honest person had to be let through: the newest ring that has surely reached the key
 * is within its window, holds the door, and no floor covers it.
 */
function mustOpen(doorCase: DoorCase, contact: ContactStory, op: 1 | 2): boolean {
  const { evidence, model, heads, devids, deliveries } = doorCase;
  const nowS = evidence.startS + contact.startUs / 1_000_000;
  const keyDevid = devids.get(contact.key);
  const lock = model.locks.get(devids.get(contact.device) ?? "");
  if (keyDevid === undefined || lock === undefined) return false;
  const held = (deliveries.get(contact.key) ?? []).flatMap((item) => {
    if (item.typ !== TYP_RING_HEAD || item.atUs > contact.startUs) return [];
    const claims = readHeadClaims(item.payload);
    return claims === undefined || claims.holder !== keyDevid ? [] : [claims.ringseq];
  });
  if (held.length === 0) return false;
  const atLock = (deliveries.get(contact.device) ?? []).filter(
    (item) => item.atUs <= contact.endUs,
  );
  const onKey = deliveries.get(contact.key) ?? [];
  return heads.some((head) => {
    const { claims } = head;
    const isNewest = claims.ringseq === Math.max(...held);
    return (
      claims.holder === keyDevid &&
      isNewest &&
      nowS > claims.nbfS + CLOCK_BOUND_S &&
      nowS < claims.expS - CLOCK_BOUND_S &&
      hasLeaf(head, lock, op, nowS + CLOCK_BOUND_S) &&
      !isCoveredByFloor(atLock, claims) &&
      // A key that carries the floor against its own ring delivers it before it is judged.
      !isCoveredByFloor(onKey, claims)
    );
  });
}

/** Lights that say that a key is fit for its shift. */
const FIT: readonly SignalName[] = ["ready", "battery-low", "logs-not-home"];
/** How long before a shift its key can be made ready, in seconds. */
const EARLY_SYNC_S = 45 * 60;

/** How long a person at a station may have to repeat before the key is fit, in microseconds. */
const SYNC_PATIENCE_US = 300_000_000;

/**
 * A person with a shift who holds the key in a station with power and a link gets a key that works:
 * at once, or when the broker was late, by trying again within five minutes.
 */
function judgeSyncs(
  evidence: Case,
  model: RightsModel,
  devids: ReadonlyMap<string, string>,
  contacts: ReadonlyMap<number, ContactStory>,
  violations: Violation[],
): void {
  const links = new Map<string, boolean>();
  const power = new Map<string, boolean>();
  const changedUs = new Map<string, number>();
  for (const event of evidence.events) {
    if (event.kind === "links") links.set(event.device, event.links.length > 0);
    if (event.kind === "power")
      power.set(event.device, ["mains", "battery"].includes(event.source));
    if (event.kind === "links" || event.kind === "power") changedUs.set(event.device, event.atUs);
    if (event.kind !== "pulled") continue;
    const contact = contacts.get(event.contact);
    if (contact === undefined || contact.attempt !== undefined || event.early) continue;
    if (FIT.includes(event.signal)) continue;
    const { device, key, startUs } = contact;
    const isSteady = (changedUs.get(device) ?? 0) < startUs;
    const isUp = (links.get(device) ?? true) && (power.get(device) ?? true);
    const holder = model.holders.get(devids.get(key) ?? "");
    if (!isUp || !isSteady || holder === undefined) continue;
    const nowS = evidence.startS + startUs / 1_000_000;
    const isEnded = holder.endedS !== undefined && holder.endedS <= nowS;
    const hasShift = model.shifts.some(
      ({ carer, startS, endS }) =>
        carer === holder.carer && startS - EARLY_SYNC_S <= nowS && nowS < endS,
    );
    if (isEnded || !hasShift) continue;
    const isFitSoon = [...contacts.values()].some(
      (later) =>
        later.key === key &&
        later.device === device &&
        FIT.includes(later.signal) &&
        later.startUs > startUs &&
        later.startUs - startUs <= SYNC_PATIENCE_US,
    );
    if (isFitSoon) continue;
    const text = `${key} left ${device} unfit for its shift (contact ${contact.id}, ${event.signal})`;
    violations.push({ invariant: "I3 no-lockout", atUs: startUs, text });
  }
}
