// SPDX-License-Identifier: EUPL-1.2
import {
  type Anchor,
  type CertificateAuthority,
  type CryptoPort,
  equalBytes,
  FLASH_FULL,
  fail,
  type IssuerCertificate,
  kidOf,
  LEVEL_DEVICES,
  LEVEL_RINGS,
  OBJECT_OLD,
  type Result,
  sign1Kid,
  succeed,
  verifyIssuerCertificate,
} from "@nyckelring/protocol";
import type { RecordStore } from "../shared/record-store.ts";
import { CERTIFICATES_MAX, RECORD_CERTIFICATE_FIRST } from "./key-layout.ts";

/** Whose signatures a key believes. */
export interface KeyTrust {
  /** Authority that commissioned the key. */
  homeAuthority(): number;
  /** Keys of level 1: ring heads, floor lists, grants, acknowledgements, re-send requests. */
  ringAnchors(): readonly Anchor[];
  /** Keys of level 2: lock configurations. */
  deviceAnchors(): readonly Anchor[];
  /** Keys of level 2 as the door path takes them: lock certificates. */
  certificateAuthorities(): readonly CertificateAuthority[];
  /**
   * The authority whose key signed an object.
   *
   * @param bytes - An object of kind `typ` whose signature has been verified.
   * @returns The authority, or -1 for a key that is not trusted.
   */
  authorityOf(bytes: Uint8Array, typ: number): number;
  /**
   * Takes a certificate from the issuer.
   *
   * @returns The certificate, `SIGNATURE_INVALID`, `CLAIMS_MALFORMED`, `OBJECT_OLD` for an epoch
   *   below the one in force, or `FLASH_FULL` beyond eight certificates.
   */
  accept(bytes: Uint8Array): Result<IssuerCertificate>;
}

type Held = {
  readonly id: number;
  readonly certificate: IssuerCertificate;
  readonly anchor: Anchor;
  readonly bytes: Uint8Array;
};

/**
 * Opens the trust of a key: a root key from commissioning, and issuer certificates below it.
 *
 * @param rootKey - Ed25519 public key of the authority's root.
 */
export function openKeyTrust(
  crypto: CryptoPort,
  records: RecordStore,
  rootKey: Uint8Array,
): KeyTrust {
  const root = crypto.importVerificationKey(rootKey);
  const roots: Anchor[] = root.ok ? [{ kid: kidOf(crypto, rootKey), key: root.value }] : [];
  let held: Held[] = [];

  function anchorsOf(level: number): Anchor[] {
    const anchors: Anchor[] = [];
    for (const item of held) if (item.certificate.level === level) anchors.push(item.anchor);
    return anchors;
  }

  function verify(bytes: Uint8Array, id: number): Result<Held> {
    const certificate = verifyIssuerCertificate(bytes, roots);
    if (!certificate.ok) return certificate;
    const issuer = certificate.value.issuer;
    const key = crypto.importVerificationKey(issuer.publicKey);
    if (!key.ok) return key;
    const anchor = { kid: issuer.kid, key: key.value };
    return succeed({ id, certificate: certificate.value, anchor, bytes });
  }

  /** The certificate that a new one of the same authority and level takes the place of. */
  function replacedBy(certificate: IssuerCertificate): Held | undefined {
    for (const item of held) {
      const known = item.certificate;
      if (known.authority === certificate.authority && known.level === certificate.level) {
        return item;
      }
    }
    return undefined;
  }

  function freeId(): number {
    for (let index = 0; index < CERTIFICATES_MAX; index += 1) {
      const id = RECORD_CERTIFICATE_FIRST + index;
      if (records.read(id) === undefined) return id;
    }
    return -1;
  }

  function accept(bytes: Uint8Array): Result<IssuerCertificate> {
    const candidate = verify(bytes, -1);
    if (!candidate.ok) return candidate;
    const certificate = candidate.value.certificate;
    const old = replacedBy(certificate);
    if (old !== undefined && old.certificate.issuerEpoch > certificate.issuerEpoch) {
      return fail(OBJECT_OLD);
    }
    if (old !== undefined && equalBytes(old.bytes, bytes)) return succeed(certificate);
    const id = old === undefined ? freeId() : old.id;
    if (id < 0) return fail(FLASH_FULL);
    records.write(id, bytes);
    const taken: Held = { id, certificate, anchor: candidate.value.anchor, bytes };
    const kept: Held[] = [];
    for (const item of held) kept.push(item === old ? taken : item);
    if (old === undefined) kept.push(taken);
    held = kept;
    return succeed(certificate);
  }

  for (let index = 0; index < CERTIFICATES_MAX; index += 1) {
    const id = RECORD_CERTIFICATE_FIRST + index;
    const bytes = records.read(id);
    const item = bytes === undefined ? undefined : verify(bytes, id);
    if (item?.ok) held.push(item.value);
  }

  return {
    homeAuthority() {
      const first = held[0];
      return first === undefined ? -1 : first.certificate.authority;
    },
    ringAnchors: () => anchorsOf(LEVEL_RINGS),
    deviceAnchors: () => anchorsOf(LEVEL_DEVICES),
    certificateAuthorities() {
      const authorities: CertificateAuthority[] = [];
      for (const item of held) {
        const certificate = item.certificate;
        if (certificate.level === LEVEL_DEVICES) {
          const issuer = certificate.issuer;
          authorities.push({
            authority: certificate.authority,
            kid: issuer.kid,
            publicKey: issuer.publicKey,
          });
        }
      }
      return authorities;
    },
    authorityOf(bytes, typ) {
      const kid = sign1Kid(bytes, typ);
      if (kid === undefined) return -1;
      for (const item of held) {
        if (equalBytes(item.anchor.kid, kid)) return item.certificate.authority;
      }
      return -1;
    },
    accept,
  };
}
