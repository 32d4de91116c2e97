// SPDX-License-Identifier: EUPL-1.2

import { LINK_GSM, LINK_LAN } from "@nyckelring/firmware";
import type { Calendar } from "../calendar.ts";
import {
  type Clumsiness,
  createPerson,
  isActive,
  type Person,
  type Task,
  useDoor,
  useStation,
} from "../person.ts";
import type { RandomStream } from "../prng.ts";
import type { Story } from "../story.ts";
import { type DoorOutcome, type LockUnit, must, type World } from "../world.ts";
import type { AttemptPurpose } from "../world-events.ts";
import {
  buildPilotCity,
  PILOT,
  type PilotCarer,
  type PilotCity,
  type PilotClient,
} from "./pilot-city.ts";

/** The day of the pilot that the scenario plays, by the calendar of Stockholm. */
export const PILOT_DATE = { year: 2026, month: 11, day: 24 } as const;

const BROKER = { duplicatePermille: 150, delayPermille: 100, delayMsMax: 20_000 } as const;
const CLUMSY: Clumsiness = { doorPullPermille: 90, stationPullPermille: 80 };
/** How often the helper goes back for an emergency ring that did not come. */
const EMERGENCY_TRIPS_MAX = 4;
const MINUTE_US = 60_000_000;
/** Kind of a floor list, as the trace shows it (docs/trace-format.md). */
const TYP_FLOOR_LIST = 65004;

/** Which of the ten carers, by index, plays which part. */
const PART = {
  day: [0, 1, 2, 3, 4],
  evening: [5, 6, 7],
  night: [8, 9],
  staysTooLong: 3,
  forgetsToSync: 4,
  deliversFloors: 5,
  losesClient: 6,
  losesKey: 7,
  syncsOnKeyPower: 9,
} as const;

/** Shifts by the wall clock: sync before, first and last minute of a visit's start, sync after. */
const SHIFTS = {
  day: { startHour: 7, endHour: 15, syncMinute: 30, visits: 8 },
  evening: { startHour: 15, endHour: 22, syncMinute: 30, visits: 7 },
  night: { startHour: 22, endHour: 31, syncMinute: 30, visits: 5 },
} as const;

type ShiftName = keyof typeof SHIFTS;

/** A running pilot: what the second phase needs to bring everything home. */
export type Pilot = {
  readonly city: PilotCity;
  readonly persons: readonly Person[];
  /** Plans shifts for everybody, so that every key can sync from now on. */
  planShifts(startS: number, endS: number): void;
  /** Whose key opens every door: the on-call patrol. */
  readonly collector: Person;
};

type Stage = {
  readonly world: World;
  readonly city: PilotCity;
  readonly calendar: Calendar;
  readonly random: RandomStream;
  readonly story: Story;
  readonly people: ReadonlyMap<number, Person>;
  readonly onOpened: (afterUs: number) => void;
};

/**
 * Sets the scene and plans the first phase: each day its shifts and visits, on the first day also
 * everything that can go wrong.
 *
 * @param onOpened - Told the time from insertion to the motor of each honest opening.
 * @public
 */
export function startPilot(
  world: World,
  calendar: Calendar,
  random: RandomStream,
  story: Story,
  onOpened: (afterUs: number) => void,
): Pilot {
  const city = buildPilotCity(world);
  const everybody = [...city.carers, city.otherCarer, city.patrol];
  const people = new Map(
    everybody.map(({ carer, key }) => [carer, createPerson(world, key)] as const),
  );
  const stage: Stage = { world, city, calendar, random, story, people, onOpened };
  world.setBrokerFaults(BROKER);
  for (let day = 0; day < calendar.days; day += 1) planDay(stage, day);
  planIncidents(stage);
  tellPilot(stage);
  return {
    city,
    persons: [...people.values()],
    planShifts: (startS, endS) => {
      for (const { carer } of everybody) {
        // A revoked carer has no shift any more; the key still brings its log home.
        world.issuer.planShift(world.issuer.founder, { carer, startS, endS });
      }
    },
    collector: personOf(stage, city.patrol),
  };
}

function personOf(stage: Stage, who: PilotCarer): Person {
  const person = stage.people.get(who.carer);
  if (person === undefined) throw new Error(`carer ${who.carer} is not in this pilot`);
  return person;
}

function carerAt(stage: Stage, index: number): PilotCarer {
  const carer = stage.city.carers[index];
  if (carer === undefined) throw new Error(`the pilot has no carer ${index}`);
  return carer;
}

function planDay(stage: Stage, day: number): void {
  const random = stage.random.split(`day ${day}`);
  for (const shift of ["day", "evening", "night"] as const) {
    for (const index of PART[shift]) {
      // Whoever lost the key on the first day has none afterwards.
      if (day > 0 && index === PART.losesKey) continue;
      planShiftOf(stage, random.split(`carer ${index}`), day, shift, carerAt(stage, index));
    }
  }
  const { city, world, calendar } = stage;
  const nightS = secondsAt(stage, day, SHIFTS.night.startHour);
  const morningS = secondsAt(stage, day, SHIFTS.night.endHour);
  must(
    world.issuer.planShift(world.issuer.founder, {
      carer: city.patrol.carer,
      startS: nightS,
      endS: morningS,
    }),
  );
  const patrol = personOf(stage, city.patrol);
  patrol.plan(calendar.atUs(day, 21, 45), syncTask(stage, patrol, random.split("patrol sync")));
  for (let round = 0; round < 3; round += 1) {
    const client = random.split(`patrol ${round}`).pick(city.clients);
    const atUs = calendar.atUs(day, 23 + 2 * round, 10);
    patrol.plan(atUs, visitTask(stage, patrol, random.split(`patrol visit ${round}`), client));
  }
}

function secondsAt(stage: Stage, day: number, hour: number): number {
  return stage.calendar.startS + stage.calendar.atUs(day, hour, 0) / 1_000_000;
}

function planShiftOf(
  stage: Stage,
  random: RandomStream,
  day: number,
  shiftName: ShiftName,
  who: PilotCarer,
): void {
  const { world, city, calendar } = stage;
  const shift = SHIFTS[shiftName];
  must(
    world.issuer.planShift(city.planner, {
      carer: who.carer,
      startS: secondsAt(stage, day, shift.startHour),
      endS: secondsAt(stage, day, shift.endHour),
    }),
  );
  const person = personOf(stage, who);
  const isForgetful = day === 0 && who === stage.city.carers[PART.forgetsToSync];
  const isLate = day === 0 && who === stage.city.carers[PART.syncsOnKeyPower];
  if (!isForgetful && !isLate) {
    const minute = shift.syncMinute + random.drawBetween(0, 25);
    const atUs = calendar.atUs(day, shift.startHour - 1, minute);
    person.plan(atUs, syncTask(stage, person, random.split("first sync")));
  }
  const visits = day === 0 && who === stage.city.carers[PART.losesKey] ? 2 : shift.visits;
  const lengthMinutes = (shift.endHour - shift.startHour) * 60 - 75;
  for (let visit = 0; visit < visits; visit += 1) {
    const visitRandom = random.split(`visit ${visit}`);
    const minute = 20 + Math.floor((visit * lengthMinutes) / shift.visits);
    const atUs =
      calendar.atUs(day, shift.startHour, 0) +
      (minute + visitRandom.drawBetween(0, 12)) * MINUTE_US;
    const client = visitRandom.pick(clientsOf(stage, who));
    person.plan(atUs, visitTask(stage, person, visitRandom, client));
  }
  if (day === 0 && who === stage.city.carers[PART.losesKey]) return;
  const homeUs = calendar.atUs(day, shift.endHour, 3) + random.drawBetween(0, 12) * MINUTE_US;
  person.plan(homeUs, syncTask(stage, person, random.split("last sync")));
}

/** The clients that a carer may be sent to all day: scope, and the one that changes provider. */
function clientsOf(stage: Stage, who: PilotCarer): readonly PilotClient[] {
  const { city } = stage;
  const moving = movingClient(stage);
  return city.clients.filter(
    (client) =>
      client.alarmCode !== moving.alarmCode &&
      (client.entrance !== undefined || client.apartment !== undefined) &&
      (who !== city.restrictedCarer || city.restrictedTo.includes(client.alarmCode)),
  );
}

/** The client that changes provider at noon of the first day. */
function movingClient(stage: Stage): PilotClient {
  const client = stage.city.clients.at(20);
  if (client?.apartment === undefined) throw new Error("the pilot has no client 20");
  return client;
}

function syncTask(stage: Stage, person: Person, random: RandomStream, tries = 3): Task {
  const { world, city } = stage;
  return (done) =>
    useStation(world, random, { person, station: city.station, clumsiness: CLUMSY, tries }, () =>
      done(),
    );
}

/** In through the entrance and the apartment, care, and out again. */
function visitTask(stage: Stage, person: Person, random: RandomStream, client: PilotClient): Task {
  const { world } = stage;
  const steps: { readonly lock: LockUnit; readonly op: 1 | 2; readonly pauseUs: number }[] = [];
  const walkUs = random.drawBetween(30, 120) * 1_000_000;
  const careUs = random.drawBetween(10, 30) * MINUTE_US;
  const { entrance, apartment } = client;
  if (entrance !== undefined) steps.push({ lock: entrance, op: 1, pauseUs: walkUs });
  if (apartment !== undefined) {
    steps.push({ lock: apartment, op: 1, pauseUs: careUs });
    steps.push({ lock: apartment, op: 2, pauseUs: walkUs });
  }
  if (entrance !== undefined) steps.push({ lock: entrance, op: 2, pauseUs: 0 });
  return (done) => {
    let index = 0;
    const goOn = () => {
      const step = steps[index];
      index += 1;
      if (step === undefined) {
        done();
        return;
      }
      const use = { person, clumsiness: CLUMSY, isPersistent: true, purpose: "honest" } as const;
      useDoor(world, random.split(`step ${index}`), { ...use, ...step }, (outcome) => {
        if (outcome.openedAfterUs !== undefined) stage.onOpened(outcome.openedAfterUs);
        world.clock.scheduleAfter(step.pauseUs + 2_000_000, goOn);
      });
    };
    goOn();
  };
}

/** Tries one door once and tells how it ended. */
function attemptTask(
  stage: Stage,
  person: Person,
  lock: LockUnit,
  purpose: AttemptPurpose,
  tell: (outcome: DoorOutcome) => void,
): Task {
  return (done) =>
    useDoor(
      stage.world,
      stage.random.split(`attempt ${purpose}`),
      {
        person,
        lock,
        op: 1,
        purpose,
        clumsiness: { doorPullPermille: 0, stationPullPermille: 0 },
        isPersistent: false,
      },
      (outcome) => {
        tell(outcome);
        done();
      },
    );
}

function planIncidents(stage: Stage): void {
  planForgottenSync(stage);
  planWrongDoor(stage);
  planExtractedKey(stage);
  planProviderChange(stage);
  planOvertime(stage);
  planOutages(stage);
  planLostKey(stage);
  planEmergency(stage);
}

function planForgottenSync(stage: Stage): void {
  const { calendar, world, city, random } = stage;
  const who = carerAt(stage, PART.forgetsToSync);
  const person = personOf(stage, who);
  const lock = clientsOf(stage, who)[0]?.entrance ?? world.locks[0];
  if (lock === undefined) return;
  const tell = (outcome: DoorOutcome) =>
    stage.story.tellAttempt(person.key, lock, outcome, "a carer forgot to sync");
  person.plan(calendar.atUs(0, 7, 6), attemptTask(stage, person, lock, "unsynced-key", tell));
  person.plan(calendar.atUs(0, 7, 8), (done) =>
    useStation(
      world,
      random.split("late sync"),
      { person, station: city.station, clumsiness: CLUMSY, tries: 3 },
      (outcome) => {
        const light = isActive(outcome) ? "active" : outcome.signal;
        stage.story.tell(`${person.key.name} syncs late and is ${light}`);
        done();
      },
    ),
  );
}

function planWrongDoor(stage: Stage): void {
  const { city, calendar } = stage;
  const person = personOf(stage, city.restrictedCarer);
  const stranger = city.clients.find(
    (client) => client.apartment !== undefined && !city.restrictedTo.includes(client.alarmCode),
  );
  const lock = stranger?.apartment;
  if (lock === undefined) return;
  const tell = (outcome: DoorOutcome) =>
    stage.story.tellAttempt(person.key, lock, outcome, "a carer tries a door without a right");
  person.plan(calendar.atUs(0, 9, 40), attemptTask(stage, person, lock, "wrong-door", tell));
}

/** A thief reads out a key at noon and tries it at night, with a clock that still says noon. */
function planExtractedKey(stage: Stage): void {
  const { world, calendar, story } = stage;
  const original = carerAt(stage, 0);
  let thief: Person | undefined;
  world.clock.scheduleAt(calendar.atUs(0, 12, 30), () => {
    const copy = world.copyKey(original.key, world.clock.nowS());
    thief = createPerson(world, copy);
    story.tell(`a thief copies the memory of ${original.key.name} and stops the clock of the copy`);
  });
  const tryAt = (hour: number, minute: number, isVisited: boolean) => {
    world.clock.scheduleAt(calendar.atUs(0, hour, minute), () => {
      const place = placeForThief(stage, isVisited);
      if (thief === undefined || place === undefined) return;
      const key = thief.key;
      const { lock, lastUs } = place;
      const when = calendar.labelOf(lastUs);
      const situation = `the copied key, its rights long expired, at a lock last visited at ${when}`;
      const purpose = isVisited ? "extracted-key" : "extracted-key-unvisited";
      const tell = (outcome: DoorOutcome) => story.tellAttempt(key, lock, outcome, situation);
      thief.plan(world.clock.nowUs(), attemptTask(stage, thief, lock, purpose, tell));
    });
  };
  tryAt(29, 40, true);
  tryAt(29, 50, false);
}

/** The lock that was visited last by a night key, or the one that nobody has visited for longest. */
function placeForThief(
  stage: Stage,
  isVisited: boolean,
): { readonly lock: LockUnit; readonly lastUs: number } | undefined {
  const { world, city } = stage;
  const night = new Set(PART.night.map((index) => carerAt(stage, index).key.name));
  night.add(city.patrol.key.name);
  const last = new Map<string, { readonly lastUs: number; readonly key: string }>();
  for (const event of world.events) {
    if (event.kind === "plugged") last.set(event.device, { lastUs: event.atUs, key: event.key });
  }
  const moved = movingClient(stage).apartment?.name;
  const places = world.locks.flatMap((lock) => {
    const visit = last.get(lock.name);
    if (visit === undefined || lock.name === moved) return [];
    return night.has(visit.key) === isVisited ? [{ lock, lastUs: visit.lastUs }] : [];
  });
  places.sort((left, right) => left.lastUs - right.lastUs);
  return isVisited ? places.at(-1) : places[0];
}

function planProviderChange(stage: Stage): void {
  const { world, city, calendar, story } = stage;
  const client = movingClient(stage);
  const lock = client.apartment;
  if (lock === undefined) return;
  world.clock.scheduleAt(calendar.atUs(0, 12, 0), () => {
    must(
      world.issuer.changeProvider(world.issuer.founder, {
        client: client.alarmCode,
        from: city.homeCare,
        provider: city.otherProvider,
      }),
    );
    story.tell(`the client behind ${lock.name} changes provider; nobody visits the lock`);
  });
  const other = personOf(stage, city.otherCarer);
  for (let day = 0; day < calendar.days; day += 1) {
    must(
      world.issuer.planShift(city.otherPlanner, {
        carer: city.otherCarer.carer,
        startS: secondsAt(stage, day, 12),
        endS: secondsAt(stage, day, 20),
      }),
    );
    const random = stage.random.split(`other ${day}`);
    other.plan(calendar.atUs(day, 12, 35), syncTask(stage, other, random.split("sync")));
    other.plan(calendar.atUs(day, 13, 10), visitTask(stage, other, random.split("visit"), client));
    other.plan(calendar.atUs(day, 20, 5), syncTask(stage, other, random.split("home")));
  }
  world.clock.scheduleAt(calendar.atUs(0, 13, 30), () => story.tellLastVisit(other.key, lock));
  const loser = personOf(stage, carerAt(stage, PART.losesClient));
  loser.plan(
    calendar.atUs(0, 16, 5),
    attemptTask(stage, loser, lock, "lost-client", (outcome) =>
      story.tellAttempt(loser.key, lock, outcome, "the old provider, at its next shift"),
    ),
  );
}

function planOvertime(stage: Stage): void {
  const { calendar, city } = stage;
  const person = personOf(stage, carerAt(stage, PART.staysTooLong));
  const lock = city.clients[3]?.entrance;
  if (lock === undefined) return;
  person.plan(
    calendar.atUs(0, 16, 20),
    attemptTask(stage, person, lock, "expired-key", (outcome) =>
      stage.story.tellAttempt(person.key, lock, outcome, "a key of the day shift in the evening"),
    ),
  );
}

function planOutages(stage: Stage): void {
  const { world, city, calendar, story, random } = stage;
  const { station } = city;
  const at = (hour: number, minute: number, action: () => void) =>
    world.clock.scheduleAt(calendar.atUs(0, hour, minute), action);
  at(14, 30, () => {
    world.setLinks(station, [LINK_GSM]);
    story.tell(`the office loses the internet; ${station.name} goes over GSM`);
  });
  at(15, 30, () => {
    world.setLinks(station, [LINK_LAN, LINK_GSM]);
    const messages = station.uplink.counts.overGsm;
    story.tell(`the internet is back; ${messages} messages went over GSM`);
  });
  at(21, 20, () => {
    world.setMains(station, false);
    world.setLinks(station, [LINK_GSM]);
    story.tell(`the mains fail; ${station.name} runs on its battery, over GSM`);
  });
  at(22, 12, () => {
    world.setStationBattery(station, 0);
    story.tell(`the battery of ${station.name} is empty`);
  });
  const late = personOf(stage, carerAt(stage, PART.syncsOnKeyPower));
  late.plan(calendar.atUs(0, 22, 16), (done) =>
    useStation(
      world,
      random.split("sync on key power"),
      { person: late, station, clumsiness: CLUMSY, tries: 3 },
      (outcome) => {
        const light = isActive(outcome)
          ? "active: its shift was signed in advance"
          : outcome.signal;
        story.tell(`${late.key.name} feeds the station from its own battery and is ${light}`);
        done();
      },
    ),
  );
  at(23, 30, () => {
    world.setStationBattery(station, 60);
    world.setMains(station, true);
    world.setLinks(station, [LINK_LAN, LINK_GSM]);
    story.tell("mains and internet are back");
  });
}

/** A key is lost in the evening; the floor against it reaches a lock with an honest key. */
function planLostKey(stage: Stage): void {
  const { world, city, calendar, story, random } = stage;
  const loser = carerAt(stage, PART.losesKey);
  const finder = personOf(stage, loser);
  const courier = personOf(stage, carerAt(stage, PART.deliversFloors));
  const client = city.clients[6];
  const lock = client?.entrance;
  if (client === undefined || lock === undefined) return;
  world.clock.scheduleAt(calendar.atUs(0, 17, 40), () => {
    must(world.issuer.revokeCarer(city.unitHead, { carer: loser.carer, reason: "key lost" }));
    story.tell(
      `${loser.key.name} is reported lost and revoked; at the latest its rights end at 22:30`,
    );
  });
  const hasHeard = (device: string) =>
    world.events.some(
      (event) =>
        event.kind === "verified" && event.device === device && event.typ === TYP_FLOOR_LIST,
    );
  // A late broker leaves the station with the head that was signed in advance, which knows nothing
  // of the loss; then the office sends the courier to the station again.
  for (const minute of [0, 5, 10, 15]) {
    const sync = syncTask(stage, courier, random.split(`courier sync ${minute}`));
    courier.plan(calendar.atUs(0, 18, minute), (done) =>
      hasHeard(courier.key.name) ? done() : sync(done),
    );
  }
  courier.plan(
    calendar.atUs(0, 18, 20),
    visitTask(stage, courier, random.split("courier visit"), client),
  );
  finder.plan(
    calendar.atUs(0, 19, 15),
    attemptTask(stage, finder, lock, "revoked-carer", (outcome) =>
      story.tellAttempt(
        finder.key,
        lock,
        outcome,
        hasHeard(lock.name)
          ? `the finder of the lost key, after ${courier.key.name} has brought word of the loss`
          : "the finder of the lost key, at a lock that has not heard of the loss",
      ),
    ),
  );
}

function planEmergency(stage: Stage): void {
  const { world, city, calendar, story, random } = stage;
  const helper = personOf(stage, carerAt(stage, PART.losesClient));
  const client = movingClient(stage);
  const lock = client.apartment;
  if (lock === undefined) return;
  world.clock.scheduleAt(calendar.atUs(0, 20, 10), () => {
    must(
      world.issuer.emergencyRing({
        door: lock.door,
        key: helper.key.devidBytes,
        approvers: [city.dutyOfficer, world.issuer.founder],
        reason: "alarm without an answer",
      }),
    );
    story.tell(
      `two people approve an emergency: ${helper.key.name} may open ${lock.name} for an hour`,
    );
  });
  helper.plan(calendar.atUs(0, 20, 14), (done) => {
    // A message that was late leaves the ring at the station; whoever is needed goes back for it.
    const goAgain = (trip: number) => {
      const tripRandom = random.split(`emergency trip ${trip}`);
      const sync = syncTask(stage, helper, tripRandom.split("sync"));
      const open = attemptTask(stage, helper, lock, "emergency", (outcome) => {
        const isOver = outcome.isOpened || trip === EMERGENCY_TRIPS_MAX;
        if (isOver) story.tellAttempt(helper.key, lock, outcome, "the emergency opening");
        if (isOver) done();
        else world.clock.scheduleAfter(2 * MINUTE_US, () => goAgain(trip + 1));
      });
      sync(() => world.clock.scheduleAfter(5 * MINUTE_US, () => open(() => undefined)));
    };
    goAgain(1);
  });
}

function tellPilot(stage: Stage): void {
  const { city, world, story } = stage;
  const apartmentOnly = city.clients.filter(
    (client) => client.entrance === undefined && client.apartment !== undefined,
  ).length;
  const metalKey = city.clients.filter((client) => {
    const access = world.issuer.clientAccess(world.issuer.founder, client.alarmCode);
    return access.ok && access.value.needsMetalKey;
  }).length;
  const apartments = city.clients.filter((client) => client.apartment !== undefined).length;
  const { day, evening, night } = PART;
  story.tell(
    `${world.locks.length - apartments} entrance and ${apartments} apartment locks for ` +
      `${city.clients.length} clients; ${city.carers.length} carers, ${day.length} by day, ` +
      `${evening.length} in the evening, ${night.length} at night; ${world.stations.length} station`,
  );
  story.tell(
    `of ${PILOT.propertyOwners} property owners one has not consented: the ` +
      `${city.blockedEntrances.length} entrances there have no lock, and ${apartmentOnly} clients ` +
      `are "apartment only"; ${metalKey} clients in all still need a metal key for some door`,
  );
  story.tell(
    `beside the pilot: ${city.otherCarer.key.name} of a second provider, that a client can ` +
      `change to, and ${city.patrol.key.name} of Trygghetsjouren's night patrol`,
  );
}
