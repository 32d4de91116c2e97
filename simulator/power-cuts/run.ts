// SPDX-License-Identifier: EUPL-1.2

// Cuts the power of devices in the middle of what they do:
//   node simulator/power-cuts/run.ts                        every single cut
//   node simulator/power-cuts/run.ts lock open-77           every single cut of what these words name
//   node simulator/power-cuts/run.ts lock/open-77 3:subset  one case, as a failure names it
//   node simulator/power-cuts/run.ts --double MINUTES       two cuts in a row, in an order that the seed draws
//   node simulator/power-cuts/run.ts --sample SHARE SEED    some of the single cuts

import { createRandomStream } from "../src/prng.ts";
import { SCENARIOS } from "./all-scenarios.ts";
import {
  type CutCase,
  type CutResult,
  doubleCuts,
  nameOf,
  readCuts,
  runCases,
  sampleOf,
  singleCuts,
} from "./run-cuts.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const args = process.argv.slice(2);

function shuffled(cases: CutCase[], seed: string): CutCase[] {
  const random = createRandomStream(seed).split("order");
  const keyed = cases.map((one) => ({ one, key: random.drawU32() }));
  return keyed.sort((left, right) => left.key - right.key).map(({ one }) => one);
}

function run(): CutResult {
  const [first = "", second = "", third = "1"] = args;
  if (first === "--double") {
    const endMs = Date.now() + Number(second) * 60_000;
    const cases = shuffled([...doubleCuts(SCENARIOS)], third);
    say(`${cases.length} double cuts exist, seed ${third}`);
    return runCases(cases, () => Date.now() > endMs);
  }
  if (first === "--sample") return runCases(sampleOf(singleCuts(SCENARIOS), third, Number(second)));
  const named = SCENARIOS.filter((scenario) => nameOf(scenario) === first);
  if (named[0] !== undefined && second !== "") {
    return runCases([{ scenario: named[0], cuts: readCuts(args.slice(1)) }]);
  }
  const chosen = SCENARIOS.filter((scenario) =>
    args.every((word) => nameOf(scenario).includes(word)),
  );
  return runCases(singleCuts(chosen));
}

const startMs = Date.now();
const { cases, failures, operations } = run();
for (const failure of failures) say(`FAILED ${failure}`);
for (const [name, count] of operations) say(`  ${name}: ${count} cuts`);
const seconds = Math.round((Date.now() - startMs) / 1000);
say(
  `${cases} power cuts over ${operations.size} scenarios in ${seconds} s, ${failures.length} broken promises`,
);
if (cases > 0 && failures.length === 0)
  say(`failure rate below ${(3 / cases).toExponential(1)} at 95 %`);
process.exitCode = cases > 0 && failures.length === 0 ? 0 : 1;
