// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";

import { readBootBudget } from "./boot-budget.ts";
import { judgeEvidence, renewedBudgets } from "./evidence.ts";
import { checkVariables, readVariableBudget } from "./variable-budget.ts";

const HASHES = { "lock/linux": "a", "lock/linux-arm": "b", "lock/xiao-nrf52840": "c" };
const variables = readVariableBudget();
const boots = readBootBudget();
const FRESH = { bundles: { ...HASHES }, figures: { "linux-arm": { variables, boots } } };

describe("the evidence of the interpreter", () => {
  test("is stale for the bundles that have changed, and for those that never ran", () => {
    expect(judgeEvidence(HASHES, FRESH)).toEqual({ stale: [], complaints: [], held: 9 });
    expect(judgeEvidence({ ...HASHES, "lock/linux": "z" }, FRESH).stale).toEqual(["lock/linux"]);
    expect(judgeEvidence({ ...HASHES, "key/linux": "d" }, FRESH).stale).toEqual(["key/linux"]);
    expect(judgeEvidence(HASHES, {}).stale).toEqual(["lock/linux", "lock/linux-arm"]);
  });

  test("holds the budget of variables where it is fresh, and says nothing where it is not", () => {
    const large = { ...variables, lock: { idle: 1, session: variables.lock.session + 1 } };
    const over = { ...FRESH, figures: { "linux-arm": { variables: large, boots } } };
    expect(judgeEvidence(HASHES, over).complaints).toHaveLength(1);
    const stale = judgeEvidence({ ...HASHES, "lock/linux-arm": "z" }, over);
    expect(stale).toMatchObject({ complaints: [], held: 0 });
    expect(judgeEvidence(HASHES, { ...FRESH, figures: {} }).complaints).toHaveLength(9);
  });

  test("holds the budget of boots, from one instruction over it on", () => {
    const long = { ...boots, station: boots.station + 1 };
    const over = { ...FRESH, figures: { "linux-arm": { variables, boots: long } } };
    expect(judgeEvidence(HASHES, over).complaints).toEqual([
      `boot of a station: ${boots.station + 1} instructions, 1 over its budget`,
    ]);
    const { key, lock } = boots;
    const missing = { ...FRESH, figures: { "linux-arm": { variables, boots: { key, lock } } } };
    expect(judgeEvidence(HASHES, missing).complaints).toEqual(["boot of a station: not counted"]);
  });

  test("renews what it measures with a margin, and leaves what is set by hand", () => {
    const measured = {
      variables: { lock: { idle: 5000, session: 10_000 } },
      boots: { key: 10_000_000 },
    };
    const renewed = renewedBudgets({ "linux-arm": measured }, variables, boots);
    expect(renewed.variables).toEqual({ ...variables, lock: { ...variables.lock, idle: 5150 } });
    expect(renewed.boots).toEqual({ ...boots, key: 10_300_000 });
    expect(checkVariables(renewed.variables, { ...variables, lock: { idle: 5151 } })).toHaveLength(
      2,
    );
    expect(renewedBudgets({}, variables, boots)).toEqual({ variables, boots });
  });
});
