// SPDX-License-Identifier: EUPL-1.2
import { octetAt, sliceBytes } from "../bytes.ts";
import { type Result, succeed } from "../errors/result.ts";
import { argumentAt, checkCbor, headBytesAt } from "./gate.ts";
import type { CborEntry, CborValue } from "./value.ts";

/**
 * Decodes octets that pass the strict gate. Octet strings are copies.
 *
 * @returns the value, or `CBOR_MALFORMED` with the offset of the first bad octet as detail
 * @public
 */
export function decodeCbor(bytes: Uint8Array): Result<CborValue> {
  const fault = checkCbor(bytes);
  if (fault !== undefined) return { ok: false, fault };
  next = 0;
  return succeed(readItem(bytes));
}

// Where the reader is. Nothing of a caller runs while it reads.
let next = 0;

// The gate has proved every length, so this reader only builds.
function readItem(bytes: Uint8Array): CborValue {
  const head = next;
  const lead = octetAt(bytes, head);
  // Most items of ours are small integers.
  if (lead < 24) {
    next = head + 1;
    return lead;
  }
  // Read in place: in an interpreter two calls cost more than the rest of an item.
  let argument = lead & 31;
  let start = head + 1;
  if (argument === 24) {
    argument = octetAt(bytes, start);
    start += 1;
  } else if (argument > 24) {
    argument = argumentAt(bytes, head);
    start = head + headBytesAt(bytes, head);
  }
  next = start;
  switch (lead >> 5) {
    case 0:
      return argument;
    case 1:
      return -1 - argument;
    case 2:
      next = start + argument;
      return sliceBytes(bytes, start, next);
    case 3:
      next = start + argument;
      return readText(bytes, start, next);
    case 4: {
      const items: CborValue[] = [];
      for (let index = 0; index < argument; index += 1) items.push(readItem(bytes));
      return items;
    }
    case 5: {
      const entries: CborEntry[] = [];
      for (let index = 0; index < argument; index += 1) {
        // The gate admits only integers and text as keys.
        const key = readItem(bytes) as number | string;
        entries.push([key, readItem(bytes)]);
      }
      return { entries };
    }
    default:
      return lead === 0xf6 ? null : lead === 0xf5;
  }
}

function readText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let offset = start; offset < end; offset += 1) {
    text += String.fromCharCode(octetAt(bytes, offset));
  }
  return text;
}
