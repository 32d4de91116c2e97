// SPDX-License-Identifier: EUPL-1.2
import type { NativeCall } from "./native-code.ts";

const ENTRY_STACK_POINTER = 1;
const ENTRY_APPLY = 40;
const WIDE = "int(int,int,int,int)";
const words = new Uint32Array(8);
let isWide: boolean | undefined;

/**
 * Makes an entry of the blob callable, also in builds of the interpreter that know no function of four
 * integers: there `apply` takes them from memory. Boards know all signatures.
 */
export function bindEntry(blob: string, place: number): NativeCall {
  if (isWide === undefined) isWide = knowsFourIntegers(blob);
  if (isWide) return E.nativeCall(4 * place + 1, WIDE, blob);
  const apply = E.nativeCall(4 * ENTRY_APPLY + 1, "int(int,int)", blob);
  return (a, b, c, d) => {
    words[0] = a ?? 0;
    words[1] = b ?? 0;
    words[2] = c ?? 0;
    words[3] = d ?? 0;
    return apply(place, E.getAddressOf(words, true));
  };
}

function knowsFourIntegers(blob: string): boolean {
  try {
    E.nativeCall(4 * ENTRY_STACK_POINTER + 1, WIDE, blob)(0, 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
