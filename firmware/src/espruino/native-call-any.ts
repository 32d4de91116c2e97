// SPDX-License-Identifier: EUPL-1.2
import type { EntryBinder } from "./native-code.ts";

const ENTRY_APPLY = 38;

/**
 * Makes entries of the blob callable in builds of the interpreter for computers: they call no function
 * of four integers, so `apply` takes them from memory. Boards know all signatures.
 */
export function createEntryBinder(start: number): EntryBinder {
  const words = new Uint32Array(8);
  const addressOf = E.getAddressOf;
  const apply = E.nativeCall(start + 4 * ENTRY_APPLY + 1, "int(int,int)");
  return (place) => (a, b, c, d) => {
    words[0] = a ?? 0;
    words[1] = b ?? 0;
    words[2] = c ?? 0;
    words[3] = d ?? 0;
    return apply(place, addressOf(words, true));
  };
}
