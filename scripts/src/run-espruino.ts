// SPDX-License-Identifier: EUPL-1.2
// `npm run test:espruino`: the bundles on the real interpreter that ESPRUINO names.

import { formatCounts } from "./count-tests.ts";
import { runVitest } from "./run-vitest.ts";
import { repositoryRoot } from "./tree.ts";

const espruino = process.env["ESPRUINO"];
if (espruino === undefined || espruino === "") {
  process.stdout.write("skipped  firmware/test: ESPRUINO does not name the interpreter\n");
  process.stdout.write("0 passed, 0 failed\n");
} else {
  const counts = runVitest(repositoryRoot(), ["espruino"]);
  process.stdout.write(`${formatCounts(counts)}\n`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
}
