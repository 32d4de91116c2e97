// SPDX-License-Identifier: EUPL-1.2
// `make test`: every gate, then every suite that this machine can run, then what was left out.
// The last line counts the tests; with COUNTS_FILE set it goes there instead (.ci/run prints it).

import { writeFileSync } from "node:fs";
import { formatCounts } from "./count-tests.ts";
import { GATES } from "./gates.ts";
import { runGates } from "./run-gates.ts";
import { runVitest } from "./run-vitest.ts";
import { isInstalled, listSkippedSuites } from "./suites.ts";
import { repositoryRoot, sourceTree } from "./tree.ts";

const root = repositoryRoot();
const tree = sourceTree(root);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const failedGates = runGates(GATES, tree, print);

const espruino = process.env["ESPRUINO"];
const withEspruino = espruino !== undefined && espruino !== "";
const counts = runVitest(root, ["unit", "board", ...(withEspruino ? ["espruino"] : [])]);

const skippedSuites = listSkippedSuites(
  [...tree.paths],
  isInstalled,
  espruino,
  process.env["ESPRUINO_ARM"],
);
const requireAll = process.env["REQUIRE_ALL"] === "1";
const missing = skippedSuites.filter(({ isRequired }) => isRequired && requireAll);

print("");
for (const { suite, reason, isRequired } of skippedSuites) {
  print(`${isRequired && requireAll ? "MISSING" : "skipped"}  ${suite}: ${reason}`);
}
for (const gate of failedGates) {
  print(`FAILED   gate ${gate}`);
}

const total = { ...counts, failed: counts.failed + failedGates.length + missing.length };
const line = formatCounts(total);
const countsFile = process.env["COUNTS_FILE"];
if (countsFile === undefined || countsFile === "") {
  print(line);
} else {
  writeFileSync(countsFile, `${line}\n`);
}
process.exitCode = total.failed === 0 ? 0 : 1;
