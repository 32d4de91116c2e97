// SPDX-License-Identifier: EUPL-1.2
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { packScript } from "../build/pack.ts";
import { PACKING_SAMPLE } from "../build/packing-sample.ts";
import { listProbes, lowerProbe, runScript, runSource } from "../dialect/run-probe.ts";
import { ESPRUINO, makeFolder, startInterpreter } from "./interpreter.ts";

const RUN_MS = 60_000;
const FROM_STORAGE =
  'var s=require("Storage");s.eraseAll();s.write("probe",require("fs").readFileSync("probe"));' +
  'eval(s.read("probe"));';
const probes = await listProbes();

/** Lines of a probe on the interpreter, which is handed `content` as a file, and how to run it. */
async function printedBy(content: Uint8Array, run: string): Promise<readonly string[]> {
  const folder = await makeFolder();
  // A probe may have a function of its own with the name of the interpreter's.
  const script = `var say=print;function emit(line){say(line)}${run}\nsay("probe-end");`;
  await writeFile(join(folder.path, "probe"), content);
  await writeFile(join(folder.path, "start.js"), script, "ascii");
  const interpreter = startInterpreter(folder.path, "start.js");
  try {
    await interpreter.waitFor("probe-end", RUN_MS);
    expect(interpreter.console()).not.toContain("Uncaught");
    const lines = interpreter.console().split("\r\n");
    return lines.filter((line) => line.startsWith("probe "));
  } finally {
    await interpreter.stop();
    await folder.remove();
  }
}

describe.skipIf(ESPRUINO === undefined)("dialect probes (skipped without ESPRUINO)", () => {
  test.each(probes)("the interpreter prints for %s what Node prints", async (name) => {
    const { code } = await lowerProbe(name);
    expect(await printedBy(new Uint8Array(0), code)).toEqual(await runSource(name));
  });

  test.each(probes)("it prints the same for %s when it lies packed in Storage", async (name) => {
    const { code } = await lowerProbe(name);
    expect(await printedBy(packScript(code).content, FROM_STORAGE)).toEqual(await runSource(name));
  });
});

describe.skipIf(ESPRUINO === undefined)("a packed script (skipped without ESPRUINO)", () => {
  test("has every token, every octet and every length read as in text", async () => {
    expect(await printedBy(packScript(PACKING_SAMPLE).content, FROM_STORAGE)).toEqual(
      runScript(PACKING_SAMPLE),
    );
  });
});
