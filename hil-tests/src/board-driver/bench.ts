// SPDX-License-Identifier: EUPL-1.2
import { createFrameReader, encodeFrames } from "@nyckelring/protocol";
import {
  type AttemptPurpose,
  createRandomStream,
  createScene,
  createTrace,
  createVirtualClock,
  createWorld,
  type EarlyPull,
  type RandomStream,
  type SignalName,
  type TraceSink,
  type VirtualClock,
  type World,
} from "@nyckelring/simulator";
import { type Key, Lock, type Station } from "./devices.ts";
import type { Pace } from "./pace.ts";
import { createRigBoards, type RigBoards } from "./rig-boards.ts";
import type { RigDevice } from "./rig-device.ts";
import { type Capability, InfraFault, type Kind, ROLES, type RoleName, Skipped } from "./roles.ts";
import { Town } from "./town.ts";

/** A line that a board said on its console; `atUs` is the bench's time. */
export type ConsoleLine = { readonly atUs: number; readonly role: RoleName; readonly text: string };

/** A span of the bench's time. */
export type Span = {
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
};

/** How a person handles one insertion. */
export type Handling = {
  /** What the person wants at a door; the button tells the key when it thinks otherwise. */
  readonly wants?: "enter" | "leave";
  /** Pulls the key out after so many bytes of both directions. */
  readonly withdrawAtByte?: number;
  /** Pulls the key out in the middle of this write of the device, from 1. */
  readonly withdrawAtWrite?: number;
  /** How long the key stays after the verdict, in seconds; long enough to see the bolt lock again. */
  readonly staysS?: number;
  /** Why somebody who may not enter tries; the judge takes the rest for honest. */
  readonly as?: AttemptPurpose;
};

/** What a person saw of one insertion. */
export type Insertion = {
  readonly contact: number;
  /** The last light before the key was out, `none` when it was pulled before a verdict. */
  readonly light: SignalName;
  /** All lights, in order. */
  readonly lights: readonly SignalName[];
  /** Whether the motor was told to unlock. */
  readonly opened: boolean;
  /** From insertion to the motor, in milliseconds of the bench's time. */
  readonly openedAfterMs: number | undefined;
  /** Bytes on the wire, both directions. */
  readonly bytes: number;
};

/** A message that a probe heard. */
export type Heard = { readonly kind: number; readonly message: Uint8Array };

/** Something in the plug that is no part of the system. */
export interface ProbeLine {
  /** Says a message in whole frames. */
  say(kind: number, message: Uint8Array): void;
  /** Puts raw octets on the wire. */
  sayOctets(octets: Uint8Array): void;
  /** All that was heard so far. */
  readonly heard: readonly Heard[];
  /** Waits for one more message; undefined when none comes in time. */
  hear(limit?: Span): Promise<Heard | undefined>;
  /** Pulls the plug. */
  withdraw(): Promise<void>;
}

/** Which boards stand on a bench, and how its time passes. */
export type BenchParts = {
  /** Names the chance of the case. */
  readonly seed: string;
  readonly kinds: Readonly<Record<RoleName, Kind>>;
  readonly cannot: Readonly<Record<RoleName, readonly Capability[]>>;
  readonly pace: (clock: VirtualClock) => Pace;
  /** What stands in the place of simulated boards. */
  readonly devices?: Readonly<Partial<Record<RoleName, RigDevice>>>;
  readonly sink?: TraceSink;
  /** Told what devices say on their consoles. */
  readonly onText?: (line: ConsoleLine) => void;
};

/** A Monday morning, UTC seconds: the world of each case begins and a shift with it. */
export const MORNING_S = Date.UTC(2026, 10, 23, 6) / 1000;

const SECOND_US = 1_000_000;
/** Long enough to see the bolt lock itself again; shorter where it has to be waited for. */
const STAY_S = 8;
const STAY_WALL_S = 2;
/** A second of the bench is ten of the computer there. */
const STAY_INTERPRETER_S = 1;
const DOOR_LIMIT: Span = { seconds: 30 };
const STATION_LIMIT: Span = { minutes: 5 };
const READY_LIMIT: Span = { minutes: 3 };
const HEAR_LIMIT: Span = { seconds: 3 };
/** Samples that a person is patient enough to wait for. */
const SAMPLE_MAX = 8;

/** Microseconds of a span. */
export function spanUs({ hours = 0, minutes = 0, seconds = 0 }: Span): number {
  return Math.round((hours * 3600 + minutes * 60 + seconds) * SECOND_US);
}

/**
 * The bench of one case: a town, its devices, and the verbs of somebody who tests them by hand.
 *
 * The first key, lock and station of the first town are the ones of the rig, whatever they are made
 * of; any further device is a simulated companion. A case never learns which is which.
 */
export class Bench {
  readonly clock: VirtualClock;
  readonly random: RandomStream;
  /** The authority of the case. */
  readonly home: Town;
  readonly #parts: BenchParts;
  readonly #pace: Pace;
  readonly #boards: RigBoards;
  readonly #worlds: World[] = [];
  readonly #listeners = new Set<(from: string, octets: Uint8Array) => void>();

  constructor(parts: BenchParts) {
    this.#parts = parts;
    this.clock = createVirtualClock(MORNING_S);
    this.#pace = parts.pace(this.clock);
    this.random = createRandomStream(parts.seed);
    this.#boards = createRigBoards(parts.devices ?? {}, (role, text) =>
      parts.onText?.({ atUs: this.clock.nowUs(), role, text }),
    );
    this.home = this.#createTown(1, this.#createWorld(1, ""));
  }

  /** Worlds of the authorities, the home town's first. */
  get worlds(): readonly World[] {
    return this.#worlds;
  }

  /** What a role is made of; for reports, never for cases. */
  get kinds(): Readonly<Record<RoleName, Kind>> {
    return this.#parts.kinds;
  }

  /**
   * A second authority in the same time, with a world of its own.
   *
   * @param stopsAtFullLog - Whether its keys open nothing any more when their log is full.
   */
  foreignTown(authority: number, stopsAtFullLog = false): Town {
    const world = this.#createWorld(authority, `a${authority}-`, stopsAtFullLog);
    return this.#createTown(authority, world);
  }

  #createTown(authority: number, world: World): Town {
    const random = this.random.split(`town ${authority}`);
    return new Town(authority, world, random, (board) => this.#makeReady(board));
  }

  #createWorld(authority: number, prefix: string, stopsAtFullLog = false): World {
    const random = this.random.split(`world ${authority}`);
    const trace = createTrace((file, line) => {
      this.#parts.sink?.(file, line);
      if (file === "frames") this.#overhear(JSON.parse(line));
    });
    const scene = createScene(MORNING_S, this.clock);
    // The boards of the rig belong to the first authority of a case.
    const boards = this.#worlds.length === 0 ? { boards: this.#boards.makers } : {};
    const settings = { stopsAtFullLog, ...boards };
    const world = createWorld(random, MORNING_S, authority, trace, scene, prefix, settings);
    this.#worlds.push(world);
    return world;
  }

  #overhear(frame: { readonly from?: string; readonly hex: string }): void {
    if (frame.from === undefined) return;
    const octets = Uint8Array.from(Buffer.from(frame.hex, "hex"));
    for (const listener of this.#listeners) listener(frame.from, octets);
  }

  /**
   * Listens to every contact: who spoke, and the octets of one whole message.
   *
   * @returns What ends the listening.
   */
  listen(listener: (from: string, octets: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Skips the case when a board of the rig cannot do something. */
  needs(role: RoleName, ...abilities: readonly Capability[]): void {
    for (const ability of abilities) {
      if (this.#parts.cannot[role].includes(ability)) {
        throw new Skipped(`the ${role} of this rig cannot do "${ability}"`);
      }
    }
  }

  /** Whether time is free: nobody waits for a board. */
  #isFree(): boolean {
    return ROLES.every((role) => this.#parts.kinds[role] === "sim");
  }

  /** Whether time in which nothing happens costs nothing. */
  #canSkip(): boolean {
    return this.#pace.passUsMax === undefined;
  }

  /**
   * How long a key stays after the verdict. A lock on the bench that keeps its power has to lock itself
   * before the next key comes; where nobody was let in, or the power goes with the key, less will do.
   */
  #stayS(into: Lock, { staysS, as = "honest" }: Handling): number {
    if (staysS !== undefined) return staysS;
    const keepsPower = this.#parts.kinds.lock === "real" && into.unit === this.home.world.locks[0];
    const isLong = this.#canSkip() || (keepsPower && as === "honest");
    if (isLong) return STAY_S;
    const hasInterpreter = ROLES.some((role) => this.#parts.kinds[role] === "interpreter");
    return hasInterpreter ? STAY_INTERPRETER_S : STAY_WALL_S;
  }

  /** Every number from 1 to `last` where time is free, and a sample of them elsewhere. */
  everyOf(last: number, sample: number): readonly number[] {
    return this.#isFree() ? numbersTo(last) : this.sampleOf(last, sample);
  }

  /** At most `count` numbers from 1 to `last`, one of each equal part; fewer where time is dear. */
  sampleOf(last: number, count: number): readonly number[] {
    const wanted = this.#isFree() ? count : Math.min(count, SAMPLE_MAX);
    if (last <= wanted) return numbersTo(last);
    const random = this.random.split(`sample ${last}`);
    const part = last / wanted;
    return Array.from({ length: wanted }, (_, index) => {
      const low = Math.floor(index * part) + 1;
      return random.drawBetween(low, Math.floor((index + 1) * part));
    });
  }

  /** Now, UTC seconds. */
  nowS(): number {
    return this.clock.nowS();
  }

  /** Lets time pass. */
  async pass(span: Span): Promise<void> {
    const { passUsMax } = this.#pace;
    if (passUsMax !== undefined && spanUs(span) > passUsMax) {
      throw new Skipped(`this rig cannot let ${spanText(span)} pass at once`);
    }
    await this.#pace.pass(spanUs(span));
    this.#checkBoards();
  }

  /** After a contact the boards get a moment to end what they began. */
  async #rest(): Promise<void> {
    await this.#pace.pass(this.#pace.momentUs);
    this.#checkBoards();
  }

  /** Lets something happen while something else goes on, for example in the middle of a sync. */
  later(span: Span, action: () => void): void {
    this.clock.scheduleAfter(spanUs(span), action);
  }

  /** Waits until something is so; false when it is not in time. */
  async waitFor(isDone: () => boolean, limit: Span): Promise<boolean> {
    const isFailed = () => this.#boards.fault() !== undefined;
    await this.#pace.until(() => isDone() || isFailed(), spanUs(limit));
    this.#checkBoards();
    return isDone();
  }

  /** @throws InfraFault when a board of the rig has failed. */
  #checkBoards(): void {
    const fault = this.#boards.fault();
    if (fault !== undefined) throw fault;
  }

  /** Puts a key into a door or a station, and takes it out as the handling says. */
  async insert(key: Key, into: Lock | Station, handling: Handling = {}): Promise<Insertion> {
    const boards = [into.unit.board, key.unit.board];
    await this.#makeReady(...boards);
    const visit = await this.#visit(key, into, handling);
    await this.#pace.during(Promise.all(boards.map((board) => this.#boards.after(board))));
    return visit;
  }

  /** Looks into the flash of a device between insertions: it may have worked on by itself. */
  async refresh(device: Key | Lock | Station): Promise<void> {
    await this.#pace.during(this.#boards.after(device.unit.board));
  }

  async #makeReady(...boards: readonly object[]): Promise<void> {
    await this.#pace.during(Promise.all(boards.map((board) => this.#boards.before(board))));
    const areReady = () => boards.every((board) => this.#boards.isReady(board));
    const isReady = await this.waitFor(areReady, READY_LIMIT);
    if (!isReady) throw new InfraFault("station", "it does not reach its broker");
  }

  async #visit(key: Key, into: Lock | Station, handling: Handling): Promise<Insertion> {
    const { world } = into;
    const firstEvent = world.events.length;
    const pull = pullOf(handling);
    let seen: { contact: number; light: SignalName; openedAfterUs?: number } | undefined;
    if (into instanceof Lock) {
      const visit = {
        key: key.unit,
        lock: into.unit,
        op: handling.wants === "leave" ? (2 as const) : (1 as const),
        purpose: handling.as ?? "honest",
        pull,
        lingerMs: this.#stayS(into, handling) * 1000,
      };
      world.visitDoor(visit, ({ contact, signal, openedAfterUs }) => {
        const opened = openedAfterUs === undefined ? {} : { openedAfterUs };
        seen = { contact, light: signal, ...opened };
      });
    } else {
      world.visitStation({ key: key.unit, station: into.unit, pull }, ({ contact, signal }) => {
        seen = { contact, light: signal };
      });
    }
    const limit = into instanceof Lock ? DOOR_LIMIT : STATION_LIMIT;
    await this.waitFor(() => seen !== undefined, limit);
    await this.#rest();
    if (seen === undefined) throw new Error(`${key.name} was never taken out of ${into.name}`);
    const { contact, light, openedAfterUs } = seen;
    const events = world.events.slice(firstEvent);
    const pulled = events.find((event) => event.kind === "pulled" && event.contact === contact);
    return {
      contact,
      light,
      lights: events.flatMap((event) =>
        event.kind === "signal" && event.contact === contact ? [event.signal] : [],
      ),
      opened: openedAfterUs !== undefined,
      openedAfterMs: openedAfterUs === undefined ? undefined : Math.round(openedAfterUs / 1000),
      bytes: pulled?.kind === "pulled" ? pulled.passedBytes : 0,
    };
  }

  /** Plugs something strange into a device. */
  async probe(device: Key | Lock | Station): Promise<ProbeLine> {
    await this.#makeReady(device.unit.board);
    const heard: Heard[] = [];
    const reader = createFrameReader(
      (kind, message) => heard.push({ kind, message: Uint8Array.from(message) }),
      () => undefined,
    );
    const probe = device.world.probe(device.unit, (bytes) => reader.push(bytes));
    return {
      say: (kind, message) => probe.send(encodeFrames(kind, message)),
      sayOctets: (octets) => probe.send(octets),
      heard,
      hear: async (limit = HEAR_LIMIT) => {
        const before = heard.length;
        await this.waitFor(() => heard.length > before, limit);
        return heard[before];
      },
      withdraw: async () => {
        probe.withdraw();
        await this.#rest();
        await this.#pace.during(this.#boards.after(device.unit.board));
      },
    };
  }

  /** Errors of ours that a role met: none is expected, whatever a case does. */
  roleFaults(): string[] {
    return this.#worlds.flatMap((world) =>
      world.events.flatMap((event) =>
        event.kind === "fault" ? [`${event.device}: ${event.text}`] : [],
      ),
    );
  }
}

function numbersTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

function pullOf({ withdrawAtByte, withdrawAtWrite }: Handling): EarlyPull | undefined {
  if (withdrawAtByte !== undefined) return { afterByte: withdrawAtByte, laterUs: 0 };
  return withdrawAtWrite === undefined ? undefined : { atWrite: withdrawAtWrite };
}

function spanText(span: Span): string {
  return Object.entries(span)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(" ");
}
