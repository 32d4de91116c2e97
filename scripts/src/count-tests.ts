// SPDX-License-Identifier: EUPL-1.2

/** What a run of Vitest came to. `failed` includes files that could not be loaded at all. */
export type TestCounts = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
};

type Report = {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
};

/**
 * Counts the tests in a report of Vitest's JSON reporter.
 *
 * A file that fails before its first test (an import that does not resolve, say) holds no failed
 * test; it counts as one failure here, since a runner that says "0 failed" then would be lying. The
 * same goes for a run that Vitest calls unsuccessful without a failed test: an unhandled error.
 */
export function countTests(reportText: string): TestCounts {
  const report = JSON.parse(reportText) as Report;
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const file of report.testResults) {
    let failedHere = 0;
    for (const { status } of file.assertionResults) {
      if (status === "passed") {
        passed += 1;
      } else if (status === "failed") {
        failedHere += 1;
      } else {
        skipped += 1;
      }
    }
    failed += file.status === "failed" && failedHere === 0 ? 1 : failedHere;
  }
  if (!report.success && failed === 0) {
    failed = 1;
  }
  return { passed, failed, skipped };
}

/** The line that ends a run; the third part appears only where something was skipped. */
export function formatCounts({ passed, failed, skipped }: TestCounts): string {
  const tail = skipped > 0 ? `, ${skipped} skipped` : "";
  return `${passed} passed, ${failed} failed${tail}`;
}
