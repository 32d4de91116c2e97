// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

interface Node {
  readonly value: number;
  readonly next?: Node;
}
const list: Node = { value: 0, next: { value: 5 } };
let fallback: number | undefined;
for (let index = 0; index < 2; index += 1) fallback ??= index + 3;
print(
  list.next?.value,
  list.next?.next?.value ?? "none",
  list.value || 8,
  list.value ?? 8,
  fallback,
);
