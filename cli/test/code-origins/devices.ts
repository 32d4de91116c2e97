// SPDX-License-Identifier: EUPL-1.2

import { LINK_GSM, LINK_LAN, POWER_BATTERY, POWER_KEY } from "@nyckelring/firmware";
import type { UpMessage } from "@nyckelring/protocol";
import * as protocol from "@nyckelring/protocol";
import { commissionKey } from "../../../firmware/src/key/key-commissioning.ts";
import { createBolt } from "../../../firmware/src/lock/bolt.ts";
import { enrolDevice } from "../../../firmware/src/shared/identity.ts";
import { createLogStore } from "../../../firmware/src/shared/log-store.ts";
import { createNonceCounter } from "../../../firmware/src/shared/nonce-counter.ts";
import { createRecordStore } from "../../../firmware/src/shared/record-store.ts";
import { createCutFlash } from "../../../firmware/test/cut-flash.ts";
import {
  createBench,
  createBenchIssuer,
  createBenchKey,
  createBenchStation,
  manyRights,
  RIGHTS,
} from "../../../firmware/test/key-bench.ts";
import {
  createBenchBolt,
  createBenchTimer,
  createRig,
  crypto,
  entropyOf,
  issuingOf,
  keyOf,
  ownerEntries,
  plug,
  SHIFT_S,
} from "../../../firmware/test/lock-rig.ts";
import { brokenBy, codeOf, type Origins } from "./observe.ts";

type Bench = ReturnType<typeof createBench>;

const RECORDS = { firstPage: 0, pageCount: 2 };
const LOG = { firstPage: 2, pageCount: 5 };
const PAGE_BYTES = 512;
/** The begin of each page, where a record store writes both copies of its head. */
const WORN_BYTES = 32;

function synced(rights = RIGHTS): Bench {
  const bench = createBench();
  bench.answerWithRing(bench.issuer.rights(rights).bundles);
  bench.sync();
  return bench;
}

/** Reasons in the key's log after one more sync, syncs and others apart. */
function reasons(bench: Bench, isSync: boolean): number[] {
  bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
  bench.sync();
  return bench.issuer
    .entries()
    .filter(({ kind, reason }) => (kind === protocol.ENTRY_SYNC) === isSync && reason !== 0)
    .map(({ reason }) => reason);
}

function preSign(bench: Bench): void {
  const { bundles } = bench.issuer.rights(RIGHTS);
  for (const part of bundles.keys()) bench.station.down(bench.issuer.bundleDown(bundles, part, 1));
}

function syncWithoutLink(bench: Bench): void {
  bench.station.setLinks([]);
  bench.sync();
}

/** The reason of the last sync, once the link is back. */
function lastSync(bench: Bench): number {
  bench.station.setLinks([LINK_LAN]);
  bench.settle();
  bench.pass(1000);
  const syncs = bench.issuer.entries().filter(({ kind }) => kind === protocol.ENTRY_SYNC);
  return syncs.at(-1)?.reason ?? 0;
}

function syncWith(bench: Bench, bundles: readonly Uint8Array[]): number {
  bench.answerWithRing(bundles);
  bench.sync();
  return lastSync(bench);
}

/** What a key answers to a station that hands it an object. */
function answerToObject(bytes: Uint8Array): number {
  const issuing = issuingOf();
  const key = createBenchKey(issuing);
  let code = 0;
  const reader = protocol.createFrameReader(
    (_kind, message) => {
      const said = protocol.decodeKeyStation(message);
      if (said.ok && said.value.type === protocol.SYNC_ANSWER) code = said.value.code;
    },
    () => undefined,
  );
  const say = (kind: number, message: Uint8Array) =>
    key.role().onBytes(protocol.encodeFrames(kind, message));
  key.role().onContact(true, true);
  const station = { role: protocol.ROLE_STATION, profile: 0, devid: null };
  say(protocol.LINK_HELLO_ANSWER, protocol.encodeHelloAnswer(station));
  const object = protocol.encodeKeyStation({ type: protocol.SYNC_OBJECT, bytes });
  say(protocol.LINK_KEY_STATION, object);
  for (const sent of key.take()) reader.push(sent);
  return code;
}

function firmwareNote(): Uint8Array {
  const note = { model: 1, version: 1, securityVersion: 1, size: 1, digest: new Uint8Array(32) };
  return protocol.signFirmwareNote(note, issuingOf().device);
}

/** Reasons of the gap records in a log that gets more than it holds. */
function gapReasons(reason: number, count: number): number[] {
  const flash = createCutFlash(7, PAGE_BYTES);
  const log = createLogStore(flash, LOG, crypto, createRecordStore(flash, RECORDS, 8), 1);
  const peer = new Uint8Array(8);
  for (let tS = 1; tS <= count; tS += 1) {
    log.append({ tS, tq: 0, kind: 1, op: 1, reason, peer, ring: 1, target: 7 });
    log.settle(tS, 0);
  }
  const found: number[] = [];
  for (let n = log.firstN(); n <= log.lastN(); n += 1) {
    const bytes = log.read(n);
    const entry = bytes === undefined ? undefined : protocol.decodeEntry(bytes);
    if (entry?.ok && entry.value.kind === protocol.ENTRY_GAP) found.push(entry.value.reason);
  }
  return found;
}

function eventsOf(message: UpMessage): number[] {
  if (message.type !== protocol.UP_STATION_LOG) return [];
  return message.events.map(({ event }) => event);
}

/** A ring whose third part comes twice and whose second never does. */
function partMissing(): number[] {
  const bench = synced();
  const whole = bench.issuer.rights(manyRights(700)).bundles;
  bench.answerWith(() => [0, 2, 4].map((part) => bench.issuer.bundleDown(whole, part)));
  bench.sync();
  bench.pass(30_000);
  return reasons(bench, true);
}

function withdrawnBeforeTheDecision(): number {
  for (let octets = 200; octets < 3000; octets += 67) {
    const bench = synced();
    const rig = createRig();
    rig.boot();
    bench.limitOctets(octets);
    bench.plug(rig);
    bench.pass(6000);
    bench.unplug();
    bench.limitOctets(Number.POSITIVE_INFINITY);
    if (reasons(bench, false).includes(protocol.NO_DECISION)) return protocol.NO_DECISION;
  }
  return 0;
}

function syncOnKeyPower(): number {
  const bench = createBench();
  bench.station.setPower(POWER_BATTERY, 60);
  bench.station.setLinks([LINK_GSM]);
  bench.pass(4000);
  bench.station.setPower(POWER_KEY, 50);
  preSign(bench);
  bench.plug(undefined, false);
  bench.pass(2000);
  bench.key.role().onContact(true, false);
  bench.pass(2000);
  bench.unplug();
  bench.station.setPower(POWER_BATTERY, 60);
  return lastSync(bench);
}

function replayedCommand(): number {
  const station = createBenchStation();
  const config = { type: protocol.DOWN_CONFIG, nowS: SHIFT_S, presignedPerKey: 1 } as const;
  station.down(config, 8);
  station.down(config, 8);
  station.timer.pass(60_000);
  const events = station.takeUp().flatMap(({ message }) => eventsOf(message));
  return events.find((event) => event === protocol.SEQUENCE_REPLAYED) ?? 0;
}

function jammedBolt(): number {
  const timer = createBenchTimer();
  const bench = createBenchBolt();
  let failed = 0;
  const supply = { millivolts: () => 3300, percent: () => 100 };
  const ports = { motor: bench.motor, timer: timer.port, supply };
  const bolt = createBolt(ports, {
    onRelocked: () => undefined,
    onFailed: (code) => {
      failed = code;
    },
  });
  bench.wire((position) => bolt.onPosition(position));
  bench.stick(true);
  bolt.unlock();
  for (let done = 0; done < 60_000; done += 50) {
    timer.pass(50);
    bench.pass(50);
  }
  return failed;
}

/** What the lock says to a key while its motor has too little voltage. */
function decisionAtLowVoltage(): number {
  const rig = createRig();
  rig.setMillivolts(2500);
  const decision = plug(rig, keyOf("carer", rig.issuing)).open();
  return typeof decision === "string" ? 0 : decision.code;
}

/** What goes wrong with devices, their memory and their contacts. */
export const DEVICE_ORIGINS: Origins = {
  LINK_TIMEOUT: () => {
    const bench = createBench();
    bench.plug();
    bench.pass(500);
    bench.unplug();
    return reasons(bench, true)[0] ?? 0;
  },
  MESSAGE_UNEXPECTED: () => answerToObject(firmwareNote()),
  GRANT_NOT_ASKED: () => {
    const issuing = issuingOf();
    const key = createBenchKey(issuing);
    const issuer = createBenchIssuer(issuing, key.device);
    return answerToObject(issuer.grant(new Uint8Array(8), SHIFT_S));
  },
  NO_LINK: () => {
    const bench = createBench();
    syncWithoutLink(bench);
    return lastSync(bench);
  },
  PRESIGNED_EXPIRED: () => {
    const bench = createBench();
    preSign(bench);
    bench.station.setClock(SHIFT_S + 8 * 3600);
    bench.key.setClock(SHIFT_S + 8 * 3600);
    syncWithoutLink(bench);
    return lastSync(bench);
  },
  SERVICE_UNREACHABLE: () => {
    const bench = createBench();
    bench.plug();
    bench.pass(25_000);
    bench.unplug();
    return lastSync(bench);
  },
  BATTERY_LOW: syncOnKeyPower,
  NO_RIGHT: () => {
    const bench = synced(RIGHTS.slice(0, 1));
    bench.visit(createRig());
    return reasons(bench, false)[0] ?? 0;
  },
  NEEDS_SYNC: () => {
    const bench = createBench();
    bench.visit(createRig());
    return reasons(bench, false)[0] ?? 0;
  },
  NO_DECISION: withdrawnBeforeTheDecision,
  HOLDER_MISMATCH: () => {
    const bench = synced();
    const other = enrolDevice(createCutFlash(96, 4096), entropyOf("another key"), crypto);
    return syncWith(bench, createBenchIssuer(bench.issuing, other).rights(RIGHTS).bundles);
  },
  OBJECT_OLD: () => {
    const bench = createBench();
    const old = bench.issuer.rights(RIGHTS);
    bench.answerWithRing(bench.issuer.ring(RIGHTS, {}, { from: [] }).bundles);
    bench.sync();
    return syncWith(bench, old.bundles);
  },
  RING_PART_MISSING: () =>
    partMissing().find((reason) => reason === protocol.RING_PART_MISSING) ?? 0,
  SEQUENCE_REPLAYED: replayedCommand,
  LOG_GAP: () => gapReasons(0, 200).at(-1) ?? 0,
  LOG_FULL: () =>
    gapReasons(protocol.RING_EXPIRED, 2000).find((reason) => reason === protocol.LOG_FULL) ?? 0,
  ACK_MISMATCH: () => {
    const flash = createCutFlash(7, PAGE_BYTES);
    const log = createLogStore(flash, LOG, crypto, createRecordStore(flash, RECORDS, 8), 1);
    return codeOf(log.acknowledge(1, new Uint8Array(16)));
  },
  FLASH_FULL: () => {
    const records = createRecordStore(createCutFlash(2, PAGE_BYTES), RECORDS);
    return brokenBy(() => records.write(1, new Uint8Array(PAGE_BYTES)));
  },
  FLASH_WORN: () => {
    const flash = createCutFlash(2, PAGE_BYTES);
    const program = (address: number, bytes: Uint8Array) => {
      if (address % PAGE_BYTES >= WORN_BYTES) flash.program(address, bytes);
    };
    const records = createRecordStore({ ...flash, program }, RECORDS);
    return brokenBy(() => records.write(1, new Uint8Array(4)));
  },
  COUNTER_SPENT: () => {
    const records = createRecordStore(createCutFlash(2, PAGE_BYTES), RECORDS);
    records.write(1, new Uint8Array(4).fill(0xff));
    return brokenBy(() => createNonceCounter(records, 1).next());
  },
  BOLT_JAMMED: jammedBolt,
  VOLTAGE_LOW: decisionAtLowVoltage,
  DOOR_FORCED: () => {
    const rig = createRig({ config: { profile: 1 } });
    rig.moveDoor(true);
    return ownerEntries(rig).at(-1)?.reason ?? 0;
  },
  CONTACT_OVERLOADED: () => {
    const bench = synced();
    bench.plug(createRig());
    bench.key.role().onOverload();
    bench.unplug();
    return reasons(bench, false)[0] ?? 0;
  },
  DEVICE_BLANK: () => {
    const { root, agreementPublicKey, certificates } = issuingOf();
    return codeOf(
      commissionKey(createCutFlash(96, 4096), crypto, {
        rootKey: root.key.publicKey,
        issuerAgreementKey: agreementPublicKey,
        issuerCertificates: certificates,
      }),
    );
  },
  DEVICE_NOT_BLANK: () => {
    const flash = createCutFlash(96, 4096);
    enrolDevice(flash, entropyOf("first"), crypto);
    const stubborn = { ...flash, erase: () => undefined };
    return brokenBy(() => enrolDevice(stubborn, entropyOf("second"), crypto));
  },
};
