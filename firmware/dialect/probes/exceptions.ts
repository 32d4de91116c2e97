// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

const order: string[] = [];
function risky(step: number): string {
  try {
    if (step === 1) throw new Error("one");
    order.push("try");
    return "returned";
  } catch (error) {
    order.push(error instanceof Error ? error.message : "?");
    return "caught";
  } finally {
    order.push("finally");
  }
}
print(risky(0), risky(1), order.join());
let isDone = false;
try {
  try {
    throw new Error("inner");
  } finally {
    isDone = true;
  }
} catch {
  print("outer", isDone);
}
