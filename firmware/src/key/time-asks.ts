// SPDX-License-Identifier: EUPL-1.2
import {
  bytesOf,
  type CarriedTimeAsk,
  type CborValue,
  decodeCbor,
  encodeCbor,
  equalBytes,
  listOf,
  TIME_ASKS_MAX,
  tuple,
} from "@nyckelring/protocol";
import type { RecordStore } from "../shared/record-store.ts";
import { RECORD_TIME_ASKS } from "./key-layout.ts";

const ASKS = listOf(tuple([bytesOf(8), bytesOf(8)]), 0, TIME_ASKS_MAX);

/** Requests for the time that locks with a clock gave to the key to carry. */
export interface TimeAsks {
  /** The requests, oldest first. */
  list(): readonly CarriedTimeAsk[];
  /** Takes a request; an older one of the same lock goes, and so does the oldest of too many. */
  put(ask: CarriedTimeAsk): void;
  /** Forgets all: a station has taken them over. */
  clear(): void;
}

/** Opens the requests that a key carries. */
export function openTimeAsks(records: RecordStore): TimeAsks {
  let asks: CarriedTimeAsk[] = [];
  const stored = records.read(RECORD_TIME_ASKS);
  const decoded = stored === undefined ? undefined : decodeCbor(stored);
  if (decoded?.ok && ASKS(decoded.value)) {
    for (const pair of decoded.value) asks.push({ devid: pair[0], nonce: pair[1] });
  }

  function save(): void {
    const list: CborValue[] = [];
    for (const ask of asks) list.push([ask.devid, ask.nonce]);
    records.write(RECORD_TIME_ASKS, encodeCbor(list));
  }

  return {
    list: () => asks,
    put(ask) {
      const kept: CarriedTimeAsk[] = [];
      for (const item of asks) if (!equalBytes(item.devid, ask.devid)) kept.push(item);
      if (kept.length === TIME_ASKS_MAX) kept.shift();
      kept.push(ask);
      asks = kept;
      save();
    },
    clear() {
      if (asks.length === 0) return;
      asks = [];
      save();
    },
  };
}
