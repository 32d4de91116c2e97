// SPDX-License-Identifier: EUPL-1.2
import {
  type AgreementKey,
  assert,
  type CryptoPort,
  type EntropyPort,
  type SigningKey,
  STATE_CONFLICT,
} from "@nyckelring/protocol";
import type {
  AuditRecord,
  EntryFilter,
  IssuerStore,
  KeyVault,
  StoreChange,
  StoredEntry,
} from "./ports.ts";

const SECRET_BYTES = 32;

/**
 * A store in memory, for simulation and tests.
 *
 * @param onStep - Called before and after each commit takes effect. If it throws, the issuer dies at
 *   that point: before, the change is lost; after, it is kept and nobody was told.
 * @public
 */
export function createMemoryStore(
  onStep: (step: "before-commit" | "after-commit") => void = () => undefined,
): IssuerStore {
  const records: AuditRecord[] = [];
  const entries: StoredEntry[] = [];
  const byName = new Map<string, StoredEntry>();
  const byDevice = new Map<string, StoredEntry[]>();
  const byTarget = new Map<number, StoredEntry[]>();

  function keep(entry: StoredEntry): void {
    byName.set(nameOf(entry), entry);
    entries.push(entry);
    addTo(byDevice, entry.devid, entry);
    if (entry.peer !== entry.devid) addTo(byDevice, entry.peer, entry);
    addTo(byTarget, entry.target, entry);
  }

  function candidates(filter: EntryFilter): readonly StoredEntry[] {
    if (filter.device !== undefined) return byDevice.get(filter.device) ?? [];
    if (filter.door === undefined) return entries;
    const found = new Set(byTarget.get(filter.door.target));
    for (const devid of filter.door.devids) {
      for (const entry of byDevice.get(devid) ?? []) found.add(entry);
    }
    return [...found];
  }

  return {
    commit(change: StoreChange): void {
      onStep("before-commit");
      // Second wall: the domain has already dropped what it knows.
      assert(!change.entries.some((entry) => byName.has(nameOf(entry))), STATE_CONFLICT);
      for (const entry of change.entries) keep(entry);
      records.push(...change.records);
      onStep("after-commit");
    },
    records: () => records,
    entry: (devid, logEpoch, n) => byName.get(nameOf({ devid, logEpoch, n })),
    entries: (filter) =>
      candidates(filter)
        .filter((entry) => isSelected(entry, filter))
        .sort((a, b) => a.recordSeq - b.recordSeq || a.n - b.n),
  };
}

function nameOf(entry: Pick<StoredEntry, "devid" | "logEpoch" | "n">): string {
  return `${entry.devid}/${entry.logEpoch}/${entry.n}`;
}

function addTo<K>(index: Map<K, StoredEntry[]>, key: K, entry: StoredEntry): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [entry]);
  else list.push(entry);
}

function isSelected(entry: StoredEntry, filter: EntryFilter): boolean {
  if (filter.fromS !== undefined && entry.tS < filter.fromS) return false;
  if (filter.toS !== undefined && entry.tS >= filter.toS) return false;
  const device = filter.device;
  if (device !== undefined && entry.devid !== device && entry.peer !== device) return false;
  const door = filter.door;
  if (door === undefined) return true;
  return (
    entry.target === door.target ||
    door.devids.includes(entry.devid) ||
    door.devids.includes(entry.peer)
  );
}

/**
 * A vault in memory: secrets come from `entropy` when their name is first asked for.
 * @public
 */
export function createMemoryVault(crypto: CryptoPort, entropy: EntropyPort): KeyVault {
  const secrets = new Map<string, Uint8Array>();
  const signingKeys = new Map<string, SigningKey>();
  const agreementKeys = new Map<string, AgreementKey>();

  function secretOf(name: string): Uint8Array {
    const kept = secrets.get(name);
    if (kept !== undefined) return kept;
    const secret = new Uint8Array(SECRET_BYTES);
    entropy.fill(secret, 0, SECRET_BYTES);
    secrets.set(name, secret);
    return secret;
  }

  return {
    signingKey: (name) => once(signingKeys, name, () => crypto.importSigningKey(secretOf(name))),
    agreementKey: (name) =>
      once(agreementKeys, name, () => crypto.importAgreementKey(secretOf(name))),
    macKey: secretOf,
  };
}

function once<T>(made: Map<string, T>, name: string, make: () => T): T {
  const kept = made.get(name);
  if (kept !== undefined) return kept;
  const value = make();
  made.set(name, value);
  return value;
}
