// SPDX-License-Identifier: EUPL-1.2

// The shape of a scenario file. Every sentence here is shown by the documents and by editors.

import { type Field, type Place, type Shape, shape, type ValueOf } from "./shape.ts";

const key = { shape: shape.name("key"), text: "the key", required: true } as const;
const door = { shape: shape.name("door"), text: "the door", required: true } as const;
const station = { shape: shape.name("station"), text: "the station", required: true } as const;
const someKey = { shape: shape.name("key"), text: "a key" } as const;
const someDoor = { shape: shape.name("door"), text: "a door" } as const;
const SHIFT = shape.text('a shift such as "07:00-15:00"', /^\d{1,2}:\d{2}-\d{1,2}:\d{2}$/);

/** Signals of a key, as expectations name them. */
const SIGNAL = shape.choice(
  "none",
  "ready",
  "granted",
  "denied",
  "needs-sync",
  "expired",
  "battery-low",
  "logs-not-home",
  "no-contact",
);
const CODE = shape.text("the name of a code such as NO_RIGHT", /^[A-Z][A-Z_]+$/);

const pull = {
  text: "pull the key out early",
  shape: shape.object(
    {
      atByte: {
        shape: shape.number(1, 100_000, "bytes"),
        text: "after so many bytes of both directions",
      },
      later: { shape: shape.span(), text: "and so much later; with atByte" },
      atWrite: {
        shape: shape.number(1, 1000, "writes"),
        text: "in the middle of this write to the flash of the lock",
      },
      after: { shape: shape.span(), text: "so long after the insertion" },
      afterMove: { shape: shape.span(), text: "so long after the motor of the lock was started" },
    },
    ["atByte", "atWrite", "after", "afterMove"],
  ),
} as const;

const expectation = {
  opens: { shape: shape.flag(), text: "whether the motor is started towards unlocked" },
  denied: {
    shape: shape.either(shape.flag(), CODE),
    text: "whether somebody who waits is refused, or with which code of the table",
  },
  signal: { shape: SIGNAL, text: "what the key shows at last" },
  occupied: { shape: shape.flag(), text: "whether somebody else's key is in the way" },
  within: { shape: shape.span(), text: "longest time from the insertion to the motor" },
} as const;

const count = {
  count: { shape: shape.number(0, 100_000), text: "exactly so many" },
  atLeast: { shape: shape.number(0, 100_000), text: "so many or more" },
} as const;

const logLine = shape.object({
  of: { shape: shape.name("device"), text: "a key or a door", required: true },
  entry: {
    shape: shape.choice("passage", "denied", "sync", "gap", "bolt", "object", "power"),
    text: "kind of the entries; all without it",
  },
  reason: { shape: CODE, text: "their code; GRANTED for none" },
  way: { shape: shape.choice("enter", "leave"), text: "their direction" },
  ...count,
});

/** Figures of a whole run that can be expected. */
const FIGURES = [
  "insertions",
  "openings",
  "denials",
  "syncs",
  "earlyPulls",
  "unauthorizedOpenings",
  "residualOpenings",
  "wrongDenials",
  "eventsLost",
  "eventsGapped",
] as const;
const figures = Object.fromEntries(
  FIGURES.map((name) => [
    name,
    {
      shape: shape.either(shape.number(0, 1_000_000), shape.object(count)),
      text: "as in the result of a run; counts are those of the steps alone",
    },
  ]),
) as Readonly<
  Record<
    (typeof FIGURES)[number],
    Field<
      ReturnType<
        typeof shape.either<
          ReturnType<typeof shape.number>,
          ReturnType<typeof shape.object<typeof count>>
        >
      >
    >
  >
>;

const checks = {
  log: {
    shape: shape.list(logLine),
    text: "entries that the authorization system has stored by now",
  },
  bolts: {
    shape: shape.table(shape.choice("locked", "unlocked", "between"), "door"),
    text: "where the bolt of each named door stands",
  },
  signals: { shape: shape.table(SIGNAL, "key"), text: "what each named key shows" },
} as const;

/** Actions of a step: exactly one of these stands in each. */
const actions = {
  insert: {
    text: "somebody puts a key into a door, waits for the light, holds on a little and pulls it out",
    shape: shape.object({
      key,
      door,
      way: { shape: shape.choice("enter", "leave"), text: "where the person wants to go; enter" },
      hold: { shape: shape.span(), text: "how long the key stays in after the light; 600 ms" },
      pull,
    }),
  },
  sync: {
    text: "somebody puts a key into a station and waits for the light",
    shape: shape.object({
      key,
      station: { shape: shape.name("station"), text: "the station; the first one without it" },
      pull,
    }),
  },
  sweep: {
    text: "the same insertion again and again, pulled at each byte, write or moment of a range",
    shape: shape.object(
      {
        key,
        door: { ...someDoor, text: "a door" },
        station: { shape: shape.name("station"), text: "a station" },
        way: { shape: shape.choice("enter", "leave"), text: "where the person wants to go; enter" },
        at: {
          shape: shape.choice("byte", "write", "move"),
          text: "what is counted: bytes, writes to the flash of the lock, or milliseconds after its motor was started; byte",
        },
        later: { shape: shape.span(), text: "and so much after the byte" },
        from: { shape: shape.number(0, 100_000), text: "the first one", required: true },
        to: { shape: shape.number(1, 100_000), text: "the last one", required: true },
        every: {
          shape: shape.number(1, 10_000),
          text: "the step from one to the next; 1, as the long run plays every sweep",
        },
        before: { shape: shape.lazy(() => STEPS), text: "what is done before each insertion" },
      },
      ["door", "station"],
    ),
  },
  press: { text: "the button of a key is pressed", shape: shape.object({ key }) },
  jam: {
    text: "the bolt of a door gets stuck",
    shape: shape.object({
      door,
      at: {
        shape: shape.number(0, 100, "percent"),
        text: "where, from 0 locked to 100 unlocked; 50",
      },
    }),
  },
  free: { text: "the bolt of a door is free again", shape: shape.object({ door }) },
  turn: {
    text: "the resident turns the bolt with the mechanical key or the handle",
    shape: shape.object({
      door,
      to: { shape: shape.choice("locked", "unlocked"), text: "where to", required: true },
    }),
  },
  open: {
    text: "the door is opened; past a thrown bolt that is by force",
    shape: shape.object({ door }),
  },
  close: { text: "the door is closed", shape: shape.object({ door }) },
  short: {
    text: "metal or water joins the contacts of a door",
    shape: shape.object({ door, is: { shape: shape.flag(), text: "no takes it away; yes" } }),
  },
  battery: {
    text: "a battery changes: that of a key, or of a door whose lock has its own",
    shape: shape.object({
      key: someKey,
      door: someDoor,
      charge: { shape: shape.number(0, 100, "percent"), text: "it holds so much now" },
      is: { shape: shape.choice("in", "out"), text: "taken out of a door, or put back full" },
      ohm: {
        shape: shape.number(0, 100, "ohm"),
        text: "resistance of dirty contacts between a key and what it feeds",
      },
    }),
  },
  weather: {
    text: "it becomes cold (-20 degrees) or warm for every battery",
    shape: shape.object({
      is: { shape: shape.choice("cold", "warm"), text: "which", required: true },
    }),
  },
  clock: {
    text: "the clock of a key or of a door's lock goes wrong or forgets the time",
    shape: shape.object(
      {
        key: someKey,
        door: someDoor,
        ahead: { shape: shape.span(), text: "it is put forward by so much" },
        behind: { shape: shape.span(), text: "it is put back by so much" },
        lost: { shape: shape.flag(), text: "yes: it forgets the time" },
      },
      ["ahead", "behind", "lost"],
    ),
  },
  mains: {
    text: "the mains of a station fail or return",
    shape: shape.object({
      station,
      is: { shape: shape.choice("on", "off"), text: "which", required: true },
    }),
  },
  stationBattery: {
    text: "the own battery of a station is charged so much",
    shape: shape.object({
      station,
      charge: { shape: shape.number(0, 100, "percent"), text: "in percent", required: true },
    }),
  },
  links: {
    text: "the ways of a station to the authorization system change",
    shape: shape.object({
      station,
      up: {
        shape: shape.list(shape.choice("lan", "wifi", "gsm")),
        text: "those that are up; an empty list is an outage",
        required: true,
      },
    }),
  },
  plan: {
    text: "the carer of a key gets another shift",
    shape: shape.object({ key, shift: { shape: SHIFT, text: "when", required: true } }),
  },
  revoke: {
    text: "a key is reported lost: no more rings for it, and a floor against it",
    shape: shape.object({ key }),
  },
  emergency: {
    text: "two people approve an emergency opening by a key, for an hour; the key then syncs for it",
    shape: shape.object({ key, door }),
  },
  wait: { text: "time passes", shape: shape.span() },
  say: { text: "a sentence for the story of the run", shape: shape.text("a sentence") },
  check: {
    text: "looks at the system in the middle of a run",
    shape: shape.object({ ...checks, line: { shape: shape.text("a sentence"), text: "what for" } }),
  },
  repeat: {
    text: "does steps several times",
    shape: shape.object({
      times: { shape: shape.number(1, 10_000), text: "how often", required: true },
      every: { shape: shape.span(), text: "from one beginning to the next, at least" },
      steps: { shape: shape.lazy(() => STEPS), text: "what", required: true },
    }),
  },
} as const;

/** Names of the actions, in the order of the documents. */
export type ActionName = keyof typeof actions;

/** Actions with their sentences, for the documents. */
export const ACTIONS: Readonly<Record<ActionName, Field>> = actions as Readonly<
  Record<ActionName, Field>
>;

const step = shape.object(
  {
    at: { shape: shape.time(), text: "not before this time of the clock" },
    ...actions,
    after: {
      shape: shape.span(),
      text: "within meanwhile: so long after the insertion began; else a pause before the step",
    },
    afterMove: {
      shape: shape.span(),
      text: "within meanwhile: so long after the motor was started towards unlocked",
    },
    meanwhile: {
      shape: shape.lazy(() => STEPS),
      text: "what happens while the key is in, each with its `after` or `afterMove`",
    },
    expect: {
      shape: shape.object(expectation),
      text: "what must come of an insert or a sync",
    },
  },
  Object.keys(actions),
);

const STEPS: Shape = { kind: "list", of: step };

const scenario = shape.object({
  title: { shape: shape.text("a sentence"), text: "what the scenario shows", required: true },
  about: { shape: shape.text("a text"), text: "why, for whoever reads it next year" },
  rows: { shape: shape.list(shape.text("a row")), text: "requirements that it holds, such as L4" },
  start: { shape: shape.time(), text: 'the clock at the first step; "06:00"' },
  bringHome: {
    shape: shape.flag(),
    text: "whether honest keys collect and sync at the end, so that no event may be missing; yes",
  },
  setup: {
    text: "what is decided for the whole run",
    shape: shape.object({
      fullLog: {
        shape: shape.choice("go-on", "stop"),
        text: "what a key does whose log is full of entries that are not home; go-on",
      },
      preSigned: {
        shape: shape.number(0, 8, "heads"),
        text: "ring heads for each key that a station holds for an outage; 1",
      },
    }),
  },
  doors: {
    text: "doors with locks, by name",
    required: true,
    shape: shape.table(
      shape.object({
        kind: { shape: shape.choice("apartment", "entrance"), text: "apartment without it" },
        power: {
          shape: shape.choice("key", "own"),
          text: "who feeds the lock; own: battery and clock of its own; key without it",
        },
        drift: {
          shape: shape.number(-200, 200, "parts of a million"),
          text: "how fast the own clock runs; 0",
        },
        unknownTime: {
          shape: shape.choice("open", "deny", "flagged"),
          text: "what a lock with a clock does while it does not know the time; open",
        },
        authority: {
          shape: shape.choice("production", "test"),
          text: "whose lock it is; test locks are another authority's",
        },
      }),
    ),
  },
  keys: {
    text: "keys with their carers, by name",
    required: true,
    shape: shape.table(
      shape.object({
        rights: {
          shape: shape.either(shape.choice("all", "none"), shape.list(shape.name("door"))),
          text: "apartments that its carer may open, with their entrances; all without it",
        },
        shift: { shape: SHIFT, text: 'when it works; "06:00-14:00" without it' },
        drift: {
          shape: shape.number(-200, 200, "parts of a million"),
          text: "how fast its clock runs; 5",
        },
        charge: {
          shape: shape.number(0, 100, "percent"),
          text: "of its battery; drawn without it",
        },
        memory: {
          shape: shape.choice("usual", "small"),
          text: "small: the shortest log that a key can have",
        },
        authority: {
          shape: shape.choice("production", "test"),
          text: "whose key it is",
        },
      }),
    ),
  },
  stations: {
    text: "stations, by name; one named office without it",
    shape: shape.table(
      shape.object({
        links: {
          shape: shape.list(shape.choice("lan", "wifi", "gsm")),
          text: "ways that are up; lan and gsm without it",
        },
      }),
    ),
  },
  steps: {
    shape: shape.lazy(() => STEPS),
    text: "what happens, one step after the other",
    required: true,
  },
  expect: {
    text: "what must be true at the end",
    shape: shape.object({ ...checks, ...figures }),
  },
});

/** The shape of a whole file. */
export const SCENARIO_SHAPE: Shape = scenario;

/** Where names of each kind are defined. */
export const NAME_TABLES = {
  door: "doors",
  key: "keys",
  station: "stations",
  device: "doors keys",
} as const;

/** What a file need not name. */
export const USUAL_NAMES = { stations: ["office"] } as const;

/** The same insertion again and again; exactly one of `door` and `station` is there. */
export type Sweep = {
  readonly key: string;
  readonly door?: string;
  readonly station?: string;
  readonly way?: "enter" | "leave";
  readonly at?: "byte" | "write" | "move";
  /** Microseconds. */
  readonly later?: number;
  readonly from: number;
  readonly to: number;
  readonly every?: number;
  readonly before?: readonly Step[];
  readonly place: Place;
};

/** One step of a file. */
export type Step = Omit<ValueOf<typeof step>, "meanwhile" | "repeat" | "sweep"> & {
  readonly meanwhile?: readonly Step[];
  readonly sweep?: Sweep;
  readonly repeat?: {
    readonly times: number;
    readonly every?: number;
    readonly steps: readonly Step[];
    readonly place: Place;
  };
};

/** A checked scenario file. */
export type ScenarioFile = Omit<ValueOf<typeof scenario>, "steps"> & {
  readonly steps: readonly Step[];
};

/** What a file expects of one contact. */
export type Expectation = NonNullable<Step["expect"]>;
/** What a file looks at in the middle or at the end. */
export type Checks = NonNullable<Step["check"]>;
/** Figures that the end of a file may expect. */
export const EXPECTED_FIGURES: readonly (typeof FIGURES)[number][] = FIGURES;
