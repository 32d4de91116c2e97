// SPDX-License-Identifier: EUPL-1.2
import type { NativeCall } from "./native-code.ts";

/** Makes an entry of the blob callable; the 1 in its address means Thumb. */
export function bindEntry(blob: string, place: number): NativeCall {
  return E.nativeCall(4 * place + 1, "int(int,int,int,int)", blob);
}
