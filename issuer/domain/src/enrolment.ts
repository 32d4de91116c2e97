// SPDX-License-Identifier: EUPL-1.2
import {
  AUTHORITIES_MAX,
  bytesOfHex,
  CONSENT_MISSING,
  DOOR_OCCUPIED,
  devidOf,
  fail,
  GROUPS_MAX,
  hexOf,
  LIMIT_REACHED,
  OPS_ALL,
  RECORD_UNKNOWN,
  REQUEST_INVALID,
  type Result,
  ROLE_FORBIDDEN,
  STATE_CONFLICT,
  succeed,
  UNKNOWN_DEVICE,
  WINDOW_S_MAX,
} from "@nyckelring/protocol";
import { isOwnLock, missingSignatories } from "./access-rights.ts";
import type { DevicePublic, Issuer, KeyProvision, LockProvision } from "./api.ts";
import type { Authority } from "./authority.ts";
import type { Fact } from "./facts.ts";
import type { Journal } from "./journal.ts";
import type { Door, KeyRecord } from "./register.ts";
import type { Revocation } from "./revocation.ts";
import { authorise } from "./role-model.ts";

/** Longest life of a service permit, in seconds. */
const SERVICE_S_MAX = 86_400;

type Enrolment = Pick<
  Issuer,
  | "enrolKey"
  | "reassignKey"
  | "enrolLock"
  | "removeLock"
  | "permitService"
  | "enrolStation"
  | "permitStationService"
  | "addDoorToGroup"
  | "addGuestAuthority"
  | "shareDoor"
  | "rotateIssuerKeys"
>;

/**
 * Offers the enrolment of devices and what their enrolment decided once: which door, which groups,
 * whom to trust.
 * @internal
 */
export function createEnrolment(
  journal: Journal,
  authority: Authority,
  revocation: Revocation,
): Enrolment {
  const { ports, register } = journal;
  const nowS = () => ports.clock.nowS();

  /** Refuses public keys that no honest device shows; gives the name of the device. */
  function identify(device: DevicePublic): Result<string> {
    const signing = ports.crypto.importVerificationKey(device.signingPublicKey);
    if (!signing.ok) return signing;
    const shared = ports.vault.agreementKey("agreement").agree(device.agreementPublicKey);
    if (!shared.ok) return shared;
    const devid = hexOf(devidOf(ports.crypto, device.signingPublicKey));
    const known = register.keys.has(devid) || register.locks.has(devid);
    return known ? fail(STATE_CONFLICT) : succeed(devid);
  }

  function provisionOfKey(): KeyProvision {
    return {
      rootKey: authority.rootKey,
      issuerAgreementKey: authority.agreementPublicKey,
      issuerCertificates: authority.certificatesForKeys(),
    };
  }

  function checkNewHolder(by: number, carer: number): Result<number> {
    const person = register.carers.get(carer);
    const allowed = authorise(register, by, "staff", person?.provider);
    if (!allowed.ok) return allowed;
    if (person === undefined || person.ended) return fail(RECORD_UNKNOWN);
    const keys = register.keysOfCarer.get(carer) ?? [];
    const holdsOne = keys.some((devid) => register.keys.get(devid)?.state === "active");
    return holdsOne ? fail(STATE_CONFLICT) : succeed(person.provider);
  }

  function enrolled(devid: string, carer: number, provider: number, device: DevicePublic): Fact {
    return {
      kind: "key-enrolled",
      devid,
      carer,
      provider,
      signingPublicKey: hexOf(device.signingPublicKey),
      agreementPublicKey: hexOf(device.agreementPublicKey),
    };
  }

  function findKey(by: number, devid: Uint8Array): Result<KeyRecord> {
    const key = register.keys.get(hexOf(devid));
    const allowed = authorise(register, by, "staff", key?.provider);
    if (!allowed.ok) return allowed;
    return key === undefined ? fail(UNKNOWN_DEVICE) : succeed(key);
  }

  function reconfigure(by: number, facts: readonly Fact[], door: Door, changed: Door): void {
    const lock = door.lock === null ? undefined : register.locks.get(door.lock);
    const config = lock === undefined ? [] : [authority.configureLock(lock, changed, nowS())];
    journal.commit({ user: by }, [...facts, ...config]);
  }

  return {
    enrolKey(by, { carer, devicePublic }) {
      const holder = checkNewHolder(by, carer);
      if (!holder.ok) return holder;
      const devid = identify(devicePublic);
      if (!devid.ok) return devid;
      const fact = enrolled(devid.value, carer, holder.value, devicePublic);
      journal.commit({ user: by }, [fact]);
      return succeed(provisionOfKey());
    },

    reassignKey(by, { devid, carer, devicePublic }) {
      const old = findKey(by, devid);
      if (!old.ok) return old;
      if (old.value.state !== "active") return fail(STATE_CONFLICT);
      const holder = checkNewHolder(by, carer);
      if (!holder.ok) return holder;
      const identity = identify(devicePublic);
      if (!identity.ok) return identity;
      journal.commit({ user: by }, [
        { kind: "key-ended", devid: old.value.devid, reason: "reassigned" },
        enrolled(identity.value, carer, holder.value, devicePublic),
      ]);
      revocation.ensureFloors();
      return succeed(provisionOfKey());
    },

    enrolLock(by, { door, devicePublic, profile, clockUnknown = 0 }) {
      const allowed = authorise(register, by, "locks");
      if (!allowed.ok) return allowed;
      const place = register.doors.get(door);
      if (place === undefined) return fail(RECORD_UNKNOWN);
      if (place.host !== null) return fail(STATE_CONFLICT);
      if (place.lock !== null) return fail(DOOR_OCCUPIED);
      if (missingSignatories(register, place).length > 0) return fail(CONSENT_MISSING);
      const identity = identify(devicePublic);
      if (!identity.ok) return identity;
      const enrolledLock = {
        devid: identity.value,
        door,
        signingPublicKey: hexOf(devicePublic.signingPublicKey),
        agreementPublicKey: hexOf(devicePublic.agreementPublicKey),
        profile,
        clockUnknown,
      };
      const blank = {
        ended: false,
        cfgseq: 0,
        appliedCfgseq: 1,
        groups: [],
        certifiedAtS: 0,
        certificate: "",
        config: "",
      };
      journal.commit({ user: by }, [
        { kind: "lock-enrolled", ...enrolledLock },
        authority.configureLock({ ...enrolledLock, ...blank }, place, nowS()),
      ]);
      const lock = register.locks.get(identity.value);
      const provision: LockProvision = {
        rootKey: authority.rootKey,
        issuerAgreementKey: authority.agreementPublicKey,
        certificate: bytesOfHex(lock?.certificate ?? ""),
        config: bytesOfHex(lock?.config ?? ""),
        issuerCertificates: authority.certificates(),
      };
      const floors = register.floors;
      return succeed(
        floors === null ? provision : { ...provision, floors: bytesOfHex(floors.list) },
      );
    },

    removeLock(by, { door, reason }) {
      const allowed = authorise(register, by, "locks");
      if (!allowed.ok) return allowed;
      const devid = register.doors.get(door)?.lock;
      if (devid === undefined || devid === null) return fail(RECORD_UNKNOWN);
      journal.commit({ user: by }, [{ kind: "lock-ended", devid, reason }]);
      return succeed(true);
    },

    permitService(by, { devid, untilS }) {
      const name = hexOf(devid);
      const lock = register.locks.get(name);
      const key = register.keys.get(name);
      const allowed = authorise(register, by, "locks");
      if (!allowed.ok) return allowed;
      if (lock === undefined && key === undefined) return fail(UNKNOWN_DEVICE);
      const isOurs = lock === undefined || (!lock.ended && isOwnLock(register, lock));
      if (!isOurs || (key !== undefined && key.state !== "active")) return fail(STATE_CONFLICT);
      if (untilS <= nowS() || untilS > nowS() + SERVICE_S_MAX) return fail(REQUEST_INVALID);
      // The time, so that a register restored from a copy does not give a number a second time.
      const last = register.servicePermits.get(name)?.serial ?? 0;
      const serial = Math.max(nowS(), last + 1);
      journal.commit({ user: by }, [authority.permitService(name, serial, untilS)]);
      return succeed(serial);
    },

    permitStationService(by, { station, untilS }) {
      const allowed = authorise(register, by, "stations", null);
      if (!allowed.ok) return allowed;
      if (allowed.value.provider !== null) return fail(ROLE_FORBIDDEN);
      const known = register.stations.get(station);
      if (known === undefined) return fail(RECORD_UNKNOWN);
      if (untilS <= nowS() || untilS > nowS() + SERVICE_S_MAX) return fail(REQUEST_INVALID);
      const serial = Math.max(nowS(), (known.service?.serial ?? 0) + 1);
      journal.commit({ user: by }, [
        { kind: "station-service-permitted", station, serial, untilS },
      ]);
      return succeed(serial);
    },

    enrolStation(by, { provider }) {
      const allowed = authorise(register, by, "stations", null);
      if (!allowed.ok) return allowed;
      if (allowed.value.provider !== null) return fail(ROLE_FORBIDDEN);
      if (provider !== undefined && !register.providers.has(provider)) return fail(RECORD_UNKNOWN);
      const station = (register.lastNumber.get("station") ?? 0) + 1;
      journal.commit({ user: by }, [
        { kind: "station-enrolled", station, provider: provider ?? null },
      ]);
      return succeed({
        stationId: station,
        commandKey: ports.vault.macKey(stationSecret(station)),
      });
    },

    addDoorToGroup(by, { door, group }) {
      const allowed = authorise(register, by, "groups");
      if (!allowed.ok) return allowed;
      const place = register.doors.get(door);
      if (place === undefined || !register.groups.has(group)) return fail(RECORD_UNKNOWN);
      if (place.host !== null || place.groups.includes(group)) return fail(STATE_CONFLICT);
      if (place.groups.length >= GROUPS_MAX) return fail(LIMIT_REACHED, GROUPS_MAX);
      const changed = { ...place, groups: [...place.groups, group] };
      reconfigure(by, [{ kind: "door-grouped", door, group }], place, changed);
      return succeed(true);
    },

    addGuestAuthority(by, request) {
      const { authority: guest, rootKey, agreementKey, opsmask, maxvalidS, issuerEpoch } = request;
      const allowed = authorise(register, by, "issuer-keys");
      if (!allowed.ok) return allowed;
      const key = ports.crypto.importVerificationKey(rootKey);
      if (!key.ok) return key;
      // An agreement key of small order would seal a log that anybody can open.
      const shared = ports.vault.agreementKey("agreement").agree(agreementKey);
      if (!shared.ok) return shared;
      if (guest === authority.number || register.guests.has(guest)) return fail(STATE_CONFLICT);
      const isMask = opsmask >= 0 && opsmask <= OPS_ALL;
      if (!isMask || maxvalidS <= 0 || maxvalidS > WINDOW_S_MAX) return fail(REQUEST_INVALID);
      // The number of all ones stands at a lock for a key that is not there.
      const isEpoch = Number.isInteger(issuerEpoch) && issuerEpoch >= 0;
      if (!isEpoch || issuerEpoch >= 0xffff_ffff) return fail(REQUEST_INVALID);
      journal.commit({ user: by }, [
        {
          kind: "guest-authority-added",
          authority: guest,
          rootPublicKey: hexOf(rootKey),
          agreementPublicKey: hexOf(agreementKey),
          opsmask,
          maxvalidS,
          issuerEpoch,
        },
      ]);
      return succeed(true);
    },

    shareDoor(by, { door, authority: guest }) {
      const allowed = authorise(register, by, "issuer-keys");
      if (!allowed.ok) return allowed;
      const place = register.doors.get(door);
      if (place === undefined || !register.guests.has(guest)) return fail(RECORD_UNKNOWN);
      if (place.use !== "entrance" || place.host !== null) return fail(STATE_CONFLICT);
      if (place.guests.includes(guest)) return fail(STATE_CONFLICT);
      if (place.guests.length + 1 >= AUTHORITIES_MAX) return fail(LIMIT_REACHED, AUTHORITIES_MAX);
      const changed = { ...place, guests: [...place.guests, guest] };
      reconfigure(by, [{ kind: "door-shared", door, authority: guest }], place, changed);
      return succeed(true);
    },

    rotateIssuerKeys(by) {
      const allowed = authorise(register, by, "issuer-keys");
      if (!allowed.ok) return allowed;
      journal.commit({ user: by }, [authority.nextEpoch(nowS())]);
      // Only after the epoch has begun do the signatures below come from its keys.
      const facts = [...register.locks.values()].flatMap((lock) => {
        const door = register.doors.get(lock.door);
        const inUse = !lock.ended && door !== undefined && door.host === null;
        return inUse ? [authority.configureLock(lock, door, nowS())] : [];
      });
      journal.commit({ user: by }, facts);
      revocation.renewFloors();
      return succeed(true);
    },
  };
}

/**
 * Names the secret under which a station's commands are authenticated.
 * @internal
 */
export function stationSecret(station: number): string {
  return `station/${station}`;
}
