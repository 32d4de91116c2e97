// SPDX-License-Identifier: EUPL-1.2
import {
  ANCHOR_UNKNOWN,
  type Anchor,
  CLAIMS_MALFORMED,
  type CryptoPort,
  equalBytes,
  fail,
  kidOf,
  LEVEL_DEVICES,
  LEVEL_RINGS,
  OBJECT_OLD,
  type Result,
  sealingKey,
  succeed,
  verifyIssuerCertificate,
} from "@nyckelring/protocol";
import type { DeviceIdentity } from "./identity.ts";
import { readU32, writeU32 } from "./page-journal.ts";

const KEY_BYTES = 32;
const KID_BYTES = 4;
// issuer epoch | certificate iat | kid | public key
const ISSUER_KEY_BYTES = 8 + KID_BYTES + KEY_BYTES;
// authority | root kid | root key | ring key | device key
const AT_ROOT_KID = 4;
const AT_ROOT_KEY = AT_ROOT_KID + KID_BYTES;
const AT_RING_KEY = AT_ROOT_KEY + KEY_BYTES;
const AT_DEVICE_KEY = AT_RING_KEY + ISSUER_KEY_BYTES;

/** Length of an encoded authority. */
export const AUTHORITY_BYTES = AT_DEVICE_KEY + ISSUER_KEY_BYTES;

/** A key that the root of an authority has certified, as far as a device remembers it. */
export type CertifiedKey = {
  readonly issuerEpoch: number;
  /** When the certificate was signed, UTC seconds. */
  readonly iatS: number;
  readonly kid: Uint8Array;
  /** Ed25519. */
  readonly publicKey: Uint8Array;
};

/** One authority in the eyes of a device: its root for ever, its working keys until the next. */
export type AuthorityKeys = {
  readonly authority: number;
  readonly rootKid: Uint8Array;
  readonly rootKey: Uint8Array;
  /** Level 1: signs ring heads, floor lists, time grants, acknowledgements, re-send requests. */
  readonly ringKey: CertifiedKey | undefined;
  /** Level 2: signs lock certificates and lock configurations. */
  readonly deviceKey: CertifiedKey | undefined;
};

/** An authority of which nothing but the root is known. */
export function authorityOfRoot(
  crypto: CryptoPort,
  authority: number,
  rootKey: Uint8Array,
): AuthorityKeys {
  const rootKid = kidOf(crypto, rootKey);
  return { authority, rootKid, rootKey, ringKey: undefined, deviceKey: undefined };
}

/**
 * Makes an anchor of a public key for the verify functions of the protocol.
 *
 * @returns The anchor, or `PUBLIC_KEY_INVALID`.
 */
export function anchorOf(
  crypto: CryptoPort,
  kid: Uint8Array,
  publicKey: Uint8Array,
): Result<Anchor> {
  const key = crypto.importVerificationKey(publicKey);
  return key.ok ? succeed({ kid, key: key.value }) : key;
}

/**
 * Takes a certificate of an authority's root into account.
 *
 * The certificate in force is only replaced by one of a higher epoch: an old certificate is a
 * genuine object and would otherwise bring a withdrawn key back.
 *
 * Security: its end is not judged. Floor and clock come from the very key that a rotation takes out
 * of use, and whoever stole that key could put both beyond the end of every certificate.
 *
 * @param issuerEpochMin - The lowest epoch that is accepted, 0 where none is known. It counts also
 *   while no certificate is in force, when the first would be taken whatever its epoch.
 * @param bytes - A signed issuer certificate, from untrusted hands.
 * @returns The authority with its keys in force (the same object where the certificate is already
 *   known), `SIGNATURE_INVALID`, `CLAIMS_MALFORMED` for another authority or key id,
 *   `ANCHOR_UNKNOWN` for a level that a device has no use for, or `OBJECT_OLD` for an older epoch.
 */
export function applyIssuerCertificate(
  crypto: CryptoPort,
  keys: AuthorityKeys,
  issuerEpochMin: number,
  bytes: Uint8Array,
): Result<AuthorityKeys> {
  const root = anchorOf(crypto, keys.rootKid, keys.rootKey);
  if (!root.ok) return root;
  const verified = verifyIssuerCertificate(bytes, [root.value]);
  if (!verified.ok) return verified;
  const certificate = verified.value;
  const certified: CertifiedKey = {
    issuerEpoch: certificate.issuerEpoch,
    iatS: certificate.iatS,
    kid: certificate.issuer.kid,
    publicKey: certificate.issuer.publicKey,
  };
  const isUsable = crypto.importVerificationKey(certified.publicKey);
  if (!isUsable.ok) return isUsable;
  if (certificate.authority !== keys.authority) return fail(CLAIMS_MALFORMED);
  if (!equalBytes(certified.kid, kidOf(crypto, certified.publicKey))) return fail(CLAIMS_MALFORMED);
  if (certificate.level !== LEVEL_RINGS && certificate.level !== LEVEL_DEVICES) {
    return fail(ANCHOR_UNKNOWN);
  }
  if (certified.issuerEpoch < issuerEpochMin) return fail(OBJECT_OLD);
  const isRingLevel = certificate.level === LEVEL_RINGS;
  const inForce = isRingLevel ? keys.ringKey : keys.deviceKey;
  if (inForce !== undefined && certified.issuerEpoch <= inForce.issuerEpoch) {
    return equalBytes(certified.publicKey, inForce.publicKey) ? succeed(keys) : fail(OBJECT_OLD);
  }
  return succeed({
    authority: keys.authority,
    rootKid: keys.rootKid,
    rootKey: keys.rootKey,
    ringKey: isRingLevel ? certified : keys.ringKey,
    deviceKey: isRingLevel ? keys.deviceKey : certified,
  });
}

/** The authority without those of its keys whose epoch is below the lowest one. */
export function keysFromEpoch(keys: AuthorityKeys, issuerEpochMin: number): AuthorityKeys {
  const ringKey = keyFromEpoch(keys.ringKey, issuerEpochMin);
  const deviceKey = keyFromEpoch(keys.deviceKey, issuerEpochMin);
  if (ringKey === keys.ringKey && deviceKey === keys.deviceKey) return keys;
  const { authority, rootKid, rootKey } = keys;
  return { authority, rootKid, rootKey, ringKey, deviceKey };
}

function keyFromEpoch(
  key: CertifiedKey | undefined,
  issuerEpochMin: number,
): CertifiedKey | undefined {
  return key === undefined || key.issuerEpoch < issuerEpochMin ? undefined : key;
}

/**
 * Verifies what a device is given at commissioning: a root and the certificates below it.
 *
 * @param certificates - Signed issuer certificates of levels 1 and 2; others are passed over.
 * @returns The authority with both keys, the fault of the first bad certificate, or
 *   `ANCHOR_UNKNOWN` where one of the two levels is missing.
 */
export function verifyAuthority(
  crypto: CryptoPort,
  rootKey: Uint8Array,
  certificates: readonly Uint8Array[],
): Result<AuthorityKeys> {
  const root = anchorOf(crypto, kidOf(crypto, rootKey), rootKey);
  if (!root.ok) return root;
  let keys: AuthorityKeys | undefined;
  for (const bytes of certificates) {
    const certificate = verifyIssuerCertificate(bytes, [root.value]);
    if (!certificate.ok) return certificate;
    if (keys === undefined) keys = authorityOfRoot(crypto, certificate.value.authority, rootKey);
    const applied = applyIssuerCertificate(crypto, keys, 0, bytes);
    if (applied.ok) {
      keys = applied.value;
    } else if (applied.fault.code !== ANCHOR_UNKNOWN && applied.fault.code !== OBJECT_OLD) {
      return applied;
    }
  }
  if (keys === undefined || keys.ringKey === undefined || keys.deviceKey === undefined) {
    return fail(ANCHOR_UNKNOWN);
  }
  return succeed(keys);
}

/**
 * Computes the key under which a device seals to its issuer; once, at commissioning.
 *
 * @param issuerAgreementKey - The issuer's X25519 public key.
 * @returns The key, or `SHARED_SECRET_ZERO`.
 */
export function agreeSealingKey(
  crypto: CryptoPort,
  identity: Pick<DeviceIdentity, "devid" | "agreementSecret">,
  issuerAgreementKey: Uint8Array,
): Result<Uint8Array> {
  const shared = crypto.importAgreementKey(identity.agreementSecret()).agree(issuerAgreementKey);
  return shared.ok ? succeed(sealingKey(crypto, shared.value, identity.devid)) : shared;
}

/** Encodes an authority for a record, `AUTHORITY_BYTES` long. */
export function encodeAuthority(keys: AuthorityKeys): Uint8Array {
  const bytes = new Uint8Array(AUTHORITY_BYTES);
  writeU32(bytes, 0, keys.authority);
  bytes.set(keys.rootKid, AT_ROOT_KID);
  bytes.set(keys.rootKey, AT_ROOT_KEY);
  writeCertified(bytes, AT_RING_KEY, keys.ringKey);
  writeCertified(bytes, AT_DEVICE_KEY, keys.deviceKey);
  return bytes;
}

/** Reads an authority back from `offset` of a record of our own, in which its keys go on to lie. */
export function decodeAuthority(bytes: Uint8Array, offset: number): AuthorityKeys {
  return {
    authority: readU32(bytes, offset),
    rootKid: bytes.subarray(offset + AT_ROOT_KID, offset + AT_ROOT_KEY),
    rootKey: bytes.subarray(offset + AT_ROOT_KEY, offset + AT_RING_KEY),
    ringKey: readCertified(bytes, offset + AT_RING_KEY),
    deviceKey: readCertified(bytes, offset + AT_DEVICE_KEY),
  };
}

// Absence is written as the epoch 0xFFFFFFFF, which no root will ever reach.
const NO_EPOCH = 0xffff_ffff;

function writeCertified(bytes: Uint8Array, offset: number, key: CertifiedKey | undefined): void {
  writeU32(bytes, offset, key === undefined ? NO_EPOCH : key.issuerEpoch);
  if (key === undefined) return;
  writeU32(bytes, offset + 4, key.iatS);
  bytes.set(key.kid, offset + 8);
  bytes.set(key.publicKey, offset + 8 + KID_BYTES);
}

function readCertified(bytes: Uint8Array, offset: number): CertifiedKey | undefined {
  const issuerEpoch = readU32(bytes, offset);
  if (issuerEpoch === NO_EPOCH) return undefined;
  const keyAt = offset + 8 + KID_BYTES;
  return {
    issuerEpoch,
    iatS: readU32(bytes, offset + 4),
    kid: bytes.subarray(offset + 8, keyAt),
    publicKey: bytes.subarray(keyAt, keyAt + KEY_BYTES),
  };
}
