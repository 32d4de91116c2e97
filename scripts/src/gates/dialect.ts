// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Gate, GateReport } from "../run-gates.ts";

const CHECKER = "firmware/dialect/check-dialect.ts";

/** The built bundles stay inside the dialect of the boards; firmware/dialect holds the rules. */
export const dialectGate: Gate = {
  name: "dialect",
  floor: 1,
  inspect: ({ root }) => {
    if (!existsSync(join(root, CHECKER))) {
      return { looked: 0, unit: "bundles", findings: [`${CHECKER} is missing`] };
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, CHECKER)], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    const lastLine = stdout.trimEnd().split("\n").at(-1) ?? "";
    let report: GateReport;
    try {
      report = JSON.parse(lastLine) as GateReport;
    } catch {
      return { looked: 0, unit: "bundles", findings: [`${CHECKER}: ${(stderr || stdout).trim()}`] };
    }
    return status !== 0 && report.findings.length === 0
      ? { ...report, findings: [`${CHECKER} ended with ${status}: ${stderr.trim()}`] }
      : report;
  },
};
