// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Gate } from "../run-gates.ts";

/**
 * Generated files are what their generator gives today.
 *
 * Each `scripts/src/generate-*.ts` has a `--check` that writes nothing, prints how much it compared
 * and ends with 1 where the file on disk differs.
 */
export const generatedGate: Gate = {
  name: "generated files",
  floor: 2,
  inspect: ({ root, paths }) => {
    const generators = paths.filter((path) => /^scripts\/src\/generate-[a-z-]+\.ts$/.test(path));
    const findings: string[] = [];
    for (const generator of generators) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(root, generator), "--check"],
        { cwd: root, encoding: "utf8" },
      );
      if (status !== 0) {
        findings.push(`${generator}: ${(stderr || stdout).trim()}`);
      } else if (!/[1-9]/.test(stdout)) {
        findings.push(`${generator}: does not say how much it compared`);
      }
    }
    return { looked: generators.length, unit: "generators", findings };
  },
};
