// SPDX-License-Identifier: EUPL-1.2
import type { Fact, LeafFact } from "./facts.ts";
import type { Actor, IssuerPorts, StoredEntry } from "./ports.ts";

/**
 * One step of the issuer's past as plain data, complete enough that a judge needs nothing else of
 * the issuer: heads come with the leaves that they activate, stored entries with their octets.
 * @public
 */
export type HistoryRecord = {
  readonly seq: number;
  readonly atS: number;
  readonly by: Actor;
} & (
  | Exclude<Fact, { kind: "head-issued" | "entries-stored" }>
  | (Extract<Fact, { kind: "head-issued" }> & {
      /** Slots of the ring under this head; null is an ended right. */
      readonly slots: readonly (LeafFact | null)[];
    })
  | (Extract<Fact, { kind: "entries-stored" }> & {
      /** What the store really keeps for this record. */
      readonly entries: readonly StoredEntry[];
    })
);

/**
 * Tells the past in the order in which it was committed.
 * @public
 */
export function tellHistory(ports: IssuerPorts): readonly HistoryRecord[] {
  const rings = new Map<string, (LeafFact | null)[]>();
  const entriesOfRecord = new Map<number, StoredEntry[]>();
  for (const entry of ports.store.entries({})) {
    const list = entriesOfRecord.get(entry.recordSeq);
    if (list === undefined) entriesOfRecord.set(entry.recordSeq, [entry]);
    else list.push(entry);
  }
  const history: HistoryRecord[] = [];
  for (const { seq, atS, by, fact } of ports.store.records()) {
    const frame = { seq, atS, by };
    if (fact.kind === "ring-changed") {
      const slots = [...(rings.get(fact.devid) ?? [])];
      while (slots.length < fact.size) slots.push(null);
      for (const [slot, leaf] of fact.changes) slots[slot] = leaf;
      rings.set(fact.devid, slots);
    }
    if (fact.kind === "head-issued") {
      const slots = fact.leaf === null ? (rings.get(fact.devid) ?? []) : [fact.leaf];
      history.push({ ...frame, ...fact, slots });
    } else if (fact.kind === "entries-stored") {
      history.push({ ...frame, ...fact, entries: entriesOfRecord.get(seq) ?? [] });
    } else {
      history.push({ ...frame, ...fact });
    }
  }
  return history;
}
