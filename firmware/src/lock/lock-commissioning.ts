// SPDX-License-Identifier: EUPL-1.2
import {
  AUTHORITIES_MAX,
  assert,
  CLAIMS_MALFORMED,
  type CryptoPort,
  DEVICE_BLANK,
  DEVICE_NOT_BLANK,
  equalBytes,
  fail,
  HOLDER_MISMATCH,
  type LockConfig,
  OBJECT_OLD,
  type Result,
  succeed,
  verifyFloorList,
  verifyLockCertificate,
  verifyLockConfig,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { openDeviceRecords } from "../shared/device-records.ts";
import { type DeviceIdentity, loadIdentity } from "../shared/identity.ts";
import {
  agreeSealingKey,
  anchorOf,
  authorityOfRoot,
  keysFromEpoch,
  verifyAuthority,
} from "../shared/issuer-trust.ts";
import {
  type LockAuthority,
  type LockState,
  readLockState,
  writeFloors,
  writeLockCertificate,
  writeLockState,
} from "./lock-state.ts";

const NOTHING = new Uint8Array(0);

/** What the installer's cable gives to an enrolled lock. All objects are signed. */
export type LockProvision = {
  /** Root key of the authority that owns the lock, Ed25519. */
  readonly rootKey: Uint8Array;
  /** X25519 key of its issuer, to which the lock seals its log. */
  readonly issuerAgreementKey: Uint8Array;
  /** Lock certificate, level 2. */
  readonly certificate: Uint8Array;
  /** Lock configuration, level 2. */
  readonly config: Uint8Array;
  /** Issuer certificates of levels 1 and 2, by the root. */
  readonly issuerCertificates: readonly Uint8Array[];
  /** The floor list in force, level 1. */
  readonly floors?: Uint8Array;
};

/**
 * Makes an enrolled device a lock, over the cable; repeatable until it has succeeded.
 *
 * The state record is written last and makes the lock: a power cut before leaves a blank one.
 *
 * Security: the root key is taken on trust here and only here. Everything else must verify below
 * it and must name this very device.
 *
 * @returns Nothing, or `DEVICE_BLANK` before enrolment, `DEVICE_NOT_BLANK` for a lock that still
 *   holds the log of another authority or door, `SIGNATURE_INVALID`, `ANCHOR_UNKNOWN` for a
 *   missing issuer certificate, `HOLDER_MISMATCH` for objects of another lock, `CLAIMS_MALFORMED`
 *   for a certificate and a configuration that contradict each other, `OBJECT_OLD` for a ring key
 *   below the lowest epoch, `PUBLIC_KEY_INVALID` or `SHARED_SECRET_ZERO` for keys that are none.
 */
export function commissionLock(
  flash: FlashPort,
  crypto: CryptoPort,
  provision: LockProvision,
): Result<undefined> {
  const records = openDeviceRecords(flash);
  const identity = loadIdentity(records, crypto);
  if (identity === undefined) return fail(DEVICE_BLANK);
  const held = readLockState(records);
  const heldBy = held === undefined ? undefined : held.authorities[0];
  if (heldBy !== undefined && !equalBytes(heldBy.keys.rootKey, provision.rootKey)) {
    return fail(DEVICE_NOT_BLANK);
  }
  const owner = verifyAuthority(crypto, provision.rootKey, provision.issuerCertificates);
  if (!owner.ok) return owner;
  const deviceKey = owner.value.deviceKey;
  const ringKey = owner.value.ringKey;
  if (deviceKey === undefined || ringKey === undefined) return fail(CLAIMS_MALFORMED);
  const deviceAnchor = anchorOf(crypto, deviceKey.kid, deviceKey.publicKey);
  if (!deviceAnchor.ok) return deviceAnchor;
  const certificate = verifyLockCertificate(provision.certificate, [deviceAnchor.value]);
  if (!certificate.ok) return certificate;
  const config = verifyLockConfig(provision.config, [deviceAnchor.value]);
  if (!config.ok) return config;
  const lock = certificate.value.lock;
  if (
    !equalBytes(lock.devid, identity.devid) ||
    !equalBytes(lock.publicKey, identity.agreementPublicKey) ||
    !equalBytes(certificate.value.signingPublicKey, identity.signingPublicKey) ||
    !equalBytes(config.value.devid, identity.devid)
  ) {
    return fail(HOLDER_MISMATCH);
  }
  if (config.value.door !== certificate.value.door) return fail(CLAIMS_MALFORMED);
  if (held !== undefined && held.door !== config.value.door) return fail(DEVICE_NOT_BLANK);
  const ownAnchor = config.value.anchors[0];
  if (ownAnchor === undefined || ownAnchor.issuerEpochMin > deviceKey.issuerEpoch) {
    return fail(CLAIMS_MALFORMED);
  }
  if (ringKey.issuerEpoch < ownAnchor.issuerEpochMin) return fail(OBJECT_OLD);
  const known = {
    slot: 0,
    keys: owner.value,
    opsmask: 0,
    maxvalidS: 0,
    issuerEpochMin: 0,
    sealingKey: NOTHING,
  };
  const configured = configuredState(crypto, identity, config.value, [known]);
  if (!configured.ok) return configured;
  const state = configured.value;
  const first = state.authorities[0];
  if (first === undefined || first.keys !== owner.value) return fail(CLAIMS_MALFORMED);
  if (!equalBytes(ownAnchor.agreementKey, provision.issuerAgreementKey))
    return fail(CLAIMS_MALFORMED);
  if (provision.floors !== undefined) {
    const ringAnchor = anchorOf(crypto, ringKey.kid, ringKey.publicKey);
    if (!ringAnchor.ok) return ringAnchor;
    const floors = verifyFloorList(provision.floors, [ringAnchor.value]);
    if (!floors.ok) return floors;
    writeFloors(records, 0, owner.value, floors.value);
  }
  writeLockCertificate(records, provision.certificate);
  writeLockState(records, state);
  return succeed(undefined);
}

/**
 * Applies a verified configuration to the authorities that a lock knows.
 *
 * An authority that stays keeps its slot, its certificates and with them its time floor; a new one
 * takes a free slot and knows only its root until its certificates arrive. A certificate below the
 * lowest epoch of its authority is forgotten: a lock waits for the next rather than obey a withdrawn
 * key.
 *
 * @param known - Authorities as they are now.
 * @returns The state, or `SHARED_SECRET_ZERO` for an authority whose agreement key is none.
 */
export function configuredState(
  crypto: CryptoPort,
  identity: Pick<DeviceIdentity, "devid" | "agreementSecret">,
  config: LockConfig,
  known: readonly LockAuthority[],
): Result<LockState> {
  const staying: LockAuthority[] = [];
  for (const anchor of config.anchors) {
    const kept = findAuthority(known, anchor.authority, anchor.publicKey);
    if (kept !== undefined) staying.push(kept);
  }
  const authorities: LockAuthority[] = [];
  for (const anchor of config.anchors) {
    const kept = findAuthority(known, anchor.authority, anchor.publicKey);
    const sealing = agreeSealingKey(crypto, identity, anchor.agreementKey);
    if (!sealing.ok) return sealing;
    authorities.push({
      slot: kept === undefined ? freeSlot(staying, authorities) : kept.slot,
      keys:
        kept === undefined
          ? authorityOfRoot(crypto, anchor.authority, anchor.publicKey)
          : keysFromEpoch(kept.keys, anchor.issuerEpochMin),
      opsmask: anchor.opsmask,
      maxvalidS: anchor.maxvalidS,
      issuerEpochMin: anchor.issuerEpochMin,
      sealingKey: sealing.value,
    });
  }
  return succeed({
    door: config.door,
    cfgseq: config.cfgseq,
    profile: config.profile,
    clockUnknown: config.clockUnknown,
    groups: config.groups,
    authorities,
  });
}

function findAuthority(
  known: readonly LockAuthority[],
  authority: number,
  rootKey: Uint8Array,
): LockAuthority | undefined {
  for (const candidate of known) {
    const keys = candidate.keys;
    if (keys.authority === authority && equalBytes(keys.rootKey, rootKey)) return candidate;
  }
  return undefined;
}

function freeSlot(staying: readonly LockAuthority[], placed: readonly LockAuthority[]): number {
  for (let slot = 0; slot < AUTHORITIES_MAX; slot += 1) {
    if (!hasSlot(staying, slot) && !hasSlot(placed, slot)) return slot;
  }
  assert(false, CLAIMS_MALFORMED);
  return 0;
}

function hasSlot(authorities: readonly LockAuthority[], slot: number): boolean {
  for (const authority of authorities) {
    if (authority.slot === slot) return true;
  }
  return false;
}
