// SPDX-License-Identifier: EUPL-1.2
import { bytesOfHex, concatBytes, hexOf } from "@nyckelring/protocol";
import type { Fact } from "./facts.ts";
import type { Actor, AuditRecord, IssuerPorts, StoredEntry } from "./ports.ts";
import { applyRecord, createRegister, type Register } from "./register.ts";

/** Chain value before the first record. */
const CHAIN_START = "00".repeat(32);

/** Who acts when nobody did: the issuer's own duties. @public */
export const SYSTEM: Actor = { system: true };

/** A log entry that waits for the record that stores it. @public */
export type NewEntry = Omit<StoredEntry, "recordSeq" | "storedAtS">;

/**
 * The journal of one authority and the state that follows from it.
 * @public
 */
export interface Journal {
  readonly ports: IssuerPorts;
  readonly register: Register;
  /**
   * Commits facts in one step and only then lets the state follow. A store that throws leaves the
   * state untouched, so that nothing signed or answered can rest on what was not kept.
   *
   * @param entries - Log entries to store with the last of the facts.
   * @returns The numbers of the new records.
   */
  commit(by: Actor, facts: readonly Fact[], entries?: readonly NewEntry[]): readonly number[];
}

/**
 * Opens the journal in a store and builds the state from it.
 * @public
 */
export function openJournal(ports: IssuerPorts): Journal {
  const register = createRegister();
  for (const record of ports.store.records()) applyRecord(register, record);

  function commit(by: Actor, facts: readonly Fact[], entries: readonly NewEntry[] = []) {
    const records: AuditRecord[] = [];
    let seq = register.lastRecord?.seq ?? 0;
    let chain = register.lastRecord?.chain ?? CHAIN_START;
    const atS = ports.clock.nowS();
    for (const fact of facts) {
      seq += 1;
      chain = chainAfter(ports, chain, seq, atS, by, fact);
      records.push({ seq, atS, by, fact, chain });
    }
    if (records.length > 0) {
      const stored = entries.map((entry) => ({ ...entry, recordSeq: seq, storedAtS: atS }));
      ports.store.commit({ records, entries: stored });
      for (const record of records) applyRecord(register, record);
    }
    return records.map((record) => record.seq);
  }

  return { ports, register, commit };
}

/**
 * Checks the whole journal: numbers without a hole and an unbroken chain.
 *
 * @returns 0 for an intact journal, otherwise the number of the first record that does not fit.
 * @public
 */
export function verifyJournal(ports: Pick<IssuerPorts, "crypto" | "store">): number {
  let seq = 0;
  let chain = CHAIN_START;
  for (const record of ports.store.records()) {
    seq += 1;
    chain = chainAfter(ports, chain, seq, record.atS, record.by, record.fact);
    if (record.seq !== seq || record.chain !== chain) return seq;
  }
  return 0;
}

function chainAfter(
  ports: Pick<IssuerPorts, "crypto">,
  chain: string,
  seq: number,
  atS: number,
  by: Actor,
  fact: Fact,
): string {
  const text = new TextEncoder().encode(canonicalText([seq, atS, by, fact]));
  return hexOf(ports.crypto.hash(concatBytes([bytesOfHex(chain), text])));
}

/**
 * Writes plain data as JSON with the fields of each object in ascending order, so that one value
 * has one text whatever database it went through.
 * @see RFC 8785 for the idea; numbers here are integers, so its number rules are not needed
 */
function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalText(field)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
