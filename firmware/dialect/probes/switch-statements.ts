// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

function nameOf(kind: number): string {
  let text = "";
  switch (kind) {
    case 1:
    case 2:
      text += kind === 1 ? "one" : "two";
      break;
    case 3: {
      const inner = "three";
      return inner;
    }
    default:
      text = "other";
  }
  return text;
}
print(nameOf(1), nameOf(2), nameOf(3), nameOf(4));
