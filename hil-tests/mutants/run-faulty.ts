// SPDX-License-Identifier: EUPL-1.2

// Plays cases of the acceptance suite on a firmware with a planted defect, and prints a line for
// each: node hil-tests/mutants/run-faulty.ts NAME SEED [CASE…]. Without cases it plays those that
// have to be red.

import { plantReplacements } from "@nyckelring/simulator/mutants";
import { FAULTY_FIRMWARES } from "./faulty-firmwares.ts";

const [name = "", seed = "1", ...ids] = process.argv.slice(2);
const faulty = FAULTY_FIRMWARES.find((one) => one.name === name);
if (faulty === undefined) throw new Error(`there is no faulty firmware "${name}"`);
plantReplacements(faulty.replacements);
// Loaded after the defect is planted, or it would be loaded without it.
const { runSuite, SIMULATED_SESSION } = await import("../src/run/run-suite.ts");
const { ALL_CASES } = await import("../suite/all-cases.ts");
const { SILENT_CASES } = await import("./silent-cases.ts");
const wanted = ids.length === 0 ? faulty.red : ids;
await runSuite({
  cases: [...ALL_CASES, ...SILENT_CASES].filter(({ id }) => wanted.includes(id)),
  session: SIMULATED_SESSION,
  seed,
  repeat: 1,
  wallMs: () => performance.now(),
  onCase: ({ id, verdict, fault, reason }) => {
    process.stdout.write(`${JSON.stringify({ id, verdict, fault, reason })}\n`);
  },
});
