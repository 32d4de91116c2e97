// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Gate } from "../run-gates.ts";

type Diagnostics = {
  readonly summary: { readonly changed: number; readonly unchanged: number };
  readonly diagnostics: readonly {
    readonly category: string;
    readonly severity: string;
    readonly message: string;
    readonly location?: {
      readonly path?: string;
      readonly start?: { readonly line: number };
    };
  }[];
};

/** Format and lint rules of biome.json, warnings included. */
export const styleGate: Gate = {
  name: "style",
  floor: 250,
  inspect: ({ root }) => {
    const biome = join(import.meta.dirname, "../../../node_modules/.bin/biome");
    const { stdout, stderr } = spawnSync(
      biome,
      ["ci", "--reporter=json", "--max-diagnostics=none", "--colors=off"],
      { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 },
    );
    let report: Diagnostics;
    try {
      report = JSON.parse(stdout) as Diagnostics;
    } catch {
      return { looked: 0, unit: "files", findings: [`biome gave no report: ${stderr}`] };
    }
    const findings = report.diagnostics
      .filter(({ severity }) => severity !== "information" && severity !== "hint")
      .map(({ category, message, location }) => {
        const line = location?.start?.line;
        return `${location?.path ?? "?"}${line === undefined ? "" : `:${line}`} ${category}: ${message}`;
      });
    return { looked: report.summary.changed + report.summary.unchanged, unit: "files", findings };
  },
};
