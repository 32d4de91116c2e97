// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";

import { checkBudget, readBudgets } from "./budget.ts";
import { bundleTargets } from "./build-bundle.ts";

const [target] = bundleTargets();

describe("bundle budgets", () => {
  test("refuse a bundle that has grown by one byte and accept one that has not", () => {
    if (target === undefined) throw new Error("no target");
    const budgets = { [`${target.role}/${target.board.name}`]: { doorPath: 100, storage: 1000 } };
    expect(checkBudget(budgets, target, { doorPath: 100, storage: 1000 })).toBeUndefined();
    expect(checkBudget(budgets, target, { doorPath: 100, storage: 1001 })).toContain(
      "storage 1 over",
    );
    expect(checkBudget(budgets, target, { doorPath: 101, storage: 1000 })).toContain(
      "door path 1 over",
    );
  });

  test("refuse a bundle that nobody has recorded", () => {
    if (target === undefined) throw new Error("no target");
    expect(checkBudget({}, target, { doorPath: 1, storage: 1 })).toContain("no budget");
  });

  test("are recorded for every bundle and for nothing else", async () => {
    const names = bundleTargets().map((one) => `${one.role}/${one.board.name}`);
    expect(Object.keys(await readBudgets()).sort()).toEqual(names.sort());
  });
});
