// SPDX-License-Identifier: EUPL-1.2

// What a run shows to its judge, and what the judge may say of it.

import type { AuditRecord } from "@nyckelring/issuer/domain";
import type { WorldEvent } from "../world-events.ts";

/** Promise of the system that a run has broken; the names are those of the fault table. */
export type Invariant =
  | "I1 no-unauth"
  | "I2 nothing-lost"
  | "I3 no-lockout"
  | "I4 no-brick"
  | "I7 door-safe"
  | "X6 right-at-issue"
  | "workload"
  | "expectation";

/** One broken promise. */
export type Violation = {
  readonly invariant: Invariant;
  readonly atUs: number;
  readonly text: string;
};

/** A device at the end of the run. */
export type DeviceAtEnd = {
  readonly name: string;
  readonly devid: string;
  readonly role: "key" | "lock";
  /** Copies of other devices keep no log of their own that counts. */
  readonly isCounterfeit: boolean;
  readonly pages: readonly Uint8Array[];
  /** Where the bolt stands and whether its motor still turns, for locks. */
  readonly isMotorOn: boolean;
  /** Whether it lives on when the key has left, for locks. */
  readonly hasBattery?: boolean;
};

/** One entry that the authorization system's store keeps; a second copy of one is a second one. */
export type CommittedEntry = {
  readonly devid: string;
  readonly logEpoch: number;
  readonly n: number;
  readonly bytes: string;
};

/** What an authority shows: its journal, its store, and its devices. */
export type AuthorityEvidence = {
  readonly journal: readonly AuditRecord[];
  readonly committed: readonly CommittedEntry[];
  readonly devices: readonly DeviceAtEnd[];
};

/** Everything that the oracle is shown. */
export type Evidence = {
  /** UTC seconds at microsecond 0 of the run. */
  readonly startS: number;
  /** Of all authorities, as one camera saw it. */
  readonly events: readonly WorldEvent[];
  readonly authorities: readonly AuthorityEvidence[];
  /** True when the run had its second phase, after which nothing may be on its way. */
  readonly isSettled: boolean;
};

/** One authority in the light of everything that happened. */
export type Case = AuthorityEvidence & {
  readonly startS: number;
  readonly events: readonly WorldEvent[];
  readonly isSettled: boolean;
  /** Device numbers by name, those of other authorities too: their keys come to these doors. */
  readonly devids: ReadonlyMap<string, string>;
  /** Names of copies that a thief has made. */
  readonly counterfeits: ReadonlySet<string>;
  /** Names of the authority's own devices. */
  readonly own: ReadonlySet<string>;
  /** Those whose keys are guests at the authority's locks, each with a log of its own there. */
  readonly guests: readonly AuthorityEvidence[];
};
