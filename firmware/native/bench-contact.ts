// SPDX-License-Identifier: EUPL-1.2
// What a contact costs with the roles as they are built: frames, log entry, commits in flash, the choice
// and the proof of the right, and a lock that boots at the insertion.

import { join } from "node:path";

import { board as xiao } from "../src/boards/xiao-nrf52840.ts";
import {
  bootBundle,
  PORTION_BYTES,
  playContact,
  type RecordedSide,
  recordContact,
  recordSync,
} from "../test/contact-sides.ts";
import type { Side } from "../test/door-sides.ts";
import { type Figure, fastestMs, informingFigure, limitedFigure, modelledMs } from "./figures.ts";

const LEAVES = 4000;
const WIRE_OCTETS_PER_MS = 115_200 / 10 / 1000;
const MILLION = 1_000_000;
const INSERTION_MS_MAX = 800;
/** ADR 0047. */
const EVALUATE_MAX = 5 * MILLION;

/** A stretch between two marks, by the name of the mark that ends it. */
interface Stretch {
  readonly name: string;
  /** Of interpreter and blob together. */
  readonly instructions: number;
  /** Of them in native code, by what it does. */
  readonly groups: Readonly<Record<string, number>>;
}

/** What functions of the roles are there for; what they call counts for itself where it stands here too. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  framing: ["push", "encodeFrames", "encode"],
  flash: ["program", "erase", "read"],
  "log entry": ["appendEntry"],
  "time floor": ["learnTime"],
  decision: ["judgePresentation", "judgeNeed"],
  "steps of EDHOC": [
    ...["answerMessage1", "judgeMessage3", "start", "checkMessage2", "buildMessage3"],
  ],
  "choice and proof of the right": ["chooseRight", "proofOf"],
  rest: ["onMessage"],
};

/** Runs a side with the counting plugin; see `bench-session.ts`. */
export type CountedRun = (
  play: (plugin: readonly string[]) => Promise<string>,
) => Promise<readonly Stretch[]>;

/** What happens to a device: octets come in, in portions, or a plug. */
interface CountedEvent {
  /** 0 where a plug went in. */
  readonly octets: number;
  /** In the order in which they end: `portion`, `sent`, `to the bolt`, and the event itself. */
  readonly stretches: readonly Stretch[];
}

/** Up to what the other side, or a carer, waits for; and what comes behind it. */
interface Span {
  readonly name: string;
  readonly waited: number;
  readonly after: number;
}

const LOCK_BOOT = ["load native code", "start the generator", "make the role"] as const;
const LOCK_EVENTS = ["plug", "greeting", "message_1", "message_3 to the bolt"] as const;
const KEY_EVENTS = ["plug", "answer to message_1", "message_2 to message_3"] as const;

/**
 * Counts a recorded contact, a key with a full ring at a lock that has never seen it, up to the bolt.
 *
 * @param counted - Counts what a run costs.
 * @param blobFile - The blob.
 */
export async function benchContact(
  folder: string,
  blobFile: string,
  counted: CountedRun,
): Promise<readonly Figure[]> {
  const contact = recordContact(LEAVES);
  let evaluatedBytes = 0;
  const booted = await counted(async (plugin) => {
    const { text, bytes } = await bootBundle(xiao, join(folder, "boot"), plugin);
    evaluatedBytes = bytes;
    return text;
  });
  const play = (side: Side, recorded: RecordedSide) =>
    counted((plugin) => playContact(side, recorded, join(folder, side), blobFile, plugin));
  const lockRun = await play("Lock", contact.lock);
  const decision = stretchNamed(booted, "load the decision");
  const lock = withDecision(eventsOf(lockRun, contact.lock), decision);
  const keyRun = await play("Key", contact.key);
  const key = eventsOf(keyRun, contact.key);

  const evaluate = stretchNamed(booted, "evaluate");
  const boot = [
    { name: "evaluate", instructions: evaluate },
    ...LOCK_BOOT.map((name) => ({ name, instructions: stretchNamed(lockRun, name) })),
  ];
  const bootSum = boot.reduce((sum, { instructions }) => sum + instructions, 0);
  const figures: Figure[] = [
    informingFigure("contact: lock, octets evaluated at boot", evaluatedBytes, "B"),
  ];
  const inform = (name: string, value: number) =>
    figures.push(informingFigure(`contact: ${name}`, value, "instructions"));
  figures.push(
    limitedFigure("contact: lock, boot, evaluate", evaluate, "instructions", EVALUATE_MAX),
  );
  for (const { name, instructions } of boot.slice(1)) inform(`lock, boot, ${name}`, instructions);
  figures.push(limitedFigure("contact: lock, boot", bootSum, "instructions", 7 * MILLION));
  inform("lock, behind message_1, load the decision", decision);
  inform("key, at power-on, make the role", stretchNamed(keyRun, "make the role"));
  const spans = {
    lock: LOCK_EVENTS.map((name, index) => spanOf(name, lock[index])),
    key: KEY_EVENTS.map((name, index) => spanOf(name, key[index])),
  };
  for (const [side, all] of Object.entries(spans)) {
    for (const { name, waited, after } of all) {
      inform(`${side}, ${name}`, waited);
      if (after > 0) inform(`${side}, behind ${name}`, after);
    }
  }
  const marked = Object.values(PARTS).flat();
  for (const [side, last] of [
    ["Lock", LOCK_EVENTS.length],
    ["Key", KEY_EVENTS.length],
  ] as const) {
    const recorded = side === "Lock" ? contact.lock : contact.key;
    const run = await counted((plugin) =>
      playContact(side, recorded, join(folder, `${side}-parts`), blobFile, plugin, marked),
    );
    for (const [part, spent] of partsOf(run, recorded, last)) {
      inform(`${side.toLowerCase()}, of what is waited for, ${part}`, spent);
    }
  }
  const slowMs = insertionMs(bootSum, lock, key, modelledMs);
  const fastMs = insertionMs(bootSum, lock, key, fastestMs);
  figures.push(
    informingFigure("contact: wire, octets with frames, to the bolt", contact.wireBytes, "B"),
    limitedFigure("contact: insertion to bolt, modelled, slow", slowMs, "ms", INSERTION_MS_MAX),
    informingFigure("contact: insertion to bolt, modelled, fast", fastMs, "ms"),
  );
  return figures;
}

/**
 * Counts what a key does at a station: at the start of most shifts, when its rights are as they were, and when
 * its whole ring comes. The station's own work is not part of it.
 *
 * @param counted - Counts what a run costs.
 * @param blobFile - The blob.
 */
export async function benchSync(
  folder: string,
  blobFile: string,
  counted: CountedRun,
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const { name, hasRing, limitMs } of [
    { name: "shift start, unchanged ring", hasRing: true, limitMs: 5000 },
    { name: `whole ring of ${LEAVES}`, hasRing: false, limitMs: 90_000 },
  ]) {
    const { key, wireBytes } = recordSync(LEAVES, hasRing);
    const run = await counted((plugin) =>
      playContact("Key", key, join(folder, hasRing ? "start" : "whole"), blobFile, plugin),
    );
    const sum = eventsOf(run, key)
      .flatMap(({ stretches }) => stretches)
      .reduce((total, { instructions }) => total + instructions, 0);
    const wireMs = Math.round(wireBytes / WIRE_OCTETS_PER_MS);
    figures.push(
      informingFigure(`sync: ${name}, key`, sum, "instructions"),
      informingFigure(`sync: ${name}, wire`, wireBytes, "B"),
      limitedFigure(`sync: ${name}, modelled, slow`, modelledMs(sum) + wireMs, "ms", limitMs),
      informingFigure(`sync: ${name}, modelled, fast`, fastestMs(sum) + wireMs, "ms"),
    );
  }
  return figures;
}

/** The stretches of each event, what lies between events left out. */
function eventsOf(run: readonly Stretch[], recorded: RecordedSide): readonly CountedEvent[] {
  let from = run.findIndex(({ name }) => name === "between");
  return recorded.events.map(({ octets }, index) => {
    const end = run.findIndex(({ name }) => name === `event ${index}`);
    if (from < 0 || end < 0) throw new Error(`event ${index} was not counted`);
    const stretches = run.slice(from + 1, end + 1).filter(({ name }) => name !== "read");
    from = end + 1;
    return { octets: octets.length, stretches };
  });
}

/** A bundle loads the module with the decision when message_2 is out; a side is played in one piece. */
function withDecision(events: readonly CountedEvent[], instructions: number): CountedEvent[] {
  const loaded = { name: "load the decision", instructions, groups: {} };
  return events.map((event, index) => {
    if (index !== LOCK_EVENTS.indexOf("message_1")) return event;
    const sent = event.stretches.findIndex(isAwaited) + 1;
    return { ...event, stretches: event.stretches.toSpliced(sent, 0, loaded) };
  });
}

/**
 * What is waited for in the first events, by what it is spent on: native code by its groups, the interpreter
 * by {@link PARTS}.
 */
function partsOf(
  run: readonly Stretch[],
  recorded: RecordedSide,
  events: number,
): ReadonlyMap<string, number> {
  const parts = new Map<string, number>();
  const add = (part: string, spent: number) => parts.set(part, (parts.get(part) ?? 0) + spent);
  for (const { stretches } of eventsOf(run, recorded).slice(0, events)) {
    const within: string[] = [];
    for (const { name, instructions, groups } of stretches) {
      const innermost = within.at(-1);
      const [part = "rest"] =
        Object.entries(PARTS).find(([, names]) => names.includes(String(innermost))) ?? [];
      let native = 0;
      for (const [group, spent] of Object.entries(groups)) {
        native += spent;
        if (spent > 0) add(`native, ${group}`, spent);
      }
      add(`interpreter, ${part}`, instructions - native);
      if (name.startsWith("> ")) within.push(name.slice(2));
      else if (name.startsWith("< ")) within.splice(within.lastIndexOf(name.slice(2)));
      else if (name === "sent" || name === "to the bolt") break;
    }
  }
  return parts;
}

function stretchNamed(run: readonly Stretch[], name: string): number {
  const found = run.find((stretch) => stretch.name === name);
  if (found === undefined) throw new Error(`${name} was not counted`);
  return found.instructions;
}

function isAwaited({ name }: Stretch): boolean {
  return name === "sent" || name === "to the bolt";
}

function spanOf(name: string, event: CountedEvent | undefined): Span {
  if (event === undefined) throw new Error(`${name} was not counted`);
  const sum = (stretches: readonly Stretch[]) =>
    stretches.reduce((total, { instructions }) => total + instructions, 0);
  const answered = event.stretches.findIndex(isAwaited) + 1;
  const waited = event.stretches.slice(0, answered === 0 ? event.stretches.length : answered);
  return { name, waited: sum(waited), after: sum(event.stretches) - sum(waited) };
}

/**
 * From the insertion to the bolt. The sides wait for each other, and each goes on with what comes behind
 * its answer while the other computes; octets are taken in as they come over the wire. What the key does
 * before the lock has power is not waited for, and a greeting lies ready when the lock has booted.
 */
function insertionMs(
  boot: number,
  lock: readonly CountedEvent[],
  key: readonly CountedEvent[],
  msOf: (instructions: number) => number,
): number {
  const clocks = { lock: msOf(boot), key: 0 };
  function take(side: "lock" | "key", event: CountedEvent | undefined, sentMs: number): number {
    if (event === undefined) throw new Error("an event was not counted");
    let awaitedMs: number | undefined;
    let octets = 0;
    const arrive = () => {
      octets = Math.min(octets + PORTION_BYTES, event.octets);
      clocks[side] = Math.max(clocks[side], sentMs + octets / WIRE_OCTETS_PER_MS);
    };
    arrive();
    for (const stretch of event.stretches) {
      clocks[side] += msOf(stretch.instructions);
      if (isAwaited(stretch) && awaitedMs === undefined) awaitedMs = clocks[side];
      if (stretch.name === "portion") arrive();
    }
    return awaitedMs ?? clocks[side];
  }

  take("lock", lock[0], 0);
  const answerMs = take("lock", lock[1], 0);
  const message1Ms = take("key", key[1], answerMs);
  const message2Ms = take("lock", lock[2], message1Ms);
  const message3Ms = take("key", key[2], message2Ms);
  return Math.round(take("lock", lock[3], message3Ms));
}
