// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

const { a, b: renamed, c = 7 } = { a: 1, b: 2 } as { a: number; b: number; c?: number };
const [first, , third = 9] = [1, 2] as number[];
function area({ width, height }: { width: number; height: number }): number {
  return width * height;
}
print(a, renamed, c, first, third, area({ width: 3, height: 4 }));
