// SPDX-License-Identifier: EUPL-1.2
// One sample of everything that crosses a border unsigned, from fixed secrets: for tests and for
// the frozen vectors. Names are those of the specification's rules.

import { bytesOfHex } from "../bytes.ts";
import { devidOf } from "../cose/ids.ts";
import { openObject, sealingKey, sealObject } from "../cose/sealed.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import type { Result } from "../errors/result.ts";
import { decodeLogBatch, encodeLogBatch } from "../event-log/batch.ts";
import { chainNext, chainStart, decodeEntry, type Entry, encodeEntry } from "../event-log/entry.ts";
import { decodeHello, decodeHelloAnswer, encodeHello, encodeHelloAnswer } from "../link/hello.ts";
import * as sync from "../message/key-station.ts";
import { signLogHead } from "../message/objects.ts";
import {
  type DownMessage,
  decodeDown,
  decodeUp,
  encodeDown,
  encodeUp,
  type StationAccount,
  type UpMessage,
} from "../message/station-issuer.ts";
import * as types from "../message/types.ts";
import {
  decodeRingBundle,
  decodeRingDelta,
  diffRings,
  encodeRingBundle,
  encodeRingDelta,
  type RingSlots,
} from "../ring/delta.ts";
import {
  decodePresentation,
  decodeSaltedLeaf,
  encodePresentation,
  type Leaf,
  ringSecret,
  slotBytes,
} from "../ring/leaf.ts";
import { inclusionPath } from "../ring/tree.ts";
import { SAMPLE_SECRETS, SAMPLE_SHIFT_S, signedSamples } from "./samples.ts";
import { testKeys, testSecret, unwrap } from "./testing.ts";

/** One unsigned structure with how to read it. */
export interface UnsignedSample {
  /** The rule of the specification. */
  readonly rule: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What its reader gives for `bytes`. */
  readonly fields: unknown;
  read(bytes: Uint8Array): Result<unknown>;
}

/** Shared secret of device and issuer in the samples: 32 octets of 0x0a. */
export const SAMPLE_SHARED_SECRET: Uint8Array = testSecret(10);

/** The sample station: number 3, with a secret of 32 octets of 0x0b. */
export const SAMPLE_STATION: StationAccount = { stationId: 3, commandKey: testSecret(11) };

/** Counter under which the sample was sealed. */
export const SAMPLE_SEAL_COUNTER = 64;

/** The sample ring before and after a change; the second holds a tombstone and a group. */
export const SAMPLE_RINGS: readonly [RingSlots, RingSlots] = (() => {
  const leaf = (kind: number, target: number): Leaf => ({
    kind,
    target,
    ops: types.OPS_ALL,
    untilS: SAMPLE_SHIFT_S + 31536000,
  });
  const before = [1001, 1002, 70003, 1004, 1005].map((door) => leaf(types.LEAF_DOOR, door));
  const after = [...before, leaf(types.LEAF_GROUP, 7)].map((item, slot) =>
    slot === 1 ? null : item,
  );
  return [before, after];
})();

/** Every unsigned sample. */
export function unsignedSamples(crypto: CryptoPort): readonly UnsignedSample[] {
  return [
    ...ringSamples(crypto),
    ...logSamples(crypto),
    ...linkSamples(),
    ...keyStationSamples(),
    ...stationIssuerSamples(crypto),
  ];
}

function sampleOf<T>(
  rule: string,
  name: string,
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => Result<T>,
): UnsignedSample {
  return { rule, name, bytes, fields: unwrap(read(bytes)), read };
}

function deviceOf(crypto: CryptoPort, octet: number): Uint8Array {
  return devidOf(crypto, testKeys(crypto, octet).anchor.key.publicKey);
}

function signedNamed(crypto: CryptoPort, name: string): Uint8Array {
  const sample = signedSamples(crypto).find((candidate) => candidate.name === name);
  if (sample === undefined) throw new Error(`no sample ${name}`);
  return sample.bytes;
}

function ringSamples(crypto: CryptoPort): readonly UnsignedSample[] {
  const secret = ringSecret(crypto, SAMPLE_SHARED_SECRET);
  const [before, after] = SAMPLE_RINGS;
  const change = encodeRingDelta(diffRings(crypto, secret, before, after));
  const whole = encodeRingDelta(diffRings(crypto, secret, [], after));
  const leaf = slotBytes(crypto, secret, after[2] ?? null);
  const abroad = { kind: types.LEAF_FOREIGN + 212, target: 1001, ops: types.OPS_ENTER };
  const foreign = slotBytes(crypto, secret, { ...abroad, untilS: SAMPLE_SHIFT_S + 31536000 });
  const path = inclusionPath(crypto, secret, after, 2);
  const shown = encodePresentation({ op: types.OP_ENTER, index: 2, leaf, path });
  const head = signedNamed(crypto, "ring-head");
  const floors = signedNamed(crypto, "floor-list");
  const bundle = encodeRingBundle({ head, delta: change, floors });
  const unchanged = encodeRingBundle({ head, delta: null, floors: null });
  return [
    sampleOf("salted-leaf", "salted-leaf", leaf, decodeSaltedLeaf),
    sampleOf("salted-leaf", "salted-leaf, of another authority", foreign, decodeSaltedLeaf),
    sampleOf("presentation", "presentation", shown, decodePresentation),
    sampleOf("ring-delta", "ring-delta, a change", change, decodeRingDelta),
    sampleOf("ring-delta", "ring-delta, a whole ring", whole, decodeRingDelta),
    sampleOf("ring-bundle", "ring-bundle, a change", bundle, decodeRingBundle),
    sampleOf("ring-bundle", "ring-bundle, unchanged", unchanged, decodeRingBundle),
  ];
}

function logSamples(crypto: CryptoPort): readonly UnsignedSample[] {
  const { signer } = testKeys(crypto, SAMPLE_SECRETS.lock);
  const devid = deviceOf(crypto, SAMPLE_SECRETS.lock);
  const granted: Entry = {
    n: 1,
    tS: SAMPLE_SHIFT_S + 900,
    tq: types.TIME_FLOOR_ONLY,
    kind: types.ENTRY_PASSAGE,
    op: types.OP_ENTER,
    reason: 0,
    peer: deviceOf(crypto, SAMPLE_SECRETS.key),
    ring: 65537,
    target: 1001,
  };
  const entries = [
    granted,
    { ...granted, n: 2, op: types.OP_LEAVE, reason: 0x0402 },
    { ...granted, n: 3, kind: types.ENTRY_GAP, op: 0, peer: new Uint8Array(8), target: 17 },
  ].map(encodeEntry);
  const chain = entries.reduce((value, entry) => chainNext(crypto, value, entry), chainStart());
  const head = signLogHead(
    {
      devid,
      logEpoch: 1,
      authority: 180,
      n: 3,
      chain,
      tS: SAMPLE_SHIFT_S + 1000,
      tq: types.TIME_FLOOR_ONLY,
    },
    signer,
  );
  const batch = encodeLogBatch({
    devid,
    logEpoch: 1,
    authority: 180,
    first: 1,
    prev: chainStart(),
    entries,
    head,
  });
  const key = sealingKey(crypto, SAMPLE_SHARED_SECRET, devid);
  const sealed = sealObject(crypto, key, devid, SAMPLE_SEAL_COUNTER, batch);
  return [
    sampleOf("entry", "entry, a grant", entries[0] ?? devid, decodeEntry),
    sampleOf("entry", "entry, a gap", entries[2] ?? devid, decodeEntry),
    sampleOf("log-batch", "log-batch", batch, decodeLogBatch),
    sampleOf("sealed", "sealed", sealed, (bytes) => openObject(crypto, bytes, () => key)),
  ];
}

function linkSamples(): readonly UnsignedSample[] {
  const devid = bytesOfHex("0102030405060708");
  const answer = (id: Uint8Array | null) =>
    encodeHelloAnswer({ role: types.ROLE_LOCK, profile: types.PROFILE_KEY_POWERED, devid: id });
  return [
    sampleOf("hello", "hello", encodeHello(types.ROLE_KEY), decodeHello),
    sampleOf("hello-answer", "hello-answer", answer(devid), decodeHelloAnswer),
    sampleOf("hello-answer", "hello-answer, blank", answer(null), decodeHelloAnswer),
  ];
}

function keyStationSamples(): readonly UnsignedSample[] {
  const devid = bytesOfHex("0102030405060708");
  const bytes = bytesOfHex("aabbcc");
  const state: sync.RingState = {
    devid,
    ringseq: 65537,
    root16: new Uint8Array(16).fill(3),
    listseq: 12,
    nonce: bytesOfHex("a1a2a3a4a5a6a7a8"),
    batteryPercent: 80,
    timeAsks: [{ devid, nonce: bytesOfHex("b1b2b3b4b5b6b7b8") }],
  };
  const messages: readonly (readonly [string, sync.KeyStationMessage])[] = [
    ["ring-state", { type: sync.SYNC_RING_STATE, state }],
    ["next", { type: sync.SYNC_NEXT }],
    ["answer", { type: sync.SYNC_ANSWER, code: 0 }],
    ["own batch", { type: sync.SYNC_OWN_BATCH, bytes }],
    ["carried batch", { type: sync.SYNC_CARRIED_BATCH, bytes }],
    ["done", { type: sync.SYNC_DONE }],
    ["bundle", { type: sync.SYNC_BUNDLE, part: 0, parts: 2, bytes }],
    ["object", { type: sync.SYNC_OBJECT, bytes }],
    ["stored", { type: sync.SYNC_STORED, code: 0 }],
    ["wait", { type: sync.SYNC_WAIT }],
    ["none", { type: sync.SYNC_NONE }],
    ["refusal", { type: sync.SYNC_REFUSAL, code: 0x0108 }],
  ];
  return messages.map(([name, message]) =>
    sampleOf(
      "key-station",
      `key-station, ${name}`,
      sync.encodeKeyStation(message),
      sync.decodeKeyStation,
    ),
  );
}

function stationIssuerSamples(crypto: CryptoPort): readonly UnsignedSample[] {
  const devid = bytesOfHex("0102030405060708");
  const octets = bytesOfHex("aabbcc");
  const ups: readonly (readonly [string, UpMessage])[] = [
    [
      "status",
      {
        type: types.UP_STATUS,
        nowS: SAMPLE_SHIFT_S,
        power: 1,
        batteryPercent: 64,
        link: 3,
        queued: 2,
      },
    ],
    [
      "key-present",
      {
        type: types.UP_KEY_PRESENT,
        devid,
        ringseq: 65537,
        root16: new Uint8Array(16).fill(3),
        listseq: 12,
        nonce: bytesOfHex("a1a2a3a4a5a6a7a8"),
        batteryPercent: 80,
        timeAsks: [{ devid, nonce: bytesOfHex("b1b2b3b4b5b6b7b8") }],
      },
    ],
    ["upload", { type: types.UP_UPLOAD, sealed: octets }],
    [
      "station-log",
      { type: types.UP_STATION_LOG, events: [{ tS: SAMPLE_SHIFT_S, event: 0x0108, detail: 3 }] },
    ],
  ];
  const downs: readonly (readonly [string, DownMessage])[] = [
    [
      "bundle",
      {
        type: types.DOWN_BUNDLE,
        devid,
        hold: 1,
        part: 0,
        parts: 2,
        bundle: octets,
        objects: [octets],
      },
    ],
    ["objects", { type: types.DOWN_OBJECTS, devid, objects: [octets, octets] }],
    ["upload-ack", { type: types.DOWN_UPLOAD_ACK, seqs: [1, 70000] }],
    ["config", { type: types.DOWN_CONFIG, nowS: SAMPLE_SHIFT_S, presignedPerKey: 1 }],
    ["refused", { type: types.DOWN_REFUSED, devid, code: 0x0404 }],
    ["service", { type: types.DOWN_SERVICE, serial: 7, untilS: SAMPLE_SHIFT_S }],
  ];
  return [
    ...ups.map(([name, message]) =>
      sampleOf("up", `up, ${name}`, encodeUp(crypto, SAMPLE_STATION, 7, message), (bytes) =>
        decodeUp(crypto, SAMPLE_STATION, bytes),
      ),
    ),
    ...downs.map(([name, message]) =>
      sampleOf("down", `down, ${name}`, encodeDown(crypto, SAMPLE_STATION, 9, message), (bytes) =>
        decodeDown(crypto, SAMPLE_STATION, bytes),
      ),
    ),
  ];
}
