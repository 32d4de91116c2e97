// SPDX-License-Identifier: EUPL-1.2
import {
  type Anchor,
  ENTRY_OBJECT,
  type ErrorCode,
  equalBytes,
  GRANT_NOT_ASKED,
  HOLDER_MISMATCH,
  MESSAGE_UNEXPECTED,
  OBJECT_OLD,
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
import { takeServicePermit } from "../shared/service-permit.ts";
import type { ErrandTarget } from "./courier-store.ts";
import type { KeyContext } from "./key-context.ts";

/**
 * Takes one signed object that a station handed over: what concerns the key is applied, what
 * concerns locks is kept for them.
 *
 * Security: the station is not trusted. The key verifies before it stores, so that a false station
 * can neither fill the errands nor set the clock, and a lock verifies once more.
 *
 * @param nonce - Nonce of this contact, to which a time grant for the key must be bound.
 * @returns 0, the fault of the signature or claims, `OBJECT_OLD`, `GRANT_NOT_ASKED`,
 *   `ACK_MISMATCH`, `FLASH_FULL`, or `MESSAGE_UNEXPECTED` for a kind that a key has no use for.
 */
export function takeObject(key: KeyContext, bytes: Uint8Array, nonce: Uint8Array): ErrorCode {
  switch (typOf(bytes)) {
    case TYP_ISSUER_CERTIFICATE:
      return takeCertificate(key, bytes);
    case TYP_TIME_GRANT:
      return takeTimeGrant(key, bytes, nonce);
    case TYP_FLOOR_LIST:
      return takeFloorList(key, bytes);
    case TYP_LOG_ACK:
      return takeLogAck(key, bytes);
    case TYP_RESEND:
      return takeResend(key, bytes);
    case TYP_LOCK_CERTIFICATE:
      return takeLockCertificate(key, bytes);
    case TYP_LOCK_CONFIG:
      return takeLockConfig(key, bytes);
    case TYP_SERVICE_PERMIT:
      return takePermit(key, bytes);
    default:
      return MESSAGE_UNEXPECTED;
  }
}

function takeCertificate(key: KeyContext, bytes: Uint8Array): ErrorCode {
  const before = key.trust.ringAnchors();
  const accepted = key.trust.accept(bytes);
  if (!accepted.ok) return accepted.fault.code;
  const { authority, issuer, iatS } = accepted.value;
  // Only a key that has just come into force: the one before is still held, and shown again it must
  // not turn the floor back.
  const isNew = !hasKid(before, issuer.kid) && hasKid(key.trust.ringAnchors(), issuer.kid);
  if (isNew && authority === key.trust.homeAuthority()) key.clock.restartFloor(iatS);
  const agreementSecret = key.identity.agreementSecret();
  key.door.load({ agreementSecret, anchors: key.trust.certificateAuthorities() });
  return 0;
}

function hasKid(anchors: readonly Anchor[], kid: Uint8Array): boolean {
  for (const anchor of anchors) if (equalBytes(anchor.kid, kid)) return true;
  return false;
}

function takeTimeGrant(key: KeyContext, bytes: Uint8Array, nonce: Uint8Array): ErrorCode {
  const grant = verifyTimeGrant(bytes, key.trust.ringAnchors());
  if (!grant.ok) return grant.fault.code;
  const fields = grant.value;
  const authority = key.trust.authorityOf(bytes, TYP_TIME_GRANT);
  if (!equalBytes(fields.devid, key.identity.devid)) {
    key.courier.put(TYP_TIME_GRANT, authority, 0, [{ devid: fields.devid, seq: 0 }], bytes);
    return 0;
  }
  // A key belongs to one issuer, and nobody else sets its clock.
  const isHome = authority === key.trust.homeAuthority();
  if (!isHome || !equalBytes(fields.nonce, nonce)) return GRANT_NOT_ASKED;
  key.clock.raiseFloor(fields.nowS);
  key.clock.applyGrant(fields.nowS);
  return 0;
}

function takeFloorList(key: KeyContext, bytes: Uint8Array): ErrorCode {
  const list = verifyFloorList(bytes, key.trust.ringAnchors());
  if (!list.ok) return list.fault.code;
  const authority = key.trust.authorityOf(bytes, TYP_FLOOR_LIST);
  if (authority === key.trust.homeAuthority()) key.clock.raiseFloor(list.value.iatS);
  const isNew = key.courier.put(TYP_FLOOR_LIST, authority, list.value.listseq, [], bytes);
  return isNew ? 0 : OBJECT_OLD;
}

function takeLogAck(key: KeyContext, bytes: Uint8Array): ErrorCode {
  const ack = verifyLogAck(bytes, key.trust.ringAnchors());
  if (!ack.ok) return ack.fault.code;
  const own = key.log.store;
  const others: ErrandTarget[] = [];
  let code: ErrorCode = 0;
  for (const item of ack.value.acks) {
    if (!equalBytes(item.devid, key.identity.devid)) {
      others.push({ devid: item.devid, seq: item.n });
    } else if (item.logEpoch === own.logEpoch()) {
      const freed = own.acknowledge(item.n, item.chain16);
      if (!freed.ok) code = freed.fault.code;
    }
  }
  if (others.length > 0) key.courier.put(TYP_LOG_ACK, ack.value.authority, 0, others, bytes);
  return code;
}

function takeResend(key: KeyContext, bytes: Uint8Array): ErrorCode {
  const resend = verifyResend(bytes, key.trust.ringAnchors());
  if (!resend.ok) return resend.fault.code;
  const own = key.log.store;
  const others: ErrandTarget[] = [];
  for (const item of resend.value.requests) {
    if (!equalBytes(item.devid, key.identity.devid)) {
      others.push({ devid: item.devid, seq: item.from });
    } else if (item.logEpoch === own.logEpoch()) {
      own.askAgain(item.from);
    }
  }
  if (others.length > 0) key.courier.put(TYP_RESEND, resend.value.authority, 0, others, bytes);
  return 0;
}

function takeLockConfig(key: KeyContext, bytes: Uint8Array): ErrorCode {
  const config = verifyLockConfig(bytes, key.trust.deviceAnchors());
  if (!config.ok) return config.fault.code;
  const authority = key.trust.authorityOf(bytes, TYP_LOCK_CONFIG);
  const target = { devid: config.value.devid, seq: config.value.cfgseq };
  key.courier.put(TYP_LOCK_CONFIG, authority, 0, [target], bytes);
  return 0;
}

function takeLockCertificate(key: KeyContext, bytes: Uint8Array): ErrorCode {
  const certificate = verifyLockCertificate(bytes, key.trust.deviceAnchors());
  if (!certificate.ok) return certificate.fault.code;
  const authority = key.trust.authorityOf(bytes, TYP_LOCK_CERTIFICATE);
  const target = { devid: certificate.value.lock.devid, seq: certificate.value.iatS };
  key.courier.put(TYP_LOCK_CERTIFICATE, authority, 0, [target], bytes);
  return 0;
}

function takePermit(key: KeyContext, bytes: Uint8Array): ErrorCode {
  const verified = verifyServicePermit(bytes, key.trust.deviceAnchors());
  if (!verified.ok) return verified.fault.code;
  const permit = verified.value;
  const authority = key.trust.authorityOf(bytes, TYP_SERVICE_PERMIT);
  const devid = key.identity.devid;
  if (!equalBytes(permit.devid, devid)) {
    const target = { devid: permit.devid, seq: permit.serial };
    key.courier.put(TYP_SERVICE_PERMIT, authority, 0, [target], bytes);
    return 0;
  }
  // A key belongs to one issuer, and nobody else opens it.
  if (authority !== key.trust.homeAuthority()) return HOLDER_MISMATCH;
  const taken = takeServicePermit(key.records, devid, permit, key.clock.tS());
  if (taken.isNew) {
    key.log.note({
      kind: ENTRY_OBJECT,
      op: 0,
      reason: 0,
      peer: devid,
      ring: permit.serial,
      target: TYP_SERVICE_PERMIT,
    });
    if (key.ports.service !== undefined) key.ports.service.openConsole();
  }
  return taken.code;
}
