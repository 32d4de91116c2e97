// SPDX-License-Identifier: EUPL-1.2
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { BundleTarget } from "./build-bundle.ts";

/** Bytes that a bundle may have, by `<role>/<board>`. */
export type Budgets = Readonly<Record<string, number>>;

const BUDGET_FILE = join(dirname(fileURLToPath(import.meta.url)), "bundle-budget.json");

/** Reads the recorded budgets. They are raised by hand, in the commit that needs it. */
export async function readBudgets(): Promise<Budgets> {
  const parsed: unknown = JSON.parse(await readFile(BUDGET_FILE, "utf8"));
  if (typeof parsed !== "object" || parsed === null) {
    throw new Error("bundle-budget.json is no table");
  }
  const budgets: Record<string, number> = {};
  for (const [name, bytes] of Object.entries(parsed)) {
    if (typeof bytes !== "number") {
      throw new Error(`bundle-budget.json: ${name} is no number of bytes`);
    }
    budgets[name] = bytes;
  }
  return budgets;
}

/**
 * Compares a bundle with its budget.
 *
 * @returns what to tell a person, or undefined when the bundle fits. A bundle without a budget does
 *   not fit: a new board is recorded before it grows.
 */
export function checkBudget(
  budgets: Budgets,
  target: BundleTarget,
  bytes: number,
): string | undefined {
  const name = `${target.role}/${target.board.name}`;
  const budget = Object.hasOwn(budgets, name) ? budgets[name] : undefined;
  if (budget === undefined) {
    return `${name}: ${bytes} bytes and no budget in firmware/build/bundle-budget.json`;
  }
  return bytes <= budget ? undefined : `${name}: ${bytes} bytes, ${bytes - budget} over its budget`;
}
