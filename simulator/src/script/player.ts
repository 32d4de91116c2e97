// SPDX-License-Identifier: EUPL-1.2

import { describe, findCode } from "@nyckelring/protocol/host";
import type { Calendar } from "../calendar.ts";
import type { EarlyPull } from "../contact.ts";
import { findEntries } from "../oracle/flash-log.ts";
import type { Story } from "../story.ts";
import { type DoorOutcome, must } from "../world.ts";
import type { AttemptPurpose, SignalName } from "../world-events.ts";
import { runChecks } from "./checks.ts";
import type { Expectation, Step, Sweep } from "./scenario-shape.ts";
import type { Place } from "./shape.ts";
import { linksOf, type Stage, type StagedDoor, type StagedKey } from "./stage.ts";

/** An expectation that was not met. */
export type Miss = Place & { readonly atUs: number; readonly text: string };

/** What the steps of a scenario came to. */
export type Played = {
  readonly misses: readonly Miss[];
  /** Expectations that were looked at. */
  readonly expectations: number;
  /** From insertion to the motor of each honest opening, in microseconds. */
  readonly openingsUs: readonly number[];
};

const HOLD_US = 600_000;
const SECOND_US = 1_000_000;
const HOUR_US = 3_600 * SECOND_US;
/** Longest that a contact can last, and a hand needs between two. */
const CONTACT_US_MAX = 100 * SECOND_US;
const BETWEEN_US = 2 * SECOND_US;
const LOOK_US = 50_000;

/** What a contact came to, as far as a file can expect it. */
type Outcome = {
  readonly opens: boolean;
  readonly isPulledEarly: boolean;
  readonly signal: SignalName;
  readonly occupied: boolean;
  readonly afterUs: number | undefined;
  readonly reasons: readonly number[];
};

/**
 * Plays the steps of a scenario, one after the other, and looks at what they expect.
 */
export function playSteps(
  stage: Stage,
  steps: readonly Step[],
  calendar: Calendar,
  story: Story,
): Played {
  const { world } = stage;
  const { clock } = world;
  const misses: Miss[] = [];
  const openingsUs: number[] = [];
  let expectations = 0;
  let waiting = 0;

  function miss(place: Place, text: string): void {
    misses.push({ line: place.line, column: place.column, atUs: clock.nowUs(), text });
  }

  function keyOf(name: string): StagedKey {
    const key = stage.keys.get(name);
    if (key === undefined) throw new Error(`no key ${name}`);
    return key;
  }

  function doorOf(name: string): StagedDoor {
    const door = stage.doors.get(name);
    if (door === undefined) throw new Error(`no door ${name}`);
    return door;
  }

  function settleContact(isDone: () => boolean): void {
    const endUs = clock.nowUs() + CONTACT_US_MAX;
    while (!(isDone() && waiting === 0) && clock.nowUs() < endUs) {
      clock.runUntil(clock.nowUs() + LOOK_US);
    }
  }

  /** Runs one step to its end. */
  function play(step: Step): void {
    if (step.at !== undefined) {
      const hour = Math.floor(step.at / HOUR_US);
      clock.runUntil(calendar.atUs(0, hour, 0) + (step.at % HOUR_US));
    }
    if (step.after !== undefined) clock.runUntil(clock.nowUs() + step.after);
    let isDone = false;
    const then = (outcome: Outcome) => {
      isDone = true;
      judge(step, outcome);
    };
    if (step.insert !== undefined || step.sync !== undefined) {
      planMeanwhile(step);
      begin(step, then);
      settleContact(() => isDone);
      endMeanwhile(step);
      clock.runUntil(clock.nowUs() + BETWEEN_US);
    } else if (step.sweep !== undefined) {
      sweep(step, step.sweep);
    } else if (step.repeat !== undefined) {
      repeat(step.repeat);
    } else {
      act(step);
    }
  }

  function planMeanwhile(step: Step): void {
    const moving: Step[] = [];
    for (const inner of step.meanwhile ?? []) {
      if (inner.afterMove === undefined) planInner(inner, clock.nowUs() + (inner.after ?? 0));
      else moving.push(inner);
    }
    if (moving.length === 0) return;
    if (step.insert === undefined) throw new Error("afterMove stands beside an insert alone");
    doorOf(step.insert.door).lock.onMove = (atUs) => {
      for (const inner of moving) planInner(inner, atUs + (inner.afterMove ?? 0));
    };
  }

  /** A step that waits for a motor that never started has not happened. */
  function endMeanwhile(step: Step): void {
    if (step.insert === undefined) return;
    const { lock } = doorOf(step.insert.door);
    if (lock.onMove !== undefined) miss(step.place, "meanwhile: the motor was never started");
    lock.onMove = undefined;
  }

  function planInner(inner: Step, atUs: number): void {
    const cut = inner.battery;
    if (cut?.door !== undefined && cut.is === "out") doorOf(cut.door).lock.board.cutAt(atUs);
    waiting += 1;
    clock.scheduleAt(atUs, () => {
      if (inner.insert === undefined) {
        act(inner);
        waiting -= 1;
        return;
      }
      begin(inner, (outcome) => {
        waiting -= 1;
        judge(inner, outcome);
      });
    });
  }

  function begin(step: Step, then: (outcome: Outcome) => void): void {
    if (step.insert !== undefined) insert(step, step.insert, then);
    else if (step.sync !== undefined) sync(step.sync, then);
  }

  function insert(
    step: Step,
    wish: NonNullable<Step["insert"]>,
    then: (outcome: Outcome) => void,
  ): void {
    const key = keyOf(wish.key);
    const door = doorOf(wish.door);
    const { lock } = door;
    if (lock.contact !== undefined || key.unit.contact !== undefined) {
      const nothing = { opens: false, isPulledEarly: false, signal: "none" as const };
      then({ ...nothing, occupied: true, afterUs: undefined, reasons: [] });
      return;
    }
    const wantsReason = typeof step.expect?.denied === "string";
    const before = wantsReason ? newestOf(key, door) : undefined;
    const visit = {
      key: key.unit,
      lock,
      op: wish.way === "leave" ? (2 as const) : (1 as const),
      purpose: purposeOf(step, key, door),
      pull: pullOf(wish.pull),
      lingerMs: (wish.hold ?? HOLD_US) / 1000,
    };
    door.world.visitDoor(visit, (outcome) => {
      if (outcome.openedAfterUs !== undefined && visit.purpose === "honest") {
        openingsUs.push(outcome.openedAfterUs);
      }
      // The key learns that it was pulled only when its contact has settled.
      clock.scheduleAfter(200_000, () => {
        const reasons = before === undefined ? [] : reasonsSince(before, key, door);
        then(outcomeOf(outcome, reasons));
      });
    });
  }

  function sync(wish: NonNullable<Step["sync"]>, then: (outcome: Outcome) => void): void {
    const key = keyOf(wish.key);
    const station = stage.stationFor(key, wish.station);
    const nothing = { opens: false, isPulledEarly: false, reasons: [], afterUs: undefined };
    if (station.contact !== undefined || key.unit.contact !== undefined) {
      then({ ...nothing, signal: "none", occupied: true });
      return;
    }
    const visit = { key: key.unit, station, pull: pullOf(wish.pull) };
    key.world.visitStation(visit, (outcome) => {
      then({
        ...nothing,
        isPulledEarly: outcome.isPulledEarly,
        signal: outcome.signal,
        occupied: false,
      });
    });
  }

  /** Why the person comes, for whoever reads the run; the judge believes none of it. */
  function purposeOf(step: Step, key: StagedKey, door: StagedDoor): AttemptPurpose {
    if (key.world !== door.world) return "wrong-door";
    const denied = step.expect?.denied;
    switch (denied) {
      case "NO_RIGHT":
        return "wrong-door";
      case "RING_EXPIRED":
        return "expired-key";
      case "NEEDS_SYNC":
        return "unsynced-key";
      case "KEY_REVOKED":
        return "revoked-carer";
      default:
        return denied === undefined || denied === false ? "honest" : "hindered";
    }
  }

  function judge(step: Step, outcome: Outcome): void {
    const expected = step.expect;
    if (expected === undefined) return;
    for (const text of unmet(expected, outcome)) miss(expected.place, text);
    expectations += Object.keys(expected).length - 1;
  }

  function sweep(step: Step, wish: NonNullable<Step["sweep"]>): void {
    const { key, door, station, way, place } = wish;
    for (let at = wish.from; at <= wish.to; at += wish.every ?? 1) {
      for (const inner of wish.before ?? []) play(inner);
      const pull = { ...pullAt(wish, at), place };
      if (door === undefined) {
        play({ place, sync: { key, ...(station === undefined ? {} : { station }), pull, place } });
      } else {
        play({ place, insert: { key, door, ...(way === undefined ? {} : { way }), pull, place } });
      }
    }
    judge(step, {
      opens: false,
      isPulledEarly: true,
      signal: "none",
      occupied: false,
      afterUs: undefined,
      reasons: [],
    });
  }

  function repeat(wish: NonNullable<Step["repeat"]>): void {
    for (let time = 0; time < wish.times; time += 1) {
      const nextUs = clock.nowUs() + (wish.every ?? 0);
      for (const inner of wish.steps) play(inner);
      if (nextUs > clock.nowUs()) clock.runUntil(nextUs);
    }
  }

  /** Does what needs no waiting. */
  function act(step: Step): void {
    if (step.wait !== undefined) clock.runUntil(clock.nowUs() + step.wait);
    if (step.say !== undefined) story.tell(step.say);
    if (step.press !== undefined) keyOf(step.press.key).unit.board.press();
    if (step.weather !== undefined) {
      for (const one of stage.worlds) one.hardware.setCold(step.weather.is === "cold");
    }
    actOnDoor(step);
    actOnPower(step);
    actOnIssuer(step);
    if (step.check !== undefined) {
      const looked = runChecks(stage, step.check, miss);
      expectations += looked;
    }
  }

  function actOnDoor(step: Step): void {
    const { hardware } = world;
    if (step.jam !== undefined) {
      const { lock } = doorOf(step.jam.door);
      hardware.jam(lock, (step.jam.at ?? 50) * 10);
    }
    if (step.free !== undefined) {
      const { lock } = doorOf(step.free.door);
      hardware.free(lock);
    }
    if (step.turn !== undefined) hardware.turnBolt(doorOf(step.turn.door).lock, step.turn.to);
    if (step.open !== undefined) hardware.moveDoor(doorOf(step.open.door).lock, true);
    if (step.close !== undefined) hardware.moveDoor(doorOf(step.close.door).lock, false);
    if (step.short !== undefined) {
      const { lock } = doorOf(step.short.door);
      hardware.setShort(lock, step.short.is ?? true);
    }
  }

  function actOnPower(step: Step): void {
    const { hardware } = world;
    const { battery, clock: change } = step;
    if (battery !== undefined) {
      const lock = battery.door === undefined ? undefined : doorOf(battery.door).lock;
      const key = battery.key === undefined ? undefined : keyOf(battery.key).unit;
      if (battery.charge !== undefined) {
        for (const device of [key, lock]) {
          if (device !== undefined) hardware.setCharge(device, battery.charge);
        }
      }
      if (key !== undefined && battery.ohm !== undefined) {
        hardware.setContactOhm(key, battery.ohm);
      }
      if (lock !== undefined && battery.is !== undefined) {
        hardware.setLockBattery(lock, battery.is === "in");
      }
    }
    if (change !== undefined) {
      const lock = change.door === undefined ? undefined : doorOf(change.door).lock;
      const key = change.key === undefined ? undefined : keyOf(change.key).unit;
      const seconds = ((change.ahead ?? 0) - (change.behind ?? 0)) / SECOND_US;
      for (const device of [key, lock]) {
        if (device === undefined) continue;
        hardware.spoilClock(device, change.lost === true ? undefined : seconds);
      }
    }
  }

  function actOnIssuer(step: Step): void {
    const { issuer } = world;
    if (step.mains !== undefined) {
      world.setMains(stationOf(step.mains.station), step.mains.is === "on");
    }
    if (step.stationBattery !== undefined) {
      const { station, charge } = step.stationBattery;
      world.setStationBattery(stationOf(station), charge);
    }
    if (step.links !== undefined) {
      world.setLinks(stationOf(step.links.station), linksOf(step.links.up));
    }
    if (step.plan !== undefined) stage.planShift(keyOf(step.plan.key), step.plan.shift);
    if (step.revoke !== undefined) {
      const devid = keyOf(step.revoke.key).unit.devidBytes;
      must(issuer.revokeKey(issuer.founder, { devid, reason: "lost" }));
    }
    if (step.emergency !== undefined) {
      const second = must(issuer.addUser(issuer.founder, { role: "trygghetsjouren" }));
      must(
        issuer.emergencyRing({
          door: doorOf(step.emergency.door).lock.door,
          key: keyOf(step.emergency.key).unit.devidBytes,
          approvers: [second, issuer.founder],
          reason: "alarm without an answer",
        }),
      );
    }
  }

  function stationOf(name: string) {
    const unit = stage.stations.get(name);
    if (unit === undefined) throw new Error(`no station ${name}`);
    return unit;
  }

  for (const step of steps) play(step);
  // Bolts come to rest before anybody looks for the last time.
  clock.runUntil(clock.nowUs() + 15 * SECOND_US);
  return { misses, expectations, openingsUs };
}

function pullAt({ at: unit, later }: Sweep, at: number) {
  if (unit === "write") return { atWrite: at };
  if (unit === "move") return { afterMove: at * 1000 };
  return later === undefined ? { atByte: at } : { atByte: at, later };
}

function pullOf(
  wish: NonNullable<NonNullable<Step["insert"]>["pull"]> | undefined,
): EarlyPull | undefined {
  if (wish === undefined) return undefined;
  if (wish.atWrite !== undefined) return { atWrite: wish.atWrite };
  if (wish.after !== undefined) return { afterUs: wish.after };
  if (wish.afterMove !== undefined) return { afterMoveUs: wish.afterMove };
  return { afterByte: wish.atByte ?? 1, laterUs: wish.later ?? 0 };
}

function outcomeOf(outcome: DoorOutcome, reasons: readonly number[]): Outcome {
  return {
    opens: outcome.isOpened,
    isPulledEarly: outcome.isPulledEarly,
    signal: outcome.signal,
    occupied: false,
    afterUs: outcome.openedAfterUs,
    reasons,
  };
}

/** Highest numbers in the logs of a key and a lock. */
function newestOf(key: StagedKey, door: StagedDoor): readonly number[] {
  return [key.unit.board, door.lock.board].map(({ flash }) => {
    const found = findEntries(flash.writtenPages().map((page) => flash.readPage(page)));
    return Math.max(0, ...found.keys());
  });
}

function reasonsSince(before: readonly number[], key: StagedKey, door: StagedDoor): number[] {
  return [key.unit.board, door.lock.board].flatMap(({ flash }, index) => {
    const found = findEntries(flash.writtenPages().map((page) => flash.readPage(page)));
    return [...found]
      .filter(([n]) => n > (before[index] ?? 0))
      .flatMap(([, finds]) => finds.map(({ entry }) => entry.reason))
      .filter((reason) => reason !== 0);
  });
}

/** What of an expectation an outcome does not meet, in words. */
function unmet(expected: Expectation, outcome: Outcome): string[] {
  const texts: string[] = [];
  if (outcome.occupied && expected.occupied !== true) {
    texts.push("the key could not be put in: another one is there");
    return texts;
  }
  if (expected.occupied !== undefined && expected.occupied !== outcome.occupied) {
    texts.push("the place was expected to be taken, and was free");
  }
  if (expected.opens !== undefined && expected.opens !== outcome.opens) {
    const light = outcome.isPulledEarly ? "pulled out early" : `light: ${outcome.signal}`;
    const reasons = outcome.reasons.map(nameOf).join(", ");
    const why = `${light}${reasons === "" ? "" : `; logged: ${reasons}`}`;
    texts.push(
      expected.opens
        ? `the door was expected to open and did not (${why})`
        : `the door was expected to stay shut and opened (${why})`,
    );
  }
  if (expected.signal !== undefined && expected.signal !== outcome.signal) {
    texts.push(`the key was expected to show ${expected.signal} and showed ${outcome.signal}`);
  }
  if (expected.denied !== undefined) texts.push(...unmetDenial(expected.denied, outcome));
  if (expected.within !== undefined) {
    const { afterUs } = outcome;
    if (afterUs === undefined) texts.push("the motor was never started");
    else if (afterUs > expected.within) {
      const [late, most] = [afterUs, expected.within].map((us) => Math.round(us / 1000));
      texts.push(`the motor started after ${late} ms and was expected within ${most} ms`);
    }
  }
  return texts;
}

function unmetDenial(denied: boolean | string, outcome: Outcome): string[] {
  const isDenied = !outcome.opens && outcome.signal !== "granted" && !outcome.isPulledEarly;
  if (denied === false)
    return isDenied ? [`a refusal was not expected (light: ${outcome.signal})`] : [];
  if (!isDenied) return [`a refusal was expected (light: ${outcome.signal})`];
  if (denied === true) return [];
  const wanted = findCode(denied)?.number;
  if (wanted === undefined) return [`there is no code ${denied}; see nyckel explain`];
  if (outcome.reasons.includes(wanted)) return [];
  const logged = outcome.reasons.map(nameOf).join(", ");
  return [`a refusal with ${denied} was expected; logged: ${logged === "" ? "nothing" : logged}`];
}

function nameOf(code: number): string {
  return describe(code)?.name ?? `code ${code}`;
}
