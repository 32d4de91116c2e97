// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ROLES, type Role } from "./build-bundle.ts";

/** Variables that a role may have in use, blob and code in RAM included. */
export interface VariableLimits {
  /** After its boot. */
  readonly idle: number;
  /**
   * At the peak of a session at a door, with the records after it; of a station while it takes a
   * full ring for a key and gives it on.
   */
  readonly session: number;
  /** What the reference board has. */
  readonly of: number;
}

/** The budget of each role. */
export type VariableBudget = Readonly<Record<Role, VariableLimits>>;

/** What a run on the interpreter's Arm build has measured of a role. */
export interface VariableFigures {
  /** In use after the boot. */
  readonly idle?: number;
  /** So many were left to a session that went well; all others were taken away before. */
  readonly session?: number;
  /** In use after a session, for information. */
  readonly after?: number;
}

/** Where the budget lies. */
export const VARIABLE_BUDGET_FILE: string = join(import.meta.dirname, "variable-budget.json");

/**
 * Reads the budget. `idle` is renewed from the evidence by `renew-budgets.ts`; `session` is what the
 * suites leave to a session, and is changed by hand.
 */
export function readVariableBudget(): VariableBudget {
  return JSON.parse(readFileSync(VARIABLE_BUDGET_FILE, "utf8")) as VariableBudget;
}

/**
 * Compares what was measured with the budget.
 *
 * @returns what to tell a person, nothing where all fits. What was not measured does not fit.
 */
export function checkVariables(
  budget: VariableBudget,
  measured: Readonly<Partial<Record<Role, VariableFigures>>>,
): readonly string[] {
  return ROLES.flatMap((role) => {
    const limits = budget[role];
    const figures = measured[role] ?? {};
    const over = (["idle", "session"] as const).flatMap((name) => {
      const figure = figures[name];
      if (figure === undefined) return [`variables of a ${role}, ${name}: not measured`];
      return figure <= limits[name]
        ? []
        : [`variables of a ${role}, ${name}: ${figure}, ${figure - limits[name]} over its budget`];
    });
    const isTooLarge = limits.idle > limits.session || limits.session > limits.of;
    return isTooLarge ? [...over, `the budget of a ${role} is more than its board has`] : over;
  });
}
