// SPDX-License-Identifier: EUPL-1.2

import fc from "fast-check";

// Every property of the run draws from the one seed that vitest.config.ts chose or was given.
const seed = Number(process.env["SEED"]);
if (!Number.isSafeInteger(seed)) {
  throw new Error("SEED did not reach the test worker");
}
const runs = Number(process.env["FC_RUNS"] ?? "100");
fc.configureGlobal({ seed, numRuns: runs });
