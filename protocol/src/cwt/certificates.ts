// SPDX-License-Identifier: EUPL-1.2
import {
  bytesOf,
  listOf,
  type ShapeValue,
  tuple,
  uint16,
  uint32,
  uintFrom,
} from "../cbor/shape.ts";
import { cborMap, mapGet } from "../cbor/value.ts";
import type { Anchor, Signer } from "../cose/sign1.ts";
import { type Result, succeed } from "../errors/result.ts";
import {
  GROUPS_MAX,
  LEVEL_FIRMWARE,
  LEVEL_RINGS,
  TYP_ISSUER_CERTIFICATE,
  TYP_LOCK_CERTIFICATE,
} from "../message/types.ts";
import {
  boundClaimsShape,
  DEVICE_CNF,
  type DeviceKey,
  deviceCnfEntry,
  deviceCnfOf,
  expEntry,
  expOf,
  ISSUER_CNF,
  type IssuerKey,
  iatEntry,
  iatOf,
  issuerCnfEntry,
  issuerCnfOf,
} from "./claims.ts";
import { signPayload, verifyPayload } from "./signed-payload.ts";

const CLAIM_LOCK = -65538;
const CLAIM_ISSUER = -65539;
const PUBLIC_KEY_BYTES = 32;

const LOCK = tuple([uint32, listOf(uint32, 0, GROUPS_MAX), bytesOf(PUBLIC_KEY_BYTES)]);
const LOCK_CLAIMS = boundClaimsShape(DEVICE_CNF, CLAIM_LOCK, LOCK);
const ISSUER = tuple([uintFrom(LEVEL_RINGS, LEVEL_FIRMWARE), uint32, uint16]);
const ISSUER_CLAIMS = boundClaimsShape(ISSUER_CNF, CLAIM_ISSUER, ISSUER);

/**
 * What a lock shows to a key: which door it is.
 * @public
 */
export interface LockCertificate {
  /** End of validity, not included; seconds UTC. */
  readonly expS: number;
  /** Time of signing; seconds UTC. */
  readonly iatS: number;
  /** The lock, with its X25519 public key. */
  readonly lock: DeviceKey;
  readonly door: number;
  /** Groups of doors that it belongs to, at most 8. */
  readonly groups: readonly number[];
  /** The lock's Ed25519 public key, under which its log heads verify. */
  readonly signingPublicKey: Uint8Array;
}

/**
 * What an authority's root key says of one of its issuing keys.
 * @public
 */
export interface IssuerCertificate {
  /** End of validity, not included; seconds UTC. */
  readonly expS: number;
  /** Time of signing; seconds UTC. */
  readonly iatS: number;
  /** The issuing key, Ed25519. */
  readonly issuer: IssuerKey;
  /** What the key may sign: one of the LEVEL_ constants. */
  readonly level: number;
  /** Generation of the authority's keys; a higher one resets the time floor of locks. */
  readonly issuerEpoch: number;
  readonly authority: number;
}

/**
 * Signs a lock certificate with a level 2 key. More than 8 groups throw.
 * @public
 */
export function signLockCertificate(certificate: LockCertificate, signer: Signer): Uint8Array {
  const claims = cborMap([
    expEntry(certificate.expS),
    iatEntry(certificate.iatS),
    deviceCnfEntry(certificate.lock),
    [CLAIM_LOCK, [certificate.door, certificate.groups, certificate.signingPublicKey]],
  ]);
  return signPayload(TYP_LOCK_CERTIFICATE, LOCK_CLAIMS, claims, signer);
}

/**
 * Verifies a lock certificate against level 2 keys; its time is the caller's to judge.
 *
 * @returns the certificate, `SIGNATURE_INVALID` or `CLAIMS_MALFORMED`
 * @public
 */
export function verifyLockCertificate(
  bytes: Uint8Array,
  anchors: readonly Anchor[],
): Result<LockCertificate> {
  const claims = verifyPayload(TYP_LOCK_CERTIFICATE, LOCK_CLAIMS, bytes, anchors);
  if (!claims.ok) return claims;
  const lock = mapGet(claims.value, CLAIM_LOCK) as ShapeValue<typeof LOCK>;
  return succeed({
    expS: expOf(claims.value),
    iatS: iatOf(claims.value),
    lock: deviceCnfOf(claims.value),
    door: lock[0],
    groups: lock[1],
    signingPublicKey: lock[2],
  });
}

/**
 * Signs an issuer certificate with the root key of the authority.
 * @public
 */
export function signIssuerCertificate(certificate: IssuerCertificate, signer: Signer): Uint8Array {
  const claims = cborMap([
    expEntry(certificate.expS),
    iatEntry(certificate.iatS),
    issuerCnfEntry(certificate.issuer),
    [CLAIM_ISSUER, [certificate.level, certificate.issuerEpoch, certificate.authority]],
  ]);
  return signPayload(TYP_ISSUER_CERTIFICATE, ISSUER_CLAIMS, claims, signer);
}

/**
 * Verifies an issuer certificate against root keys; its time is the caller's to judge.
 *
 * @returns the certificate, `SIGNATURE_INVALID` or `CLAIMS_MALFORMED`
 * @public
 */
export function verifyIssuerCertificate(
  bytes: Uint8Array,
  anchors: readonly Anchor[],
): Result<IssuerCertificate> {
  const claims = verifyPayload(TYP_ISSUER_CERTIFICATE, ISSUER_CLAIMS, bytes, anchors);
  if (!claims.ok) return claims;
  const issuer = mapGet(claims.value, CLAIM_ISSUER) as ShapeValue<typeof ISSUER>;
  return succeed({
    expS: expOf(claims.value),
    iatS: iatOf(claims.value),
    issuer: issuerCnfOf(claims.value),
    level: issuer[0],
    issuerEpoch: issuer[1],
    authority: issuer[2],
  });
}
