// SPDX-License-Identifier: EUPL-1.2

import type { Result } from "@nyckelring/protocol";

/** Does what a code is for, and gives the code that came of it; 0 for none. */
export type Provoke = () => number | Promise<number>;

/** Codes by name, each with the deed that makes the system say it. */
export type Origins = Readonly<Record<string, Provoke>>;

/** The code of a result; 0 for a good one. */
export function codeOf(result: Result<unknown>): number {
  return result.ok ? 0 : result.fault.code;
}

/** The code of the promise that a call breaks; 0 when it keeps all. */
export function brokenBy(call: () => unknown): number {
  try {
    call();
    return 0;
  } catch (error) {
    const text = error instanceof Error ? error.message : "";
    return Number.parseInt(/^broken promise ([0-9a-f]+)$/.exec(text)?.[1] ?? "0", 16);
  }
}

/** The value of a result that must be good. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`unexpected fault ${result.fault.code.toString(16)}`);
  return result.value;
}
