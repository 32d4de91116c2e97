// SPDX-License-Identifier: EUPL-1.2
import {
  type CryptoPort,
  concatBytes,
  DEVICE_BLANK,
  DEVICE_NOT_BLANK,
  equalBytes,
  FLASH_FULL,
  fail,
  type Result,
  ringSecret,
  SIGNATURE_INVALID,
  sealingKey,
  sliceBytes,
  succeed,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { openDeviceRecords, RECORD_SEALING_KEY } from "../shared/device-records.ts";
import { loadIdentity } from "../shared/identity.ts";
import type { RecordStore } from "../shared/record-store.ts";
import {
  CERTIFICATES_MAX,
  keyLayout,
  RECORD_CERTIFICATE_FIRST,
  RECORD_CLOCK_CHECK,
  RECORD_COMMISSION,
  RECORD_TIME_ASKS,
  RECORD_TIME_FLOOR,
} from "./key-layout.ts";
import { openKeyTrust } from "./key-trust.ts";

/** What the issuer gives a key at enrolment, over the cable. */
export interface KeyProvision {
  /** Ed25519 public key of the authority's root. */
  readonly rootKey: Uint8Array;
  /** X25519 public key of the issuer, to which the key seals its log. */
  readonly issuerAgreementKey: Uint8Array;
  /** Certificates of the issuing keys in force, levels 1 and 2; the home authority's first. */
  readonly issuerCertificates: readonly Uint8Array[];
}

/** What commissioning left in the records. */
export interface KeyCommission {
  readonly rootKey: Uint8Array;
  /** From which the salts of the rings are derived. */
  readonly ringSecret: Uint8Array;
  /** Under which the log is sealed. */
  readonly sealingKey: Uint8Array;
}

/**
 * Binds an enrolled key to its issuer, over the cable.
 *
 * A key is personal: it comes to another carer by a new enrolment, which erases everything, and
 * this call. Called again without one, it drops rings, trust and errands of the old binding; the
 * log stays, because its entries belong to the device that made them. So it binds to the same issuer
 * only: under another one, what happened in production would go home with a test key, or the other
 * way round. The record that makes the key commissioned is removed first and written last, so that
 * a power cut leaves a key that says it is blank.
 *
 * @returns Nothing, or `DEVICE_BLANK` before enrolment, `DEVICE_NOT_BLANK` for another issuer than
 *   the key was bound to since its enrolment, `FLASH_FULL` for a flash too small for a
 *   key, `SHARED_SECRET_ZERO` for an agreement key of small order, `SIGNATURE_INVALID` or
 *   `CLAIMS_MALFORMED` for a certificate that the root did not sign.
 */
export function commissionKey(
  flash: FlashPort,
  crypto: CryptoPort,
  provision: KeyProvision,
): Result<undefined> {
  const layout = keyLayout(flash.pageBytes, flash.pageCount);
  if (layout === undefined) return fail(FLASH_FULL);
  const records = openDeviceRecords(flash);
  const identity = loadIdentity(records, crypto);
  if (identity === undefined) return fail(DEVICE_BLANK);
  const shared = crypto
    .importAgreementKey(identity.agreementSecret())
    .agree(provision.issuerAgreementKey);
  if (!shared.ok) return shared;
  const sealing = sealingKey(crypto, shared.value, identity.devid);
  const bound = records.read(RECORD_SEALING_KEY);
  if (bound !== undefined && !equalBytes(bound, sealing)) return fail(DEVICE_NOT_BLANK);

  records.remove(RECORD_COMMISSION);
  for (const ring of layout.rings) records.remove(ring.recordId);
  for (let index = 0; index < CERTIFICATES_MAX; index += 1) {
    records.remove(RECORD_CERTIFICATE_FIRST + index);
  }
  records.remove(RECORD_CLOCK_CHECK);
  records.remove(RECORD_TIME_ASKS);
  records.remove(RECORD_TIME_FLOOR);
  for (const area of [layout.carried, layout.courier]) {
    for (let page = 0; page < area.pageCount; page += 1) flash.erase(area.firstPage + page);
  }

  const trust = openKeyTrust(crypto, records, provision.rootKey);
  if (provision.issuerCertificates.length === 0) return fail(SIGNATURE_INVALID);
  for (const bytes of provision.issuerCertificates) {
    const accepted = trust.accept(bytes);
    if (!accepted.ok) return accepted;
  }
  records.write(RECORD_SEALING_KEY, sealing);
  const secret = ringSecret(crypto, shared.value);
  records.write(RECORD_COMMISSION, concatBytes([provision.rootKey, secret]));
  return succeed(undefined);
}

/** Reads what commissioning left; undefined on a key that is not commissioned. */
export function loadKeyCommission(records: RecordStore): KeyCommission | undefined {
  const record = records.read(RECORD_COMMISSION);
  const sealing = records.read(RECORD_SEALING_KEY);
  if (record === undefined || record.length !== 64 || sealing === undefined) return undefined;
  return {
    rootKey: sliceBytes(record, 0, 32),
    ringSecret: sliceBytes(record, 32),
    sealingKey: sealing,
  };
}
