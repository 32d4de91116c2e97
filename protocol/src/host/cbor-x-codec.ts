// SPDX-License-Identifier: EUPL-1.2
import { Decoder, Encoder } from "cbor-x";
import { checkCbor } from "../cbor/gate.ts";
import { type CborEntry, type CborValue, isArray, isMap } from "../cbor/value.ts";
import { PROMISE_BROKEN } from "../errors/code.ts";
import { assert, type Result, succeed } from "../errors/result.ts";

// Without these options cbor-x writes record tags, tags 64 and 259, and map heads of three octets.
const OPTIONS = {
  useRecords: false,
  mapsAsObjects: false,
  variableMapSize: true,
  tagUint8Array: false,
  copyBuffers: true,
} as const;

const encoder = new Encoder(OPTIONS);
const decoder = new Decoder(OPTIONS);

/**
 * Encodes with cbor-x. The keys of maps are sorted first, since cbor-x keeps the order of insertion;
 * equal values have the same octets as from `encodeCbor`.
 * @public
 */
export function encodeWithCborX(value: CborValue): Uint8Array {
  // The library gives views of one shared pool: copy before the next call overwrites it.
  return new Uint8Array(encoder.encode(toLibrary(value)));
}

/**
 * Decodes with cbor-x behind the strict gate.
 *
 * Security: never without the gate. Alone, cbor-x takes repeated keys, unsorted keys, heads that
 * are not shortest and broken text, and executes tags: records, errors, regular expressions, cycles.
 *
 * @returns the value, or `CBOR_MALFORMED` with the offset of the first bad octet as detail
 * @public
 */
export function decodeWithCborX(bytes: Uint8Array): Result<CborValue> {
  const fault = checkCbor(bytes);
  if (fault !== undefined) return { ok: false, fault };
  return succeed(fromLibrary(decoder.decode(bytes)));
}

function toLibrary(value: CborValue): unknown {
  if (isArray(value)) return value.map(toLibrary);
  if (!isMap(value)) return value;
  const sorted = [...value.entries].sort((a, b) =>
    Buffer.compare(encodeWithCborX(a[0]), encodeWithCborX(b[0])),
  );
  return new Map(sorted.map(([key, member]) => [key, toLibrary(member)]));
}

function fromLibrary(value: unknown): CborValue {
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(fromLibrary);
  assert(value instanceof Map, PROMISE_BROKEN);
  const entries: CborEntry[] = [];
  for (const [key, member] of value) {
    assert(typeof key === "number" || typeof key === "string", PROMISE_BROKEN);
    entries.push([key, fromLibrary(member)]);
  }
  return { entries };
}
