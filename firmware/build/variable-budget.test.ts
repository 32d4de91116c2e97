// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";

import { checkVariables, readVariableBudget } from "./variable-budget.ts";

const BUDGET = {
  key: { idle: 50, session: 90, of: 100 },
  lock: { idle: 40, session: 60, of: 100 },
  station: { idle: 70, session: 80, of: 110 },
};
const MEASURED = {
  key: { idle: 50, session: 90 },
  lock: { idle: 30, session: 60 },
  station: { idle: 70, session: 80 },
};

describe("variables in use", () => {
  test("are refused from one over the budget on, and where nobody has measured them", () => {
    expect(checkVariables(BUDGET, MEASURED)).toEqual([]);
    const idle = { ...MEASURED, lock: { idle: 41, session: 60 } };
    expect(checkVariables(BUDGET, idle)).toEqual([
      "variables of a lock, idle: 41, 1 over its budget",
    ]);
    const session = { ...MEASURED, station: { idle: 70, session: 82 } };
    expect(checkVariables(BUDGET, session)).toEqual([
      "variables of a station, session: 82, 2 over its budget",
    ]);
    expect(checkVariables(BUDGET, { key: MEASURED.key, station: MEASURED.station })).toEqual([
      "variables of a lock, idle: not measured",
      "variables of a lock, session: not measured",
    ]);
  });

  test("have a budget that the reference boards have room for", () => {
    const budget = readVariableBudget();
    expect(checkVariables(budget, budget)).toEqual([]);
    const small = { ...budget, lock: { ...budget.lock, of: budget.lock.session - 1 } };
    expect(checkVariables(small, budget)).toEqual([
      "the budget of a lock is more than its board has",
    ]);
  });
});
