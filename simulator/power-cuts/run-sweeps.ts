// SPDX-License-Identifier: EUPL-1.2

// Plays the sweeps of the scenario files without gaps: a key is pulled at every byte and at every write,
// and every hundredth of a second of a motor's turn.
//   node simulator/power-cuts/run-sweeps.ts              every file with a sweep
//   node simulator/power-cuts/run-sweeps.ts sweep-motor  those whose name holds the word

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readScenarioFile, runScript } from "../src/script/run-script.ts";
import type { ScenarioFile, Step } from "../src/script/scenario-shape.ts";

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

function hasSweep(steps: readonly Step[]): boolean {
  return steps.some(({ sweep, repeat }) => sweep !== undefined || hasSweep(repeat?.steps ?? []));
}

/** The file with every sweep whole; how many insertions that makes is not what it is about. */
function whole(file: ScenarioFile): ScenarioFile {
  const { expect } = file;
  if (expect === undefined) return { ...file, steps: withoutGaps(file.steps) };
  const { insertions: _insertions, earlyPulls: _earlyPulls, ...kept } = expect;
  return { ...file, steps: withoutGaps(file.steps), expect: kept };
}

const [word = ""] = process.argv.slice(2);
let pulls = 0;
let broken = 0;
for (const name of readdirSync(FOLDER).filter((one) => one.endsWith(".yaml"))) {
  const reading = readScenarioFile(readFileSync(join(FOLDER, name), "utf8"));
  if (!reading.ok) throw new Error(`${name} is no scenario file`);
  if (!name.includes(word) || !hasSweep(reading.value.steps)) continue;
  const startMs = Date.now();
  const path = `simulator/scenarios/${name}`;
  const { result, violations } = runScript({ path, file: whole(reading.value), seed: "1" });
  for (const { text } of violations.slice(0, 20)) say(`FAILED ${name}: ${text}`);
  pulls += result.insertions;
  broken += violations.length;
  const seconds = Math.round((Date.now() - startMs) / 1000);
  say(`  ${name}: ${result.insertions} insertions, ${result.openings} openings, ${seconds} s`);
}
say(`${pulls} insertions in sweeps without gaps, ${broken} broken promises`);
process.exitCode = pulls > 0 && broken === 0 ? 0 : 1;
