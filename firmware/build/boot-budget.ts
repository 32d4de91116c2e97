// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ROLES, type Role } from "./build-bundle.ts";

/**
 * Instructions that a boot of each role may take, from the loader's first to the moment at which the
 * application says that it runs: interpreter, native code and C library of the Arm build under QEMU.
 */
export type BootBudget = Readonly<Record<Role, number>>;

/** Where the budget lies. */
export const BOOT_BUDGET_FILE: string = join(import.meta.dirname, "boot-budget.json");

/** Reads the budget, which is renewed from the evidence by `renew-budgets.ts`. */
export function readBootBudget(): BootBudget {
  return JSON.parse(readFileSync(BOOT_BUDGET_FILE, "utf8")) as BootBudget;
}

/**
 * Compares what was counted with the budget.
 *
 * @returns what to tell a person, nothing where all fits. What was not counted does not fit.
 */
export function checkBoots(
  budget: BootBudget,
  counted: Readonly<Partial<Record<Role, number>>>,
): readonly string[] {
  return ROLES.flatMap((role) => {
    const instructions = counted[role];
    if (instructions === undefined) return [`boot of a ${role}: not counted`];
    return instructions <= budget[role]
      ? []
      : [
          `boot of a ${role}: ${instructions} instructions, ${instructions - budget[role]} over its budget`,
        ];
  });
}
