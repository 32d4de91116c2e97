// SPDX-License-Identifier: EUPL-1.2
import {
  bytesOfHex,
  CONSENT_MISSING,
  devidOf,
  equalBytes,
  fail,
  hexOf,
  type IssuerCertificate,
  kidOf,
  LEVEL_DEVICES,
  type LockCertificate,
  RECORD_UNKNOWN,
  REQUEST_INVALID,
  type Result,
  STATE_CONFLICT,
  succeed,
  verifyIssuerCertificate,
  verifyLockCertificate,
} from "@nyckelring/protocol";
import { missingSignatories } from "./access-rights.ts";
import type { Issuer } from "./api.ts";
import type { Authority } from "./authority.ts";
import type { Fact } from "./facts.ts";
import type { Journal } from "./journal.ts";
import { type Door, hostDoorName } from "./register.ts";
import { authorise } from "./role-model.ts";

// An entrance that two authorities share. Its lock belongs to one of them, the host, which names
// the guest in the lock's configuration. The guest is told here of the lock and of the key that
// certifies it, so that its own keys believe the lock and its own rights reach the door.

type Hosts = Pick<Issuer, "papersForGuest" | "acceptHost" | "addForeignDoor">;

/**
 * Offers both sides of an entrance that is shared with another authority (L6).
 * @internal
 */
export function createHosts(journal: Journal, authority: Authority): Hosts {
  const { ports, register } = journal;
  const { crypto } = ports;
  const nowS = () => ports.clock.nowS();

  /** Refuses a lock that a log could not be opened for, or that bears another's name. */
  function checkLock({ lock, signingPublicKey }: LockCertificate): Result<true> {
    const signing = crypto.importVerificationKey(signingPublicKey);
    if (!signing.ok) return signing;
    const shared = ports.vault.agreementKey("agreement").agree(lock.publicKey);
    if (!shared.ok) return shared;
    const isNamed = equalBytes(devidOf(crypto, signingPublicKey), lock.devid);
    return isNamed ? succeed(true) : fail(REQUEST_INVALID);
  }

  /** A certificate that a device key of this host signed. */
  function readLock(host: number, bytes: Uint8Array): Result<LockCertificate> {
    const keys = register.hosts.get(host)?.deviceKeys ?? [];
    const anchors = keys.flatMap((publicKey) => {
      const bytesOfKey = bytesOfHex(publicKey);
      const key = crypto.importVerificationKey(bytesOfKey);
      return key.ok ? [{ kid: kidOf(crypto, bytesOfKey), key: key.value }] : [];
    });
    const lock = verifyLockCertificate(bytes, anchors);
    if (!lock.ok) return lock;
    const checked = checkLock(lock.value);
    if (!checked.ok) return checked;
    return lock.value.expS > nowS() ? lock : fail(REQUEST_INVALID);
  }

  /** The certificate of a host's device key, as the host's own root signed it. */
  function readHost(rootKey: Uint8Array, bytes: Uint8Array): Result<IssuerCertificate> {
    const root = crypto.importVerificationKey(rootKey);
    if (!root.ok) return root;
    const anchor = { kid: kidOf(crypto, rootKey), key: root.value };
    const certificate = verifyIssuerCertificate(bytes, [anchor]);
    if (!certificate.ok) return certificate;
    const { issuer, level, expS } = certificate.value;
    const key = crypto.importVerificationKey(issuer.publicKey);
    if (!key.ok) return key;
    const isNamed = equalBytes(issuer.kid, kidOf(crypto, issuer.publicKey));
    const isUsable = isNamed && level === LEVEL_DEVICES && expS > nowS();
    return isUsable ? certificate : fail(REQUEST_INVALID);
  }

  return {
    papersForGuest(by, { door, authority: guest }) {
      const allowed = authorise(register, by, "issuer-keys");
      if (!allowed.ok) return allowed;
      const place = register.doors.get(door);
      const lock = register.locks.get(place?.lock ?? "");
      const epoch = register.issuerEpoch;
      const isShared = place?.host === null && place.guests.includes(guest);
      if (!isShared || lock === undefined || epoch === null) return fail(RECORD_UNKNOWN);
      return succeed({
        rootKey: authority.rootKey,
        deviceCertificate: bytesOfHex(epoch.deviceCertificate),
        lockCertificate: bytesOfHex(lock.certificate),
      });
    },

    acceptHost(by, { rootKey, deviceCertificate, evidence }) {
      const allowed = authorise(register, by, "issuer-keys");
      if (!allowed.ok) return allowed;
      const read = readHost(rootKey, deviceCertificate);
      if (!read.ok) return read;
      const { authority: host, issuerEpoch, issuer } = read.value;
      const known = register.hosts.get(host);
      const isNewer =
        known === undefined ||
        (known.rootPublicKey === hexOf(rootKey) && known.issuerEpoch < issuerEpoch);
      if (host === authority.number || !isNewer) return fail(STATE_CONFLICT);
      if (evidence.trim() === "") return fail(CONSENT_MISSING);
      journal.commit({ user: by }, [
        {
          kind: "host-accepted",
          authority: host,
          rootPublicKey: hexOf(rootKey),
          issuerEpoch,
          deviceKey: hexOf(issuer.publicKey),
          certificate: hexOf(authority.vouch(read.value, nowS())),
          evidence,
        },
      ]);
      return succeed(host);
    },

    addForeignDoor(by, { authority: host, building, address, lockCertificate }) {
      const allowed = authorise(register, by, "locks");
      if (!allowed.ok) return allowed;
      if (!register.hosts.has(host) || !register.buildings.has(building)) {
        return fail(RECORD_UNKNOWN);
      }
      if (address.trim() === "") return fail(REQUEST_INVALID);
      const read = readLock(host, lockCertificate);
      if (!read.ok) return read;
      const { door: hostDoor, groups, lock, signingPublicKey } = read.value;
      const known = register.doorsOfHosts.get(hostDoorName(host, hostDoor));
      const before = known === undefined ? undefined : register.doors.get(known);
      // Numbers of hosts are no numbers of ours: a door of theirs gets the next one here.
      const door = known ?? (register.lastNumber.get("door") ?? 0) + 1;
      const added: Door = {
        door,
        building,
        use: "entrance",
        address,
        alarmCode: null,
        groups: [],
        guests: [],
        lock: null,
        host,
        hostDoor,
      };
      const isNewLock = before?.building === building && before.lock === null;
      const isFree = before === undefined || isNewLock;
      const devid = hexOf(lock.devid);
      const isKnown = register.locks.has(devid) || register.keys.has(devid);
      if (!isFree || isKnown) return fail(STATE_CONFLICT);
      if (missingSignatories(register, added).length > 0) return fail(CONSENT_MISSING);
      const where = { authority: host, hostDoor, building, address };
      const place: Fact = { kind: "foreign-door-added", door, ...where };
      journal.commit({ user: by }, [
        ...(before === undefined ? [place] : []),
        {
          kind: "foreign-lock-added",
          devid,
          door,
          groups,
          signingPublicKey: hexOf(signingPublicKey),
          agreementPublicKey: hexOf(lock.publicKey),
          certificate: hexOf(lockCertificate),
        },
      ]);
      return succeed(door);
    },
  };
}
