// SPDX-License-Identifier: EUPL-1.2
// A ring as a key receives it: the authorization system issues it through a station, the key puts
// the parts together and checks them. Nothing here signs by itself.

import { loadIdentity, openDeviceRecords } from "@nyckelring/firmware";
import type { Issuer } from "@nyckelring/issuer/domain";
import {
  anchorsOfLevel,
  applyRingDelta,
  type CryptoPort,
  DOWN_BUNDLE,
  DOWN_REFUSED,
  decodeDown,
  decodeRingBundle,
  decodeRingDelta,
  encodeAnchorFile,
  encodeUp,
  fail,
  LEVEL_RINGS,
  NO_SHIFT,
  openAnchorFile,
  type Result,
  RING_PART_MISSING,
  type RingDelta,
  type RingHead,
  type RingSlots,
  ringSecret,
  succeed,
  UP_KEY_PRESENT,
  verifyRingHead,
} from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { createCalendar } from "./calendar.ts";
import { createRandomStream } from "./prng.ts";
import { withoutRealWorld } from "./real-world-trap.ts";
import { buildFullKey } from "./scenarios/full-key.ts";
import { PILOT_DATE } from "./scenarios/pilot.ts";
import { buildPilotCity } from "./scenarios/pilot-city.ts";
import { createTrace } from "./trace.ts";
import { createWorld, must } from "./world.ts";

/** Where rings can be exported from, with a sentence for people. */
export const RING_SOURCES = {
  pilot: "keys 1 to 10 of the pilot's carers, 11 of another provider, 12 of the night patrol",
  full: "key 1, with 4000 rights",
} as const;

/** Name of a source of rings. */
export type RingSource = keyof typeof RING_SOURCES;

/** Whether a text names a source of rings. */
export function isRingSource(text: string): text is RingSource {
  return Object.hasOwn(RING_SOURCES, text);
}

/** A ring as issued, with what is needed to take its credentials out. */
export type IssuedRing = {
  readonly devid: Uint8Array;
  /** The signed head. */
  readonly headBytes: Uint8Array;
  readonly head: RingHead;
  readonly slots: RingSlots;
  /** From which the salts of the leaves come. */
  readonly secret: Uint8Array;
  /** Encoded anchor file of the authority. */
  readonly anchorFile: Uint8Array;
  /** Answer of the authorization system to one right more than fits; undefined if not asked. */
  readonly oneMore: Result<unknown> | undefined;
};

/** A key that exists, as far as an export needs it. */
export type ExportableKey = {
  readonly issuer: Issuer;
  readonly carer: number;
  readonly devid: Uint8Array;
  /** X25519 secret of the key. */
  readonly agreementSecret: Uint8Array;
  /** UTC seconds at which the ring is fetched. */
  readonly nowS: number;
  readonly oneMore?: Result<unknown>;
};

/**
 * Lets the authorization system issue the ring of one key for a shift of eight hours.
 *
 * @param seed - Decimal digits; the same seed gives the same octets.
 * @param key - Number of the key, from 1.
 * @returns The ring; undefined where the source has no such key.
 * @throws Error when the authorization system refuses its own scenario.
 * @public
 */
export function issueRing(source: RingSource, seed: string, key: number): IssuedRing | undefined {
  const { startS } = createCalendar(PILOT_DATE, 1);
  return withoutRealWorld(() => {
    const crypto = createNodeCrypto();
    const find = source === "full" ? findFullKey : findPilotKey;
    const found = find(crypto, seed, key, startS);
    return found === undefined ? undefined : must(fetchRing(crypto, found));
  });
}

function findFullKey(
  crypto: CryptoPort,
  seed: string,
  key: number,
  startS: number,
): ExportableKey | undefined {
  return key === 1 ? buildFullKey(crypto, createRandomStream(seed), startS) : undefined;
}

function findPilotKey(
  crypto: CryptoPort,
  seed: string,
  key: number,
  startS: number,
): ExportableKey | undefined {
  const random = createRandomStream(seed).split("world");
  const world = createWorld(random, startS, 1, createTrace(undefined));
  const city = buildPilotCity(world);
  const unit = [...city.carers, city.otherCarer, city.patrol][key - 1];
  if (unit === undefined) return undefined;
  const identity = loadIdentity(openDeviceRecords(unit.key.board.flash.cable), crypto);
  if (identity === undefined) throw new Error(`key ${key} of the pilot is blank`);
  return {
    issuer: world.issuer,
    carer: unit.carer,
    devid: identity.devid,
    agreementSecret: identity.agreementSecret(),
    nowS: startS,
  };
}

/** Plans a shift, shows the key at a station, and puts together what comes down. */
function fetchRing(crypto: CryptoPort, key: ExportableKey): Result<IssuedRing> {
  const { issuer, carer, nowS } = key;
  const startS = nowS + 3600;
  must(issuer.planShift(issuer.founder, { carer, startS, endS: startS + 8 * 3600 }));
  const station = must(issuer.enrolStation(issuer.founder, {}));
  const present = encodeUp(crypto, station, 1, {
    type: UP_KEY_PRESENT,
    devid: key.devid,
    ringseq: 0,
    root16: new Uint8Array(16),
    listseq: 0,
    nonce: new Uint8Array(8),
    batteryPercent: 100,
    timeAsks: [],
  });
  const bundles: Uint8Array[] = [];
  for (const bytes of issuer.receiveUp(station.stationId, present)) {
    const { message } = must(decodeDown(crypto, station, bytes));
    if (message.type === DOWN_REFUSED) return fail(message.code);
    if (message.type === DOWN_BUNDLE) bundles.push(message.bundle);
  }
  return joinBundles(crypto, key, bundles);
}

function joinBundles(
  crypto: CryptoPort,
  key: ExportableKey,
  bundles: readonly Uint8Array[],
): Result<IssuedRing> {
  const { issuer } = key;
  const parts = bundles.map((bytes) => must(decodeRingBundle(bytes)));
  const first = parts[0];
  if (first === undefined) return fail(NO_SHIFT);
  const deltas: RingDelta[] = [];
  for (const { delta } of parts) {
    if (delta !== null) deltas.push(must(decodeRingDelta(delta)));
  }
  const [delta] = deltas;
  if (delta === undefined) return fail(RING_PART_MISSING);
  const epoch = issuer.register.issuerEpoch;
  const certificates = [epoch?.ringCertificate, epoch?.deviceCertificate].map((text) =>
    Buffer.from(text ?? "", "hex"),
  );
  const anchorFile = encodeAnchorFile({
    rootKey: issuer.rootKey,
    certificates: certificates.map((bytes) => new Uint8Array(bytes)),
  });
  const anchors = anchorsOfLevel(must(openAnchorFile(crypto, anchorFile)), LEVEL_RINGS);
  const head = must(verifyRingHead(first.head, anchors));
  const shared = must(
    crypto.importAgreementKey(key.agreementSecret).agree(issuer.issuerAgreementKey),
  );
  const secret = ringSecret(crypto, shared);
  const whole = { ...delta, changes: deltas.flatMap((part) => part.changes) };
  const slots = applyRingDelta(crypto, secret, [], whole, head);
  if (!slots.ok) return slots;
  return succeed({
    devid: key.devid,
    headBytes: first.head,
    head,
    slots: slots.value,
    secret,
    anchorFile,
    oneMore: key.oneMore,
  });
}
