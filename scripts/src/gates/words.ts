// SPDX-License-Identifier: EUPL-1.2

import ts from "typescript";
import type { Gate } from "../run-gates.ts";

/** This file has to name what it forbids. */
const OWN_PATHS = ["scripts/src/gates/words.ts", "scripts/src/gates.test.ts"];

const TEXT_FILE = /\.(ts|js|cjs|mjs|json|md|cddl|sh|c|h|svg|html|css|yaml|yml)$/;

/**
 * Names that say nothing; forbidden as the whole of the name of a function or a type, welcome as a
 * part of one. A parameter may be called what its standard calls it (`info` in RFC 5869).
 */
const EMPTY_NAMES = new Set(["handle", "process", "manage", "data", "info", "manager"]);

const EMPTY_FILE_NAMES = /^(utils?|helpers?|misc|common|lib|tools?|stuff)\.[a-z.]+$/;

const TEXT_RULES: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /\bTODO\b(?! #\d)/, why: "a TODO needs the number of its issue (TODO #12)" },
  { pattern: /\b(FIXME|XXX|HACK)\b/, why: "say what is wrong, or mend it" },
  { pattern: /\p{Emoji_Presentation}|\u{FE0F}/u, why: "no emoji" },
  { pattern: /\bnot implemented\b/i, why: "leave it out until it exists" },
];

function findEmptyNames(path: string, text: string): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const findings: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      (ts.isFunctionDeclaration(node) ||
        ts.isClassDeclaration(node) ||
        ts.isInterfaceDeclaration(node) ||
        ts.isTypeAliasDeclaration(node)) &&
      node.name !== undefined &&
      ts.isIdentifier(node.name) &&
      EMPTY_NAMES.has(node.name.text.toLowerCase())
    ) {
      const { line } = source.getLineAndCharacterOfPosition(node.name.getStart(source));
      findings.push(`${path}:${line + 1} "${node.name.text}" says nothing: name what it is`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

/** Words, names and signs that the house does without. */
export const wordsGate: Gate = {
  name: "words",
  floor: 250,
  inspect: ({ paths, read }) => {
    const watched = paths.filter((path) => TEXT_FILE.test(path) && !OWN_PATHS.includes(path));
    const findings: string[] = [];
    for (const path of watched) {
      const text = read(path) ?? "";
      text.split("\n").forEach((line, index) => {
        for (const { pattern, why } of TEXT_RULES) {
          if (pattern.test(line)) {
            findings.push(`${path}:${index + 1} ${why}`);
          }
        }
      });
      if (EMPTY_FILE_NAMES.test(path.split("/").at(-1) ?? "")) {
        findings.push(`${path}: a file name that says nothing about its content`);
      }
      if (path.endsWith(".ts") && !path.endsWith(".d.ts")) {
        findings.push(...findEmptyNames(path, text));
      }
    }
    return { looked: watched.length, unit: "files", findings };
  },
};
