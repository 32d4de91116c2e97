// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";

import { checkVariables, readVariableBudget } from "./variable-budget.ts";

const BUDGET = {
  variables: 100,
  key: { idle: 50, session: 90 },
  lock: { idle: 40, session: 60 },
};
const MEASURED = { key: { idle: 50, session: 90 }, lock: { idle: 30, session: 60 } };

describe("variables in use", () => {
  test("are refused from one over the budget on, and where nobody has measured them", () => {
    expect(checkVariables(BUDGET, MEASURED)).toEqual([]);
    const idle = { ...MEASURED, lock: { idle: 41, session: 60 } };
    expect(checkVariables(BUDGET, idle)).toEqual([
      "variables of a lock, idle: 41, 1 over its budget",
    ]);
    const session = { ...MEASURED, key: { idle: 50, session: 92 } };
    expect(checkVariables(BUDGET, session)).toEqual([
      "variables of a key, session: 92, 2 over its budget",
    ]);
    expect(checkVariables(BUDGET, { key: MEASURED.key })).toEqual([
      "variables of a lock, idle: not measured",
      "variables of a lock, session: not measured",
    ]);
  });

  test("have a budget that the reference board has room for", () => {
    const budget = readVariableBudget();
    expect(checkVariables(budget, { key: budget.key, lock: budget.lock })).toEqual([]);
    expect(checkVariables({ ...budget, variables: 9999 }, budget)).toHaveLength(2);
  });
});
