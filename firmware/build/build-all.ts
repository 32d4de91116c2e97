// SPDX-License-Identifier: EUPL-1.2
// `make firmware`: builds, gates and writes every bundle, and holds it to its budget. Names as
// arguments, for example `lock/linux`, build only those.

import { relative } from "node:path";

import { checkBudget, readBudgets, sizeOf } from "./budget.ts";
import {
  type BundleTarget,
  buildBundle,
  bundleTargets,
  DIST,
  describeRefusals,
  limitsOf,
  readVersion,
  trialTargets,
  writeBundle,
} from "./build-bundle.ts";
import { judgeTrial } from "./trial.ts";

const version = await readVersion();
const budgets = await readBudgets();
const complaints: string[] = [];
const asked = process.argv.slice(2);
const isAsked = ({ role, board }: BundleTarget): boolean =>
  asked.length === 0 || asked.includes(`${role}/${board.name}`);
for (const target of bundleTargets().filter(isAsked)) {
  const bundle = await buildBundle(target);
  const { nodes, lines } = describeRefusals(bundle);
  const overrun = checkBudget(budgets, target, sizeOf(bundle));
  complaints.push(...lines, ...(overrun === undefined ? [] : [overrun]));
  if (lines.length === 0) {
    const folder = await writeBundle(bundle, DIST, version);
    const size = sizeOf(bundle);
    const files = bundle.stored.map(({ name, content }) => `${name} ${content.length}`).join(", ");
    process.stdout.write(
      `${relative(process.cwd(), folder)}: ${size.storage} bytes, ${size.doorPath} at every boot, ${nodes} nodes\n`,
    );
    process.stdout.write(`  files: ${files}\n`);
    for (const limit of limitsOf(bundle)) {
      process.stdout.write(`  limit: ${limit}\n`);
    }
  }
}
for (const target of trialTargets().filter(isAsked)) {
  const verdict = judgeTrial(await buildBundle(target));
  process.stdout.write(`${verdict}\n`);
}
for (const line of complaints) {
  process.stderr.write(`${line}\n`);
}
process.exitCode = complaints.length === 0 ? 0 : 1;
