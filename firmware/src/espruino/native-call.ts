// SPDX-License-Identifier: EUPL-1.2
import type { EntryBinder } from "./native-code.ts";

/** Makes entries of the blob callable; the 1 in an address means Thumb. */
export function createEntryBinder(start: number): EntryBinder {
  // In the closure: a name at the top of a bundle is found by walking past all others.
  const nativeCall = E.nativeCall;
  return (place) => nativeCall(start + 4 * place + 1, "int(int,int,int,int)");
}
