// SPDX-License-Identifier: EUPL-1.2

import {
  commissionKey,
  commissionLock,
  commissionStation,
  enrolDevice,
  LEDGER,
  LINK_GSM,
  LINK_LAN,
  LINK_WIFI,
  type LinkKind,
  POWER_BATTERY,
  POWER_MAINS,
} from "@nyckelring/firmware";
import {
  createIssuer,
  createMemoryStore,
  createMemoryVault,
  type Issuer,
  type StoreChange,
} from "@nyckelring/issuer/domain";
import type { Result } from "@nyckelring/protocol";
import { createNodeCrypto, describe } from "@nyckelring/protocol/host";
import { BENCH_FEED, type Feed } from "./battery.ts";
import { type BoardMakers, SIMULATED_BOARDS } from "./boards/board-makers.ts";
import { KEY_PAGES, type KeyBoard, type KeyBoardOptions } from "./boards/key-board.ts";
import type { BoardParts, FlashProbe, LockBoard } from "./boards/lock-board.ts";
import { computeModelOf, type RoleName } from "./compute-model.ts";
import { type Contact, type EarlyPull, openContact, type WirePiece } from "./contact.ts";
import { createHardware, type Hardware } from "./hardware.ts";
import type { CommittedEntry, DeviceAtEnd } from "./oracle/evidence.ts";
import { findEntries } from "./oracle/flash-log.ts";
import { hex, readSigStructure } from "./oracle/signed-objects.ts";
import type { RandomStream } from "./prng.ts";
import { createRememberingCrypto } from "./remembering-crypto.ts";
import { SIGNAL_NAMES } from "./signal-names.ts";
import type { Trace } from "./trace.ts";
import type {
  DoorOutcome,
  DoorVisit,
  KeyUnit,
  LockUnit,
  StationOutcome,
  StationUnit,
  StationVisit,
} from "./units.ts";
import { type BrokerFaults, createVirtualUplink } from "./uplink.ts";
import { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";
import type { SignalName, WorldEvent } from "./world-events.ts";

export type {
  DoorOutcome,
  DoorVisit,
  KeyUnit,
  LockUnit,
  StationOutcome,
  StationUnit,
  StationVisit,
} from "./units.ts";

const LINK_NAMES: ReadonlyMap<LinkKind, string> = new Map([
  [LINK_LAN, "lan"],
  [LINK_WIFI, "wifi"],
  [LINK_GSM, "gsm"],
]);

/** Longest that a person holds a key in a door, and in a station. */
const DOOR_PATIENCE_MS = 12_000;
const STATION_PATIENCE_MS = 90_000;
/** How often the issuer looks what a station should hold. */
const OUTGOING_EVERY_US = 300_000_000;
/** A person needs this long to see a light and to move a hand. */
const REACTION_MS = 350;
/** A current limit needs this long to switch off, in microseconds. */
const OVERLOAD_US = 800;

/** The other end of a contact in the hands of a bench or an attacker: raw octets out and in. */
export interface Probe {
  /** Hands octets to the wire now. */
  send(bytes: Uint8Array): void;
  /** Whether the plug is in. */
  isOpen(): boolean;
  /** Pulls the plug out now. */
  withdraw(): void;
}

/** What worlds share whose keys come to each other's doors: the time, one camera, one count. */
export type Scene = {
  readonly clock: VirtualClock;
  readonly events: WorldEvent[];
  /** Contacts so far. */
  contactCount: number;
};

/** Makes a scene in which nothing has happened; `startS` is UTC seconds at microsecond 0. */
export function createScene(startS: number, clock = createVirtualClock(startS)): Scene {
  return { clock, events: [], contactCount: 0 };
}

/** A copy of the authorization system's store. */
export type StoreBackup = StoreChange;

/** What a lock is like beyond its door. */
export type LockWishes = {
  /** Own battery and real-time clock, with its drift in parts of a million. */
  readonly driftPpm?: number;
  /** What it does while it does not know the time: 0 open and flag, 1 deny, 2 flagged heads only. */
  readonly clockUnknown?: 0 | 1 | 2;
  /** Its name in traces; `lock-01` and so on without it. */
  readonly name?: string;
};

/** Everything that exists in one run. */
export interface World {
  readonly clock: VirtualClock;
  readonly issuer: Issuer;
  /** Number of its authority. */
  readonly authority: number;
  /** Of its whole scene. */
  readonly events: readonly WorldEvent[];
  /** Makes a backup of the authorization system's store as it is now. */
  backUp(): StoreBackup;
  /**
   * Loses the store and puts a backup in its place, as after the loss of a database. Keys, locks and
   * stations know nothing of it; the secrets of the authority are not in the store and stay.
   */
  restoreFrom(backup: StoreBackup): void;
  /** What the store of the authorization system keeps now, in no order; a second copy shows. */
  storedEntries(): readonly CommittedEntry[];
  readonly locks: readonly LockUnit[];
  readonly keys: readonly KeyUnit[];
  readonly stations: readonly StationUnit[];
  /** Hands that reach into the hardware. */
  readonly hardware: Hardware;
  /** Enrols and commissions a lock at a door; without a drift it is key-powered. */
  addLock(door: number, wishes?: LockWishes): LockUnit;
  /** Enrols a key for a carer; `driftPpm` is how fast its clock runs. */
  addKey(carer: number, driftPpm: number, pageCount?: number, ownName?: string): KeyUnit;
  /** Copies a key, as a thief does who reads out its flash, with a clock that lies. */
  copyKey(original: KeyUnit, claimedS: number): KeyUnit;
  /** Enrols a station; undefined serves every provider. */
  addStation(provider: number | undefined, ownName?: string): StationUnit;
  /** Lets a person use a key at a door; `then` runs when the key is out again. */
  visitDoor(visit: DoorVisit, then: (outcome: DoorOutcome) => void): void;
  /** Lets a person put a key into a station; `then` runs when the key is out again. */
  visitStation(visit: StationVisit, then: (outcome: StationOutcome) => void): void;
  /**
   * Plugs something into a device that is no part of the system; `onBytes` is told what it says.
   * It feeds a lock as a key does, and a key senses it as a station with power.
   */
  probe(device: KeyUnit | LockUnit | StationUnit, onBytes: (bytes: Uint8Array) => void): Probe;
  /** Switches the mains of a station. */
  setMains(station: StationUnit, isThere: boolean): void;
  /** Sets the charge of a station's own battery. */
  setStationBattery(station: StationUnit, percent: number): void;
  /** Sets which links of a station are up. */
  setLinks(station: StationUnit, links: readonly LinkKind[]): void;
  /** Sets how unkind the broker is. */
  setBrokerFaults(faults: BrokerFaults): void;
  /** Devices as they are now, for the oracle. */
  devicesNow(): DeviceAtEnd[];
  /** The log entries that lie in the flash of each device now, as hexadecimal text by number. */
  logsNow(): { kind: "log"; name: string; devid: string; entries: [number, string][] }[];
  /** Contacts so far, in its whole scene. */
  contactCount(): number;
}

/**
 * Makes a world with an authorization system and nothing else in it.
 *
 * @param startS - UTC seconds at microsecond 0.
 * @param authority - Number of the authority.
 * @param scene - That of another world, where two authorities live beside each other: a key of one
 *   of them can then be used at a lock of the other.
 * @param settings - What the authority decides beside its number.
 * @param prefix - Stands before the name of each device, so that two worlds can share a trace.
 * @public
 */
export function createWorld(
  random: RandomStream,
  startS: number,
  authority: number,
  trace: Trace,
  scene: Scene = createScene(startS),
  prefix = "",
  settings: {
    readonly stopsAtFullLog?: boolean;
    readonly boards?: BoardMakers;
    /** Looks at the flash of devices by their names, and resets some. */
    readonly probeOf?: (device: string) => FlashProbe;
  } = {},
): World {
  const boards = settings.boards ?? SIMULATED_BOARDS;
  const crypto = createRememberingCrypto(createNodeCrypto());
  const { clock, events } = scene;
  const locks: LockUnit[] = [];
  const keys: KeyUnit[] = [];
  const stations: StationUnit[] = [];
  const issuerRandom = random.split("issuer");
  const vault = createMemoryVault(crypto, issuerRandom.split("vault"));
  let store = createMemoryStore();
  let issuer = openIssuer();

  function openIssuer(): Issuer {
    const ports = { crypto, entropy: issuerRandom, clock: { nowS: clock.nowS }, store, vault };
    return createIssuer(ports, { authority, stopsAtFullLog: settings.stopsAtFullLog === true });
  }

  function restoreFrom(backup: StoreBackup): void {
    store = createMemoryStore();
    store.commit(backup);
    issuer = openIssuer();
    must(issuer.markRestored(issuer.founder));
  }

  function note(event: WorldEvent): void {
    events.push(event);
    if (event.kind === "sent") return;
    trace.write("world", event);
  }

  function partsOf(name: string, role: RoleName, contactOf: () => Contact | undefined): BoardParts {
    return {
      clock,
      model: computeModelOf(role),
      crypto,
      random: random.split("boards").split(name),
      probe: settings.probeOf?.(name),
      listeners: {
        onVerified: (signed, atUs) => {
          const content = readSigStructure(signed);
          if (content === undefined) return;
          const contact = contactOf()?.id ?? 0;
          const payload = hex(content.payload);
          note({ kind: "verified", atUs, contact, device: name, typ: content.typ, payload });
        },
        onFault: (error) => {
          const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
          note({ kind: "fault", atUs: clock.nowUs(), device: name, text });
        },
      },
    };
  }

  function addLock(door: number, wishes: LockWishes = {}): LockUnit {
    const name = `${prefix}${wishes.name ?? `lock-${String(locks.length + 1).padStart(2, "0")}`}`;
    const { driftPpm, clockUnknown = 0 } = wishes;
    const hasClock = driftPpm !== undefined;
    let unit: LockUnit;
    const board = boards.lock(
      partsOf(name, "lock", () => unit.contact),
      {
        ownClock: hasClock ? { driftPpm } : undefined,
        onMotor: (command, atUs) => {
          // A lock with a battery goes on when the key has left.
          const contact = unit.contact?.id ?? (hasClock ? unit.lastContact : 0);
          note({ kind: "motor", atUs, contact, lock: name, command });
          if (command !== "unlock") return;
          unit.contact?.moveBegins(atUs);
          unit.onMove?.(atUs);
          unit.onMove = undefined;
        },
        onBrownOut: (atUs) =>
          note({ kind: "hardware", atUs, device: name, what: "brown-out", detail: 0 }),
      },
    );
    const entropy = random.split("boards").split(name).split("enrolment");
    const enrolled = enrolDevice(board.flash.cable, entropy, crypto);
    const profile = hasClock ? 1 : 0;
    const request = { door, devicePublic: enrolled, profile, clockUnknown } as const;
    const provision = must(issuer.enrolLock(issuer.founder, request));
    must(commissionLock(board.flash.cable, crypto, provision));
    const devid = hex(enrolled.devid);
    const idle = { contact: undefined, lastContact: 0, onMove: undefined, isShorted: false };
    unit = { name, door, devid, board, hasClock, ...idle };
    locks.push(unit);
    trace.write("devices", { kind: "lock", name, authority, devid, door, profile });
    board.powerOn();
    return unit;
  }

  function addKey(
    carer: number,
    driftPpm: number,
    pageCount = KEY_PAGES,
    ownName?: string,
  ): KeyUnit {
    const name = `${prefix}${ownName ?? `key-${String(keys.length + 1).padStart(2, "0")}`}`;
    const unit = makeKeyUnit(name, { driftPpm, pageCount }, (board) => {
      const entropy = random.split("boards").split(name).split("enrolment");
      const enrolled = enrolDevice(board.flash.cable, entropy, crypto);
      const request = { carer, devicePublic: enrolled };
      const provision = must(issuer.enrolKey(issuer.founder, request));
      must(commissionKey(board.flash.cable, crypto, provision));
      return enrolled.devid;
    });
    trace.write("devices", { kind: "key", name, authority, devid: unit.devid, carer });
    return unit;
  }

  function copyKey(original: KeyUnit, claimedS: number): KeyUnit {
    const name = `${prefix}copy-${String(keys.length + 1).padStart(2, "0")}`;
    // The clock of the copy stands still, inside the window of the stolen ring.
    const likeness = { driftPpm: 0, pageCount: KEY_PAGES, falseClock: () => claimedS };
    const unit = makeKeyUnit(name, likeness, (board) => {
      board.flash.restore(original.board.flash.image());
      return original.devidBytes;
    });
    trace.write("devices", { kind: "copy", name, authority, devid: unit.devid, of: original.name });
    return unit;
  }

  function makeKeyUnit(
    name: string,
    likeness: Pick<KeyBoardOptions, "driftPpm" | "pageCount" | "falseClock">,
    fill: (board: KeyBoard) => Uint8Array,
  ): KeyUnit {
    let unit: KeyUnit | undefined;
    const board = boards.key(
      partsOf(name, "key", () => unit?.contact),
      {
        ...likeness,
        onFeed: (feed, atUs) => clock.scheduleAt(atUs, () => unit && feedDoor(unit, feed)),
        onSignal: (number, atUs) => {
          if (unit === undefined) return;
          const signal = SIGNAL_NAMES.get(number) ?? "none";
          unit.signal = signal;
          const contact = unit.contact?.id ?? 0;
          note({ kind: "signal", atUs, contact, key: name, signal });
          unit.onSignal?.(signal);
        },
      },
    );
    const devidBytes = fill(board);
    unit = {
      name,
      devid: hex(devidBytes),
      devidBytes,
      board,
      isCounterfeit: likeness.falseClock !== undefined,
      signal: "none",
      contact: undefined,
      door: undefined,
      onSignal: undefined,
    };
    keys.push(unit);
    board.powerOn();
    return unit;
  }

  /** The output of a key goes on or off; what joins the contacts of a lock trips its limit. */
  function feedDoor(key: KeyUnit, feed: Feed | undefined): void {
    const lock = key.door;
    if (lock === undefined) return;
    if (feed !== undefined && lock.isShorted) {
      clock.scheduleAfter(OVERLOAD_US, () => {
        const atUs = clock.nowUs();
        note({ kind: "hardware", atUs, device: key.name, what: "overload", detail: 0 });
        key.board.overload();
      });
      return;
    }
    lock.board.feed(feed);
  }

  function addStation(provider: number | undefined, ownName?: string): StationUnit {
    const name = `${prefix}${ownName ?? `station-${stations.length + 1}`}`;
    let unit: StationUnit;
    const uplink = createVirtualUplink(clock, random.split("network").split(name), {
      onUp: (message) => {
        for (const answer of issuer.receiveUp(unit.id, message)) uplink.sendDown(answer);
      },
      onDown: (message) => unit.board.receiveDown(message),
      onLinks: () => unit.board.linksChanged(),
      onPublished: (direction, message, link) => {
        const via = LINK_NAMES.get(link) ?? "none";
        trace.write("frames", {
          t: clock.nowUs(),
          station: name,
          direction,
          link: via,
          hex: hex(message),
        });
      },
    });
    const board = boards.station(
      partsOf(name, "station", () => unit.contact),
      uplink.port,
      () => notePower(unit),
    );
    const request = provider === undefined ? {} : { provider };
    const provision = must(issuer.enrolStation(issuer.founder, request));
    must(commissionStation(board.flash.cable, provision, board.network));
    unit = { name, id: provision.stationId, board, uplink, contact: undefined };
    stations.push(unit);
    if (board.links !== undefined) uplink.setLinks(board.links);
    board.powerOn();
    pollOutgoing(unit);
    trace.write("devices", { kind: "station", name, authority, station: unit.id });
    return unit;
  }

  /** The issuer's own push: heads signed in advance. */
  function pollOutgoing(unit: StationUnit): void {
    for (const message of issuer.outgoing(unit.id)) unit.uplink.sendDown(message);
    clock.scheduleAfter(OUTGOING_EVERY_US, () => pollOutgoing(unit));
  }

  function startContact(
    key: KeyUnit,
    device: LockUnit | StationUnit,
    pull: EarlyPull | undefined,
    onClose: (contact: Contact) => void,
  ): Contact {
    scene.contactCount += 1;
    const id = scene.contactCount;
    const contact = openContact(
      clock,
      id,
      {
        onBytes: (to, bytes) => (to === "key" ? key.board : device.board).receive(bytes),
        onPiece: (piece) => tracePiece(id, key.name, device.name, piece),
        onClose: () => {
          // What the key shows once it is out is no verdict on this contact.
          key.onSignal = undefined;
          key.contact = undefined;
          key.door = undefined;
          device.contact = undefined;
          key.board.disconnect();
          device.board.disconnect();
          onClose(contact);
        },
      },
      pull,
    );
    key.contact = contact;
    device.contact = contact;
    if ("motor" in device.board) {
      const lock = device as LockUnit;
      lock.lastContact = id;
      key.door = lock;
    }
    note({
      kind: "plugged",
      atUs: clock.nowUs(),
      contact: id,
      key: key.name,
      device: device.name,
    });
    return contact;
  }

  function tracePiece(contact: number, key: string, device: string, piece: WirePiece): void {
    const from = piece.from === "key" ? key : device;
    note({ kind: "sent", atUs: piece.startUs, endUs: piece.endUs, contact, device: from });
    trace.write("frames", {
      t: piece.endUs,
      contact,
      from,
      to: piece.from === "key" ? device : key,
      sent: piece.bytes.length,
      hex: hex(piece.bytes.subarray(0, piece.passedBytes)),
    });
  }

  function visitDoor(visit: DoorVisit, then: (outcome: DoorOutcome) => void): void {
    const { key, lock, op, purpose } = visit;
    const startUs = clock.nowUs();
    let verdict: SignalName = "none";
    let isPlanned = false;
    let hasPressed = false;
    const firstMotorEvent = events.length;

    function unlockUs(): number | undefined {
      for (let index = firstMotorEvent; index < events.length; index += 1) {
        const event = events[index];
        if (event?.kind === "motor" && event.lock === lock.name && event.command === "unlock") {
          return event.atUs;
        }
      }
      return undefined;
    }

    const contact = startContact(key, lock, visit.pull, (closed) => {
      const openedUs = unlockUs();
      // A hand that is gone before it could say the direction has not waited for the verdict.
      const isOtherWay = verdict === "granted" && (openedUs === undefined) === (op === 1);
      const isPulledEarly = verdict === "none" || (isOtherWay && visit.pull !== undefined);
      note({
        kind: "pulled",
        atUs: clock.nowUs(),
        contact: closed.id,
        passedBytes: closed.passedBytes(),
        early: isPulledEarly,
        signal: verdict,
      });
      then({
        contact: closed.id,
        isOpened: openedUs !== undefined,
        signal: verdict,
        isPulledEarly,
        openedAfterUs: openedUs === undefined ? undefined : openedUs - startUs,
      });
    });
    note({
      kind: "attempt",
      atUs: startUs,
      contact: contact.id,
      key: key.name,
      lock: lock.name,
      purpose,
      op,
    });

    key.onSignal = (signal) => {
      if (signal === "working" || signal === "none") return;
      verdict = signal;
      if (isPlanned) return;
      isPlanned = true;
      clock.scheduleAfter(REACTION_MS * 1000, () => {
        const isOtherWay = signal === "granted" && (unlockUs() === undefined) === (op === 1);
        if (isOtherWay && !hasPressed && contact.isOpen()) {
          // The key took the other direction; the button tells it which one is meant.
          hasPressed = true;
          isPlanned = false;
          key.board.press();
        } else {
          contact.withdrawAt(clock.nowUs() + visit.lingerMs * 1000);
        }
      });
    };
    clock.scheduleAfter(DOOR_PATIENCE_MS * 1000, () => contact.withdrawAt(clock.nowUs()));
    lock.board.connect(contact);
    key.board.connect(contact, false);
  }

  function probe(
    device: KeyUnit | LockUnit | StationUnit,
    onBytes: (bytes: Uint8Array) => void,
  ): Probe {
    scene.contactCount += 1;
    const id = scene.contactCount;
    const isKey = "devidBytes" in device;
    const own = isKey ? "device" : "key";
    const names = isKey ? ([device.name, "probe"] as const) : (["probe", device.name] as const);
    const contact = openContact(
      clock,
      id,
      {
        onBytes: (to, bytes) => {
          if (to === own) onBytes(bytes);
          else device.board.receive(bytes);
        },
        onPiece: (piece) => tracePiece(id, names[0], names[1], piece),
        onClose: () => {
          device.contact = undefined;
          device.board.disconnect();
        },
      },
      undefined,
    );
    device.contact = contact;
    if ("motor" in device.board) {
      device.board.connect(contact);
      device.board.feed(BENCH_FEED);
    } else {
      device.board.connect(contact, true);
    }
    return {
      send: (bytes) => contact.send(own, bytes, clock.nowUs()),
      isOpen: contact.isOpen,
      withdraw: () => contact.withdrawAt(clock.nowUs()),
    };
  }

  function visitStation(visit: StationVisit, then: (outcome: StationOutcome) => void): void {
    const { key, station } = visit;
    const startUs = clock.nowUs();
    let verdict: SignalName = "none";
    let isPlanned = false;
    const contact = startContact(key, station, visit.pull, (closed) => {
      const isPulledEarly = verdict === "none";
      note({
        kind: "pulled",
        atUs: clock.nowUs(),
        contact: closed.id,
        passedBytes: closed.passedBytes(),
        early: isPulledEarly,
        signal: verdict,
      });
      const lastedUs = clock.nowUs() - startUs;
      then({ contact: closed.id, signal: verdict, isPulledEarly, lastedUs });
    });
    key.onSignal = (signal) => {
      if (signal === "working" || signal === "none") return;
      verdict = signal;
      if (isPlanned) return;
      isPlanned = true;
      clock.scheduleAfter(700_000, () => contact.withdrawAt(clock.nowUs()));
    };
    clock.scheduleAfter(STATION_PATIENCE_MS * 1000, () => contact.withdrawAt(clock.nowUs()));
    const hadPower = station.board.source() !== undefined;
    const before = station.board.takenFromKeysMj();
    station.board.connect(contact, key.board.batteryPercent() > 20);
    key.board.connect(contact, hadPower);
    if (!hadPower) notePower(station);
    const takenMj = station.board.takenFromKeysMj() - before;
    key.board.battery.spend(Math.round((1_000_000 * takenMj) / LEDGER.keyBatteryMj));
  }

  function notePower(station: StationUnit): void {
    const source = station.board.source();
    const names = source === POWER_MAINS ? "mains" : source === POWER_BATTERY ? "battery" : "key";
    note({
      kind: "power",
      atUs: clock.nowUs(),
      device: station.name,
      source: source === undefined ? "none" : names,
    });
  }

  return {
    clock,
    authority,
    get issuer() {
      return issuer;
    },
    events,
    backUp: () => ({ records: [...store.records()], entries: [...store.entries({})] }),
    restoreFrom,
    storedEntries: () => store.entries({}),
    hardware: createHardware(clock, locks, keys, note),
    locks,
    keys,
    stations,
    addLock,
    addKey,
    copyKey,
    addStation,
    visitDoor,
    visitStation,
    probe,
    setMains: (station, isThere) => {
      station.board.setMains(isThere);
      notePower(station);
    },
    setStationBattery: (station, percent) => {
      station.board.setBatteryPercent(percent);
      notePower(station);
    },
    setLinks: (station, links) => {
      station.uplink.setLinks(links);
      const names = links.map((link) => LINK_NAMES.get(link) ?? "none");
      note({ kind: "links", atUs: clock.nowUs(), device: station.name, links: names });
    },
    setBrokerFaults: (faults) => {
      for (const station of stations) station.uplink.setFaults(faults);
    },
    devicesNow: () => [
      ...locks.map((lock) => ({
        name: lock.name,
        devid: lock.devid,
        role: "lock" as const,
        isCounterfeit: false,
        pages: pagesOf(lock.board),
        isMotorOn: lock.board.motor.isTurning(),
        hasBattery: lock.hasClock,
      })),
      ...keys.map((key) => ({
        name: key.name,
        devid: key.devid,
        role: "key" as const,
        isCounterfeit: key.isCounterfeit,
        pages: pagesOf(key.board),
        isMotorOn: false,
        hasBattery: true,
      })),
    ],
    logsNow: () =>
      [...locks, ...keys].map((unit) => ({
        kind: "log" as const,
        name: unit.name,
        devid: unit.devid,
        entries: [...findEntries(pagesOf(unit.board))]
          .sort(([left], [right]) => left - right)
          .flatMap(([n, finds]) => finds.map((find): [number, string] => [n, find.bytes])),
      })),
    contactCount: () => scene.contactCount,
  };
}

function pagesOf(board: LockBoard | KeyBoard): Uint8Array[] {
  return board.flash.writtenPages().map((page) => board.flash.readPage(page));
}

/**
 * Takes the value of a result that a scenario relies on.
 *
 * @throws Error with the name of the fault: the scenario itself is wrong.
 */
export function must<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  const { code, detail } = result.fault;
  throw new Error(`the scenario met ${describe(code)?.label ?? code} (${detail ?? "no detail"})`);
}
