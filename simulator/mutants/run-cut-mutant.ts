// SPDX-License-Identifier: EUPL-1.2

// Cuts the power of devices with one planted defect and prints which promises broke:
// node simulator/mutants/run-cut-mutant.ts NAME

import { plantCutMutant } from "./plant.ts";

const [name = ""] = process.argv.slice(2);
const { scenarios, breaks } = plantCutMutant(name);
// Loaded after the defect is planted, or they would be loaded without it.
const { SCENARIOS } = await import("../power-cuts/all-scenarios.ts");
const { nameOf, runCase, singleCuts } = await import("../power-cuts/run-cuts.ts");
const counts: Record<string, number> = {};
let cases = 0;
let first = "";
for (const one of singleCuts(SCENARIOS.filter((each) => scenarios.includes(nameOf(each))))) {
  // One broken promise of the right name is enough.
  if ((counts[breaks] ?? 0) > 0) break;
  cases += 1;
  for (const { invariant, text } of runCase(one)) {
    counts[invariant] = (counts[invariant] ?? 0) + 1;
    if (first === "") first = text;
  }
}
process.stdout.write(`${JSON.stringify({ name, cases, counts, first })}\n`);
