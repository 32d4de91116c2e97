// SPDX-License-Identifier: EUPL-1.2
import { AssertionError } from "node:assert";
import { Bench, type BenchParts } from "../board-driver/bench.ts";
import { InfraFault, type RoleName, Skipped } from "../board-driver/roles.ts";
import type { Case } from "./case.ts";
import { judgeCase } from "./judge-case.ts";

/** How one attempt at a case ended. */
export type Outcome =
  | { readonly kind: "passed" }
  | { readonly kind: "skipped"; readonly reason: string }
  /** The product did something else than the case says, or a role met an error of ours. */
  | { readonly kind: "product"; readonly reason: string }
  /** The case itself stumbled. */
  | { readonly kind: "test"; readonly reason: string }
  | { readonly kind: "infra"; readonly reason: string; readonly role: RoleName };

/**
 * Plays a case once.
 *
 * @param afterwards - Looks at the bench after a case that passed so far, the oracle unless told
 *   otherwise; what it returns is a failure of the product, undefined is none.
 */
export async function attempt(
  one: Case,
  parts: BenchParts,
  afterwards: (bench: Bench) => string | undefined = judgeCase,
): Promise<Outcome> {
  try {
    const bench = new Bench(parts);
    await one.play(bench);
    const [fault] = bench.roleFaults();
    if (fault !== undefined) return { kind: "product", reason: `a role met an error: ${fault}` };
    const found = afterwards(bench);
    return found === undefined ? { kind: "passed" } : { kind: "product", reason: found };
  } catch (error) {
    if (error instanceof Skipped) return { kind: "skipped", reason: error.message };
    if (error instanceof InfraFault) {
      return { kind: "infra", reason: error.message, role: error.role };
    }
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof AssertionError) return { kind: "product", reason };
    return { kind: "test", reason: error instanceof Error ? (error.stack ?? reason) : reason };
  }
}
