// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";

import { judgeEvidence } from "./evidence.ts";
import { readVariableBudget } from "./variable-budget.ts";

const HASHES = { "lock/linux": "a", "lock/linux-arm": "b", "lock/xiao-nrf52840": "c" };
const { key, lock } = readVariableBudget();
const FRESH = { bundles: { ...HASHES }, memory: { "linux-arm": { key, lock } } };

describe("the evidence of the interpreter", () => {
  test("is stale for the bundles that have changed, and for those that never ran", () => {
    expect(judgeEvidence(HASHES, FRESH)).toEqual({ stale: [], complaints: [] });
    expect(judgeEvidence({ ...HASHES, "lock/linux": "z" }, FRESH).stale).toEqual(["lock/linux"]);
    expect(judgeEvidence({ ...HASHES, "key/linux": "d" }, FRESH).stale).toEqual(["key/linux"]);
    expect(judgeEvidence(HASHES, {}).stale).toEqual(["lock/linux", "lock/linux-arm"]);
  });

  test("holds the budget of variables where it is fresh, and says nothing where it is not", () => {
    const large = { key, lock: { idle: lock.idle, session: lock.session + 1 } };
    const over = { ...FRESH, memory: { "linux-arm": large } };
    expect(judgeEvidence(HASHES, over).complaints).toHaveLength(1);
    expect(judgeEvidence({ ...HASHES, "lock/linux-arm": "z" }, over).complaints).toEqual([]);
    expect(judgeEvidence(HASHES, { ...FRESH, memory: {} }).complaints).toHaveLength(4);
  });
});
