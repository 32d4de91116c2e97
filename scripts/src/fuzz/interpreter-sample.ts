// SPDX-License-Identifier: EUPL-1.2
// A sample of a run on the interpreter itself: the same script, the same inputs, the same verdicts.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSubjects } from "../../../protocol/fuzz/subjects.ts";
import type { Failure } from "./campaign.ts";
import { lowerSubjects } from "./device-codec.ts";
import { makeInput } from "./mutate.ts";
import { createRandom } from "./random.ts";

// A verdict of a long message is long; its digest is compared, by the same few lines on both sides.
const DIGEST = `
  function digest(text) {
    let sum = 7;
    for (let at = 0; at < text.length; at += 1) sum = (sum * 31 + text.charCodeAt(at)) % 16777213;
    return sum;
  }
  for (const [index, hex] of inputs) {
    let told = "throws";
    try { told = subjects[index].judge(octets(hex)); } catch (error) { told = "throws " + error; }
    print("V" + told.charAt(0) + digest(told));
  }
  print("END");
`;
const INPUT_BYTES_MAX = 1200;
const LIMIT_MS = 240_000;

/** What is sampled. */
export interface SampleOptions {
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  readonly corpus: ReadonlyMap<string, readonly Uint8Array[]>;
}

/** Compares the interpreter's verdicts with those of the host. */
export async function compareWithInterpreter(
  espruino: string,
  options: SampleOptions,
): Promise<{ inputs: number; failures: readonly Failure[] }> {
  const subjects = createSubjects();
  const inputs: { index: number; hex: string; kind: string; input: number; told: string }[] = [];
  for (let input = options.from; input < options.from + options.count; input += 1) {
    const index = input % subjects.length;
    const subject = subjects[index];
    const corpus = options.corpus.get(subject?.name ?? "") ?? [];
    const { kind, bytes } = makeInput(createRandom(options.seed, input), corpus);
    if (subject === undefined || bytes.length > INPUT_BYTES_MAX) continue;
    const told = subject.judge(bytes);
    inputs.push({ index, hex: Buffer.from(bytes).toString("hex"), kind, input, told });
  }
  const list = inputs.map(({ index, hex }) => `[${index},"${hex}"]`).join(",");
  const lines = await runScript(
    espruino,
    await lowerSubjects(`const inputs = [${list}];${DIGEST}`),
  );
  const failures = inputs.flatMap(({ index, hex, kind, input, told }, place) => {
    const expected = `V${told.charAt(0)}${digestOf(told)}`;
    const subject = subjects[index]?.name ?? "";
    const said = lines[place] ?? "nothing";
    if (said === expected) return [];
    return [
      { subject, kind, hex, what: `interpreter says ${said}, host ${expected} ${told}`, input },
    ];
  });
  return { inputs: inputs.length, failures };
}

function digestOf(text: string): number {
  let sum = 7;
  for (let at = 0; at < text.length; at += 1) sum = (sum * 31 + text.charCodeAt(at)) % 16777213;
  return sum;
}

async function runScript(espruino: string, code: string): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "nyckelring-fuzz-"));
  try {
    await writeFile(join(folder, "fuzz.js"), code, "ascii");
    return await new Promise((resolve, reject) => {
      const child = spawn(espruino, ["fuzz.js"], { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
      let text = "";
      const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
      child.stdout.on("data", (part: Buffer) => {
        text += part.toString("latin1");
        if (text.includes("END")) child.kill("SIGKILL");
      });
      child.on("error", reject);
      child.on("exit", () => {
        clearTimeout(timer);
        const lines = text.split(/\r?\n/);
        if (!lines.includes("END")) process.stdout.write(`interpreter: ${text.slice(-400)}\n`);
        resolve(lines.filter((line) => /^V./.test(line)));
      });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
