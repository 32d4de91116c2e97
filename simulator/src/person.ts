// SPDX-License-Identifier: EUPL-1.2

import type { EarlyPull } from "./contact.ts";
import type { RandomStream } from "./prng.ts";
import type {
  DoorOutcome,
  KeyUnit,
  LockUnit,
  StationOutcome,
  StationUnit,
  World,
} from "./world.ts";
import type { AttemptPurpose } from "./world-events.ts";

/** One thing that a person does; calls `done` when it is over. */
export type Task = (done: () => void) => void;

/** Somebody with a key and an agenda, who does one thing at a time. */
export interface Person {
  readonly key: KeyUnit;
  /** Puts a task on the agenda; it starts at this moment or when the tasks before it are done. */
  plan(atUs: number, task: Task): void;
  /** Tasks that wait or run. */
  pending(): number;
}

/** How clumsy people are; all in each 1000 contacts. */
export type Clumsiness = {
  /** Keys pulled out of a door at a drawn byte. */
  readonly doorPullPermille: number;
  /** Keys pulled out of a station at a drawn byte. */
  readonly stationPullPermille: number;
};

/** Nobody pulls a key early. */
export const CAREFUL: Clumsiness = { doorPullPermille: 0, stationPullPermille: 0 };

/** Bytes of one session at a door and a station, as far as pulls are drawn. */
const DOOR_SESSION_BYTES = 1_600;
const STATION_SESSION_BYTES = 3_600;
/** Writes of a lock in one contact, as far as pulls are drawn. */
const WRITES_MAX = 4;
/** Longest time from a byte to the pull after it. */
const PULL_LATER_US_MAX = 150_000;
/** How long a person waits before a second try, and for a door or station that is taken. */
const RETRY_US = 2_500_000;
const OCCUPIED_US = 8_000_000;
/** A person tries a door this often before giving up. */
const TRIES_MAX = 4;

/**
 * Makes a person.
 *
 * @public
 */
export function createPerson(world: World, key: KeyUnit): Person {
  const agenda: { readonly atUs: number; readonly order: number; readonly task: Task }[] = [];
  let order = 0;
  let isBusy = false;

  function next(): void {
    const first = agenda[0];
    if (isBusy || first === undefined || first.atUs > world.clock.nowUs()) return;
    agenda.shift();
    isBusy = true;
    first.task(() => {
      isBusy = false;
      // A new event, so that a long agenda does not become a deep stack.
      world.clock.scheduleAfter(1_000_000, next);
    });
  }

  return {
    key,
    plan: (atUs, task) => {
      order += 1;
      agenda.push({ atUs, order, task });
      agenda.sort((left, right) => left.atUs - right.atUs || left.order - right.order);
      world.clock.scheduleAt(atUs, next);
    },
    pending: () => agenda.length + (isBusy ? 1 : 0),
  };
}

/** A way to use a door, as a task can have it. */
export type DoorUse = {
  readonly person: Person;
  readonly lock: LockUnit;
  readonly op: 1 | 2;
  readonly purpose: AttemptPurpose;
  readonly clumsiness: Clumsiness;
  /** Whether the person tries again when the door stays closed. */
  readonly isPersistent: boolean;
};

/**
 * Uses a door: waits while somebody else's key is in it, tries again when the contact failed or the
 * door stayed closed, and gives up after four tries.
 */
export function useDoor(
  world: World,
  random: RandomStream,
  use: DoorUse,
  then: (outcome: DoorOutcome) => void,
): void {
  const { person, lock, op, purpose, clumsiness } = use;
  let tries = 0;

  function attempt(): void {
    if (lock.contact !== undefined || person.key.contact !== undefined) {
      world.clock.scheduleAfter(OCCUPIED_US, attempt);
      return;
    }
    tries += 1;
    const isPulled = random.drawChance(clumsiness.doorPullPermille);
    world.visitDoor(
      {
        key: person.key,
        lock,
        op,
        purpose,
        pull: isPulled ? drawPull(random, DOOR_SESSION_BYTES) : undefined,
        lingerMs: random.drawBetween(400, 1800),
      },
      (outcome) => {
        const isIn = outcome.isOpened || (op === 2 && outcome.signal === "granted");
        if (isIn || !use.isPersistent || tries >= TRIES_MAX) then(outcome);
        else world.clock.scheduleAfter(RETRY_US, attempt);
      },
    );
  }

  attempt();
}

/** A third of the pulls comes at a byte, a third while a board computes, a third in a write. */
function drawPull(random: RandomStream, sessionBytes: number): EarlyPull {
  if (random.drawBelow(3) === 0) return { atWrite: random.drawBetween(1, WRITES_MAX) };
  const afterByte = random.drawBetween(1, sessionBytes);
  const laterUs = random.drawChance(500) ? random.drawBelow(PULL_LATER_US_MAX) : 0;
  return { afterByte, laterUs };
}

/** Whether a light says that the key is fit for the shift. */
export function isActive(outcome: StationOutcome): boolean {
  return ["ready", "battery-low", "logs-not-home"].includes(outcome.signal);
}

/**
 * Puts a key into a station: waits in the queue, and tries again when the contact was cut.
 *
 * @param tries - How often the person tries when the station gives no new ring.
 */
export function useStation(
  world: World,
  random: RandomStream,
  use: {
    readonly person: Person;
    readonly station: StationUnit;
    readonly clumsiness: Clumsiness;
    readonly tries: number;
  },
  then: (outcome: StationOutcome) => void,
): void {
  const { person, station, clumsiness } = use;
  let tries = 0;

  function attempt(): void {
    if (station.contact !== undefined || person.key.contact !== undefined) {
      world.clock.scheduleAfter(OCCUPIED_US, attempt);
      return;
    }
    tries += 1;
    const isPulled = random.drawChance(clumsiness.stationPullPermille);
    world.visitStation(
      {
        key: person.key,
        station,
        pull: isPulled ? drawPull(random, STATION_SESSION_BYTES) : undefined,
      },
      (outcome) => {
        const isFinished = isActive(outcome) || (!outcome.isPulledEarly && tries >= use.tries);
        if (isFinished || tries >= 6) then(outcome);
        else world.clock.scheduleAfter(RETRY_US, attempt);
      },
    );
  }

  attempt();
}
