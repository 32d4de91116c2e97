// SPDX-License-Identifier: EUPL-1.2
import { bytesOf, exactly, mapOf, type Shape, uint32 } from "../cbor/shape.ts";
import { type CborEntry, type CborMap, type CborValue, cborMap, mapGet } from "../cbor/value.ts";
import { DEVID_BYTES, KID_BYTES } from "../cose/ids.ts";

// Claims of a CBOR Web Token, RFC 8392 §4, and of its confirmation, RFC 8747 §3.1.
const CLAIM_EXP = 4;
const CLAIM_NBF = 5;
const CLAIM_IAT = 6;
const CLAIM_CNF = 8;
const CNF_COSE_KEY = 1;

// COSE_Key parameters of an octet key pair, RFC 9052 §7 and RFC 9053 §7.2.
const KEY_KTY = 1;
const KEY_KID = 2;
const KEY_CRV = -1;
const KEY_X = -2;
const KTY_OKP = 1;
const CRV_X25519 = 4;
const CRV_ED25519 = 6;

const PUBLIC_KEY_BYTES = 32;

/**
 * The public key of a device, to prove by use: X25519, with the identifier of the device.
 * @public
 */
export interface DeviceKey {
  readonly devid: Uint8Array;
  readonly publicKey: Uint8Array;
}

/**
 * An Ed25519 public key that an authority vouches for.
 * @public
 */
export interface IssuerKey {
  readonly kid: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Shape of a claim set with exp, iat and one private claim. @internal */
export function claimsShape(label: number, claim: Shape<CborValue>): Shape<CborMap> {
  return mapOf([
    [CLAIM_EXP, uint32],
    [CLAIM_IAT, uint32],
    [label, claim],
  ]);
}

/** Shape of a claim set with exp, iat, cnf and one private claim. @internal */
export function boundClaimsShape(
  cnf: Shape<CborMap>,
  label: number,
  claim: Shape<CborValue>,
): Shape<CborMap> {
  return mapOf([
    [CLAIM_EXP, uint32],
    [CLAIM_IAT, uint32],
    [CLAIM_CNF, cnf],
    [label, claim],
  ]);
}

/** Shape of a claim set with exp, nbf, iat, cnf and one private claim. @internal */
export function windowClaimsShape(
  cnf: Shape<CborMap>,
  label: number,
  claim: Shape<CborValue>,
): Shape<CborMap> {
  return mapOf([
    [CLAIM_EXP, uint32],
    [CLAIM_NBF, uint32],
    [CLAIM_IAT, uint32],
    [CLAIM_CNF, cnf],
    [label, claim],
  ]);
}

/** Shape of a confirmation by an X25519 key of a device. @internal */
export const DEVICE_CNF: Shape<CborMap> = cnfShape(DEVID_BYTES, CRV_X25519);

/** Shape of a confirmation by an Ed25519 key of an issuer. @internal */
export const ISSUER_CNF: Shape<CborMap> = cnfShape(KID_BYTES, CRV_ED25519);

/** The exp claim as a pair. @internal */
export function expEntry(expS: number): CborEntry {
  return [CLAIM_EXP, expS];
}

/** The nbf claim as a pair. @internal */
export function nbfEntry(nbfS: number): CborEntry {
  return [CLAIM_NBF, nbfS];
}

/** The iat claim as a pair. @internal */
export function iatEntry(iatS: number): CborEntry {
  return [CLAIM_IAT, iatS];
}

/** The cnf claim of a device's X25519 key as a pair. @internal */
export function deviceCnfEntry(device: DeviceKey): CborEntry {
  return cnfEntry(device.devid, CRV_X25519, device.publicKey);
}

/** The cnf claim of an issuer's Ed25519 key as a pair. @internal */
export function issuerCnfEntry(issuer: IssuerKey): CborEntry {
  return cnfEntry(issuer.kid, CRV_ED25519, issuer.publicKey);
}

/** Requires: a claim set that a shape with exp accepted. @internal */
export function expOf(claims: CborMap): number {
  return mapGet(claims, CLAIM_EXP) as number;
}

/** Requires: a claim set that a shape with nbf accepted. @internal */
export function nbfOf(claims: CborMap): number {
  return mapGet(claims, CLAIM_NBF) as number;
}

/** Requires: a claim set that a shape with iat accepted. @internal */
export function iatOf(claims: CborMap): number {
  return mapGet(claims, CLAIM_IAT) as number;
}

/** Requires: a claim set that a shape with {@link DEVICE_CNF} accepted. @internal */
export function deviceCnfOf(claims: CborMap): DeviceKey {
  const key = coseKeyOf(claims);
  return {
    devid: mapGet(key, KEY_KID) as Uint8Array,
    publicKey: mapGet(key, KEY_X) as Uint8Array,
  };
}

/** Requires: a claim set that a shape with {@link ISSUER_CNF} accepted. @internal */
export function issuerCnfOf(claims: CborMap): IssuerKey {
  const key = coseKeyOf(claims);
  return {
    kid: mapGet(key, KEY_KID) as Uint8Array,
    publicKey: mapGet(key, KEY_X) as Uint8Array,
  };
}

function cnfShape(kidBytes: number, curve: number): Shape<CborMap> {
  const coseKey = mapOf([
    [KEY_KTY, exactly(KTY_OKP)],
    [KEY_KID, bytesOf(kidBytes)],
    [KEY_CRV, exactly(curve)],
    [KEY_X, bytesOf(PUBLIC_KEY_BYTES)],
  ]);
  return mapOf([[CNF_COSE_KEY, coseKey]]);
}

function cnfEntry(kid: Uint8Array, curve: number, publicKey: Uint8Array): CborEntry {
  const coseKey = cborMap([
    [KEY_KTY, KTY_OKP],
    [KEY_KID, kid],
    [KEY_CRV, curve],
    [KEY_X, publicKey],
  ]);
  return [CLAIM_CNF, cborMap([[CNF_COSE_KEY, coseKey]])];
}

function coseKeyOf(claims: CborMap): CborMap {
  return mapGet(mapGet(claims, CLAIM_CNF) as CborMap, CNF_COSE_KEY) as CborMap;
}
