// SPDX-License-Identifier: EUPL-1.2
// One sample of every signed kind, from fixed secrets: for tests and for the frozen vectors.

import { bytesOfHex } from "../bytes.ts";
import { devidOf } from "../cose/ids.ts";
import type { Anchor } from "../cose/sign1.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import {
  type IssuerCertificate,
  type LockCertificate,
  signIssuerCertificate,
  signLockCertificate,
  verifyIssuerCertificate,
  verifyLockCertificate,
} from "../cwt/certificates.ts";
import { type FloorList, signFloorList, verifyFloorList } from "../cwt/floor-list.ts";
import { type RingHead, signRingHead, verifyRingHead } from "../cwt/ring-head.ts";
import type { Result } from "../errors/result.ts";
import {
  type FirmwareNote,
  type FirmwarePermit,
  type LockConfig,
  type LogAck,
  type LogHead,
  type Resend,
  type ServicePermit,
  signFirmwareNote,
  signFirmwarePermit,
  signLockConfig,
  signLogAck,
  signLogHead,
  signResend,
  signServicePermit,
  signTimeGrant,
  type TimeGrant,
  verifyFirmwareNote,
  verifyFirmwarePermit,
  verifyLockConfig,
  verifyLogAck,
  verifyLogHead,
  verifyResend,
  verifyServicePermit,
  verifyTimeGrant,
} from "../message/objects.ts";
import * as types from "../message/types.ts";
import { testKeys, testSecret } from "./testing.ts";

/** One signed object with how to read it. */
export interface SignedSample {
  readonly name: string;
  readonly typ: number;
  /** The fields that were signed. */
  readonly fields: object;
  readonly bytes: Uint8Array;
  readonly anchor: Anchor;
  verify(bytes: Uint8Array, anchors: readonly Anchor[]): Result<object>;
}

/** 2026-11-24 06:00 UTC, the begin of the sample shift. */
export const SAMPLE_SHIFT_S = 1795500000;

/** The root, level 1, level 2, level 3 and device signers of the samples, by their secret octet. */
export const SAMPLE_SECRETS = {
  root: 1,
  rings: 2,
  devices: 3,
  firmware: 4,
  lock: 5,
  key: 6,
} as const;

/** The sample of every kind that {@link types} numbers, but the sealed one. */
export function signedSamples(crypto: CryptoPort): readonly SignedSample[] {
  const keys = (octet: number) => testKeys(crypto, octet);
  const root = keys(SAMPLE_SECRETS.root);
  const rings = keys(SAMPLE_SECRETS.rings);
  const devices = keys(SAMPLE_SECRETS.devices);
  const firmware = keys(SAMPLE_SECRETS.firmware);
  const lock = keys(SAMPLE_SECRETS.lock);
  const lockDevid = devidOf(crypto, lock.anchor.key.publicKey);
  const keyDevid = devidOf(crypto, keys(SAMPLE_SECRETS.key).anchor.key.publicKey);
  const agreementKey = (octet: number) => crypto.importAgreementKey(testSecret(octet)).publicKey;
  const hash = crypto.hash(bytesOfHex("00"));

  const head: RingHead = {
    expS: SAMPLE_SHIFT_S + types.WINDOW_S_MAX,
    nbfS: SAMPLE_SHIFT_S,
    iatS: SAMPLE_SHIFT_S - 600,
    holder: { devid: keyDevid, publicKey: agreementKey(SAMPLE_SECRETS.key) },
    ringseq: 65537,
    size: 4000,
    root: hash,
    flags: types.FLAG_CLOCK_UNKNOWN_OK,
    needlist: 12,
  };
  const lockCertificate: LockCertificate = {
    expS: SAMPLE_SHIFT_S + 315360000,
    iatS: SAMPLE_SHIFT_S - 86400,
    lock: { devid: lockDevid, publicKey: agreementKey(SAMPLE_SECRETS.lock) },
    door: 1001,
    groups: [7, 70000],
    signingPublicKey: lock.anchor.key.publicKey,
  };
  const issuerCertificate: IssuerCertificate = {
    expS: SAMPLE_SHIFT_S + 31536000,
    iatS: SAMPLE_SHIFT_S - 86400,
    issuer: { kid: rings.anchor.kid, publicKey: rings.anchor.key.publicKey },
    level: types.LEVEL_RINGS,
    issuerEpoch: 3,
    authority: 180,
  };
  const floorList: FloorList = {
    expS: SAMPLE_SHIFT_S + 604800,
    iatS: SAMPLE_SHIFT_S - 60,
    listseq: 12,
    ringfloor: 1,
    floors: [
      { devid: keyDevid, minring: 65538 },
      { devid: lockDevid, minring: 4294967295 },
    ],
  };
  const timeGrant: TimeGrant = {
    devid: lockDevid,
    nonce: bytesOfHex("a1a2a3a4a5a6a7a8"),
    nowS: SAMPLE_SHIFT_S,
  };
  const logHead: LogHead = {
    devid: lockDevid,
    logEpoch: 1,
    authority: 180,
    n: 50,
    chain: hash,
    tS: SAMPLE_SHIFT_S + 3600,
    tq: types.TIME_FLOOR_ONLY,
  };
  const logAck: LogAck = {
    authority: 180,
    acks: [
      { devid: lockDevid, logEpoch: 1, n: 50, chain16: hash.slice(0, 16) },
      { devid: keyDevid, logEpoch: 2, n: 9, chain16: hash.slice(16) },
    ],
  };
  const resend: Resend = {
    authority: 180,
    requests: [{ devid: lockDevid, logEpoch: 1, from: 41 }],
  };
  const lockConfig: LockConfig = {
    devid: lockDevid,
    door: 1001,
    cfgseq: 4,
    groups: [7, 70000],
    anchors: [
      {
        authority: 180,
        kid: root.anchor.kid,
        publicKey: root.anchor.key.publicKey,
        opsmask: types.OPS_ALL,
        maxvalidS: types.WINDOW_S_MAX,
        agreementKey: agreementKey(SAMPLE_SECRETS.key),
        issuerEpochMin: 2,
      },
      {
        authority: 181,
        kid: devices.anchor.kid,
        publicKey: devices.anchor.key.publicKey,
        opsmask: types.OPS_ENTER,
        maxvalidS: types.EMERGENCY_S_MAX,
        agreementKey: agreementKey(SAMPLE_SECRETS.lock),
        issuerEpochMin: 70000,
      },
    ],
    profile: types.PROFILE_KEY_POWERED,
    clockUnknown: types.CLOCK_UNKNOWN_OPEN,
  };
  const firmwareNote: FirmwareNote = {
    model: 2,
    version: 17,
    securityVersion: 3,
    size: 131072,
    digest: hash,
  };

  const firmwarePermit: FirmwarePermit = {
    board: hash.subarray(0, 8),
    manifest: hash,
    untilS: SAMPLE_SHIFT_S + 86400,
  };

  const servicePermit: ServicePermit = {
    devid: lockDevid,
    serial: SAMPLE_SHIFT_S,
    untilS: SAMPLE_SHIFT_S + 86400,
  };

  return [
    {
      name: "ring-head",
      typ: types.TYP_RING_HEAD,
      fields: head,
      bytes: signRingHead(head, rings.signer),
      anchor: rings.anchor,
      verify: verifyRingHead,
    },
    {
      name: "lock-cert",
      typ: types.TYP_LOCK_CERTIFICATE,
      fields: lockCertificate,
      bytes: signLockCertificate(lockCertificate, devices.signer),
      anchor: devices.anchor,
      verify: verifyLockCertificate,
    },
    {
      name: "issuer-cert",
      typ: types.TYP_ISSUER_CERTIFICATE,
      fields: issuerCertificate,
      bytes: signIssuerCertificate(issuerCertificate, root.signer),
      anchor: root.anchor,
      verify: verifyIssuerCertificate,
    },
    {
      name: "floor-list",
      typ: types.TYP_FLOOR_LIST,
      fields: floorList,
      bytes: signFloorList(floorList, rings.signer),
      anchor: rings.anchor,
      verify: verifyFloorList,
    },
    {
      name: "time-grant",
      typ: types.TYP_TIME_GRANT,
      fields: timeGrant,
      bytes: signTimeGrant(timeGrant, rings.signer),
      anchor: rings.anchor,
      verify: verifyTimeGrant,
    },
    {
      name: "log-head",
      typ: types.TYP_LOG_HEAD,
      fields: logHead,
      bytes: signLogHead(logHead, lock.signer),
      anchor: lock.anchor,
      verify: verifyLogHead,
    },
    {
      name: "log-ack",
      typ: types.TYP_LOG_ACK,
      fields: logAck,
      bytes: signLogAck(logAck, rings.signer),
      anchor: rings.anchor,
      verify: verifyLogAck,
    },
    {
      name: "lock-config",
      typ: types.TYP_LOCK_CONFIG,
      fields: lockConfig,
      bytes: signLockConfig(lockConfig, devices.signer),
      anchor: devices.anchor,
      verify: verifyLockConfig,
    },
    {
      name: "fw-note",
      typ: types.TYP_FIRMWARE_NOTE,
      fields: firmwareNote,
      bytes: signFirmwareNote(firmwareNote, firmware.signer),
      anchor: firmware.anchor,
      verify: verifyFirmwareNote,
    },
    {
      name: "fw-permit",
      typ: types.TYP_FIRMWARE_PERMIT,
      fields: firmwarePermit,
      bytes: signFirmwarePermit(firmwarePermit, firmware.signer),
      anchor: firmware.anchor,
      verify: verifyFirmwarePermit,
    },
    {
      name: "service-permit",
      typ: types.TYP_SERVICE_PERMIT,
      fields: servicePermit,
      bytes: signServicePermit(servicePermit, devices.signer),
      anchor: devices.anchor,
      verify: verifyServicePermit,
    },
    {
      name: "resend",
      typ: types.TYP_RESEND,
      fields: resend,
      bytes: signResend(resend, rings.signer),
      anchor: rings.anchor,
      verify: verifyResend,
    },
  ];
}
