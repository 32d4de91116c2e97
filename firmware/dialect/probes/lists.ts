// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

const list = [3, 1, 2];
print(list.map((one) => one * 2).join(), list.filter((one) => one > 1).join());
print(
  list.reduce((sum, one) => sum + one, 0),
  list.indexOf(2),
  list.some((one) => one > 2),
);
print(
  list.slice(1).join(),
  list.concat([4]).join(),
  list.every((one) => one > 0),
);
list.sort((left, right) => left - right);
list.push(9);
print(list.join(), list.pop(), list.shift(), list.splice(0, 1).join(), list.length);
const sparse: number[] = [];
sparse[3] = 1;
print(
  sparse.length,
  sparse[0] === undefined,
  list.find((one) => one === 3),
);
