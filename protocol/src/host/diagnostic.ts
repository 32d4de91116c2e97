// SPDX-License-Identifier: EUPL-1.2
import { hexOf } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { type CborValue, isArray, isBytes, isMap } from "../cbor/value.ts";

const LINE_MAX = 88;
// Shorter octet strings that happen to be CBOR are more often an identifier than a structure.
const EMBEDDED_BYTES_MIN = 12;

/**
 * Writes a value in the extended diagnostic notation of RFC 8610 appendix G. An octet string that
 * holds a structure is written as `<< ... >>`; what fits stays on one line.
 *
 * @param indent - spaces before continued lines
 * @public
 */
export function diagnose(value: CborValue, indent = 0): string {
  const line = onOneLine(value);
  if (line.length + indent <= LINE_MAX) return line;
  const inner = indent + 2;
  const pad = " ".repeat(inner);
  const end = " ".repeat(indent);
  if (isBytes(value)) {
    const embedded = embeddedIn(value);
    if (embedded === undefined) return line;
    return `<<\n${pad}${diagnose(embedded, inner)}\n${end}>>`;
  }
  if (isArray(value)) {
    const items = value.map((item) => `${pad}${diagnose(item, inner)}`);
    return `[\n${items.join(",\n")}\n${end}]`;
  }
  if (isMap(value)) {
    const entries = value.entries.map(
      ([key, item]) => `${pad}${onOneLine(key)}: ${diagnose(item, inner)}`,
    );
    return `{\n${entries.join(",\n")}\n${end}}`;
  }
  return line;
}

function onOneLine(value: CborValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (isBytes(value)) {
    const embedded = embeddedIn(value);
    return embedded === undefined ? `h'${hexOf(value)}'` : `<< ${onOneLine(embedded)} >>`;
  }
  if (isArray(value)) return `[${value.map(onOneLine).join(", ")}]`;
  if (isMap(value)) {
    const entries = value.entries.map(([key, item]) => `${onOneLine(key)}: ${onOneLine(item)}`);
    return `{${entries.join(", ")}}`;
  }
  return String(value);
}

function embeddedIn(bytes: Uint8Array): CborValue | undefined {
  if (bytes.length < EMBEDDED_BYTES_MIN) return undefined;
  const inner = decodeCbor(bytes);
  return inner.ok && (isArray(inner.value) || isMap(inner.value)) ? inner.value : undefined;
}
