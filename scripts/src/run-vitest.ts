// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { countTests, type TestCounts } from "./count-tests.ts";

/**
 * Runs Vitest with the given projects and counts what it reported.
 *
 * @param root - The repository.
 * @param projects - Names from vitest.config.ts.
 * @returns the counts; a run that wrote no report counts as one failure, and so does a run of
 *   nothing at all.
 */
export function runVitest(root: string, projects: readonly string[]): TestCounts {
  const folder = join(root, "out");
  const reportFile = join(folder, `vitest-${projects.join("-")}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(reportFile, { force: true });
  const outcome = spawnSync(
    join(root, "node_modules/.bin/vitest"),
    [
      "run",
      ...projects.flatMap((project) => ["--project", project]),
      "--passWithNoTests",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${reportFile}`,
    ],
    { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
  );
  if (!existsSync(reportFile)) {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const counts = countTests(readFileSync(reportFile, "utf8"));
  const ranNothing = counts.passed + counts.failed === 0;
  const endedBadly = outcome.status !== 0 && counts.failed === 0;
  return ranNothing || endedBadly ? { ...counts, failed: 1 } : counts;
}
