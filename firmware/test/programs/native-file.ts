// SPDX-License-Identifier: EUPL-1.2
// Runs on the interpreter: files beside the program, and marks for who counts instructions.

import { loadNativeCode, type NativeCode } from "../../src/espruino/native-code.ts";

const PART_BYTES = 32768;

/** The octets of a file. */
export function readFile(name: string): string {
  const file = E.openFile(name, "r");
  let text = "";
  for (;;) {
    const part = file.read(PART_BYTES);
    if (part === undefined || part.length === 0) break;
    text += part;
  }
  file.close();
  return text;
}

/** The same in memory, in one piece. */
export function readOctets(name: string): Uint8Array {
  return new Uint8Array(E.toArrayBuffer(E.toFlatString(readFile(name))));
}

/** Loads the blob and tells where it lies. */
export function loadBlob(file: Uint8Array | undefined): NativeCode {
  const code = loadNativeCode(file);
  print("blob", String(code.start));
  return code;
}

/**
 * Ends a phase. The calls are what a counter sees; the name is printed for it between them, outside
 * what is counted. Gives what it was given.
 */
export function mark<T>(name: string, given?: T): T | undefined {
  E.getErrorFlags();
  print("mark", name);
  E.getErrorFlags();
  return given;
}
