// SPDX-License-Identifier: EUPL-1.2

// The vocabulary of the journal. Every change of the authorization system is one of these facts;
// the state is their fold and the audit trail is their list, so nothing can change unseen. Octet
// strings are hexadecimal text, so that a record is plain data in any database.

/**
 * A right in a ring: kind 0 for a door and 1 for a group, target, operations (1 enter, 2 leave),
 * and the end of the right in UTC seconds.
 * @public
 */
export type LeafFact = readonly [kind: number, target: number, ops: number, untilS: number];

/**
 * A ring slot that changed, with null for a right that ended.
 * @public
 */
export type SlotChange = readonly [slot: number, leaf: LeafFact | null];

/**
 * What a user may do; see the role model.
 * @public
 */
export type Permission =
  | "providers"
  | "users"
  | "roles"
  | "staff"
  | "places"
  | "groups"
  | "clients"
  | "client-activity"
  | "consents"
  | "rights"
  | "shifts"
  | "locks"
  | "stations"
  | "revocation"
  | "emergency-request"
  | "emergency-approval"
  | "issuer-keys"
  | "read-own"
  | "read-all"
  | "read-audit";

/**
 * Who can sign for a door. A housing association's rule says which of them must.
 * @public
 */
export type Signatory = "resident" | "guardian" | "association" | "owner";

/**
 * What a consent covers: one building, an owner's whole stock, or one apartment door.
 * @public
 */
export type ConsentScope =
  | { readonly building: number }
  | { readonly owner: number }
  | { readonly door: number };

/**
 * Which clients of the carer's provider a right covers.
 * @public
 */
export type RightScope = "all-clients" | readonly string[];

/**
 * Why a head was issued: at a sync, in advance for a station without link, or for an emergency.
 * @public
 */
export type HeadPurpose = "shift" | "pre-signed" | "emergency";

/**
 * One change. Numbers name records; `devid` names a device; a client is named by its alarm code.
 * @public
 */
export type Fact =
  | {
      readonly kind: "authority-founded";
      readonly authority: number;
      readonly rootPublicKey: string;
      readonly agreementPublicKey: string;
    }
  | {
      readonly kind: "issuer-epoch-started";
      readonly issuerEpoch: number;
      readonly ringCertificate: string;
      readonly deviceCertificate: string;
    }
  | {
      readonly kind: "role-defined";
      readonly role: string;
      readonly tenancy: "municipal" | "provider";
      readonly permissions: readonly Permission[];
    }
  | {
      readonly kind: "user-added";
      readonly user: number;
      readonly role: string;
      readonly provider: number | null;
      readonly carer: number | null;
    }
  | { readonly kind: "user-removed"; readonly user: number }
  | {
      readonly kind: "provider-added";
      readonly provider: number;
      readonly organisation: string;
      readonly preSigned: number;
    }
  | { readonly kind: "provider-set"; readonly provider: number; readonly preSigned: number }
  | {
      readonly kind: "carer-added";
      readonly carer: number;
      readonly provider: number;
      readonly staffCode: string;
    }
  | { readonly kind: "carer-ended"; readonly carer: number; readonly reason: string }
  | {
      readonly kind: "key-enrolled";
      readonly devid: string;
      readonly carer: number;
      readonly provider: number;
      readonly signingPublicKey: string;
      readonly agreementPublicKey: string;
    }
  | { readonly kind: "key-ended"; readonly devid: string; readonly reason: string }
  | { readonly kind: "key-revoked"; readonly devid: string; readonly reason: string }
  | { readonly kind: "owner-added"; readonly owner: number; readonly organisation: string }
  | {
      readonly kind: "association-added";
      readonly association: number;
      readonly organisation: string;
      readonly signatories: readonly Signatory[];
    }
  | {
      readonly kind: "building-added";
      readonly building: number;
      readonly owner: number;
      readonly association: number | null;
      readonly district: string;
    }
  | { readonly kind: "building-sold"; readonly building: number; readonly owner: number }
  | {
      readonly kind: "door-added";
      readonly door: number;
      readonly building: number;
      readonly use: "entrance" | "apartment";
      readonly address: string;
      readonly alarmCode: string | null;
    }
  | { readonly kind: "group-added"; readonly group: number; readonly purpose: string }
  | { readonly kind: "door-grouped"; readonly door: number; readonly group: number }
  | {
      readonly kind: "group-granted";
      readonly group: number;
      readonly carer: number;
      readonly untilS: number;
    }
  | { readonly kind: "group-revoked"; readonly group: number; readonly carer: number }
  | {
      readonly kind: "lock-enrolled";
      readonly devid: string;
      readonly door: number;
      readonly signingPublicKey: string;
      readonly agreementPublicKey: string;
      readonly profile: 0 | 1;
      readonly clockUnknown: 0 | 1 | 2;
    }
  | {
      readonly kind: "lock-configured";
      readonly devid: string;
      readonly cfgseq: number;
      readonly groups: readonly number[];
      /** Time in the certificate, UTC seconds. */
      readonly certifiedAtS: number;
      readonly certificate: string;
      readonly config: string;
    }
  | {
      readonly kind: "lock-config-applied";
      readonly devid: string;
      readonly cfgseq: number;
    }
  | { readonly kind: "lock-ended"; readonly devid: string; readonly reason: string }
  | {
      readonly kind: "service-permitted";
      /** A lock or a key. */
      readonly devid: string;
      readonly serial: number;
      readonly untilS: number;
      readonly permit: string;
    }
  | {
      readonly kind: "guest-authority-added";
      readonly authority: number;
      readonly rootPublicKey: string;
      readonly agreementPublicKey: string;
      readonly opsmask: number;
      readonly maxvalidS: number;
      readonly issuerEpoch: number;
    }
  | { readonly kind: "door-shared"; readonly door: number; readonly authority: number }
  | {
      readonly kind: "host-accepted";
      readonly authority: number;
      readonly rootPublicKey: string;
      readonly issuerEpoch: number;
      readonly deviceKey: string;
      /** Our root's word for the host's device key, which our keys carry. */
      readonly certificate: string;
      readonly evidence: string;
    }
  | {
      readonly kind: "foreign-door-added";
      readonly door: number;
      readonly authority: number;
      /** Number of the door in that authority's register, which its lock and leaves for it bear. */
      readonly hostDoor: number;
      readonly building: number;
      readonly address: string;
    }
  | {
      readonly kind: "foreign-lock-added";
      readonly devid: string;
      readonly door: number;
      readonly groups: readonly number[];
      readonly signingPublicKey: string;
      readonly agreementPublicKey: string;
      readonly certificate: string;
    }
  | {
      readonly kind: "station-enrolled";
      readonly station: number;
      readonly provider: number | null;
    }
  | {
      readonly kind: "station-service-permitted";
      readonly station: number;
      readonly serial: number;
      readonly untilS: number;
    }
  | { readonly kind: "client-added"; readonly alarmCode: string; readonly building: number }
  | {
      readonly kind: "client-assigned";
      readonly alarmCode: string;
      readonly provider: number;
    }
  | {
      readonly kind: "client-activity-set";
      readonly alarmCode: string;
      readonly provider: number;
      readonly active: boolean;
    }
  | {
      readonly kind: "provider-changed";
      readonly alarmCode: string;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly kind: "consent-given";
      readonly consent: number;
      readonly scope: ConsentScope;
      readonly signatories: readonly Signatory[];
      readonly evidence: string;
    }
  | { readonly kind: "consent-withdrawn"; readonly consent: number }
  | {
      readonly kind: "right-granted";
      readonly right: number;
      readonly carer: number;
      readonly scope: RightScope;
      readonly fromS: number;
      readonly untilS: number;
    }
  | {
      readonly kind: "right-restricted";
      readonly right: number;
      readonly scope: RightScope;
      readonly fromS: number;
      readonly untilS: number;
    }
  | { readonly kind: "right-revoked"; readonly right: number }
  | {
      readonly kind: "shift-planned";
      readonly shift: number;
      readonly carer: number;
      readonly startS: number;
      readonly endS: number;
    }
  | { readonly kind: "shift-cancelled"; readonly shift: number }
  | {
      readonly kind: "ring-changed";
      readonly devid: string;
      readonly changes: readonly SlotChange[];
      readonly size: number;
      readonly root: string;
    }
  | {
      readonly kind: "head-issued";
      readonly devid: string;
      readonly ringseq: number;
      readonly purpose: HeadPurpose;
      readonly shift: number | null;
      readonly station: number | null;
      readonly nonce: string | null;
      readonly iatS: number;
      readonly nbfS: number;
      readonly expS: number;
      readonly size: number;
      readonly root: string;
      readonly flags: number;
      readonly needlist: number;
      readonly leaf: LeafFact | null;
      readonly head: string;
    }
  | {
      readonly kind: "floors-issued";
      readonly listseq: number;
      readonly ringfloor: number;
      readonly floors: readonly (readonly [devid: string, minring: number])[];
      readonly iatS: number;
      readonly list: string;
    }
  | {
      readonly kind: "emergency-requested";
      readonly request: number;
      readonly door: number;
      readonly devid: string;
      readonly durationS: number;
      readonly reason: string;
    }
  | { readonly kind: "emergency-approved"; readonly request: number; readonly user: number }
  | {
      readonly kind: "key-synced";
      readonly devid: string;
      readonly station: number;
      readonly upSeq: number;
      readonly ringseq: number;
      readonly root16: string;
      readonly listseq: number;
      readonly nonce: string;
      readonly batteryPercent: number;
    }
  | {
      readonly kind: "time-granted";
      readonly devid: string;
      readonly nonce: string;
      readonly nowS: number;
      readonly grant: string;
    }
  | {
      readonly kind: "entries-stored";
      readonly devid: string;
      readonly logEpoch: number;
      readonly ns: readonly number[];
    }
  | {
      readonly kind: "log-acknowledged";
      readonly acks: readonly {
        readonly devid: string;
        readonly logEpoch: number;
        readonly n: number;
        readonly chain16: string;
      }[];
      readonly ack: string;
    }
  | {
      readonly kind: "resend-requested";
      readonly devid: string;
      readonly logEpoch: number;
      readonly from: number;
      readonly resend: string;
    }
  | { readonly kind: "restored" }
  | {
      readonly kind: "upload-refused";
      readonly station: number;
      readonly upSeq: number;
      readonly code: number;
      readonly digest: string;
    }
  | {
      readonly kind: "station-heard";
      readonly station: number;
      readonly upSeq: number;
      readonly report: string;
    }
  | {
      readonly kind: "station-message-refused";
      readonly station: number;
      readonly code: number;
      /** How many since the last such record, this one counted. */
      readonly count: number;
    }
  | {
      readonly kind: "station-numbers-reserved";
      readonly station: number;
      readonly downSeq: number;
    }
  | {
      readonly kind: "alarm-raised";
      readonly alarm:
        | "ring-floor-raised"
        | "log-forked"
        | "ring-full"
        | "revoked-key-seen"
        | "station-silent"
        | "emergency";
      readonly subject: string;
      readonly detail: number;
    };
