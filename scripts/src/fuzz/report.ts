// SPDX-License-Identifier: EUPL-1.2

import type { CampaignReport } from "./campaign.ts";
import { INPUT_KINDS } from "./mutate.ts";

/** A run as text: what was tried, by kind of input and by subject, and what came of it. */
export function describeReport(report: CampaignReport, title: string): string {
  const rows = (map: ReadonlyMap<string, { accepted: number; refused: number }>) =>
    [...map].map(
      ([name, { accepted, refused }]) =>
        `  ${name.padEnd(26)}${String(accepted).padStart(9)}${String(refused).padStart(9)}`,
    );
  return [
    `fuzz: ${report.inputs} inputs, ${title}`,
    `  ${"kind of input".padEnd(26)} accepted  refused`,
    ...rows(report.byKind),
    `  ${"subject".padEnd(26)} accepted  refused`,
    ...rows(report.bySubject),
    `at most ${report.allocatedMax} octets allocated for one input`,
    "",
  ].join("\n");
}

/** Kinds of input that never came, and subjects that never accepted or never refused one. */
export function untried(report: CampaignReport): readonly string[] {
  const kinds = INPUT_KINDS.filter((kind) => !report.byKind.has(kind));
  const subjects = [...report.bySubject].flatMap(([name, { accepted, refused }]) => [
    ...(accepted === 0 ? [`an input that ${name} accepts`] : []),
    ...(refused === 0 ? [`an input that ${name} refuses`] : []),
  ]);
  return [...kinds, ...subjects];
}
