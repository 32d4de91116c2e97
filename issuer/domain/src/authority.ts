// SPDX-License-Identifier: EUPL-1.2
import {
  type Anchor,
  assert,
  bytesOfHex,
  hexOf,
  type IssuerCertificate,
  kidOf,
  LEVEL_DEVICES,
  LEVEL_RINGS,
  OPS_ALL,
  PROMISE_BROKEN,
  type Signer,
  type SigningKey,
  signIssuerCertificate,
  signLockCertificate,
  signLockConfig,
  signServicePermit,
  WINDOW_S_MAX,
} from "@nyckelring/protocol";
import type { Fact } from "./facts.ts";
import { groupsOfLock } from "./group-doors.ts";
import { type Journal, SYSTEM } from "./journal.ts";
import type { Door, LockRecord } from "./register.ts";
import { FIRST_ROLES, FOUNDER_ROLE } from "./role-model.ts";

// The authority's signatures. Its root key signs nothing but the two issuing keys of each epoch:
// level 1 for what lives hours (heads, floors, time, acknowledgements), level 2 for what says which
// lock is which. Devices trust the root; a stolen issuing key ends with the next epoch.

const YEAR_S = 31_536_000;
const CERTIFICATE_LIFE_S = 10 * YEAR_S;
/** Number of the first user. */
const FOUNDER = 1;
/** After a rotation keys carry the new certificates for 180 days. */
const ROTATION_CARRY_S = 180 * 86_400;

/** The signing side of an authority. @internal */
export interface Authority {
  readonly number: number;
  readonly founder: number;
  readonly rootKey: Uint8Array;
  readonly agreementPublicKey: Uint8Array;
  /** Level 1: ring heads, floor lists, time grants, acknowledgements, re-send requests. */
  ringSigner(): Signer;
  /** The certificates of both issuing keys of the present epoch. */
  certificates(): readonly Uint8Array[];
  /**
   * The same for keys, and in front of them the level 2 certificate of the epoch before: a lock
   * that nobody has visited since the rotation is still known by it.
   */
  certificatesForKeys(): readonly Uint8Array[];
  /** True for what was signed before the present epoch, at a time in UTC seconds. */
  isOfEarlierEpoch(signedAtS: number): boolean;
  /** `certificatesForKeys` while devices in the field may still know the epoch before, otherwise none. */
  certificatesToCarry(nowS: number): readonly Uint8Array[];
  /** Facts of a new epoch of issuing keys. */
  nextEpoch(nowS: number): Fact;
  /**
   * Certificate and configuration of a lock as its door stands now, one number higher. The time in
   * the certificate is later than in the one before, if need be by some seconds ahead.
   */
  configureLock(lock: LockRecord, door: Door, nowS: number): Fact;
  /** Leave to open the console of a device once, until a time in UTC seconds. */
  permitService(devid: string, serial: number, untilS: number): Fact;
  /** The root's word for the device key of another authority, for our own keys to carry. */
  vouch(certificate: IssuerCertificate, nowS: number): Uint8Array;
  /** Secret shared with a device, from its X25519 public key. */
  sharedSecret(agreementPublicKey: string): Uint8Array;
}

/**
 * Opens the authority of a journal, and founds it in an empty one.
 *
 * Requires: a journal that was founded belongs to the same authority.
 * @internal
 */
export function openAuthority(journal: Journal, number: number): Authority {
  const { ports, register } = journal;
  const { crypto, vault } = ports;
  const rootKey = vault.signingKey("root");
  const agreementKey = vault.agreementKey("agreement");
  const sharedSecrets = new Map<string, Uint8Array>();

  function signerOf(key: SigningKey): Signer {
    return { kid: kidOf(crypto, key.publicKey), key };
  }

  const epochKey = (level: number, epoch: number) => vault.signingKey(`level-${level}/${epoch}`);
  const epochNow = () => register.issuerEpoch?.issuerEpoch ?? 0;

  function certify(level: number, issuerEpoch: number, nowS: number): string {
    const publicKey = epochKey(level, issuerEpoch).publicKey;
    return hexOf(
      signIssuerCertificate(
        {
          expS: nowS + CERTIFICATE_LIFE_S,
          iatS: nowS,
          issuer: { kid: kidOf(crypto, publicKey), publicKey },
          level,
          issuerEpoch,
          authority: number,
        },
        signerOf(rootKey),
      ),
    );
  }

  function nextEpoch(nowS: number): Fact {
    const issuerEpoch = epochNow() + 1;
    return {
      kind: "issuer-epoch-started",
      issuerEpoch,
      ringCertificate: certify(LEVEL_RINGS, issuerEpoch, nowS),
      deviceCertificate: certify(LEVEL_DEVICES, issuerEpoch, nowS),
    };
  }

  function certificates(): readonly Uint8Array[] {
    const epoch = register.issuerEpoch;
    if (epoch === null) return [];
    return [bytesOfHex(epoch.ringCertificate), bytesOfHex(epoch.deviceCertificate)];
  }

  function certificatesForKeys(): readonly Uint8Array[] {
    const before = register.issuerEpoch?.previousDeviceCertificate ?? null;
    return [...(before === null ? [] : [bytesOfHex(before)]), ...certificates()];
  }

  function found(): void {
    journal.commit(SYSTEM, [
      {
        kind: "authority-founded",
        authority: number,
        rootPublicKey: hexOf(rootKey.publicKey),
        agreementPublicKey: hexOf(agreementKey.publicKey),
      },
      nextEpoch(ports.clock.nowS()),
      ...FIRST_ROLES,
      { kind: "user-added", user: FOUNDER, role: FOUNDER_ROLE, provider: null, carer: null },
    ]);
  }

  if (register.authority === null) found();
  assert(
    register.authority?.authority === number &&
      register.authority.rootPublicKey === hexOf(rootKey.publicKey),
    PROMISE_BROKEN,
  );

  return {
    number,
    founder: FOUNDER,
    rootKey: rootKey.publicKey,
    agreementPublicKey: agreementKey.publicKey,
    ringSigner: () => signerOf(epochKey(LEVEL_RINGS, epochNow())),
    certificates,
    certificatesForKeys,
    isOfEarlierEpoch(signedAtS) {
      const epoch = register.issuerEpoch;
      // What bears the very second of a rotation may be of either epoch.
      return epoch !== null && epoch.issuerEpoch > 1 && signedAtS <= epoch.startedAtS;
    },
    certificatesToCarry(nowS) {
      const epoch = register.issuerEpoch;
      const isNew = epoch !== null && epoch.issuerEpoch > 1;
      return isNew && nowS - epoch.startedAtS < ROTATION_CARRY_S ? certificatesForKeys() : [];
    },
    nextEpoch,
    configureLock(lock, door, nowS) {
      const signer = signerOf(epochKey(LEVEL_DEVICES, epochNow()));
      const devid = bytesOfHex(lock.devid);
      const cfgseq = lock.cfgseq + 1;
      // A certificate has no number, so a lock tells the newer by its time: two of one second would
      // leave it with the first, whose groups are no longer those of its configuration.
      const certifiedAtS = Math.max(nowS, lock.certifiedAtS + 1);
      const groups = groupsOfLock(register, door);
      const guests = door.guests.flatMap((authority) => {
        const guest = register.guests.get(authority);
        if (guest === undefined) return [];
        const publicKey = bytesOfHex(guest.rootPublicKey);
        const { opsmask, maxvalidS, issuerEpoch } = guest;
        const guestAgreementKey = bytesOfHex(guest.agreementPublicKey);
        const kid = kidOf(crypto, publicKey);
        const limits = { opsmask, maxvalidS, issuerEpochMin: issuerEpoch };
        return [{ authority, kid, publicKey, ...limits, agreementKey: guestAgreementKey }];
      });
      const own = {
        authority: number,
        kid: kidOf(crypto, rootKey.publicKey),
        publicKey: rootKey.publicKey,
        opsmask: OPS_ALL,
        maxvalidS: WINDOW_S_MAX,
        agreementKey: agreementKey.publicKey,
        issuerEpochMin: epochNow(),
      };
      return {
        kind: "lock-configured",
        devid: lock.devid,
        cfgseq,
        groups,
        certifiedAtS,
        certificate: hexOf(
          signLockCertificate(
            {
              expS: certifiedAtS + CERTIFICATE_LIFE_S,
              iatS: certifiedAtS,
              lock: { devid, publicKey: bytesOfHex(lock.agreementPublicKey) },
              door: door.door,
              groups,
              signingPublicKey: bytesOfHex(lock.signingPublicKey),
            },
            signer,
          ),
        ),
        config: hexOf(
          signLockConfig(
            {
              devid,
              door: door.door,
              cfgseq,
              groups,
              anchors: [own, ...guests],
              profile: lock.profile,
              clockUnknown: lock.clockUnknown,
            },
            signer,
          ),
        ),
      };
    },
    permitService(devid, serial, untilS) {
      const signer = signerOf(epochKey(LEVEL_DEVICES, epochNow()));
      const permit = signServicePermit({ devid: bytesOfHex(devid), serial, untilS }, signer);
      return { kind: "service-permitted", devid, serial, untilS, permit: hexOf(permit) };
    },
    vouch: (certificate, nowS) =>
      signIssuerCertificate({ ...certificate, iatS: nowS }, signerOf(rootKey)),
    sharedSecret(agreementPublicKey) {
      const kept = sharedSecrets.get(agreementPublicKey);
      if (kept !== undefined) return kept;
      const secret = agreementKey.agree(bytesOfHex(agreementPublicKey));
      // Enrolment has refused every key for which this fails.
      assert(secret.ok, PROMISE_BROKEN);
      sharedSecrets.set(agreementPublicKey, secret.value);
      return secret.value;
    },
  };
}

/**
 * The anchor under which a device's own signatures verify.
 *
 * Requires: a public key that enrolment accepted.
 * @internal
 */
export function deviceAnchor(journal: Journal, signingPublicKey: string): Anchor {
  const publicKey = bytesOfHex(signingPublicKey);
  const key = journal.ports.crypto.importVerificationKey(publicKey);
  assert(key.ok, PROMISE_BROKEN);
  return { kid: kidOf(journal.ports.crypto, publicKey), key: key.value };
}
