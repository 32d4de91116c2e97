// SPDX-License-Identifier: EUPL-1.2
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Bundle, type BundleTarget, doorPathBytes, filesOf } from "./build-bundle.ts";

/** Octets that a bundle may have. */
export interface Budget {
  /** Loader and entry module: evaluated at every power-on. */
  readonly doorPath: number;
  /** All scripts together, without the blob, which has a budget of its own. */
  readonly storage: number;
}

/** Budgets by `<role>/<board>`. */
export type Budgets = Readonly<Record<string, Budget>>;

const BUDGET_FILE = join(dirname(fileURLToPath(import.meta.url)), "bundle-budget.json");

/** Reads the recorded budgets. They are raised by hand, in the commit that needs it. */
export async function readBudgets(): Promise<Budgets> {
  const parsed: unknown = JSON.parse(await readFile(BUDGET_FILE, "utf8"));
  if (typeof parsed !== "object" || parsed === null) {
    throw new Error("bundle-budget.json is no table");
  }
  const budgets: Record<string, Budget> = {};
  for (const [name, row] of Object.entries(parsed)) {
    if (!isBudget(row)) {
      throw new Error(`bundle-budget.json: ${name} has no doorPath and storage in octets`);
    }
    budgets[name] = row;
  }
  return budgets;
}

function isBudget(row: unknown): row is Budget {
  return (
    typeof row === "object" &&
    row !== null &&
    "doorPath" in row &&
    "storage" in row &&
    typeof row.doorPath === "number" &&
    typeof row.storage === "number"
  );
}

/** What a bundle takes of its budget. */
export function sizeOf(bundle: Bundle): Budget {
  const storage = filesOf(bundle)
    .filter((file) => file.name !== "native")
    .reduce((sum, file) => sum + file.content.length, 0);
  return { doorPath: doorPathBytes(bundle), storage };
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
  size: Budget,
): string | undefined {
  const name = `${target.role}/${target.board.name}`;
  const budget = Object.hasOwn(budgets, name) ? budgets[name] : undefined;
  const found = `${size.doorPath} octets on the door path, ${size.storage} in all`;
  if (budget === undefined) {
    return `${name}: ${found} and no budget in firmware/build/bundle-budget.json`;
  }
  const over = [
    ...(size.doorPath > budget.doorPath ? [`door path ${size.doorPath - budget.doorPath}`] : []),
    ...(size.storage > budget.storage ? [`storage ${size.storage - budget.storage}`] : []),
  ];
  return over.length === 0 ? undefined : `${name}: ${found}: ${over.join(", ")} over its budget`;
}
