// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Gate } from "../run-gates.ts";

type Cruise = {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string; readonly severity: string };
    }[];
  };
};

const FOLDERS = [
  "protocol/src",
  "firmware/src",
  "firmware/build",
  "firmware/dialect",
  "firmware/test",
  "issuer/domain/src",
  "issuer/src",
  "simulator/src",
  "simulator/scenarios",
  "hil-tests/src",
  "hil-tests/suite",
  "cli/src",
  "scripts/src",
];

/**
 * The import rules of .dependency-cruiser.cjs.
 *
 * The floor matters here more than anywhere: with a TypeScript that it does not know, the tool
 * cruises 0 modules, says that nothing is violated and exits 0.
 */
export const importsGate: Gate = {
  name: "imports",
  floor: 250,
  inspect: ({ root }) => {
    const home = join(import.meta.dirname, "../../..");
    const { stdout, stderr } = spawnSync(
      join(home, "node_modules/.bin/depcruise"),
      [
        "--config",
        join(root, ".dependency-cruiser.cjs"),
        "--output-type",
        "json",
        ...FOLDERS.filter((folder) => existsSync(join(root, folder))),
      ],
      { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 },
    );
    let summary: Cruise["summary"];
    try {
      summary = (JSON.parse(stdout) as Cruise).summary;
    } catch {
      return { looked: 0, unit: "modules", findings: [`depcruise gave no report: ${stderr}`] };
    }
    const findings = summary.violations.map(
      ({ from, to, rule }) => `${rule.name}: ${from} imports ${to}`,
    );
    return { looked: summary.totalCruised, unit: "modules", findings };
  },
};
