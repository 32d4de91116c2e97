// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Roles whose board has a fixed number of variables. */
export const FIXED_ROLES = ["key", "lock"] as const;
/** One of them. */
export type FixedRole = (typeof FIXED_ROLES)[number];

/** Variables that a role may have in use, blob and code in RAM included. */
export interface VariableLimits {
  /** After its boot. */
  readonly idle: number;
  /** At the peak of a session at a door, with the records after it. */
  readonly session: number;
}

/** The budget: what the reference board has, and what each role may use of it. */
export type VariableBudget = { readonly variables: number } & Readonly<
  Record<FixedRole, VariableLimits>
>;

/** What a run on the interpreter's Arm build has measured of a role. */
export interface VariableFigures {
  /** In use after the boot. */
  readonly idle?: number;
  /** So many were left to a session that opened the door; all others were taken away before. */
  readonly session?: number;
}

const FILE = join(import.meta.dirname, "variable-budget.json");

/** Reads the budget. It is raised by hand, in the commit that needs it. */
export function readVariableBudget(): VariableBudget {
  return JSON.parse(readFileSync(FILE, "utf8")) as VariableBudget;
}

/**
 * Compares what was measured with the budget.
 *
 * @returns what to tell a person, nothing where all fits. What was not measured does not fit.
 */
export function checkVariables(
  budget: VariableBudget,
  measured: Readonly<Partial<Record<FixedRole, VariableFigures>>>,
): readonly string[] {
  return FIXED_ROLES.flatMap((role) => {
    const limits = budget[role];
    const figures = measured[role] ?? {};
    const over = (["idle", "session"] as const).flatMap((name) => {
      const figure = figures[name];
      if (figure === undefined) return [`variables of a ${role}, ${name}: not measured`];
      return figure <= limits[name]
        ? []
        : [`variables of a ${role}, ${name}: ${figure}, ${figure - limits[name]} over its budget`];
    });
    const isTooLarge = limits.idle > limits.session || limits.session > budget.variables;
    return isTooLarge ? [...over, `the budget of a ${role} is more than its board has`] : over;
  });
}
