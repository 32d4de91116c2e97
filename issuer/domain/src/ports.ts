// SPDX-License-Identifier: EUPL-1.2
import type { AgreementKey, CryptoPort, EntropyPort, SigningKey } from "@nyckelring/protocol";
import type { Fact } from "./facts.ts";

/**
 * One change of the authorization system as it was committed: who did what, when, chained to the
 * record before it, so that a missing or altered record shows.
 * @public
 */
export interface AuditRecord {
  /** Position in the journal, from 1 without a hole. */
  readonly seq: number;
  /** When it was committed, UTC seconds. */
  readonly atS: number;
  /** Who did it: a user's number, a station's number, or the system itself. */
  readonly by: Actor;
  /** What changed. */
  readonly fact: Fact;
  /** SHA-256 over the chain value before it and this record's canonical text, in hexadecimal. */
  readonly chain: string;
}

/**
 * Who caused a change.
 * @public
 */
export type Actor =
  | { readonly user: number }
  | { readonly station: number }
  | { readonly system: true };

/**
 * One log entry of a device as the issuer keeps it.
 * @public
 */
export interface StoredEntry {
  /** Device that made the entry, 16 hexadecimal digits. */
  readonly devid: string;
  readonly logEpoch: number;
  /** Number within (device, logEpoch), from 1. */
  readonly n: number;
  /** The entry as the device encoded it, in hexadecimal. */
  readonly bytes: string;
  /** Chain value of the device's log after this entry, in hexadecimal. */
  readonly chain: string;
  /** Time that the device wrote, UTC seconds, and its quality (0 floor, 1 unchecked, 2 checked). */
  readonly tS: number;
  readonly tq: number;
  readonly kind: number;
  readonly op: number;
  readonly reason: number;
  /** The other device, 16 hexadecimal digits. */
  readonly peer: string;
  readonly ringseq: number;
  /** Door or group that the entry speaks of. */
  readonly target: number;
  /** Journal record that stored it. */
  readonly recordSeq: number;
  /** When it was stored, UTC seconds. */
  readonly storedAtS: number;
}

/**
 * What changes in one step. All of it or nothing.
 * @public
 */
export interface StoreChange {
  readonly records: readonly AuditRecord[];
  readonly entries: readonly StoredEntry[];
}

/**
 * Selects entries. A missing field does not select; times are half-open [fromS, toS).
 * @public
 */
export interface EntryFilter {
  /** Entries made by this device or about it. */
  readonly device?: string;
  /** Entries made by this device or naming this door. */
  readonly door?: { readonly target: number; readonly devids: readonly string[] };
  readonly fromS?: number;
  readonly toS?: number;
}

/**
 * Where the authorization system keeps what it must not forget.
 *
 * The journal of records is the whole state: a new issuer over the same store is the same issuer.
 * @public
 */
export interface IssuerStore {
  /**
   * Makes the whole change durable, or throws and keeps nothing of it. After the return it survives
   * any crash; acknowledgements to devices rest on exactly that.
   */
  commit(change: StoreChange): void;
  /** All records in the order of their numbers. */
  records(): Iterable<AuditRecord>;
  /** The entry with this number, if it was stored. */
  entry(devid: string, logEpoch: number, n: number): StoredEntry | undefined;
  /** Entries in the order in which they were stored. */
  entries(filter: EntryFilter): readonly StoredEntry[];
}

/**
 * Keeps the authority's secrets apart from its data, so that a copy of the store signs nothing. A
 * secret is made when its name is first asked for and stays the same afterwards.
 * @public
 */
export interface KeyVault {
  signingKey(name: string): SigningKey;
  agreementKey(name: string): AgreementKey;
  /** A symmetric secret of 32 octets. */
  macKey(name: string): Uint8Array;
}

/**
 * All that the domain needs from outside.
 * @public
 */
export interface IssuerPorts {
  readonly crypto: CryptoPort;
  readonly entropy: EntropyPort;
  /** UTC seconds; must not go back between two calls. */
  readonly clock: { nowS(): number };
  readonly store: IssuerStore;
  readonly vault: KeyVault;
}
