// SPDX-License-Identifier: EUPL-1.2
// Runs on the interpreter: the blob as a file beside the program, and a mark for who counts.

import {
  ENTRY_STACK_POINTER,
  loadNativeCode,
  type NativeCall,
  type NativeCode,
} from "../../src/espruino/native-code.ts";

const BLOB_BYTES_MAX = 32768;

/** The octets of the blob. */
export function readBlob(name: string): string {
  const file = E.openFile(name, "r");
  let text = "";
  for (;;) {
    const part = file.read(BLOB_BYTES_MAX);
    if (part === undefined || part.length === 0) break;
    text += part;
  }
  file.close();
  return text;
}

/** Loads the blob and tells where it lies, for a counter of instructions. */
export function loadMarkedBlob(): { readonly code: NativeCode; mark(name: string): void } {
  const file = readBlob("./native.bin");
  const code = loadNativeCode(file);
  const call: NativeCall = code.entry(ENTRY_STACK_POINTER);
  print("blob", String(code.start), String(file.length));
  return {
    code,
    // The call is what a counter sees; the name is printed for it afterwards, outside what is counted.
    mark(name) {
      call(0, 0, 0, 0);
      print("mark", name);
      call(0, 0, 0, 0);
    },
  };
}
