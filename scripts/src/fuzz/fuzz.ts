// SPDX-License-Identifier: EUPL-1.2
// Differential fuzz of every decoder and of both sides of the door:
//   npm run fuzz -- [--seed N] [--count N] [--from N] [--interpreter]
// It ends with 1 for a failure, and for a kind of input or a subject that was never tried.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { runCampaign, runRegressions } from "./campaign.ts";
import { makeCorpus } from "./corpus.ts";
import { evaluateSubjects, lowerSubjects, REGISTER_TAIL } from "./device-codec.ts";
import { compareWithInterpreter } from "./interpreter-sample.ts";
import { describeReport, untried } from "./report.ts";

const SAMPLE = 400;
const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    count: { type: "string", default: "200000" },
    from: { type: "string", default: "0" },
  },
});
const seed = Number(values.seed ?? process.env["SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const [from, count] = [Number(values.from), Number(values.count)];
if (![seed, from, count].every((one) => Number.isSafeInteger(one) && one >= 0)) {
  process.stderr.write("fuzz: --seed, --from and --count are whole numbers\n");
  process.exit(2);
}

const corpus = makeCorpus();
const device = evaluateSubjects(await lowerSubjects(REGISTER_TAIL));
const file = new URL("./regressions.json", import.meta.url);
const old = runRegressions(JSON.parse(readFileSync(file, "utf8")), device);
const started = performance.now();
const report = runCampaign({ seed, from, count, corpus, device });
const seconds = ((performance.now() - started) / 1000).toFixed(1);
process.stdout.write(describeReport(report, `seed ${seed}, ${seconds} s`));
const failures = [...old, ...report.failures];
const espruino = process.env["ESPRUINO"];
if (espruino !== undefined && espruino !== "") {
  const sample = await compareWithInterpreter(espruino, { seed, from, count: SAMPLE, corpus });
  process.stdout.write(`interpreter: ${sample.inputs} inputs compared\n`);
  failures.push(...sample.failures);
} else {
  process.stdout.write("interpreter: skipped, ESPRUINO does not name it\n");
}
for (const { subject, kind, hex, what, input } of failures) {
  process.stdout.write(`FAILED ${subject}, ${kind}: ${what}\n  ${hex}\n`);
  if (input >= 0) {
    process.stdout.write(`  replay: npm run fuzz -- --seed ${seed} --from ${input} --count 1\n`);
  }
}
// A replay of a few inputs cannot reach everything.
const missed = count >= 10_000 ? untried(report) : [];
for (const one of missed) process.stdout.write(`FAILED ${one} was never tried\n`);
process.exitCode = failures.length + missed.length > 0 || count === 0 ? 1 : 0;
