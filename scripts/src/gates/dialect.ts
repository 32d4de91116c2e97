// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Gate } from "../run-gates.ts";

const CHECKER = "firmware/dialect/check-bundles.ts";

/**
 * The built bundles stay inside the dialect of the boards; firmware/dialect holds the rules.
 *
 * The checker prints what it refuses on standard error, and on standard output one line of counts
 * that starts with `dialect: N bundles`.
 */
export const dialectGate: Gate = {
  name: "dialect",
  floor: 6,
  inspect: ({ root }) => {
    const unit = "bundles";
    if (!existsSync(join(root, CHECKER))) {
      return { looked: 0, unit, findings: [`${CHECKER} is missing`] };
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, CHECKER)], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    const counts = /^dialect: (\d+) bundles(.*)$/m.exec(stdout);
    const refusals = stderr.split("\n").filter((line) => line.trim() !== "");
    const findings =
      status === 0 ? [] : refusals.length > 0 ? refusals : [`${CHECKER} ended with ${status}`];
    return { looked: Number(counts?.[1] ?? 0), unit: `${unit}${counts?.[2] ?? ""}`, findings };
  },
};
