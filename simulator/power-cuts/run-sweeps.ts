// SPDX-License-Identifier: EUPL-1.2

// Plays the sweeps of the scenario files without gaps: a key is pulled at every byte, and every hundredth
// of a second of a motor's turn.
//   node simulator/power-cuts/run-sweeps.ts              every file named sweep-*
//   node simulator/power-cuts/run-sweeps.ts sweep-motor  those whose name holds the word

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readScenarioFile, runScript } from "../src/script/run-script.ts";
import type { Step } from "../src/script/scenario-shape.ts";

const FOLDER = join(dirname(import.meta.dirname), "scenarios");
const MOTOR_EVERY_MS = 10;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function withoutGaps(steps: readonly Step[]): Step[] {
  return steps.map((step): Step => {
    const { sweep, repeat } = step;
    if (repeat !== undefined) {
      return { ...step, repeat: { ...repeat, steps: withoutGaps(repeat.steps) } };
    }
    if (sweep === undefined) return step;
    return { ...step, sweep: { ...sweep, every: sweep.at === "move" ? MOTOR_EVERY_MS : 1 } };
  });
}

const [word = ""] = process.argv.slice(2);
let pulls = 0;
let broken = 0;
for (const name of readdirSync(FOLDER).filter((one) => one.endsWith(".yaml"))) {
  const reading = readScenarioFile(readFileSync(join(FOLDER, name), "utf8"));
  if (!reading.ok) throw new Error(`${name} is no scenario file`);
  if (!name.startsWith("sweep-") || !name.includes(word)) continue;
  const startMs = Date.now();
  const path = `simulator/scenarios/${name}`;
  const { result, violations } = runScript({
    path,
    file: { ...reading.value, steps: withoutGaps(reading.value.steps) },
    seed: "1",
  });
  for (const { text } of violations.slice(0, 20)) say(`FAILED ${name}: ${text}`);
  pulls += result.insertions;
  broken += violations.length;
  const seconds = Math.round((Date.now() - startMs) / 1000);
  say(`  ${name}: ${result.insertions} insertions, ${result.openings} openings, ${seconds} s`);
}
say(`${pulls} insertions in sweeps without gaps, ${broken} broken promises`);
process.exitCode = pulls > 0 && broken === 0 ? 0 : 1;
