// SPDX-License-Identifier: EUPL-1.2
// Values as text, the same text on every machine: what two implementations are compared by.

import { type Fault, hexOf, type Result } from "../src/index.ts";

/** Writes anything that a decoder gives: numbers, text, octets, lists and plain objects. */
export function canonicalText(value: unknown): string {
  if (value instanceof Uint8Array) return `h'${hexOf(value)}'`;
  if (typeof value === "string") return `"${value}"`;
  if (Array.isArray(value)) {
    const items: string[] = [];
    for (const item of value) items.push(canonicalText(item));
    return `[${items.join(",")}]`;
  }
  if (value === null || typeof value !== "object") return String(value);
  const fields: string[] = [];
  const record = value as { readonly [name: string]: unknown };
  for (const name of Object.keys(record)) {
    // Functions of a key object say nothing of what was decoded.
    if (typeof record[name] !== "function") fields.push(`${name}:${canonicalText(record[name])}`);
  }
  return `{${fields.join(",")}}`;
}

/** A fault as text: a minus sign, its code, its detail. */
export function faultText(fault: Fault): string {
  return fault.detail === undefined ? `-${fault.code}` : `-${fault.code}:${fault.detail}`;
}

/** A verdict as text: a plus sign and the value, or a fault. */
export function verdictText(result: Result<unknown>): string {
  return result.ok ? `+${canonicalText(result.value)}` : faultText(result.fault);
}
