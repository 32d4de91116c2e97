// SPDX-License-Identifier: EUPL-1.2

import { describe, expect, test } from "vitest";
import { countTests, formatCounts } from "./count-tests.ts";

function reportOf(
  success: boolean,
  ...files: readonly { readonly status: string; readonly tests: readonly string[] }[]
): string {
  return JSON.stringify({
    success,
    testResults: files.map(({ status, tests }) => ({
      status,
      assertionResults: tests.map((each) => ({ status: each })),
    })),
  });
}

describe("the count of a test run", () => {
  test("adds up what passed, failed and was skipped", () => {
    const report = reportOf(
      false,
      { status: "passed", tests: ["passed", "passed", "pending"] },
      { status: "failed", tests: ["failed", "passed"] },
    );
    expect(countTests(report)).toEqual({ passed: 3, failed: 1, skipped: 1 });
  });

  test("counts a file that could not be loaded as one failure", () => {
    const report = reportOf(false, { status: "failed", tests: [] });
    expect(countTests(report)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  test("counts a run that ended badly without a failed test as one failure", () => {
    const report = reportOf(false, { status: "passed", tests: ["passed"] });
    expect(countTests(report)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  test("prints the third number only where something was skipped", () => {
    expect(formatCounts({ passed: 12, failed: 0, skipped: 0 })).toBe("12 passed, 0 failed");
    expect(formatCounts({ passed: 12, failed: 1, skipped: 2 })).toBe(
      "12 passed, 1 failed, 2 skipped",
    );
  });
});
