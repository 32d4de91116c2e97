// SPDX-License-Identifier: EUPL-1.2

import { existsSync } from "node:fs";
import { bytesOfHex, USAGE } from "@nyckelring/protocol";
import {
  createNodeCrypto,
  type DecodedOctets,
  decodeOctets,
  describe,
  type Field,
} from "@nyckelring/protocol/host";
import { readAnchor, readOctets } from "./files.ts";
import type { Output } from "./output.ts";
import { ToolError } from "./tool-error.ts";

const NAME_COLUMN = 20;
const EXIT_REFUSED = 1;

/** Options of `decode`, as commander hands them over. */
export type DecodeOptions = { readonly anchor?: string; readonly json?: boolean };

/**
 * Prints octets of the protocol with names, and says why a reader would refuse them.
 *
 * @param given - Octets as hexadecimal text, or the path of a file that holds octets or such text.
 * @returns 0, or 1 for octets that would be refused.
 * @throws ToolError `USAGE` for what is neither hexadecimal text nor a file, `FILE_UNREADABLE`, or
 *   the code for which the anchor file is refused.
 */
export function decode(given: string, options: DecodeOptions, output: Output): number {
  const crypto = createNodeCrypto();
  const bytes = octetsOf(given);
  const { anchor } = options;
  const trust = anchor === undefined ? undefined : { crypto, anchor: readAnchor(crypto, anchor) };
  const decoded = decodeOctets(bytes, trust);
  if (options.json === true) output.out(`${JSON.stringify(objectOf(bytes, decoded))}\n`);
  else output.out(textOf(bytes, decoded));
  return decoded.code === 0 ? 0 : EXIT_REFUSED;
}

function octetsOf(given: string): Uint8Array {
  const direct = octetsOfHex(given);
  if (direct !== undefined && !existsSync(given)) return direct;
  if (!existsSync(given) && /[^/.\w-]/.test(given)) {
    throw new ToolError({
      code: USAGE,
      message: "what was given is neither hexadecimal text of whole octets nor a file",
      state: "nothing was decoded",
      hint: "nyckel decode a5030180820101c1b3, or: nyckel decode out/ring/credential-0000.cbor",
    });
  }
  const bytes = readOctets(given);
  // A file may hold the same hexadecimal text that the command takes.
  return octetsOfHex(Buffer.from(bytes).toString("latin1")) ?? bytes;
}

function octetsOfHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/^0x/i, "").replace(/[\s:]/g, "");
  const isHex = digits.length > 0 && digits.length % 2 === 0 && /^[0-9a-f]+$/i.test(digits);
  return isHex ? bytesOfHex(digits.toLowerCase()) : undefined;
}

function objectOf(bytes: Uint8Array, decoded: DecodedOctets): object {
  const row = describe(decoded.code);
  return {
    type: "result",
    kind: decoded.kind,
    bytes: bytes.length,
    fields: decoded.fields,
    ok: decoded.code === 0,
    code: row === undefined ? null : row.label.split(" ")[0],
    name: row?.name ?? null,
    verdict: decoded.verdict,
  };
}

function textOf(bytes: Uint8Array, decoded: DecodedOctets): string {
  const label = describe(decoded.code)?.label;
  const verdict = label === undefined ? decoded.verdict : `refused, ${label}: ${decoded.verdict}`;
  const lines = decoded.fields.flatMap((field) => linesOf(field, 1));
  return `${[`${decoded.kind}, ${bytes.length} octets`, ...lines, verdict].join("\n")}\n`;
}

function linesOf(field: Field, depth: number): string[] {
  const { name, value, note, members } = field;
  const start = `${"  ".repeat(depth)}${name.padEnd(NAME_COLUMN - 2 * depth)}`;
  const shown = value === undefined ? "" : ` ${String(value)}`;
  const meaning = note === undefined || note === "" ? "" : `  (${note})`;
  const own = `${start}${shown}${meaning}`.trimEnd();
  return [own, ...(members ?? []).flatMap((member) => linesOf(member, depth + 1))];
}
