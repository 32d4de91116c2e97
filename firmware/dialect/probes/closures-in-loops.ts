// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

const calls: (() => number)[] = [];
for (let index = 0; index < 3; index += 1) {
  const twice = index * 2;
  calls.push(() => index + twice);
}
for (const call of calls) print(call());
for (const word of ["a", "b"]) calls.push(() => word.charCodeAt(0));
print(calls.map((call) => call()).join());
