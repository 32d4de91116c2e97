// SPDX-License-Identifier: EUPL-1.2
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { listProbes, lowerProbe, runSource } from "../dialect/run-probe.ts";
import { ESPRUINO, makeFolder, startInterpreter } from "./interpreter.ts";

const RUN_MS = 10_000;
const probes = await listProbes();

describe.skipIf(ESPRUINO === undefined)("dialect probes (skipped without ESPRUINO)", () => {
  test.each(probes)("the interpreter prints for %s what Node prints", async (name) => {
    const folder = await makeFolder();
    const { code } = await lowerProbe(name);
    // A probe may have a function of its own with the name of the interpreter's.
    const script = `var say=print;function emit(line){say(line)}${code}\nsay("probe-end");`;
    await writeFile(join(folder.path, "probe.js"), script, "ascii");
    const interpreter = startInterpreter(folder.path, "probe.js");
    try {
      await interpreter.waitFor("probe-end", RUN_MS);
      const lines = interpreter.console().split("\r\n");
      const printed = lines.filter((line) => line.startsWith("probe "));
      expect(printed).toEqual(await runSource(name));
      expect(interpreter.console()).not.toContain("Uncaught");
    } finally {
      await interpreter.stop();
      await folder.remove();
    }
  });
});
