// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

print(late(3));
function late(depth: number): number {
  return depth === 0 ? 1 : depth * late(depth - 1);
}
function withDefault(a: number, b = a + 1, ...rest: number[]): string {
  return `${a},${b},${rest.length}`;
}
print(withDefault(1), withDefault(1, 2, 3, 4), withDefault.call(undefined, 7));
function counter(): () => number {
  let count = 0;
  return () => {
    count += 1;
    return count;
  };
}
const one = counter();
const two = counter();
one();
print(one(), two());
print([1, 2].map(String).join(), Math.max.apply(undefined, [4, 9]));
