// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

const value = "outer";
function inBranch(isInner: boolean): string {
  if (isInner) {
    const value = "inner";
    return value;
  }
  return value;
}
function late(isSet: boolean): string {
  let result = "unset";
  for (let index = 0; index < 2; index += 1) {
    let once: string | undefined;
    if (isSet && index === 0) {
      once = "set";
    }
    result = once ?? `no${index}`;
  }
  return result;
}
print(inBranch(true), inBranch(false), value, late(true), late(false));
