// SPDX-License-Identifier: EUPL-1.2

import { readFileSync } from "node:fs";
import {
  type CryptoPort,
  FILE_UNREADABLE,
  type OpenAnchorFile,
  openAnchorFile,
} from "@nyckelring/protocol";
import { describe } from "@nyckelring/protocol/host";
import { ToolError } from "./tool-error.ts";

/**
 * The octets of a file.
 *
 * @throws ToolError `FILE_UNREADABLE`.
 */
export function readOctets(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new ToolError({
      code: FILE_UNREADABLE,
      message: `"${path}" cannot be read: ${error instanceof Error ? error.message : error}`,
      state: "nothing was judged",
      hint: "check the path",
      details: { path },
    });
  }
}

/**
 * The authority of an anchor file, its certificates verified.
 *
 * @throws ToolError `FILE_UNREADABLE`, or the code for which the file is refused.
 */
export function readAnchor(crypto: CryptoPort, path: string): OpenAnchorFile {
  const opened = openAnchorFile(crypto, readOctets(path));
  if (opened.ok) return opened.value;
  throw new ToolError({
    code: opened.fault.code,
    message: `"${path}" is no good anchor file: ${describe(opened.fault.code)?.en ?? ""}`,
    state: "nothing was judged",
    hint: "give the anchor.cbor that credential export wrote",
    details: { path },
  });
}
