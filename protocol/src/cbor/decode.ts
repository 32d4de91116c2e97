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
  return succeed(readItem(bytes, { offset: 0 }));
}

interface Cursor {
  offset: number;
}

// The gate has proved every length, so this reader only builds.
function readItem(bytes: Uint8Array, cursor: Cursor): CborValue {
  const lead = octetAt(bytes, cursor.offset);
  const major = lead >> 5;
  const argument = argumentAt(bytes, cursor.offset);
  cursor.offset += headBytesAt(bytes, cursor.offset);
  switch (major) {
    case 0:
      return argument;
    case 1:
      return -1 - argument;
    case 2:
      cursor.offset += argument;
      return sliceBytes(bytes, cursor.offset - argument, cursor.offset);
    case 3:
      cursor.offset += argument;
      return readText(bytes, cursor.offset - argument, cursor.offset);
    case 4: {
      const items: CborValue[] = [];
      for (let index = 0; index < argument; index += 1) items.push(readItem(bytes, cursor));
      return items;
    }
    case 5: {
      const entries: CborEntry[] = [];
      for (let index = 0; index < argument; index += 1) {
        // The gate admits only integers and text as keys.
        const key = readItem(bytes, cursor) as number | string;
        entries.push([key, readItem(bytes, cursor)]);
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
