// SPDX-License-Identifier: EUPL-1.2

import type { SourceTree } from "./tree.ts";

/** What a gate saw and what it objects to. */
export type GateReport = {
  /** How much it looked at, in `unit`. */
  readonly looked: number;
  readonly unit: string;
  readonly findings: readonly string[];
};

/** One rule of the repository, checked over all of it. */
export type Gate = {
  readonly name: string;
  /** A gate that looked at less than this has lost its subject and fails. */
  readonly floor: number;
  readonly inspect: (tree: SourceTree) => GateReport;
};

const FINDINGS_SHOWN = 40;

/**
 * Runs the gates, one line each and the findings below it.
 *
 * @returns the names of the gates that failed: by a finding, or by seeing less than their floor.
 */
export function runGates(
  gates: readonly Gate[],
  tree: SourceTree,
  print: (line: string) => void,
): readonly string[] {
  const failed: string[] = [];
  for (const { name, floor, inspect } of gates) {
    const { looked, unit, findings } = inspect(tree);
    const isBlind = looked < floor;
    const isGood = findings.length === 0 && !isBlind;
    print(`${isGood ? "ok    " : "FAILED"} ${name.padEnd(22)} ${looked} ${unit}`);
    if (isBlind) {
      print(`         saw ${looked} ${unit}, but the floor is ${floor}: the gate is blind`);
    }
    for (const finding of findings.slice(0, FINDINGS_SHOWN)) {
      print(`         ${finding.replaceAll("\n", "\n         ")}`);
    }
    if (findings.length > FINDINGS_SHOWN) {
      print(`         and ${findings.length - FINDINGS_SHOWN} more`);
    }
    if (!isGood) {
      failed.push(name);
    }
  }
  return failed;
}
