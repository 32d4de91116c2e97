// SPDX-License-Identifier: EUPL-1.2
import {
  BOLT_LOCKED,
  BOLT_UNLOCKED,
  LINK_GSM,
  LINK_LAN,
  LINK_WIFI,
  type LinkKind,
} from "@nyckelring/firmware";
import { bytesOfHex, hexOf } from "@nyckelring/protocol";
import { describe } from "@nyckelring/protocol/host";
import {
  findEntries,
  type KeyUnit,
  type LockUnit,
  type LogEntry,
  readLogEntry,
  type SignalName,
  type StationUnit,
  type World,
} from "@nyckelring/simulator";

/** A log entry with its numbers as words. */
export type LogLine = LogEntry & {
  readonly what: "passage" | "denied" | "sync" | "gap" | "bolt" | "object" | "power" | "boot" | "?";
  /** Name of the code, for example `RING_EXPIRED`; empty for success. */
  readonly why: string;
};

/** A way from a station to the issuer, by name. */
export type LinkName = "lan" | "wifi" | "gsm";

const LINKS = { lan: LINK_LAN, wifi: LINK_WIFI, gsm: LINK_GSM } as const;
/** Kinds of entries in the order of their numbers, protocol.md §6. */
const WHAT = ["?", "passage", "denied", "sync", "gap", "bolt", "object", "power", "boot"] as const;

/** Gives an entry its words. */
export function wordsOf(entry: LogEntry): LogLine {
  const why = entry.reason === 0 ? "" : (describe(entry.reason)?.name ?? String(entry.reason));
  return { ...entry, what: WHAT[entry.kind] ?? "?", why };
}

function readLog(flash: KeyUnit["board"]["flash"]): LogLine[] {
  const found = findEntries(flash.writtenPages().map((page) => flash.readPage(page)));
  return [...found.values()]
    .flatMap((finds) => finds.slice(-1))
    .map(({ entry }) => wordsOf(entry))
    .sort((left, right) => left.n - right.n);
}

const forgetful = new WeakSet<object>();

/** Notes that somebody has erased a device: its log before that is gone, and nobody may miss it. */
export function noteErased(unit: KeyUnit | LockUnit): void {
  forgetful.add(unit);
}

/** Whether somebody has erased a device. */
export function wasErased(unit: KeyUnit | LockUnit): boolean {
  return forgetful.has(unit);
}

/** A key on the bench. */
export class Key {
  readonly role = "key";
  readonly unit: KeyUnit;
  readonly devidBytes: Uint8Array;
  readonly world: World;

  /** @param devidBytes - Its number, where it was enrolled anew since it was made. */
  constructor(world: World, unit: KeyUnit, devidBytes: Uint8Array = unit.devidBytes) {
    this.world = world;
    this.unit = unit;
    this.devidBytes = devidBytes;
  }

  get name(): string {
    return this.unit.name;
  }

  get devid(): string {
    return hexOf(this.devidBytes);
  }

  /** What its light says now. */
  light(): SignalName {
    return this.unit.signal;
  }

  /** Presses the button once. */
  press(): void {
    this.unit.board.press();
  }

  /** The log that lies in its flash now, by number. */
  async log(): Promise<LogLine[]> {
    return readLog(this.unit.board.flash);
  }

  /** Entries that the issuer has not acknowledged. */
  unacknowledged(): number {
    return this.unit.board.status().unacknowledged;
  }

  /** Number of the ring that it holds; 0 for none. */
  ring(): number {
    return this.unit.board.status().ringseq;
  }

  /** Batches of locks that it carries home. */
  carried(): number {
    return this.unit.board.status().carried;
  }

  /** Empties the battery down to so many percent. */
  drainTo(percent: number): void {
    this.unit.board.battery.setPercent(percent);
  }

  /** Takes the battery out and puts it back; the clock keeps its time. */
  restart(): void {
    this.unit.board.powerOff();
    this.unit.board.powerOn();
  }

  /** Makes it as it left the factory. */
  wipe(): void {
    noteErased(this.unit);
    this.unit.board.powerOff();
    this.unit.board.flash.restore(new Map());
    this.unit.board.powerOn();
  }

  /** Changes an empty battery: the clock has lost its time. */
  loseClock(): void {
    this.unit.board.loseClock();
  }
}

/** A lock on the bench. */
export class Lock {
  readonly role = "lock";
  readonly unit: LockUnit;
  readonly world: World;

  constructor(world: World, unit: LockUnit) {
    this.world = world;
    this.unit = unit;
  }

  get name(): string {
    return this.unit.name;
  }

  get devid(): string {
    return this.unit.devid;
  }

  get door(): number {
    return this.unit.door;
  }

  /** Where the bolt is now. */
  bolt(): "locked" | "unlocked" | "between" {
    const position = this.unit.board.motor.position();
    if (position === BOLT_LOCKED) return "locked";
    return position === BOLT_UNLOCKED ? "unlocked" : "between";
  }

  /** Makes it as it left the factory; it has no power without a key anyway. */
  wipe(): void {
    noteErased(this.unit);
    this.unit.board.flash.restore(new Map());
  }

  /** How often the motor was told to unlock since the lock was made. */
  openings(): number {
    return this.world.events.filter(
      (event) => event.kind === "motor" && event.lock === this.name && event.command === "unlock",
    ).length;
  }

  /** Lets the bolt stick at a place, in percent of its way from locked to unlocked. */
  jam(percent: number): void {
    this.world.hardware.jam(this.unit, percent * 10);
  }

  /** Frees a bolt that stuck. */
  free(): void {
    this.world.hardware.free(this.unit);
  }

  /** Turns the bolt with the resident's key or the inside handle. */
  turnByHand(to: "locked" | "unlocked"): void {
    this.world.hardware.turnBolt(this.unit, to);
  }

  /** Opens or closes the leaf of the door; a thrown bolt holds nothing against force. */
  moveDoor(isOpen: boolean): void {
    this.world.hardware.moveDoor(this.unit, isOpen);
  }

  /** Takes the own battery out, or puts a full one in; a lock with a clock loses the time. */
  battery(isIn: boolean): void {
    this.world.hardware.setLockBattery(this.unit, isIn);
  }

  /** Whether the motor has power. */
  isMotorOn(): boolean {
    return this.unit.board.motor.isTurning();
  }

  /** The log that lies in its flash now, by number. */
  async log(): Promise<LogLine[]> {
    return readLog(this.unit.board.flash);
  }
}

/** A station on the bench. */
export class Station {
  readonly role = "station";
  readonly unit: StationUnit;
  readonly world: World;
  readonly #office: readonly LinkKind[];

  constructor(world: World, unit: StationUnit) {
    this.world = world;
    this.unit = unit;
    this.#office = unit.uplink.port.links();
  }

  get name(): string {
    return this.unit.name;
  }

  /** Switches the mains. */
  mains(isThere: boolean): void {
    this.world.setMains(this.unit, isThere);
  }

  /** Sets the charge of its own battery, in percent. */
  battery(percent: number): void {
    this.world.setStationBattery(this.unit, percent);
  }

  /** Sets the links that are up. */
  links(...names: readonly LinkName[]): void {
    this.world.setLinks(
      this.unit,
      names.map((name) => LINKS[name]),
    );
  }

  /** Takes all links away. */
  cutOff(): void {
    this.links();
  }

  /** Gives it back the links of its office. */
  rejoin(): void {
    this.world.setLinks(this.unit, this.#office);
  }

  /** The link in use, by name. */
  link(): LinkName | "none" {
    const used = this.unit.uplink.link();
    const found = (Object.keys(LINKS) as LinkName[]).find((name) => LINKS[name] === used);
    return found ?? "none";
  }

  /** Sealed batches that wait for the issuer; undefined without power. */
  queued(): number | undefined {
    return this.unit.board.status()?.queued;
  }

  /** Whether it has power. */
  isOn(): boolean {
    return this.unit.board.source() !== undefined;
  }
}

/** Entries of a device that the authorization system keeps, by number; a second copy shows. */
export function storedLog(world: World, devid: string): LogLine[] {
  return world
    .storedEntries()
    .filter((entry) => entry.devid === devid)
    .map(({ n, bytes }) => {
      const entry = readLogEntry(bytesOfHex(bytes));
      if (entry === undefined) throw new Error(`entry ${n} of ${devid} cannot be read`);
      return wordsOf(entry);
    })
    .sort((left, right) => left.n - right.n);
}
