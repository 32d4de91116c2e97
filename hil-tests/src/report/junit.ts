// SPDX-License-Identifier: EUPL-1.2
import { escapeMarkup } from "@nyckelring/simulator";
import { ROLES } from "../board-driver/roles.ts";
import { type CaseResult, countVerdicts } from "../run/run-suite.ts";
import { type RunSummary, reproOf } from "./run-summary.ts";

/**
 * Writes a run as a JUnit file. A case that passed on a later try has a `flakyFailure`, as Surefire
 * writes it; a bench that failed is an `error`, a product that did is a `failure`.
 *
 * @see The schema of Maven Surefire's XML report.
 */
export function writeJunit(summary: RunSummary): string {
  const { cases, rig, wallS } = summary;
  const counts = countVerdicts(cases);
  const suite = escapeMarkup(`hil ${rig}`);
  const numbers = `tests="${cases.length}" failures="${counts.failed}" errors="${counts.infra}" skipped="${counts.skipped}" time="${wallS}"`;
  const properties = [
    ["rig", rig],
    ["seed", summary.seed],
    ["commit", summary.commit],
    ["repro", summary.repro],
    ["flaky", String(counts.flaky)],
    ...ROLES.flatMap((name) => {
      const { kind, board, firmware } = summary.roles[name];
      return [
        [`role.${name}`, kind],
        [`board.${name}`, board],
        [`firmware.${name}`, firmware],
      ];
    }),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${numbers}>
  <testsuite name="${suite}" timestamp="${summary.startedAt}" ${numbers}>
    <properties>
${properties.map(([name = "", value = ""]) => propertyLine(name, value, 6)).join("\n")}
    </properties>
${cases.map((one) => caseLines(summary, suite, one)).join("\n")}
  </testsuite>
</testsuites>
`;
}

function propertyLine(name: string, value: string, indent: number): string {
  return `${" ".repeat(indent)}<property name="${escapeMarkup(name)}" value="${escapeMarkup(value)}"/>`;
}

function caseLines(summary: RunSummary, suite: string, one: CaseResult): string {
  const seconds = (one.wallMs / 1000).toFixed(3);
  const marks = [...one.rows, ...one.threats.map((threat) => `threat ${threat}`)].join(", ");
  const head = `    <testcase classname="${suite}.${one.id}" name="${escapeMarkup(`${marks}: ${one.title}`)}" time="${seconds}">`;
  const properties = [
    propertyLine("verdict", one.verdict, 8),
    propertyLine("attempts", String(one.attempts), 8),
    propertyLine("seed", one.seed, 8),
  ];
  const repro = `repro: ${reproOf(summary, one)}`;
  const message = escapeMarkup(one.reason.split("\n")[0] ?? "");
  const body = escapeMarkup(`${one.reason}\n${repro}`);
  const said = {
    passed: "",
    skipped: `      <skipped message="${message}"/>\n`,
    failed: `      <failure message="${message}" type="${one.fault}">${body}</failure>\n`,
    infra: `      <error message="${message}" type="infra">${body}</error>\n`,
    flaky: `      <flakyFailure message="${message}" type="infra">${body}</flakyFailure>\n`,
  }[one.verdict];
  return `${head}\n      <properties>\n${properties.join("\n")}\n      </properties>\n${said}    </testcase>`;
}
