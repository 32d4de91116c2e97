// SPDX-License-Identifier: EUPL-1.2
import {
  ANCHOR_UNKNOWN,
  type Anchor,
  CLAIMS_MALFORMED,
  type CryptoPort,
  type ErrorCode,
  equalBytes,
  GRANT_NOT_ASKED,
  GRANTED,
  HOLDER_MISMATCH,
  OBJECT_OLD,
  SIGNATURE_INVALID,
  sign1Kid,
  TYP_FLOOR_LIST,
  TYP_ISSUER_CERTIFICATE,
  TYP_LOCK_CERTIFICATE,
  TYP_LOCK_CONFIG,
  TYP_LOG_ACK,
  TYP_RESEND,
  TYP_SERVICE_PERMIT,
  TYP_TIME_GRANT,
  typOf,
  verifyFloorList,
  verifyLockCertificate,
  verifyLockConfig,
  verifyLogAck,
  verifyResend,
  verifyServicePermit,
  verifyTimeGrant,
} from "@nyckelring/protocol";
import type { ServicePort } from "../ports.ts";
import type { DeviceIdentity } from "../shared/identity.ts";
import {
  type AuthorityKeys,
  anchorOf,
  applyIssuerCertificate,
  type CertifiedKey,
} from "../shared/issuer-trust.ts";
import type { LogStore } from "../shared/log-store.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { takeServicePermit } from "../shared/service-permit.ts";
import type { TimeFloor } from "../shared/time-floor.ts";
import type { LockClock } from "./lock-clock.ts";
import { configuredState } from "./lock-commissioning.ts";
import {
  type LockAuthority,
  type LockState,
  readFloors,
  readLockCertificate,
  writeFloors,
  writeLockCertificate,
  writeLockState,
} from "./lock-state.ts";

/** What the objects of the issuer act on. */
export type LockUnderObjects = {
  readonly crypto: CryptoPort;
  readonly records: RecordStore;
  readonly identity: DeviceIdentity;
  /** Authorities for whose logs this lock has flash. */
  readonly authoritiesMax: number;
  /** The log of an authority's sessions. */
  logOf(authority: LockAuthority): LogStore;
  /** Undefined on a lock without a clock. */
  clock(): LockClock | undefined;
  /** The state now; it is replaced through `replaceState`. */
  state(): LockState;
  /** Takes over a state that is durable already. */
  replaceState(state: LockState): void;
  /** Undefined on a lock that has no console to give back. */
  readonly service: ServicePort | undefined;
  /** The time floor of an authority. */
  timeFloor(authority: LockAuthority): TimeFloor;
};

/** What became of an object. */
export type ObjectOutcome = {
  /** `GRANTED` for applied or already known, else the reason. */
  readonly code: ErrorCode;
  /** The kind of object, 0 for octets that are none. */
  readonly typ: number;
  /** Its number where it has one. */
  readonly sequence: number;
  /** True where the lock is not what it was: trust must be loaded again and an entry written. */
  readonly isChanged: boolean;
};

/**
 * Applies one signed object that a key delivered.
 *
 * The peer's session proves nothing here: only the signature counts, by the level of certificate
 * that this kind needs. Every object can be delivered any number of times and in any order; what is
 * older than what the lock has changes nothing.
 *
 * @param bytes - From untrusted hands.
 * @returns The outcome with `GRANTED`, or `SIGNATURE_INVALID` (also for an unknown signer),
 *   `CLAIMS_MALFORMED`, `OBJECT_OLD`, `HOLDER_MISMATCH` for another device's object,
 *   `GRANT_NOT_ASKED`, `ACK_MISMATCH`, `ANCHOR_UNKNOWN` for a kind or level that a lock has no use
 *   for.
 */
export function applyObject(lock: LockUnderObjects, bytes: Uint8Array): ObjectOutcome {
  const typ = typOf(bytes);
  switch (typ) {
    case TYP_FLOOR_LIST:
      return applyFloorList(lock, bytes);
    case TYP_TIME_GRANT:
      return applyTimeGrant(lock, bytes);
    case TYP_LOG_ACK:
      return applyLogAck(lock, bytes);
    case TYP_RESEND:
      return applyResend(lock, bytes);
    case TYP_LOCK_CONFIG:
      return applyLockConfig(lock, bytes);
    case TYP_LOCK_CERTIFICATE:
      return applyLockCertificate(lock, bytes);
    case TYP_SERVICE_PERMIT:
      return applyServicePermit(lock, bytes);
    case TYP_ISSUER_CERTIFICATE:
      return applyCertificate(lock, bytes);
    default:
      return unchanged(typ === undefined ? SIGNATURE_INVALID : ANCHOR_UNKNOWN, 0, 0);
  }
}

function unchanged(code: ErrorCode, typ: number, sequence: number): ObjectOutcome {
  return { code, typ, sequence, isChanged: false };
}

function changed(typ: number, sequence: number): ObjectOutcome {
  return { code: GRANTED, typ, sequence, isChanged: true };
}

type SignerKeys = { readonly authority: LockAuthority; readonly anchor: Anchor };

/** The authorities whose key of one level has the key id that an object names. */
function signersOf(
  lock: LockUnderObjects,
  bytes: Uint8Array,
  typ: number,
  keyOf: (keys: AuthorityKeys) => CertifiedKey | undefined,
): SignerKeys[] {
  const kid = sign1Kid(bytes, typ);
  const signers: SignerKeys[] = [];
  if (kid === undefined) return signers;
  for (const authority of lock.state().authorities) {
    const key = keyOf(authority.keys);
    if (key !== undefined && equalBytes(key.kid, kid)) {
      const anchor = anchorOf(lock.crypto, key.kid, key.publicKey);
      if (anchor.ok) signers.push({ authority, anchor: anchor.value });
    }
  }
  return signers;
}

function ringKeyOf(keys: AuthorityKeys): CertifiedKey | undefined {
  return keys.ringKey;
}

function deviceKeyOf(keys: AuthorityKeys): CertifiedKey | undefined {
  return keys.deviceKey;
}

/** Only the owner's keys of level 2 configure a lock. */
function ownerSigner(
  lock: LockUnderObjects,
  bytes: Uint8Array,
  typ: number,
): SignerKeys | undefined {
  const owner = lock.state().authorities[0];
  for (const signer of signersOf(lock, bytes, typ, deviceKeyOf)) {
    if (signer.authority === owner) return signer;
  }
  return undefined;
}

function applyFloorList(lock: LockUnderObjects, bytes: Uint8Array): ObjectOutcome {
  for (const signer of signersOf(lock, bytes, TYP_FLOOR_LIST, ringKeyOf)) {
    const verified = verifyFloorList(bytes, [signer.anchor]);
    if (verified.ok) {
      const list = verified.value;
      const authority = signer.authority;
      const held = readFloors(lock.records, authority.slot, authority.keys);
      lock.timeFloor(authority).raise(list.iatS);
      if (list.listseq <= held.listseq) {
        const code = list.listseq === held.listseq ? GRANTED : OBJECT_OLD;
        return unchanged(code, TYP_FLOOR_LIST, list.listseq);
      }
      writeFloors(lock.records, authority.slot, authority.keys, list);
      return changed(TYP_FLOOR_LIST, list.listseq);
    }
    if (verified.fault.code === CLAIMS_MALFORMED) return unchanged(CLAIMS_MALFORMED, 0, 0);
  }
  return unchanged(SIGNATURE_INVALID, 0, 0);
}

function applyTimeGrant(lock: LockUnderObjects, bytes: Uint8Array): ObjectOutcome {
  for (const signer of signersOf(lock, bytes, TYP_TIME_GRANT, ringKeyOf)) {
    const verified = verifyTimeGrant(bytes, [signer.anchor]);
    if (verified.ok) {
      const grant = verified.value;
      // Whoever asked: the issuer signed at this time, so it cannot be earlier now.
      lock.timeFloor(signer.authority).raise(grant.nowS);
      if (!equalBytes(grant.devid, lock.identity.devid)) {
        return unchanged(HOLDER_MISMATCH, TYP_TIME_GRANT, 0);
      }
      // One clock, one who sets it: a guest could shut out the owner's keys with it, or bring back
      // rings of theirs that have ended.
      const clock = signer.authority === lock.state().authorities[0] ? lock.clock() : undefined;
      if (clock === undefined || !clock.grant(grant.nonce, grant.nowS)) {
        return unchanged(GRANT_NOT_ASKED, TYP_TIME_GRANT, 0);
      }
      return changed(TYP_TIME_GRANT, 0);
    }
    if (verified.fault.code === CLAIMS_MALFORMED) return unchanged(CLAIMS_MALFORMED, 0, 0);
  }
  return unchanged(SIGNATURE_INVALID, 0, 0);
}

function applyLogAck(lock: LockUnderObjects, bytes: Uint8Array): ObjectOutcome {
  for (const signer of signersOf(lock, bytes, TYP_LOG_ACK, ringKeyOf)) {
    const verified = verifyLogAck(bytes, [signer.anchor]);
    if (verified.ok) {
      const ack = verified.value;
      // An authority frees entries of its own sessions and of no other's.
      if (signer.authority.keys.authority !== ack.authority) break;
      for (const item of ack.acks) {
        const isOurs = equalBytes(item.devid, lock.identity.devid);
        const log = isOurs ? lock.logOf(signer.authority) : undefined;
        if (log !== undefined && item.logEpoch === log.logEpoch()) {
          const freed = log.acknowledge(item.n, item.chain16);
          return unchanged(freed.ok ? GRANTED : freed.fault.code, TYP_LOG_ACK, item.n);
        }
      }
      return unchanged(HOLDER_MISMATCH, TYP_LOG_ACK, 0);
    }
  }
  return unchanged(SIGNATURE_INVALID, 0, 0);
}

function applyResend(lock: LockUnderObjects, bytes: Uint8Array): ObjectOutcome {
  for (const signer of signersOf(lock, bytes, TYP_RESEND, ringKeyOf)) {
    const verified = verifyResend(bytes, [signer.anchor]);
    if (verified.ok) {
      const resend = verified.value;
      if (signer.authority.keys.authority !== resend.authority) break;
      for (const item of resend.requests) {
        const isOurs = equalBytes(item.devid, lock.identity.devid);
        const log = isOurs ? lock.logOf(signer.authority) : undefined;
        if (log !== undefined && item.logEpoch === log.logEpoch()) {
          log.askAgain(item.from);
          return unchanged(GRANTED, TYP_RESEND, item.from);
        }
      }
      return unchanged(HOLDER_MISMATCH, TYP_RESEND, 0);
    }
  }
  return unchanged(SIGNATURE_INVALID, 0, 0);
}

function applyLockConfig(lock: LockUnderObjects, bytes: Uint8Array): ObjectOutcome {
  const signer = ownerSigner(lock, bytes, TYP_LOCK_CONFIG);
  if (signer === undefined) return unchanged(SIGNATURE_INVALID, 0, 0);
  const verified = verifyLockConfig(bytes, [signer.anchor]);
  if (!verified.ok) return unchanged(verified.fault.code, 0, 0);
  const config = verified.value;
  const state = lock.state();
  if (!equalBytes(config.devid, lock.identity.devid)) {
    return unchanged(HOLDER_MISMATCH, TYP_LOCK_CONFIG, config.cfgseq);
  }
  if (config.cfgseq <= state.cfgseq) {
    const code = config.cfgseq === state.cfgseq ? GRANTED : OBJECT_OLD;
    return unchanged(code, TYP_LOCK_CONFIG, config.cfgseq);
  }
  const configured = configuredState(lock.crypto, lock.identity, config, state.authorities);
  if (!configured.ok) return unchanged(CLAIMS_MALFORMED, TYP_LOCK_CONFIG, config.cfgseq);
  const next = configured.value;
  const first = next.authorities[0];
  // A lock changes its door or its owner at a new commissioning only, which wipes its log.
  if (
    config.door !== state.door ||
    first === undefined ||
    !equalBytes(first.keys.rootKey, signer.authority.keys.rootKey) ||
    // The signing key itself would be below: no epoch has begun that could ask for this.
    first.keys.deviceKey === undefined ||
    next.authorities.length > lock.authoritiesMax
  ) {
    return unchanged(CLAIMS_MALFORMED, TYP_LOCK_CONFIG, config.cfgseq);
  }
  writeLockState(lock.records, next);
  lock.replaceState(next);
  return changed(TYP_LOCK_CONFIG, config.cfgseq);
}

function applyLockCertificate(lock: LockUnderObjects, bytes: Uint8Array): ObjectOutcome {
  const signer = ownerSigner(lock, bytes, TYP_LOCK_CERTIFICATE);
  if (signer === undefined) return unchanged(SIGNATURE_INVALID, 0, 0);
  const verified = verifyLockCertificate(bytes, [signer.anchor]);
  if (!verified.ok) return unchanged(verified.fault.code, 0, 0);
  const next = verified.value;
  const identity = lock.identity;
  if (
    !equalBytes(next.lock.devid, identity.devid) ||
    !equalBytes(next.lock.publicKey, identity.agreementPublicKey) ||
    !equalBytes(next.signingPublicKey, identity.signingPublicKey)
  ) {
    return unchanged(HOLDER_MISMATCH, TYP_LOCK_CERTIFICATE, 0);
  }
  if (next.door !== lock.state().door) return unchanged(CLAIMS_MALFORMED, TYP_LOCK_CERTIFICATE, 0);
  const held = readLockCertificate(lock.records);
  if (held !== undefined && equalBytes(held, bytes)) {
    return unchanged(GRANTED, TYP_LOCK_CERTIFICATE, 0);
  }
  // Two certificates have no numbers to compare, but the floor knows when the newer was signed.
  const floor = lock.timeFloor(signer.authority);
  const heldNow = held === undefined ? undefined : verifyLockCertificate(held, [signer.anchor]);
  if (heldNow?.ok && next.iatS <= heldNow.value.iatS) {
    return unchanged(OBJECT_OLD, TYP_LOCK_CERTIFICATE, 0);
  }
  floor.raise(next.iatS);
  writeLockCertificate(lock.records, bytes);
  return changed(TYP_LOCK_CERTIFICATE, 0);
}

function applyServicePermit(lock: LockUnderObjects, bytes: Uint8Array): ObjectOutcome {
  const signer = ownerSigner(lock, bytes, TYP_SERVICE_PERMIT);
  if (signer === undefined) return unchanged(SIGNATURE_INVALID, 0, 0);
  const verified = verifyServicePermit(bytes, [signer.anchor]);
  if (!verified.ok) return unchanged(verified.fault.code, 0, 0);
  const permit = verified.value;
  const loS = lock.timeFloor(signer.authority).loS();
  const taken = takeServicePermit(lock.records, lock.identity.devid, permit, loS);
  if (!taken.isNew) return unchanged(taken.code, TYP_SERVICE_PERMIT, permit.serial);
  if (lock.service !== undefined) lock.service.openConsole();
  return changed(TYP_SERVICE_PERMIT, permit.serial);
}

function applyCertificate(lock: LockUnderObjects, bytes: Uint8Array): ObjectOutcome {
  const state = lock.state();
  let code: ErrorCode = SIGNATURE_INVALID;
  for (let index = 0; index < state.authorities.length; index += 1) {
    const authority = state.authorities[index];
    if (authority !== undefined) {
      const lowest = authority.issuerEpochMin;
      const applied = applyIssuerCertificate(lock.crypto, authority.keys, lowest, bytes);
      if (applied.ok) return installKeys(lock, index, authority, applied.value);
      if (applied.fault.code !== SIGNATURE_INVALID) code = applied.fault.code;
    }
  }
  return unchanged(code, TYP_ISSUER_CERTIFICATE, 0);
}

function installKeys(
  lock: LockUnderObjects,
  index: number,
  authority: LockAuthority,
  keys: AuthorityKeys,
): ObjectOutcome {
  const ringKey = keys.ringKey;
  const epoch = ringKey === undefined ? 0 : ringKey.issuerEpoch;
  if (keys === authority.keys) return unchanged(GRANTED, TYP_ISSUER_CERTIFICATE, epoch);
  const state = lock.state();
  const authorities: LockAuthority[] = [];
  for (const other of state.authorities) authorities.push(other);
  authorities[index] = {
    slot: authority.slot,
    keys,
    opsmask: authority.opsmask,
    maxvalidS: authority.maxvalidS,
    issuerEpochMin: authority.issuerEpochMin,
    sealingKey: authority.sealingKey,
  };
  const next: LockState = {
    door: state.door,
    cfgseq: state.cfgseq,
    profile: state.profile,
    clockUnknown: state.clockUnknown,
    groups: state.groups,
    authorities,
  };
  // This one write is the rotation: the time floor of the older epoch stops to count with it.
  writeLockState(lock.records, next);
  lock.replaceState(next);
  return changed(TYP_ISSUER_CERTIFICATE, epoch);
}
