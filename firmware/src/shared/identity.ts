// SPDX-License-Identifier: EUPL-1.2
import {
  assert,
  type CryptoPort,
  concatBytes,
  DEVICE_NOT_BLANK,
  devidOf,
  type EntropyPort,
  equalBytes,
  fingerprintOf,
  hkdf,
  octetAt,
  PROMISE_BROKEN,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { openDeviceRecords, RECORD_IDENTITY } from "./device-records.ts";
import type { RecordStore } from "./record-store.ts";

const SECRET_BYTES = 32;
const DEVID_BYTES = 8;
// seed | devid | Ed25519 public key | X25519 public key
const RECORD_BYTES = SECRET_BYTES + DEVID_BYTES + 2 * SECRET_BYTES;
const AT_DEVID = SECRET_BYTES;
const AT_SIGNING_PUBLIC = AT_DEVID + DEVID_BYTES;
const AT_AGREEMENT_PUBLIC = AT_SIGNING_PUBLIC + SECRET_BYTES;

/** "nyckel device 1": the salt under which the seed of a device is stretched. */
const SEED_SALT = new Uint8Array([
  0x6e, 0x79, 0x63, 0x6b, 0x65, 0x6c, 0x20, 0x64, 0x65, 0x76, 0x69, 0x63, 0x65, 0x20, 0x31,
]);
/** "x25519" */
const AGREEMENT_INFO = new Uint8Array([0x78, 0x32, 0x35, 0x35, 0x31, 0x39]);
/** "ed25519" */
const SIGNING_INFO = new Uint8Array([0x65, 0x64, 0x32, 0x35, 0x35, 0x31, 0x39]);

/** What the issuer learns of a device at enrolment. */
export type EnrolledDevice = {
  /** First 8 bytes of SHA-256 over the signing public key. */
  readonly devid: Uint8Array;
  /** Ed25519. */
  readonly signingPublicKey: Uint8Array;
  /** X25519. */
  readonly agreementPublicKey: Uint8Array;
  /** Five digits that people compare. */
  readonly fingerprint: string;
};

/** A device as it knows itself. */
export type DeviceIdentity = {
  readonly devid: Uint8Array;
  readonly signingPublicKey: Uint8Array;
  readonly agreementPublicKey: Uint8Array;
  /** Ed25519 seed, for `CryptoPort.importSigningKey`. */
  signingSeed(): Uint8Array;
  /** X25519 secret, for the door path and for `CryptoPort.importAgreementKey`. */
  agreementSecret(): Uint8Array;
};

/**
 * Wipes a device and gives it a new identity, over the cable.
 *
 * Everything that the device held ends here: ring, log, trust. That is how a key passes to another
 * person and a lock to another door; neither the old rights nor the old log survive it. The records
 * go first, so that a power cut in the middle leaves a blank device and never half a one.
 *
 * Security: a generator that repeats itself or stands still is refused by an exception, because a
 * device with a guessable seed is worse than none.
 */
export function enrolDevice(
  flash: FlashPort,
  entropy: EntropyPort,
  crypto: CryptoPort,
): EnrolledDevice {
  const seed = drawSeed(entropy);
  for (let page = 0; page < flash.pageCount; page += 1) flash.erase(page);
  const signing = crypto.importSigningKey(stretchSeed(crypto, seed, SIGNING_INFO));
  const agreement = crypto.importAgreementKey(stretchSeed(crypto, seed, AGREEMENT_INFO));
  const signingPublicKey = signing.publicKey;
  const agreementPublicKey = agreement.publicKey;
  const devid = devidOf(crypto, signingPublicKey);
  const records = openDeviceRecords(flash);
  assert(records.read(RECORD_IDENTITY) === undefined, DEVICE_NOT_BLANK);
  records.write(RECORD_IDENTITY, concatBytes([seed, devid, signingPublicKey, agreementPublicKey]));
  return {
    devid,
    signingPublicKey,
    agreementPublicKey,
    fingerprint: fingerprintOf(crypto, signingPublicKey),
  };
}

/** Reads the identity of a device; undefined on a blank one. */
export function loadIdentity(records: RecordStore, crypto: CryptoPort): DeviceIdentity | undefined {
  const record = records.read(RECORD_IDENTITY);
  if (record === undefined || record.length !== RECORD_BYTES) return undefined;
  const seed = record.subarray(0, SECRET_BYTES);
  return {
    devid: record.subarray(AT_DEVID, AT_SIGNING_PUBLIC),
    signingPublicKey: record.subarray(AT_SIGNING_PUBLIC, AT_AGREEMENT_PUBLIC),
    agreementPublicKey: record.subarray(AT_AGREEMENT_PUBLIC, RECORD_BYTES),
    signingSeed() {
      return stretchSeed(crypto, seed, SIGNING_INFO);
    },
    agreementSecret() {
      return stretchSeed(crypto, seed, AGREEMENT_INFO);
    },
  };
}

function stretchSeed(crypto: CryptoPort, seed: Uint8Array, info: Uint8Array): Uint8Array {
  return hkdf(crypto, SEED_SALT, seed, info, SECRET_BYTES);
}

function drawSeed(entropy: EntropyPort): Uint8Array {
  const seed = new Uint8Array(SECRET_BYTES);
  const other = new Uint8Array(SECRET_BYTES);
  entropy.fill(seed, 0, SECRET_BYTES);
  entropy.fill(other, 0, SECRET_BYTES);
  let changes = 0;
  for (let index = 1; index < SECRET_BYTES; index += 1) {
    if (octetAt(seed, index) !== octetAt(seed, index - 1)) changes += 1;
  }
  assert(changes > SECRET_BYTES / 2 && !equalBytes(seed, other), PROMISE_BROKEN);
  return seed;
}
