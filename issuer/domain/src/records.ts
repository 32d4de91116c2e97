// SPDX-License-Identifier: EUPL-1.2
import type {
  ConsentScope,
  HeadPurpose,
  LeafFact,
  RightScope,
  Signatory,
  SlotChange,
} from "./facts.ts";

// What the state consists of: one record for each thing that facts tell of.

/** Leave to open the console of one device. @public */
export interface ServicePermitRecord {
  readonly devid: string;
  readonly serial: number;
  /** UTC seconds. */
  readonly untilS: number;
  /** The signed object, hexadecimal. */
  readonly permit: string;
}

/** A user who logs in. @public */
export interface User {
  readonly user: number;
  readonly role: string;
  /** Tenant, or null for the municipality. */
  readonly provider: number | null;
  /** The carer that this user is, if any: nobody gives rights to an own key. */
  readonly carer: number | null;
}

/** An organisation that gives home care. @public */
export interface Provider {
  readonly provider: number;
  readonly organisation: string;
  /** Heads that a station may release without a link for each key. */
  readonly preSigned: number;
}

/** An employee who carries a key. @public */
export interface Carer {
  readonly carer: number;
  readonly provider: number;
  readonly staffCode: string;
  readonly ended: boolean;
}

/** A signed head and what it activates. @public */
export interface IssuedHead {
  readonly devid: string;
  readonly ringseq: number;
  readonly purpose: HeadPurpose;
  readonly shift: number | null;
  readonly nonce: string | null;
  readonly iatS: number;
  readonly nbfS: number;
  readonly expS: number;
  readonly size: number;
  readonly root: string;
  readonly needlist: number;
  /** The one right of an emergency head. */
  readonly leaf: LeafFact | null;
  /** The signed object in hexadecimal. */
  readonly head: string;
  /** How many versions of the ring existed when it was signed; names its leaves. */
  readonly version: number;
}

/** A key of a carer, from its enrolment to its end. @public */
export interface KeyRecord {
  readonly devid: string;
  readonly carer: number;
  readonly provider: number;
  readonly signingPublicKey: string;
  readonly agreementPublicKey: string;
  readonly state: "active" | "ended" | "revoked";
  /** The ring as it stands now. */
  readonly slots: readonly (LeafFact | null)[];
  readonly root: string | null;
  /** The roots that the ring went through, oldest first, with the changes that led to each. */
  readonly versions: readonly { readonly root: string; readonly changes: readonly SlotChange[] }[];
  /** Heads whose window had not ended when the newest was signed. */
  readonly heads: readonly IssuedHead[];
  readonly lastRingseq: number;
  readonly lastSync: LastSync | null;
}

/** What a key said when it was last at a station. @public */
export interface LastSync {
  readonly atS: number;
  readonly station: number;
  readonly upSeq: number;
  readonly ringseq: number;
  readonly root16: string;
  readonly listseq: number;
  readonly nonce: string;
  readonly batteryPercent: number;
}

/** A building with its owner. @public */
export interface Building {
  readonly building: number;
  readonly owner: number;
  readonly association: number | null;
  readonly district: string;
}

/** A door: an address and an alarm code, and nothing of who lives there. @public */
export interface Door {
  readonly door: number;
  readonly building: number;
  readonly use: "entrance" | "apartment";
  readonly address: string;
  readonly alarmCode: string | null;
  readonly groups: readonly number[];
  /** Other authorities whose keys the lock knows. */
  readonly guests: readonly number[];
  /** The lock in it now. */
  readonly lock: string | null;
  /** The other authority that owns the lock; null for a door of our own. */
  readonly host: number | null;
  /** Number of the door in that authority's register; null for a door of our own. */
  readonly hostDoor: number | null;
}

/** Another authority at whose locks this one is a guest. @public */
export interface Host {
  readonly authority: number;
  readonly rootPublicKey: string;
  /** Newest epoch of its device key that our root vouches for. */
  readonly issuerEpoch: number;
  /** Its device keys, the one of that epoch last and at most one before it. */
  readonly deviceKeys: readonly string[];
  /** What our root signed for each of them. */
  readonly certificates: readonly string[];
}

/** A lock from its commissioning to its removal. @public */
export interface LockRecord {
  readonly devid: string;
  readonly door: number;
  readonly signingPublicKey: string;
  readonly agreementPublicKey: string;
  readonly profile: 0 | 1;
  readonly clockUnknown: 0 | 1 | 2;
  readonly ended: boolean;
  readonly cfgseq: number;
  /** Newest configuration that the lock says it has. */
  readonly appliedCfgseq: number;
  /** Groups in that configuration. */
  readonly groups: readonly number[];
  /** Time in the certificate, UTC seconds; 0 before the first and at another authority's lock. */
  readonly certifiedAtS: number;
  readonly certificate: string;
  readonly config: string;
}

/** A client: an alarm code in a building. @public */
export interface Client {
  readonly alarmCode: string;
  readonly building: number;
  /** Providers that serve the client, and whether they do so now. */
  readonly assignments: ReadonlyMap<number, boolean>;
}

/** A consent on file. @public */
export interface Consent {
  readonly consent: number;
  readonly scope: ConsentScope;
  readonly signatories: readonly Signatory[];
  readonly evidence: string;
  readonly givenAtS: number;
  readonly withdrawnAtS: number | null;
  /** Owner of the building when a consent for a building was given; a sale ends it. */
  readonly owner: number | null;
}

/** What a planner gave a carer. @public */
export interface Right {
  readonly right: number;
  readonly carer: number;
  readonly scope: RightScope;
  readonly fromS: number;
  readonly untilS: number;
  readonly revoked: boolean;
}

/** A planned shift, [startS, endS). @public */
export interface Shift {
  readonly shift: number;
  readonly carer: number;
  readonly startS: number;
  readonly endS: number;
}

/** An emergency opening that was asked for. @public */
export interface EmergencyRequest {
  readonly request: number;
  readonly door: number;
  readonly devid: string;
  readonly durationS: number;
  readonly reason: string;
  readonly approvers: readonly number[];
  readonly issued: boolean;
}

/** What the issuer holds of one log of one device. @public */
export interface LogState {
  readonly devid: string;
  readonly logEpoch: number;
  /** Entries 1 to this number are stored without a hole. */
  readonly tail: number;
  /** Numbers stored beyond the tail. */
  readonly beyond: ReadonlySet<number>;
  /** Newest acknowledgement; 0 without one. */
  readonly acked: number;
  readonly ack: string | null;
  readonly ackedAtS: number;
  /** When entries came whose predecessors are missing; null without a hole. */
  readonly holeSinceS: number | null;
  /** True after a restore, until the device has sent on from the tail. */
  readonly resend: boolean;
}

/** A floor list that was issued. @public */
export interface IssuedFloors {
  readonly listseq: number;
  readonly ringfloor: number;
  readonly floors: readonly (readonly [devid: string, minring: number])[];
  readonly iatS: number;
  readonly list: string;
}

/** A sync station. @public */
export interface StationRecord {
  readonly station: number;
  readonly provider: number | null;
  readonly upSeq: number;
  /** Numbers of commands up to this one are reserved. */
  readonly downSeq: number;
  /** Leave to open its console: the last one, or null. */
  readonly service: { readonly serial: number; readonly untilS: number } | null;
}
