// SPDX-License-Identifier: EUPL-1.2
import { packScript } from "./pack.ts";
import { isSameScript, unpackScript } from "./unpack.ts";

/** A script as it lies in Storage. */
export interface StoredScript {
  readonly content: Uint8Array;
  /** Offset in the script of what stands at an octet of the content. */
  find(octet: number): number;
}

/** A script as it is, for what reads text. */
export function storeText(code: string): StoredScript {
  return { content: Buffer.from(code, "ascii"), find: (octet) => octet };
}

/**
 * A script in the tokens of the interpreter.
 *
 * @throws where that does not say the same: the gate has judged the script, and not what is stored.
 */
export function storePacked(code: string): StoredScript {
  const packed = packScript(code);
  if (!isSameScript(unpackScript(packed.content), code)) {
    throw new Error("packing has changed a script");
  }
  return packed;
}

/**
 * The octet at a place as the interpreter tells it.
 *
 * @param line - Counted from 1, as is `column`. A packed script has line feeds that end no line: octets of
 *   numbers and lengths. The interpreter counts them.
 */
export function octetAt(content: Uint8Array, line: number, column: number): number {
  let start = 0;
  for (let lines = 1; lines < line; lines += 1) start = content.indexOf(0x0a, start) + 1;
  return start + column - 1;
}
