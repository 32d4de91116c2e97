// SPDX-License-Identifier: EUPL-1.2
import type { Verdict } from "../run/run-suite.ts";
import type { RunFile } from "./run-summary.ts";

/** What is different between two runs. */
export type Difference = {
  readonly id: string;
  /** Undefined where a run has no such case. */
  readonly before: Verdict | undefined;
  readonly after: Verdict | undefined;
  readonly reason: string;
};

/** Two runs side by side. */
export type Comparison = {
  readonly differences: readonly Difference[];
  /** Cases that were well and are not any more. */
  readonly worse: number;
  readonly same: number;
  /** Settings that differ, so that a difference may not be the product's. */
  readonly settings: readonly string[];
};

const WELL: readonly (Verdict | undefined)[] = ["passed", "flaky"];

/** Compares an earlier run with a later one. */
export function compareRuns(before: RunFile, after: RunFile): Comparison {
  const old = new Map(before.cases.map((one) => [one.id, one]));
  const fresh = new Map(after.cases.map((one) => [one.id, one]));
  const ids = [...new Set([...old.keys(), ...fresh.keys()])];
  const differences = ids
    .map((id) => {
      const [left, right] = [old.get(id), fresh.get(id)];
      const reason = right?.reason ?? "";
      return { id, before: left?.verdict, after: right?.verdict, reason };
    })
    .filter((one) => one.before !== one.after);
  const settings = (["rig", "seed", "commit"] as const)
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name}: ${before[name]} and ${after[name]}`);
  for (const name of ["key", "station", "lock"] as const) {
    const [left, right] = [before.roles[name], after.roles[name]];
    if (left.kind !== right.kind) settings.push(`${name}: ${left.kind} and ${right.kind}`);
    if (left.firmware !== right.firmware) {
      settings.push(`firmware of the ${name}: ${left.firmware} and ${right.firmware}`);
    }
  }
  const worse = differences.filter((one) => WELL.includes(one.before) && !WELL.includes(one.after));
  return { differences, worse: worse.length, same: ids.length - differences.length, settings };
}
