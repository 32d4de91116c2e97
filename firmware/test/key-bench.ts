// SPDX-License-Identifier: EUPL-1.2
// A key and a station on a bench: real cryptography, flash that can lose power, timers by hand, and
// an issuer that is nothing but the protocol's own sign and open functions.

import {
  type Anchor,
  assignSlots,
  type BundleDown,
  chainNext,
  DOWN_BUNDLE,
  DOWN_OBJECTS,
  DOWN_REFUSED,
  DOWN_UPLOAD_ACK,
  type DownMessage,
  decodeEntry,
  decodeLogBatch,
  decodeUp,
  diffRings,
  ENTRY_GAP,
  type Entry,
  encodeDown,
  encodeRingBundle,
  encodeRingDelta,
  equalBytes,
  hexOf,
  type KeyPresent,
  type Leaf,
  LOG_GAP,
  openObject,
  type RingHead,
  type RingSlots,
  ringRoot,
  ringSecret,
  rootHead,
  sealingKey,
  signFloorList,
  signLogAck,
  signRingHead,
  signTimeGrant,
  UP_KEY_PRESENT,
  UP_UPLOAD,
  type UpMessage,
  verifyBatch,
} from "@nyckelring/protocol";
import { createKey } from "../src/key/key.ts";
import { commissionKey } from "../src/key/key-commissioning.ts";
import type { KeyPorts, KeyRole } from "../src/key/key-role.ts";
import {
  type FlashPort,
  LINK_LAN,
  type LinkKind,
  POWER_MAINS,
  type PowerSource,
} from "../src/ports.ts";
import { type EnrolledDevice, enrolDevice } from "../src/shared/identity.ts";
import { createStation } from "../src/station/station.ts";
import { commissionStation } from "../src/station/station-commissioning.ts";
import type { StationRole } from "../src/station/station-role.ts";
import { type CutFlash, createCutFlash } from "./cut-flash.ts";
import {
  AUTHORITY,
  createBenchTimer,
  crypto,
  DOOR,
  entropyOf,
  GROUP,
  type Issuing,
  issuingOf,
  type Rig,
  SHIFT_S,
  secretOf,
} from "./lock-rig.ts";

export const DAY_S = 86_400;
export const KEY_PAGES = 96;
export const STATION_PAGES = 192;
const PART_SLOTS = 150;
export const RIGHTS: readonly Leaf[] = [
  { kind: 0, target: 5, ops: 3, untilS: SHIFT_S + 300 * DAY_S },
  { kind: 0, target: DOOR, ops: 3, untilS: SHIFT_S + 300 * DAY_S },
];
export const GROUP_RIGHT: Leaf = {
  kind: 1,
  target: GROUP,
  ops: 3,
  untilS: SHIFT_S + 300 * DAY_S,
};

/** `count` rights for doors 2000, 2001, ... */
export function manyRights(count: number): Leaf[] {
  const rights: Leaf[] = [];
  for (let index = 0; index < count; index += 1) {
    rights.push({ kind: 0, target: 2000 + index, ops: 3, untilS: SHIFT_S + 300 * DAY_S });
  }
  return rights;
}

export type TimePort = ReturnType<typeof createBenchTimer>;

/** A commissioned key with flash, clock, battery and a list of what it showed. */
export function createBenchKey(
  issuing: Issuing,
  options: { readonly pages?: number; readonly seed?: number | undefined } = {},
) {
  const flash: CutFlash = createCutFlash(options.pages ?? KEY_PAGES, 4096, options.seed);
  const device: EnrolledDevice = enrolDevice(flash, entropyOf("key seed"), crypto);
  const commissioned = commissionKey(flash, crypto, {
    rootKey: issuing.root.key.publicKey,
    issuerAgreementKey: issuing.agreementPublicKey,
    issuerCertificates: issuing.certificates,
  });
  if (!commissioned.ok) throw new Error(`commissioning ${commissioned.fault.code.toString(16)}`);
  const timer = createBenchTimer();
  const signals: number[] = [];
  let clockS: number | undefined = SHIFT_S;
  let percent = 100;
  let boots = 0;
  let sent: Uint8Array[] = [];
  let consolesOpened = 0;
  let role: KeyRole;

  function boot(wrap: (flash: FlashPort) => FlashPort = (port) => port): KeyRole {
    boots += 1;
    timer.clear();
    sent = [];
    role = createKey(portsOver(wrap(flash)));
    return role;
  }

  function portsOver(flashPort: FlashPort): KeyPorts {
    return {
      crypto,
      entropy: entropyOf(`key boot ${boots}`),
      flash: flashPort,
      contact: { send: (bytes) => sent.push(bytes.slice()) },
      timer: timer.port,
      clock: {
        nowS: () => clockS,
        set(nowS) {
          clockS = nowS;
        },
      },
      supply: { millivolts: () => 3700, percent: () => percent },
      signal: { show: (signal) => signals.push(signal) },
      service: {
        openConsole() {
          consolesOpened += 1;
        },
      },
    };
  }

  role = boot();
  return {
    flash,
    device,
    timer,
    signals,
    role: () => role,
    /** The ports of this key, for a role of one's own. */
    ports: () => portsOver(flash),
    boot,
    take(): Uint8Array[] {
      const taken = sent;
      sent = [];
      return taken;
    },
    /** How often a permit has given the console back. */
    consolesOpened: () => consolesOpened,
    clockS: () => clockS,
    setClock(nowS: number | undefined) {
      clockS = nowS;
    },
    setPercent(value: number) {
      percent = value;
    },
    lastSignal: () => signals[signals.length - 1] ?? 0,
  };
}

export type BenchKey = ReturnType<typeof createBenchKey>;

/** A commissioned station with its ports by hand. */
export function createBenchStation(
  options: { readonly pages?: number; readonly seed?: number | undefined } = {},
) {
  const account = { stationId: 3, commandKey: secretOf("command key") };
  const flash: CutFlash = createCutFlash(options.pages ?? STATION_PAGES, 4096, options.seed);
  const commissioned = commissionStation(flash, account);
  if (!commissioned.ok) throw new Error("commissioning the station");
  const timer = createBenchTimer();
  let clockS: number | undefined = SHIFT_S;
  let links: LinkKind[] = [LINK_LAN];
  let inUse: LinkKind = 0;
  let source: PowerSource = POWER_MAINS;
  let percent = 100;
  let sent: Uint8Array[] = [];
  let up: Uint8Array[] = [];
  let downSeq = 0;
  let consolesOpened = 0;
  let role: StationRole;

  function boot(): StationRole {
    timer.clear();
    sent = [];
    up = [];
    role = createStation({
      crypto,
      flash,
      contact: { send: (bytes) => sent.push(bytes.slice()) },
      timer: timer.port,
      clock: {
        nowS: () => clockS,
        set(nowS) {
          clockS = nowS;
        },
      },
      uplink: {
        publish: (message) => up.push(message.slice()),
        links: () => links,
        use(link) {
          inUse = link;
        },
        // The modem: refused by its operator.
        fault: () => (links.length === 0 ? 3 * 256 + 20 : 0),
      },
      power: { source: () => source, percent: () => percent },
      service: {
        openConsole() {
          consolesOpened += 1;
        },
      },
    });
    return role;
  }

  role = boot();
  return {
    flash,
    timer,
    account,
    role: () => role,
    boot,
    consolesOpened: () => consolesOpened,
    take(): Uint8Array[] {
      const taken = sent;
      sent = [];
      return taken;
    },
    /** What went up since the last call. */
    takeUp(): { readonly seq: number; readonly message: UpMessage }[] {
      const taken = up;
      up = [];
      return taken.map((bytes) => {
        const decoded = decodeUp(crypto, account, bytes);
        if (!decoded.ok) throw new Error("an up message does not decode");
        return decoded.value;
      });
    },
    /** Delivers one command of the issuer under the next number, or a given one. */
    down(message: DownMessage, seq?: number): void {
      downSeq = seq ?? downSeq + 1;
      role.onDown(encodeDown(crypto, account, downSeq, message));
    },
    setLinks(now: LinkKind[]) {
      links = now;
      role.onLink();
    },
    /** `isTold` is false where no pin tells the station of the change. */
    setPower(now: PowerSource, charge = 100, isTold = true) {
      source = now;
      percent = charge;
      if (isTold) role.onPower();
    },
    inUse: () => inUse,
    clockS: () => clockS,
    setClock(nowS: number | undefined) {
      clockS = nowS;
    },
  };
}

export type BenchStation = ReturnType<typeof createBenchStation>;

/** The issuing side for one key. */
export function createBenchIssuer(issuing: Issuing, device: EnrolledDevice) {
  const agreement = crypto.importAgreementKey(secretOf("city agreement"));
  const shared = agreement.agree(device.agreementPublicKey);
  if (!shared.ok) throw new Error("agreement");
  const secret = ringSecret(crypto, shared.value);
  let slots: RingSlots = [];
  let ringseq = 100;
  const committed = new Map<string, Entry>();
  const chains = new Map<number, Uint8Array>();
  const deviceAnchor = ((): Anchor => {
    const key = crypto.importVerificationKey(device.signingPublicKey);
    if (!key.ok) throw new Error("device key");
    return { kid: crypto.hash(device.signingPublicKey).slice(0, 4), key: key.value };
  })();

  function headOf(root: Uint8Array, size: number, changes: Partial<RingHead>): Uint8Array {
    ringseq += 1;
    return signRingHead(
      {
        nbfS: SHIFT_S - 600,
        expS: SHIFT_S + 8 * 3600,
        iatS: SHIFT_S - 700,
        holder: { devid: device.devid, publicKey: device.agreementPublicKey },
        ringseq,
        size,
        root,
        flags: 0,
        needlist: 0,
        ...changes,
      },
      issuing.ring,
    );
  }

  return {
    secret,
    slots: () => slots,
    ringseq: () => ringseq,
    /** Forgets what the key holds, so that the next ring is sent whole. */
    forgetSlots() {
      slots = [];
    },
    /**
     * A ring of exactly these slots, in parts.
     *
     * @param from - Slots that the delta starts from; those issued last without it.
     */
    ring(
      wanted: RingSlots,
      changes: Partial<RingHead> = {},
      options: { readonly from?: RingSlots; readonly floors?: Uint8Array } = {},
    ): { readonly head: Uint8Array; readonly bundles: Uint8Array[] } {
      const from = options.from ?? slots;
      const root = ringRoot(crypto, secret, wanted);
      const head = headOf(root, wanted.length, changes);
      const isSame = equalBytes(rootHead(root), rootHead(ringRoot(crypto, secret, from)));
      slots = wanted;
      const floors = options.floors ?? null;
      if (isSame) return { head, bundles: [encodeRingBundle({ head, delta: null, floors })] };
      const delta = diffRings(crypto, secret, from, wanted);
      const bundles: Uint8Array[] = [];
      for (let at = 0; at < delta.changes.length; at += PART_SLOTS) {
        const part = { ...delta, changes: delta.changes.slice(at, at + PART_SLOTS) };
        const floorsHere = at === 0 ? floors : null;
        bundles.push(encodeRingBundle({ head, delta: encodeRingDelta(part), floors: floorsHere }));
      }
      return { head, bundles };
    },
    /** A ring with these rights, changed as little as possible. */
    rights(wanted: readonly Leaf[], changes: Partial<RingHead> = {}) {
      const assigned = assignSlots(slots, wanted);
      if (!assigned.ok) throw new Error("slots");
      return this.ring(assigned.value, changes);
    },
    bundleDown(bundles: readonly Uint8Array[], part: number, hold = 0): BundleDown {
      const bundle = bundles[part];
      if (bundle === undefined) throw new Error("part");
      const devid = device.devid;
      return { type: DOWN_BUNDLE, devid, hold, part, parts: bundles.length, bundle, objects: [] };
    },
    grant(nonce: Uint8Array, nowS: number, devid = device.devid): Uint8Array {
      return signTimeGrant({ devid, nonce, nowS }, issuing.ring);
    },
    floors(listseq: number, ringfloor = 0): Uint8Array {
      const expS = SHIFT_S + 30 * DAY_S;
      return signFloorList({ expS, iatS: SHIFT_S, listseq, ringfloor, floors: [] }, issuing.ring);
    },
    /** Opens a batch of the key and commits its entries, each once. */
    commit(sealed: Uint8Array): Entry[] {
      const opened = openObject(crypto, sealed, (devid) =>
        equalBytes(devid, device.devid) ? sealingKey(crypto, shared.value, devid) : undefined,
      );
      if (!opened.ok) return [];
      const batch = decodeLogBatch(opened.value.plaintext);
      if (!batch.ok) throw new Error("batch");
      const verified = verifyBatch(crypto, batch.value, deviceAnchor);
      if (!verified.ok) throw new Error(`batch ${verified.fault.code.toString(16)}`);
      let chain = batch.value.prev;
      const fresh: Entry[] = [];
      for (const bytes of batch.value.entries) {
        const entry = decodeEntry(bytes);
        if (!entry.ok) throw new Error("entry");
        chain = chainNext(crypto, chain, bytes);
        chains.set(entry.value.n, chain);
        const name = `${batch.value.logEpoch}/${entry.value.n}`;
        if (!committed.has(name)) fresh.push(entry.value);
        committed.set(name, entry.value);
      }
      return fresh;
    },
    /** Everything that was committed, by number. */
    entries: () => [...committed.values()].sort((a, b) => a.n - b.n),
    /** An acknowledgement of everything that was committed without a hole, or told of as lost. */
    ack(): Uint8Array {
      const lost = new Set<number>();
      for (const { kind, reason, ring, target } of committed.values()) {
        if (kind !== ENTRY_GAP || reason !== LOG_GAP) continue;
        for (let index = 0; index < target; index += 1) lost.add(ring + index);
      }
      let n = 0;
      for (let next = 1; chains.has(next) || lost.has(next); next += 1) {
        if (chains.has(next)) n = next;
      }
      const chain16 = (chains.get(n) ?? new Uint8Array(32)).slice(0, 16);
      const acks = [{ devid: device.devid, logEpoch: 1, n, chain16 }];
      return signLogAck({ authority: AUTHORITY, acks }, issuing.ring);
    },
  };
}

export type BenchIssuer = ReturnType<typeof createBenchIssuer>;

/** As much of a lock as a plug needs; what is behind it may be anything. */
export type FarLock = Pick<Rig, "take" | "pass" | "cutPower"> & {
  role(): { onContact(isTouching: boolean): void; onBytes(bytes: Uint8Array): void };
  boot(): unknown;
};

/** A key, a station and their issuer. */
export function createBench(
  options: {
    readonly keyPages?: number;
    readonly stationPages?: number;
    /** Draws what torn flash operations leave. */
    readonly seed?: number;
  } = {},
) {
  const issuing = issuingOf();
  const key = createBenchKey(issuing, {
    pages: options.keyPages ?? KEY_PAGES,
    seed: options.seed,
  });
  const station = createBenchStation({
    pages: options.stationPages ?? STATION_PAGES,
    seed: options.seed,
  });
  const issuer = createBenchIssuer(issuing, key.device);
  let isPlugged = false;
  let lock: FarLock | undefined;
  /** Octets that may still pass in both directions; the plug is pulled at the last one. */
  let octetsLeft = Number.POSITIVE_INFINITY;
  let octets = 0;
  /** What the issuer answers to a key; undefined for a silent issuer. */
  let onPresent: ((present: KeyPresent) => DownMessage[]) | undefined;
  let acknowledges = true;
  const sealedOfOthers: Uint8Array[] = [];

  function far() {
    return lock === undefined ? station : lock;
  }

  function carry(bytes: Uint8Array, to: (bytes: Uint8Array) => void): void {
    if (!isPlugged) return;
    const passing = Math.min(bytes.length, octetsLeft);
    octetsLeft -= passing;
    octets += passing;
    if (passing > 0) to(bytes.slice(0, passing));
    if (octetsLeft === 0) unplug();
  }

  /** Lets everything that is under way arrive. */
  function settle(): void {
    for (;;) {
      const fromKey = key.take();
      for (const bytes of fromKey) carry(bytes, (part) => far().role().onBytes(part));
      const fromFar = far().take();
      for (const bytes of fromFar) carry(bytes, (part) => key.role().onBytes(part));
      const fromStation = station.takeUp();
      for (const { seq, message } of fromStation) answer(seq, message);
      if (fromKey.length + fromFar.length + fromStation.length === 0) return;
    }
  }

  function answer(seq: number, message: UpMessage): void {
    if (station.inUse() === 0) return;
    if (message.type === UP_KEY_PRESENT && onPresent !== undefined) {
      for (const down of onPresent(message)) station.down(down);
    }
    if (message.type === UP_UPLOAD && acknowledges) {
      if (issuer.commit(message.sealed).length === 0) sealedOfOthers.push(message.sealed);
      const devid = key.device.devid;
      station.down({ type: DOWN_OBJECTS, devid, objects: [issuer.ack()] });
      station.down({ type: DOWN_UPLOAD_ACK, seqs: [seq] });
    }
  }

  function plug(rig?: FarLock, sensesVoltage = rig === undefined): void {
    lock = rig;
    isPlugged = true;
    if (rig === undefined) station.role().onContact(true);
    else rig.role().onContact(true);
    key.role().onContact(true, sensesVoltage);
    settle();
  }

  function unplug(): void {
    if (!isPlugged) return;
    isPlugged = false;
    key.take();
    far().take();
    if (lock === undefined) station.role().onContact(false);
    else lock.role().onContact(false);
    key.role().onContact(false, false);
  }

  function pass(spanMs: number): void {
    for (let done = 0; done < spanMs; done += 100) {
      key.timer.pass(100);
      settle();
      station.timer.pass(100);
      if (lock !== undefined) lock.pass(100);
      settle();
    }
  }

  return {
    issuing,
    key,
    station,
    issuer,
    plug,
    unplug,
    pass,
    settle,
    sealedOfOthers,
    octets: () => octets,
    limitOctets(count: number) {
      octetsLeft = count;
    },
    answerWith(answerTo: ((present: KeyPresent) => DownMessage[]) | undefined) {
      onPresent = answerTo;
    },
    setAcknowledging(isOn: boolean) {
      acknowledges = isOn;
    },
    /** The issuer's usual answer: time, then a ring. */
    answerWithRing(bundles: readonly Uint8Array[], nowS = SHIFT_S) {
      onPresent = (present) => {
        const objects = [issuer.grant(present.nonce, nowS)];
        const devid = key.device.devid;
        const downs: DownMessage[] = [{ type: DOWN_OBJECTS, devid, objects }];
        for (let part = 0; part < bundles.length; part += 1) {
          downs.push(issuer.bundleDown(bundles, part));
        }
        return downs;
      };
    },
    refuseWith(code: number) {
      onPresent = (present) => [{ type: DOWN_REFUSED, devid: present.devid, code }];
    },
    /** One whole sync. */
    sync(): void {
      plug();
      pass(2000);
      unplug();
    },
    /** One whole visit at a lock. */
    visit(rig: FarLock, holdMs = 1500): void {
      rig.boot();
      plug(rig);
      pass(holdMs);
      unplug();
      rig.cutPower();
    },
  };
}

/** Names the entries of a log for comparison: kind, operation, reason, target. */
export function told(entries: readonly Entry[]): string[] {
  return entries.map(
    (entry) => `${entry.kind} ${entry.op} ${entry.reason.toString(16)} ${entry.target}`,
  );
}

export { hexOf };
