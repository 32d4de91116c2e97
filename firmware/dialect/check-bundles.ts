// SPDX-License-Identifier: EUPL-1.2
import { checkBudget, readBudgets, sizeOf } from "../build/budget.ts";
import { buildBundle, bundleTargets, describeRefusals } from "../build/build-bundle.ts";
import { bundleHash, judgeEvidence } from "../build/evidence.ts";
import { checkSources } from "./check-sources.ts";

/**
 * Command line of the gate: builds every bundle in memory and judges script, size and sources.
 *
 * Prints how much it looked at; nothing looked at is a failure, as is any refusal.
 */
async function main(): Promise<number> {
  const lines: string[] = [];
  const inputs = new Set<string>();
  const budgets = await readBudgets();
  const hashes: Record<string, string> = {};
  let bundles = 0;
  let nodes = 0;
  for (const target of bundleTargets()) {
    const bundle = await buildBundle(target);
    const report = describeRefusals(bundle);
    hashes[`${target.role}/${target.board.name}`] = bundleHash(bundle);
    bundles += 1;
    nodes += report.nodes;
    const overrun = checkBudget(budgets, target, sizeOf(bundle));
    lines.push(...report.lines, ...(overrun === undefined ? [] : [overrun]));
    for (const input of bundle.inputs) {
      inputs.add(input);
    }
  }
  // Without the interpreter nobody can renew the evidence, so a change is told and stops a release only.
  const { stale, complaints, held } = judgeEvidence(hashes);
  lines.push(...complaints);
  if (process.env["RELEASE"] !== undefined && stale.length > 0) {
    lines.push(`stale: ${stale.join(", ")}: run npm run test:espruino`);
  }
  const sources = checkSources([...inputs].sort());
  lines.push(...sources.lines);
  for (const line of lines) {
    process.stderr.write(`${line}\n`);
  }
  const looked = `${bundles} bundles, ${nodes} nodes, ${sources.files} sources, ${sources.accesses} member accesses`;
  const evidence =
    stale.length === 0
      ? `evidence of the interpreter fresh, ${held} limits held`
      : `evidence of the interpreter stale for ${stale.length}, ${held} limits held`;
  process.stdout.write(`dialect: ${looked}, ${lines.length} refused, ${evidence}\n`);
  const isEmpty = bundles === 0 || nodes === 0 || sources.files === 0 || sources.accesses === 0;
  return lines.length > 0 || isEmpty ? 1 : 0;
}

process.exitCode = await main();
