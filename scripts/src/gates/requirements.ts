// SPDX-License-Identifier: EUPL-1.2

import type { Gate } from "../run-gates.ts";
import type { SourceTree } from "../tree.ts";

const DOCUMENT = "docs/requirements.md";

/** How many rows each group has; the numbers are stable, so this table changes only by growing. */
const ROWS_OF_GROUP: Readonly<Record<string, number>> = {
  S: 8,
  I: 13,
  T: 8,
  K: 5,
  L: 7,
  G: 5,
  P: 7,
  X: 9,
  C: 9,
  O: 10,
};

const STATES = new Set(["done", "partly", "not yet"]);

const TITLE = /\b(?:test|it|describe)(?:\.[a-zA-Z]+)*\(\s*(["'`])((?:\\.|(?!\1).)*)\1/gs;

function allRows(): readonly string[] {
  return Object.entries(ROWS_OF_GROUP).flatMap(([group, count]) =>
    Array.from({ length: count }, (_, index) => `${group}${index + 1}`),
  );
}

/** Rows that test titles name, with the file that names each. */
function rowsInTitles({ paths, read }: SourceTree): readonly (readonly [string, string])[] {
  const named: [string, string][] = [];
  const tests = paths.filter((file) => file.endsWith(".test.ts") && !file.startsWith("scripts/"));
  for (const path of tests) {
    for (const [, , title = ""] of (read(path) ?? "").matchAll(TITLE)) {
      for (const [row] of title.matchAll(/(?<![\w/-])[SITKLGPXCO]\d{1,2}(?![\w-])/g)) {
        named.push([row, path]);
      }
    }
  }
  return named;
}

/** Checks the last cell of a row: files in backquotes exist, and hold the titles in quotes. */
function checkEvidence(row: string, evidence: string, tree: SourceTree): readonly string[] {
  const findings: string[] = [];
  const files = [...evidence.matchAll(/`([^`]+)`/g)].map(([, file = ""]) => file);
  for (const file of files.filter((path) => !tree.paths.includes(path))) {
    findings.push(`${row}: ${file} does not exist`);
  }
  const texts = files.map((file) => tree.read(file) ?? "");
  for (const [, title = ""] of evidence.matchAll(/"([^"]+)"/g)) {
    if (!texts.some((text) => text.includes(title))) {
      findings.push(`${row}: no file of this row has a test "${title}"`);
    }
  }
  return findings;
}

/**
 * docs/requirements.md has every row once, with a state and with evidence that exists, and every
 * row that a test title names is a row.
 */
export const requirementsGate: Gate = {
  name: "requirements",
  floor: 81,
  inspect: (tree) => {
    const known = new Set(allRows());
    const counts = new Map<string, number>();
    const findings: string[] = [];
    for (const line of (tree.read(DOCUMENT) ?? "").split("\n")) {
      const cells = line.split("|").map((cell) => cell.trim());
      const [, row = "", , state = "", evidence = ""] = cells;
      if (!/^[A-Z]\d+$/.test(row)) {
        continue;
      }
      counts.set(row, (counts.get(row) ?? 0) + 1);
      if (!STATES.has(state)) {
        findings.push(`${row}: the state is "${state}", not one of ${[...STATES].join(", ")}`);
      }
      if (state !== "not yet" && !evidence.includes("`")) {
        findings.push(`${row}: ${state}, but it names no file that holds it`);
      }
      findings.push(...checkEvidence(row, evidence, tree));
    }
    for (const row of known) {
      const count = counts.get(row) ?? 0;
      if (count !== 1) {
        findings.push(`${row}: stands ${count} times in ${DOCUMENT}, not once`);
      }
    }
    for (const row of [...counts.keys()].filter((name) => !known.has(name))) {
      findings.push(`${row}: no such row in the list of requirements`);
    }
    for (const [row, path] of rowsInTitles(tree)) {
      if (!known.has(row)) {
        findings.push(`${path}: a test title names ${row}, which is no row`);
      }
    }
    return { looked: counts.size, unit: "rows", findings };
  },
};
