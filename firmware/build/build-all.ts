// SPDX-License-Identifier: EUPL-1.2
// `make firmware`: builds, gates and writes every bundle, and holds it to its budget.

import { relative } from "node:path";

import { checkBudget, readBudgets } from "./budget.ts";
import {
  buildBundle,
  bundleTargets,
  DIST,
  describeRefusals,
  readVersion,
  writeBundle,
} from "./build-bundle.ts";

const version = await readVersion();
const budgets = await readBudgets();
const complaints: string[] = [];
for (const target of bundleTargets()) {
  const bundle = await buildBundle(target);
  const { nodes, lines } = describeRefusals(bundle);
  const overrun = checkBudget(budgets, target, bundle.code.length);
  complaints.push(...lines, ...(overrun === undefined ? [] : [overrun]));
  if (lines.length === 0) {
    const folder = await writeBundle(bundle, DIST, version);
    const size = `${bundle.code.length} bytes, ${nodes} nodes`;
    process.stdout.write(`${relative(process.cwd(), folder)}: ${size}\n`);
    for (const limit of target.board.limits) {
      process.stdout.write(`  limit: ${limit}\n`);
    }
  }
}
for (const line of complaints) {
  process.stderr.write(`${line}\n`);
}
process.exitCode = complaints.length === 0 ? 0 : 1;
