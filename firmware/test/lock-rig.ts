// SPDX-License-Identifier: EUPL-1.2
// A lock on a bench: real cryptography, flash that can lose power, timers by hand, and a key that is
// nothing but the key's side of the door path behind frames.

import {
  type CborValue,
  type CryptoPort,
  createArenaOperations,
  createFrameReader,
  createKeyDoor,
  decodeCbor,
  decodeEntry,
  type EntropyPort,
  type Entry,
  encodeCbor,
  encodeFrames,
  encodeHello,
  inclusionPath,
  KEY_ARENA_BYTES,
  type KeyDoor,
  kidOf,
  LEAF_FOREIGN,
  LEVEL_DEVICES,
  LEVEL_RINGS,
  type Leaf,
  LINK_EDHOC,
  LINK_HELLO,
  LINK_RECORD,
  type LockConfig,
  type LockDecision,
  MESSAGE,
  type RingHead,
  ROLE_KEY,
  ringRoot,
  type Signer,
  signIssuerCertificate,
  signLockCertificate,
  signLockConfig,
  signRingHead,
  slotBytes,
} from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { createLock } from "../src/lock/lock.ts";
import { commissionLock, type LockProvision } from "../src/lock/lock-commissioning.ts";
import type { LockRole } from "../src/lock/lock-role.ts";
import {
  BOLT_BETWEEN,
  BOLT_LOCKED,
  BOLT_UNLOCKED,
  type BoltPosition,
  type FlashPort,
} from "../src/ports.ts";
import { openDeviceRecords, RECORD_AREA, RECORD_LOG_STATE } from "../src/shared/device-records.ts";
import { type EnrolledDevice, enrolDevice } from "../src/shared/identity.ts";
import { createLogStore } from "../src/shared/log-store.ts";
import { type CutFlash, createCutFlash } from "./cut-flash.ts";

export const SHIFT_S = 1_795_413_600;
export const AUTHORITY = 1;
export const DOOR = 1041;
export const GROUP = 7;
const YEAR_S = 365 * 86_400;
/** Time that a healthy bolt needs from end to end. */
export const TRAVEL_MS = 400;

export const crypto: CryptoPort = createNodeCrypto();

/** Octets that follow from a label alone. */
export function secretOf(label: string): Uint8Array {
  return crypto.hash(new TextEncoder().encode(label));
}

/** A stream of octets that follows from a label alone. */
export function entropyOf(label: string): EntropyPort {
  let block = 0;
  return {
    fill(target, offset, bytes) {
      for (let done = 0; done < bytes; done += 32) {
        block += 1;
        const octets = secretOf(`${label} ${block}`);
        target.set(octets.subarray(0, Math.min(32, bytes - done)), offset + done);
      }
    },
  };
}

export function signerOf(label: string): Signer {
  const key = crypto.importSigningKey(secretOf(label));
  return { kid: kidOf(crypto, key.publicKey), key };
}

/** The issuing side: a root and the working keys of one epoch. */
export type Issuing = {
  readonly authority: number;
  readonly root: Signer;
  readonly ring: Signer;
  readonly device: Signer;
  readonly agreementPublicKey: Uint8Array;
  readonly certificates: readonly Uint8Array[];
};

export function issuingOf(
  name = "city",
  epoch = 1,
  iatS = SHIFT_S - 30 * 86_400,
  authority = AUTHORITY,
): Issuing {
  const root = signerOf(`${name} root`);
  const ring = signerOf(`${name} ring ${epoch}`);
  const device = signerOf(`${name} device ${epoch}`);
  const certify = (signer: Signer, level: number) =>
    signIssuerCertificate(
      {
        expS: SHIFT_S + YEAR_S,
        iatS,
        issuer: { kid: signer.kid, publicKey: signer.key.publicKey },
        level,
        issuerEpoch: epoch,
        authority,
      },
      root,
    );
  return {
    authority,
    root,
    ring,
    device,
    agreementPublicKey: crypto.importAgreementKey(secretOf(`${name} agreement`)).publicKey,
    certificates: [certify(ring, LEVEL_RINGS), certify(device, LEVEL_DEVICES)],
  };
}

export function configOf(
  issuing: Issuing,
  devid: Uint8Array,
  changes: Partial<LockConfig> = {},
): LockConfig {
  return {
    devid,
    door: DOOR,
    cfgseq: 1,
    groups: [GROUP],
    anchors: [
      {
        authority: issuing.authority,
        kid: issuing.root.kid,
        publicKey: issuing.root.key.publicKey,
        opsmask: 3,
        maxvalidS: 45_000,
        agreementKey: issuing.agreementPublicKey,
        issuerEpochMin: 1,
      },
    ],
    profile: 0,
    clockUnknown: 0,
    ...changes,
  };
}

export function provisionOf(
  issuing: Issuing,
  device: EnrolledDevice,
  changes: Partial<LockConfig> = {},
): LockProvision {
  const config = configOf(issuing, device.devid, changes);
  return {
    rootKey: issuing.root.key.publicKey,
    issuerAgreementKey: issuing.agreementPublicKey,
    certificate: signLockCertificate(
      {
        expS: SHIFT_S + YEAR_S,
        iatS: SHIFT_S - 86_400,
        lock: { devid: device.devid, publicKey: device.agreementPublicKey },
        door: config.door,
        groups: config.groups,
        signingPublicKey: device.signingPublicKey,
      },
      issuing.device,
    ),
    config: signLockConfig(config, issuing.device),
    issuerCertificates: issuing.certificates,
  };
}

/** One key with a ring of a few leaves. */
export type TestKey = {
  readonly secret: Uint8Array;
  readonly devid: Uint8Array;
  readonly slots: readonly Leaf[];
  readonly ringSecret: Uint8Array;
  head(changes?: Partial<RingHead>, signer?: Signer): Uint8Array;
};

export const DEFAULT_SLOTS: readonly Leaf[] = [
  { kind: 0, target: 5, ops: 3, untilS: SHIFT_S + YEAR_S },
  { kind: 0, target: DOOR, ops: 3, untilS: SHIFT_S + YEAR_S },
  { kind: 1, target: GROUP, ops: 3, untilS: SHIFT_S + YEAR_S },
];
export const DOOR_SLOT = 1;
/** The same door for a key of another authority: as the owner of the lock numbers it. */
export const GUEST_SLOTS: readonly Leaf[] = DEFAULT_SLOTS.map((leaf, slot) =>
  slot === DOOR_SLOT ? { ...leaf, kind: LEAF_FOREIGN + AUTHORITY } : leaf,
);

export function keyOf(name: string, issuing: Issuing, slots = DEFAULT_SLOTS): TestKey {
  const secret = secretOf(`${name} key`);
  const devid = secretOf(`${name} devid`).slice(0, 8);
  const ringSecret = secretOf(`${name} ring`);
  return {
    secret,
    devid,
    slots,
    ringSecret,
    head(changes = {}, signer = issuing.ring) {
      return signRingHead(
        {
          expS: SHIFT_S + 12 * 3600,
          nbfS: SHIFT_S,
          iatS: SHIFT_S - 600,
          holder: { devid, publicKey: crypto.importAgreementKey(secret).publicKey },
          ringseq: 70_000,
          size: slots.length,
          root: ringRoot(crypto, ringSecret, slots),
          flags: 0,
          needlist: 0,
          ...changes,
        },
        signer,
      );
    },
  };
}

/** Timers by hand, in virtual milliseconds. */
export function createBenchTimer() {
  let nowMs = 0;
  let lastId = 0;
  let waiting: { id: number; dueMs: number; callback: () => void }[] = [];
  return {
    port: {
      after(delayMs: number, callback: () => void) {
        lastId += 1;
        waiting.push({ id: lastId, dueMs: nowMs + delayMs, callback });
        return lastId;
      },
      cancel(id: number) {
        waiting = waiting.filter((item) => item.id !== id);
      },
    },
    nowMs: () => nowMs,
    /** Drops every timer: the device lost its power. */
    clear() {
      waiting = [];
    },
    /** Lets time pass; due timers run in order. */
    pass(spanMs: number) {
      const endMs = nowMs + spanMs;
      for (;;) {
        waiting.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
        const next = waiting[0];
        if (next === undefined || next.dueMs > endMs) break;
        waiting.shift();
        nowMs = next.dueMs;
        next.callback();
      }
      nowMs = endMs;
    },
  };
}

/** A bolt with a motor: it needs `TRAVEL_MS` from end to end, and may be stuck. */
export function createBenchBolt() {
  const events: string[] = [];
  let position: BoltPosition = BOLT_LOCKED;
  let turning: "unlock" | "lock" | "stop" = "stop";
  let travelMs = 0;
  let isStuck = false;
  let onMove: (position: BoltPosition) => void = () => undefined;

  function turn(direction: "unlock" | "lock"): void {
    turning = direction;
    events.push(direction);
  }

  function moveTo(next: BoltPosition): void {
    position = next;
    onMove(position);
  }

  return {
    /** What the motor was told, in order; a stop counts only when the motor was turning. */
    events,
    motor: {
      unlock: () => turn("unlock"),
      lock: () => turn("lock"),
      stop() {
        if (turning !== "stop") events.push("stop");
        turning = "stop";
      },
      position: () => position,
    },
    turning: () => turning,
    position: () => position,
    /** The end switches are wired to whoever runs now. */
    wire(listener: (position: BoltPosition) => void) {
      onMove = listener;
    },
    /** The motor stands because its power is gone. */
    losePower() {
      turning = "stop";
    },
    moveTo,
    stick(isOn: boolean) {
      isStuck = isOn;
    },
    pass(spanMs: number) {
      const end = turning === "unlock" ? BOLT_UNLOCKED : BOLT_LOCKED;
      if (turning === "stop" || isStuck || position === end) return;
      if (position !== BOLT_BETWEEN) {
        travelMs = 0;
        moveTo(BOLT_BETWEEN);
      }
      travelMs += spanMs;
      if (travelMs >= TRAVEL_MS) moveTo(end);
    },
  };
}

export type Rig = ReturnType<typeof createRig>;

/** A commissioned lock on the bench, powered. */
export function createRig(
  options: {
    readonly issuing?: Issuing;
    readonly config?: Partial<LockConfig>;
    readonly pages?: number;
    readonly pageBytes?: number;
    /** Draws what torn flash operations leave. */
    readonly seed?: number;
    readonly wrapFlash?: (flash: FlashPort) => FlashPort;
    /** The lock itself, where it is not the sources' own. */
    readonly createLock?: typeof createLock;
  } = {},
) {
  const issuing = options.issuing ?? issuingOf();
  const flash: CutFlash = createCutFlash(
    options.pages ?? 24,
    options.pageBytes ?? 4096,
    options.seed,
  );
  const device = enrolDevice(flash, entropyOf("lock seed"), crypto);
  const provision = provisionOf(issuing, device, options.config);
  const commissioned = commissionLock(flash, crypto, provision);
  if (!commissioned.ok) throw new Error(`commissioning: ${commissioned.fault.code.toString(16)}`);
  const timer = createBenchTimer();
  const bolt = createBenchBolt();
  let millivolts = 3300;
  let clockS: number | undefined;
  let isDoorOpen = false;
  let sent: Uint8Array[] = [];
  let boots = 0;
  let consolesOpened = 0;
  let role: LockRole;

  /** Power of the device: after a cut no port does anything. */
  let hasPower = true;

  function boot(): LockRole {
    boots += 1;
    hasPower = true;
    timer.clear();
    sent = [];
    bolt.losePower();
    const isMine = boots;
    const isAlive = () => hasPower && isMine === boots;
    return (options.createLock ?? createLock)({
      crypto,
      entropy: entropyOf(`lock ${boots}`),
      flash: options.wrapFlash?.(flash) ?? flash,
      contact: {
        send(bytes) {
          if (isAlive()) sent.push(bytes.slice());
        },
      },
      timer: timer.port,
      clock: {
        nowS: () => clockS,
        set(nowS) {
          if (options.config?.profile === 1) clockS = nowS;
        },
      },
      motor: {
        unlock() {
          if (isAlive()) bolt.motor.unlock();
        },
        lock() {
          if (isAlive()) bolt.motor.lock();
        },
        stop() {
          if (isAlive()) bolt.motor.stop();
        },
        position: bolt.position,
      },
      supply: { millivolts: () => millivolts, percent: () => 100 },
      door: { isOpen: () => isDoorOpen },
      service: {
        openConsole() {
          if (isAlive()) consolesOpened += 1;
        },
      },
    });
  }

  bolt.wire((position) => role.onBolt(position));
  role = boot();

  return {
    issuing,
    flash,
    device,
    provision,
    timer,
    events: bolt.events,
    role: () => role,
    turning: bolt.turning,
    position: bolt.position,
    /** Time passes; the bolt moves with it. */
    pass(spanMs: number) {
      for (let done = 0; done < spanMs; done += 100) {
        timer.pass(100);
        bolt.pass(100);
        if (clockS !== undefined && (done + 100) % 1000 === 0) clockS += 1;
      }
    },
    stick: bolt.stick,
    setMillivolts(value: number) {
      millivolts = value;
    },
    setClock(nowS: number | undefined) {
      clockS = nowS;
    },
    clockS: () => clockS,
    /** How often a permit has given the console back. */
    consolesOpened: () => consolesOpened,
    /** The resident's key turns the bolt. */
    turnByHand: bolt.moveTo,
    /** The leaf of the door moves. */
    moveDoor(isOpen: boolean) {
      isDoorOpen = isOpen;
      if (hasPower) role.onDoor(isOpen);
    },
    /** Power goes: the motor stands, the instance is dropped. */
    cutPower() {
      hasPower = false;
      bolt.losePower();
      timer.clear();
      if (options.config?.profile === 1) clockS = undefined;
    },
    boot() {
      role = boot();
      return role;
    },
    take(): Uint8Array[] {
      const taken = sent;
      sent = [];
      return taken;
    },
  };
}

/** The owner's log of a lock as it lies in flash; guests have theirs at the end. */
export function ownerEntries(rig: Rig): Entry[] {
  const pages = rig.flash.pageCount - RECORD_AREA.pageCount;
  const area = { firstPage: RECORD_AREA.pageCount, pageCount: pages - 3 * Math.floor(pages / 8) };
  const records = openDeviceRecords(rig.flash);
  const log = createLogStore(rig.flash, area, crypto, records, RECORD_LOG_STATE);
  const entries: Entry[] = [];
  for (let n = log.firstN(); n <= log.lastN(); n += 1) {
    const entry = decodeEntry(log.read(n) ?? new Uint8Array(0));
    if (entry.ok) entries.push(entry.value);
  }
  return entries;
}

/** What a key shows: by default its own door's leaf, to enter. */
export type Show = { readonly head?: Uint8Array; readonly op?: number; readonly slot?: number };

/** The key's side of one contact. */
export type Contact = {
  readonly door: KeyDoor;
  readonly received: { readonly kind: number; readonly message: Uint8Array }[];
  /** Sends one message and returns what came back, if anything. */
  exchange(kind: number, message: Uint8Array): Uint8Array | undefined;
  hello(): Uint8Array | undefined;
  /** message_1 and message_2; undefined, or a fault or silence as text. */
  begin(options?: Show): string | undefined;
  /** message_3 and message_4; the lock's decision, or a fault or silence as text. */
  finish(options?: Show): LockDecision | string;
  /** A whole handshake with one right. */
  open(options?: Show): LockDecision | string;
  record(type: number, body: CborValue): CborValue | undefined;
};

export function plug(rig: Rig, key: TestKey, label = "key entropy"): Contact {
  const arena = new Uint8Array(KEY_ARENA_BYTES);
  const door = createKeyDoor(createArenaOperations(crypto, entropyOf(label), arena), arena);
  door.load({
    agreementSecret: key.secret,
    anchors: [
      {
        authority: rig.issuing.authority,
        kid: rig.issuing.device.kid,
        publicKey: rig.issuing.device.key.publicKey,
      },
    ],
  });
  const received: { kind: number; message: Uint8Array }[] = [];
  const reader = createFrameReader(
    (kind, message) => received.push({ kind, message }),
    () => undefined,
  );
  rig.role().onContact(true);

  function exchange(kind: number, message: Uint8Array): Uint8Array | undefined {
    const before = received.length;
    rig.role().onBytes(encodeFrames(kind, message));
    for (const bytes of rig.take()) reader.push(bytes);
    return received[before]?.message;
  }

  function taken(bytes: number): Uint8Array {
    return arena.slice(MESSAGE, MESSAGE + bytes);
  }

  function put(message: Uint8Array): number {
    arena.set(message, MESSAGE);
    return message.length;
  }

  function begin(options: Show = {}): string | undefined {
    door.reset();
    const m2 = exchange(LINK_EDHOC, taken(door.start(options.head ?? key.head())));
    if (m2 === undefined) return "silent after message_1";
    const fault = door.checkMessage2(put(m2));
    return fault === 0 ? undefined : `message_2 ${fault.toString(16)}`;
  }

  function finish(options: Show = {}): LockDecision | string {
    const slot = options.slot ?? DOOR_SLOT;
    const leaf = key.slots[slot];
    if (leaf === undefined) throw new Error("no slot");
    const path = inclusionPath(crypto, key.ringSecret, key.slots, slot);
    const leafBytes = slotBytes(crypto, key.ringSecret, leaf);
    const m3 = taken(door.buildMessage3(options.op ?? 1, slot, leafBytes, path));
    const m4 = exchange(LINK_EDHOC, m3);
    if (m4 === undefined) return "silent after message_3";
    const refused = door.checkMessage4(put(m4));
    return refused === 0 ? door.decision : `message_4 ${refused.toString(16)}`;
  }

  return {
    door,
    received,
    exchange,
    hello: () => exchange(LINK_HELLO, encodeHello(ROLE_KEY)),
    begin,
    finish,
    open(options = {}) {
      return begin(options) ?? finish(options);
    },
    record(type, body) {
      const answer = exchange(LINK_RECORD, taken(door.sealRecord(type, encodeCbor(body))));
      if (answer === undefined) return undefined;
      if (door.openRecord(put(answer)) < 0) throw new Error("record does not open");
      const decoded = decodeCbor(door.recordBody());
      if (!decoded.ok) throw new Error("record body");
      return decoded.value;
    },
  };
}
