// SPDX-License-Identifier: EUPL-1.2
import {
  type Anchor,
  type CertificateAuthority,
  CLAIMS_MALFORMED,
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

/** Epochs of one authority and level that a key keeps: the one in force and the one before. */
const EPOCHS_MAX = 2;
/** The first epoch of an authority: every lock that it owns was commissioned with it or later. */
const FIRST_EPOCH = 1;
/** After a rotation keys show the certificate of the new issuing key at doors for so long. */
const ROTATION_SHOWN_S = 180 * 86_400;
/** Keys of level 2 that the door path takes. */
const DOOR_KEYS_MAX = 8;
const NOTHING = new Uint8Array(0);

/** Whose signatures a key believes. */
export interface KeyTrust {
  /** Authority that commissioned the key. */
  homeAuthority(): number;
  /**
   * Keys of level 1: ring heads, floor lists, grants, acknowledgements, re-send requests. Only the
   * newest of each authority, since a key is rotated because somebody else may have it.
   */
  ringAnchors(): readonly Anchor[];
  /**
   * Keys of level 2: lock configurations. The one before the newest as well, because locks show
   * certificates from before a rotation until somebody has brought them new ones.
   */
  deviceAnchors(): readonly Anchor[];
  /** Keys of level 2 as the door path takes them: lock certificates. */
  certificateAuthorities(): readonly CertificateAuthority[];
  /**
   * The certificate to show with a ring head, for a lock that may not know its issuing key: for 180
   * days after a rotation, and always at a lock that another authority owns, which was told of our
   * root alone.
   *
   * @param kid - Key id of the key that signed the head.
   * @param lockAuthority - Whose certificate the lock showed.
   * @param nowS - UTC seconds.
   * @returns The certificate as signed; empty where none is needed.
   */
  certificateToShow(kid: Uint8Array, lockAuthority: number, nowS: number): Uint8Array;
  /**
   * The level 2 certificate that a lock lacks.
   *
   * @param kid - Key id of the key that signed the lock's own certificate.
   * @returns The newest certificate of the lock's authority; empty where the lock shows that it is
   *   up to date.
   */
  certificateMissing(lockAuthority: number, kid: Uint8Array): Uint8Array;
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
   * Its end is not judged: the clock obeys the very key that a rotation takes out of use.
   *
   * @returns The certificate, `SIGNATURE_INVALID`, `OBJECT_OLD` for an epoch below the one in force
   *   or for another key of the same epoch, `CLAIMS_MALFORMED` for a key id that is not the key's, or
   *   `FLASH_FULL` for too many certificates.
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

  /** True where no newer key of the same authority and level is held. */
  function isNewest(item: Held): boolean {
    const own = item.certificate;
    for (const other of held) {
      if (isSamePost(other.certificate, own) && other.certificate.issuerEpoch > own.issuerEpoch) {
        return false;
      }
    }
    return true;
  }

  function anchorsOf(level: number): Anchor[] {
    const anchors: Anchor[] = [];
    for (const item of held) {
      if (item.certificate.level !== level) continue;
      if (level === LEVEL_DEVICES || isNewest(item)) anchors.push(item.anchor);
    }
    return anchors;
  }

  function verify(bytes: Uint8Array, id: number): Result<Held> {
    const certificate = verifyIssuerCertificate(bytes, roots);
    if (!certificate.ok) return certificate;
    const issuer = certificate.value.issuer;
    const key = crypto.importVerificationKey(issuer.publicKey);
    if (!key.ok) return key;
    if (!equalBytes(issuer.kid, kidOf(crypto, issuer.publicKey))) return fail(CLAIMS_MALFORMED);
    const anchor = { kid: issuer.kid, key: key.value };
    return succeed({ id, certificate: certificate.value, anchor, bytes });
  }

  /**
   * The certificate that a new one takes the place of: the same key's, or the older of two.
   *
   * @returns undefined where there is room beside the one held, or none is held.
   */
  function replacedBy(certificate: IssuerCertificate): Held | undefined {
    let oldest: Held | undefined;
    let count = 0;
    for (const item of held) {
      if (isSamePost(item.certificate, certificate)) {
        count += 1;
        if (item.certificate.issuerEpoch === certificate.issuerEpoch) return item;
        const isOlder =
          oldest === undefined || item.certificate.issuerEpoch < oldest.certificate.issuerEpoch;
        if (isOlder) oldest = item;
      }
    }
    return count < EPOCHS_MAX ? undefined : oldest;
  }

  /** True for an epoch that is over, or another key under an epoch that has its key. */
  function isOverruled(certificate: IssuerCertificate): boolean {
    for (const item of held) {
      const known = item.certificate;
      if (isSamePost(known, certificate)) {
        if (known.issuerEpoch > certificate.issuerEpoch) return true;
        const isSameEpoch = known.issuerEpoch === certificate.issuerEpoch;
        if (isSameEpoch && !equalBytes(known.issuer.publicKey, certificate.issuer.publicKey)) {
          return true;
        }
      }
    }
    return false;
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
    for (const item of held) if (equalBytes(item.bytes, bytes)) return succeed(certificate);
    if (isOverruled(certificate)) return fail(OBJECT_OLD);
    const old = replacedBy(certificate);
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
      const devices: IssuerCertificate[] = [];
      for (const item of held) {
        if (item.certificate.level === LEVEL_DEVICES) devices.push(item.certificate);
      }
      // Newest epochs first, so that what falls off is the oldest.
      devices.sort((a, b) => b.issuerEpoch - a.issuerEpoch);
      const authorities: CertificateAuthority[] = [];
      for (const certificate of devices) {
        const issuer = certificate.issuer;
        const authority = certificate.authority;
        if (authorities.length < DOOR_KEYS_MAX) {
          authorities.push({ authority, kid: issuer.kid, publicKey: issuer.publicKey });
        }
      }
      return authorities;
    },
    certificateToShow(kid, lockAuthority, nowS) {
      for (const item of held) {
        const known = item.certificate;
        if (equalBytes(item.anchor.kid, kid) && known.level === LEVEL_RINGS) {
          const isRotated = known.issuerEpoch > FIRST_EPOCH;
          const isRecent = nowS < known.iatS + ROTATION_SHOWN_S;
          const isForeign = known.authority !== lockAuthority;
          return isForeign || (isRotated && isRecent) ? item.bytes : NOTHING;
        }
      }
      return NOTHING;
    },
    certificateMissing(lockAuthority, kid) {
      for (const item of held) {
        const known = item.certificate;
        const isOfLock = known.authority === lockAuthority && known.level === LEVEL_DEVICES;
        if (isOfLock && isNewest(item)) {
          return equalBytes(item.anchor.kid, kid) ? NOTHING : item.bytes;
        }
      }
      return NOTHING;
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

function isSamePost(a: IssuerCertificate, b: IssuerCertificate): boolean {
  return a.authority === b.authority && a.level === b.level;
}
