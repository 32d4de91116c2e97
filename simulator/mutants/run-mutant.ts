// SPDX-License-Identifier: EUPL-1.2

// Runs the pilot with one planted defect and prints what the oracle says of it:
// node simulator/mutants/run-mutant.ts NAME SEED

import { plantMutant } from "./plant.ts";

const [name = "", seed = "1"] = process.argv.slice(2);
const { untilHour } = plantMutant(name);
// Loaded after the defect is planted, or it would be loaded without it.
const { runScenario } = await import("../src/run.ts");
const { violations, result, story } = runScenario({ scenario: "pilot", seed, days: 1, untilHour });
const counts: Record<string, number> = {};
for (const { invariant } of violations) counts[invariant] = (counts[invariant] ?? 0) + 1;
const first = violations[0]?.text ?? "";
const told = story.map((line) => line.text);
process.stdout.write(
  `${JSON.stringify({ name, seed, counts, first, openings: result.openings, told })}\n`,
);
