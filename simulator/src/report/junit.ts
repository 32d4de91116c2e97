// SPDX-License-Identifier: EUPL-1.2

import type { Invariant } from "../oracle/evidence.ts";
import type { RunOutcome } from "../run.ts";
import { groupBy } from "./group-by.ts";
import { escapeMarkup } from "./markup.ts";

/** Every promise that a run is judged by; each one is a test case. */
export const INVARIANTS: readonly Invariant[] = [
  "I1 no-unauth",
  "I2 nothing-lost",
  "I3 no-lockout",
  "I4 no-brick",
  "I7 door-safe",
  "X6 right-at-issue",
  "workload",
];

const SHOWN_MAX = 50;

/**
 * Writes the judgement of a run as a JUnit file: one test case for each promise, with seed and hash
 * as properties, and in each failure the line that repeats the run.
 *
 * @param replay - The command that repeats the run.
 * @param wallS - Seconds that the run took on this machine.
 * @public
 */
export function writeJunit(outcome: RunOutcome, replay: string, wallS: number): string {
  const { result, violations } = outcome;
  const found = groupBy(violations, ({ invariant }) => invariant);
  const names: readonly string[] = [...new Set<string>([...INVARIANTS, ...found.keys()])];
  const suite = escapeMarkup(`nyckel sim run ${result.scenario}`);
  const failures = found.size;
  const cases = names.map((name) => {
    const list = violations.filter(({ invariant }) => invariant === name);
    const head = `    <testcase classname="${suite}" name="${escapeMarkup(name)}" time="0">`;
    if (list.length === 0) return `${head}</testcase>`;
    const shown = list
      .slice(0, SHOWN_MAX)
      .map(({ atUs, text }) => `${outcome.calendar.labelOf(atUs)} ${text}`);
    const rest = list.length - shown.length;
    const more = rest > 0 ? [`and ${rest} more`] : [];
    const body = escapeMarkup([...shown, ...more, `repro: ${replay}`].join("\n"));
    const message = escapeMarkup(`${list.length} times broken; repro: ${replay}`);
    return `${head}\n      <failure message="${message}" type="${escapeMarkup(name)}">${body}</failure>\n    </testcase>`;
  });
  const properties = [
    ["seed", result.seed],
    ["traceHash", result.traceHash],
    ["replay", replay],
    ["virtualDays", String(result.virtualDays)],
  ].map(
    ([name = "", value = ""]) =>
      `      <property name="${escapeMarkup(name)}" value="${escapeMarkup(value)}"/>`,
  );
  const counts = `tests="${names.length}" failures="${failures}" errors="0" skipped="0" time="${wallS}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
  <testsuite name="${suite}" ${counts}>
    <properties>
${properties.join("\n")}
    </properties>
${cases.join("\n")}
  </testsuite>
</testsuites>
`;
}
