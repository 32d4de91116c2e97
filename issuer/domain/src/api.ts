// SPDX-License-Identifier: EUPL-1.2
import type { Result } from "@nyckelring/protocol";
import type {
  ConsentScope,
  HeadPurpose,
  LeafFact,
  Permission,
  RightScope,
  Signatory,
} from "./facts.ts";
import type { HistoryRecord } from "./history.ts";
import type { WeeklyShift } from "./local-time.ts";
import type { AuditRecord } from "./ports.ts";
import type { Consent, Register } from "./register.ts";

/** Public keys that a device shows at enrolment, 32 octets each. @public */
export interface DevicePublic {
  readonly signingPublicKey: Uint8Array;
  readonly agreementPublicKey: Uint8Array;
}

/** What a key stores at enrolment. @public */
export interface KeyProvision {
  readonly rootKey: Uint8Array;
  readonly issuerAgreementKey: Uint8Array;
  readonly issuerCertificates: readonly Uint8Array[];
}

/** What a lock stores at commissioning. @public */
export interface LockProvision {
  readonly rootKey: Uint8Array;
  readonly issuerAgreementKey: Uint8Array;
  readonly certificate: Uint8Array;
  readonly config: Uint8Array;
  readonly issuerCertificates: readonly Uint8Array[];
  /** The newest floor list, absent while there is none. */
  readonly floors?: Uint8Array;
}

/** What the owner of a lock hands to the authority that is a guest at it; nothing in it is secret. @public */
export interface HostPapers {
  /** Ed25519 key of the owner's root. */
  readonly rootKey: Uint8Array;
  /** Issuer certificate of the owner's device key, level 2, signed by that root. */
  readonly deviceCertificate: Uint8Array;
  /** Certificate of the lock: its door number, groups and public keys. */
  readonly lockCertificate: Uint8Array;
}

/** How a station is; fields are null until it has said so since the issuer's start. @public */
export type StationHealth = {
  readonly station: number;
  /** Null for a station of the municipality. */
  readonly provider: number | null;
  /** When it last said anything with a good MAC, UTC seconds. */
  readonly heardAtS: number | null;
  /** 0 mains, 1 own battery, 2 a key's battery. */
  readonly power: number | null;
  /** 0 none, 1 LAN, 2 Wi-Fi, 3 GSM. */
  readonly link: number | null;
  readonly batteryPercent: number | null;
  /** Sealed batches that wait there. */
  readonly queued: number | null;
  /** It has said nothing for a quarter of an hour. */
  readonly isSilent: boolean;
};

/** What a station stores at enrolment. @public */
export interface StationProvision {
  readonly stationId: number;
  /** Secret of 32 octets under which its commands are authenticated. */
  readonly commandKey: Uint8Array;
}

/** A ring that can still open a door. @public */
export interface LiveRing {
  readonly door: number;
  readonly devid: string;
  readonly carer: number;
  readonly ringseq: number;
  readonly purpose: HeadPurpose;
  /** Window of the head, UTC seconds, half-open. */
  readonly nbfS: number;
  readonly expS: number;
  /** Seconds until it has died by itself. */
  readonly remainingS: number;
}

/** One passage, attempt or other event, as a device wrote it down. @public */
export interface EventView {
  readonly devid: string;
  readonly madeBy: "key" | "lock";
  readonly logEpoch: number;
  readonly n: number;
  readonly atS: number;
  /** 0 time floor only, 1 own clock not checked this shift, 2 own clock checked at sync. */
  readonly timeQuality: number;
  readonly kind: number;
  /** 1 enter, 2 leave, 0 neither. */
  readonly op: number;
  /** 0 granted, otherwise a code of the one table. */
  readonly reason: number;
  /** Key of the event, if a known key took part. */
  readonly key: string | null;
  /** Door of the event, if a known lock took part or the key named it. */
  readonly door: number | null;
  readonly ringseq: number;
  readonly committedAtS: number;
}

/** How far the answer to a query is known to be whole for one key. @public */
export interface Completeness {
  readonly key: string;
  /** The key's own log is here without a hole up to this time; null before its first upload. */
  readonly completeUpToS: number | null;
  readonly lastSyncS: number | null;
}

/** A door that waits for a consent. @public */
export interface ConsentTask {
  readonly door: number;
  readonly use: "entrance" | "apartment";
  readonly building: number;
  readonly missing: readonly Signatory[];
}

/** How home care gets in to a client now. @public */
export interface ClientAccess {
  readonly alarmCode: string;
  /** True if each entrance of the building, or the apartment, has a lock that rights reach. */
  readonly entrance: boolean;
  readonly apartment: boolean;
  /** True if carers still need a metal key somewhere on the way. */
  readonly needsMetalKey: boolean;
}

/**
 * The authorization system: rights are given, limited and taken back here, and every log ends here.
 *
 * Each changing call names the acting user first, is audited, and commits before it returns. Faults
 * that any of them can return: `ROLE_FORBIDDEN` (the role lacks the permission), `RECORD_UNKNOWN`
 * (no such record, or another tenant's), `REQUEST_INVALID` (a value that no record can have),
 * `STATE_CONFLICT` (it does not fit the present state).
 * @public
 */
export interface Issuer {
  readonly authority: number;
  /** First user of the authority, with every permission. */
  readonly founder: number;
  readonly rootKey: Uint8Array;
  readonly issuerAgreementKey: Uint8Array;
  /** The present state, to read. */
  readonly register: Register;

  addProvider(by: number, request: { organisation: string; preSigned?: number }): Result<number>;
  setPreSigned(by: number, request: { provider: number; preSigned: number }): Result<true>;
  defineRole(
    by: number,
    request: {
      role: string;
      tenancy: "municipal" | "provider";
      permissions: readonly Permission[];
    },
  ): Result<true>;
  addUser(by: number, request: { role: string; provider?: number; carer?: number }): Result<number>;
  removeUser(by: number, user: number): Result<true>;

  addCarer(by: number, request: { provider: number; staffCode: string }): Result<number>;
  addPropertyOwner(by: number, request: { organisation: string }): Result<number>;
  addAssociation(
    by: number,
    request: { organisation: string; signatories: readonly Signatory[] },
  ): Result<number>;
  addBuilding(
    by: number,
    request: { owner: number; association?: number; district?: string },
  ): Result<number>;
  sellBuilding(by: number, request: { building: number; owner: number }): Result<true>;
  addDoor(
    by: number,
    request: {
      kind: "entrance" | "apartment";
      building: number;
      address: string;
      alarmCode?: string;
      groups?: readonly number[];
    },
  ): Result<number>;
  addGroup(by: number, request: { purpose: string }): Result<number>;
  addDoorToGroup(by: number, request: { door: number; group: number }): Result<true>;
  grantGroup(by: number, request: { group: number; carer: number; untilS?: number }): Result<true>;
  revokeGroup(by: number, request: { group: number; carer: number }): Result<true>;

  addClient(
    by: number,
    request: { alarmCode: string; building: number; provider?: number },
  ): Result<true>;
  assignClient(by: number, request: { client: string; provider: number }): Result<true>;
  setClientActive(
    by: number,
    request: { client: string; provider: number; active: boolean },
  ): Result<true>;
  /** Moves a client from one provider to another in one step (I10). */
  changeProvider(
    by: number,
    request: { client: string; from: number; provider: number },
  ): Result<true>;

  recordConsent(
    by: number,
    request: {
      scope: ConsentScope;
      signatories: readonly Signatory[];
      evidence: string;
    },
  ): Result<number>;
  /** @returns The rings that can still open a door which this consent covered, with a countdown. */
  withdrawConsent(by: number, consent: number): Result<readonly LiveRing[]>;
  consentTasks(by: number): Result<readonly ConsentTask[]>;
  consents(by: number): Result<readonly Consent[]>;

  /** @returns Also `NOT_YOUR_CLIENT`, or `RING_FULL` with the number of rights as its detail. */
  grantRight(
    by: number,
    request: { carer: number; scope?: RightScope; fromS?: number; untilS?: number },
  ): Result<number>;
  restrictRight(
    by: number,
    request: { right: number; scope?: RightScope; fromS?: number; untilS?: number },
  ): Result<true>;
  revokeRight(by: number, right: number): Result<true>;

  /** @returns Also `WINDOW_TOO_LONG` for more than 12 h 30 min with the grace after the end. */
  planShift(by: number, request: { carer: number; startS: number; endS: number }): Result<number>;
  /** Plans the same hours by the clock of Stockholm on some weekdays between two dates. */
  planWeek(by: number, request: { carer: number; week: WeeklyShift }): Result<readonly number[]>;
  cancelShift(by: number, shift: number): Result<true>;

  enrolKey(
    by: number,
    request: { carer: number; devicePublic: DevicePublic },
  ): Result<KeyProvision>;
  /** Ends a key's binding and enrols its new identity for another carer (K4). */
  reassignKey(
    by: number,
    request: { devid: Uint8Array; carer: number; devicePublic: DevicePublic },
  ): Result<KeyProvision>;
  /** @returns Also `CONSENT_MISSING`. */
  enrolLock(
    by: number,
    request: {
      door: number;
      devicePublic: DevicePublic;
      profile: 0 | 1;
      clockUnknown?: 0 | 1 | 2;
    },
  ): Result<LockProvision>;
  /**
   * Lets the console of a lock or key that was locked down be opened once; the permit travels with the
   * next keys.
   *
   * @returns The number of the permit, or also `UNKNOWN_DEVICE`, `STATE_CONFLICT` for a device that has ended or another authority's
   *   lock, `REQUEST_INVALID` for an end that is not within the next 24 hours.
   */
  permitService(by: number, request: { devid: Uint8Array; untilS: number }): Result<number>;
  /**
   * The same for a station, which is told by commands under its own account.
   *
   * @returns The number of the permit, or also `RECORD_UNKNOWN`, `REQUEST_INVALID` for an end that is not
   *   within the next 24 hours.
   */
  permitStationService(by: number, request: { station: number; untilS: number }): Result<number>;
  removeLock(by: number, request: { door: number; reason: string }): Result<true>;
  /** A station of one provider, or of the municipality, which serves every key. */
  enrolStation(by: number, request: { provider?: number }): Result<StationProvision>;
  /** Lets another authority's keys open an entrance (L6). */
  addGuestAuthority(
    by: number,
    request: {
      authority: number;
      rootKey: Uint8Array;
      /** X25519 key of the other issuer: the lock seals the log of its keys' sessions to it. */
      agreementKey: Uint8Array;
      opsmask: number;
      maxvalidS: number;
      /** Its present epoch; locks take no certificate of an earlier one. */
      issuerEpoch: number;
    },
  ): Result<true>;
  shareDoor(by: number, request: { door: number; authority: number }): Result<true>;
  /** What a guest authority has to be told of an entrance that is shared with it. */
  papersForGuest(by: number, request: { door: number; authority: number }): Result<HostPapers>;
  /**
   * Becomes a guest of another authority: our root vouches for its device key, and our keys take
   * that word along when they may meet one of its locks. Once more after each rotation there.
   *
   * @param request - `evidence` names the agreement between the two authorities.
   * @returns The number of the other authority, `CONSENT_MISSING` without evidence,
   *   `STATE_CONFLICT` for an epoch that is not newer or another root than before,
   *   `REQUEST_INVALID` for a certificate that has ended or is of another level, or the fault of
   *   `verifyIssuerCertificate`.
   */
  acceptHost(
    by: number,
    request: { rootKey: Uint8Array; deviceCertificate: Uint8Array; evidence: string },
  ): Result<number>;
  /**
   * Records an entrance whose lock another authority owns, whatever number it has there; also the
   * next lock in it, once `removeLock` has ended the one before.
   *
   * @returns Our number of the door, `CONSENT_MISSING` without the property owner's consent here,
   *   `STATE_CONFLICT` where the door has a lock or stands in another building, or the fault of
   *   `verifyLockCertificate`.
   */
  addForeignDoor(
    by: number,
    request: {
      authority: number;
      building: number;
      address: string;
      lockCertificate: Uint8Array;
    },
  ): Result<number>;

  /** Lost or misused: a floor for its rings, and no new ring ever. */
  revokeKey(by: number, request: { devid: Uint8Array; reason: string }): Result<true>;
  /** Ends an employee's access: all keys at once. */
  revokeCarer(by: number, request: { carer: number; reason: string }): Result<true>;
  /** New issuing keys in a higher epoch; devices learn them from certificates that keys carry. */
  rotateIssuerKeys(by: number): Result<true>;
  /**
   * Says that the store came back from a backup: sequences jump beyond what may have been issued
   * and forgotten, and every device is asked for its log from the last entry that is still here.
   */
  markRestored(by: number): Result<true>;

  requestEmergency(
    by: number,
    request: { door: number; devid: Uint8Array; reason: string; durationS?: number },
  ): Result<number>;
  /** The second of two different approvers issues the ring (L5). */
  approveEmergency(by: number, request: number): Result<{ readonly issued: boolean }>;
  /**
   * Request and both approvals in one call, for a desk where both are present.
   * @returns Also `APPROVERS_TOO_FEW`.
   */
  emergencyRing(request: {
    door: number;
    key: Uint8Array;
    approvers: readonly [number, number];
    reason: string;
    durationS?: number;
  }): Result<{ readonly ringseq: number; readonly expS: number }>;

  /**
   * Takes one message of a station and gives the messages to publish in answer. Repeats are
   * harmless. Malformed octets give no answer.
   */
  receiveUp(stationId: number, bytes: Uint8Array): readonly Uint8Array[];
  /** What should lie at a station without having been asked for: heads signed in advance. */
  outgoing(stationId: number): readonly Uint8Array[];
  /**
   * Raises the alarm `station-silent` for each station that spoke once and has said nothing genuine
   * for a quarter of an hour, once for each silence. To be called each minute.
   */
  watchStations(): void;
  /** How stations are, by their own last word; a tenant sees its own. */
  stationHealth(by: number): Result<readonly StationHealth[]>;

  /** Events by key, door and period; tenants see their own keys' events only (G1, I6). */
  events(
    by: number,
    filter: { key?: Uint8Array; door?: number; fromS?: number; toS?: number },
  ): Result<{
    readonly events: readonly EventView[];
    readonly completeness: readonly Completeness[];
  }>;
  liveRings(by: number, filter?: { door?: number }): Result<readonly LiveRing[]>;
  clientAccess(by: number, client: string): Result<ClientAccess>;
  carersOf(by: number, provider: number): Result<readonly number[]>;
  keysOf(by: number, provider: number): Result<readonly string[]>;
  clientsOf(by: number, provider: number): Result<readonly string[]>;
  /** Rights that a key would get in a ring issued now. */
  rightsOf(by: number, devid: Uint8Array): Result<readonly LeafFact[]>;
  audit(by: number): Result<readonly AuditRecord[]>;
  /** All that was ever issued, decided and stored, as plain data for judges and traces. */
  history(): readonly HistoryRecord[];
}
