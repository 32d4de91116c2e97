// SPDX-License-Identifier: EUPL-1.2

import ts from "typescript";
import type { Gate } from "../run-gates.ts";

/**
 * Folders whose business is the world outside: the only ones that may read a clock, draw chance
 * from the machine or wait. Everything else gets time and chance through a port, or a run could not
 * be repeated from its seed.
 */
const ALLOWED = [
  "protocol/src/host/",
  "firmware/src/espruino/",
  "firmware/src/main/",
  "firmware/build/",
  "firmware/dialect/",
  "firmware/native/",
  "firmware/test/",
  "hil-tests/",
  "cli/",
  "scripts/",
  "vitest.config.ts",
  // A measurement needs a clock; it is part of no entry of a package.
  "protocol/bench/",
  // Starts a real broker for the tests of several packages.
  "protocol/test/mosquitto.ts",
  // A hunt ends after so many minutes; what it runs sees no clock.
  "simulator/power-cuts/run.ts",
  "simulator/power-cuts/run-town.ts",
  // It shows its progress and writes its report; what it runs sees no clock.
  "simulator/power-cuts/run-sweeps.ts",
  // The trap that makes the real clock and real chance throw must name them.
  "simulator/src/real-world-trap",
];

const GLOBALS = new Set([
  "Date",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "fetch",
]);

const MEMBERS = new Set(["Math.random", "process.hrtime", "process.uptime", "Atomics.wait"]);

/** These read the time zone or the language of the machine out of an honest number. */
const LOCAL_GETTERS = new Set([
  "getDate",
  "getDay",
  "getFullYear",
  "getHours",
  "getMinutes",
  "getMonth",
  "getTimezoneOffset",
  "toLocaleDateString",
  "toLocaleLowerCase",
  "toLocaleString",
  "toLocaleTimeString",
  "toLocaleUpperCase",
  "localeCompare",
]);

const MODULES = new Set([
  "fs",
  "node:fs",
  "node:fs/promises",
  "node:http",
  "node:https",
  "node:net",
  "node:dgram",
  "node:child_process",
  "node:timers",
  "node:timers/promises",
  "node:perf_hooks",
  "node:worker_threads",
]);

function isNameOnly(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    (ts.isPropertySignature(parent) && parent.name === node) ||
    (ts.isMethodSignature(parent) && parent.name === node) ||
    ts.isImportSpecifier(parent) ||
    ts.isTypeReferenceNode(parent)
  );
}

/** `new Date(number)` and `Date.UTC(...)` only convert what the caller already knows. */
function isConversion(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    node.text === "Date" &&
    ((ts.isNewExpression(parent) && (parent.arguments?.length ?? 0) > 0) ||
      (ts.isPropertyAccessExpression(parent) && ["UTC", "parse"].includes(parent.name.text)))
  );
}

function findUses(path: string, text: string): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const isTest = path.endsWith(".test.ts");
  const findings: string[] = [];
  const report = (node: ts.Node, what: string): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    findings.push(`${path}:${line + 1} ${what}: ask a port for it`);
  };
  const visit = (node: ts.Node): void => {
    if (
      ts.isIdentifier(node) &&
      GLOBALS.has(node.text) &&
      !isNameOnly(node) &&
      !isConversion(node)
    ) {
      report(node, node.text);
    } else if (ts.isPropertyAccessExpression(node) && MEMBERS.has(node.getText(source))) {
      report(node, node.getText(source));
    } else if (ts.isPropertyAccessExpression(node) && LOCAL_GETTERS.has(node.name.text)) {
      report(node, node.name.text);
    } else if (
      !isTest &&
      ts.isImportDeclaration(node) &&
      ts.isStringLiteral(node.moduleSpecifier) &&
      MODULES.has(node.moduleSpecifier.text)
    ) {
      report(node, node.moduleSpecifier.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

/** No clock, chance, timer or input and output outside the folders made for them. */
export const realWorldGate: Gate = {
  name: "clock and chance",
  floor: 150,
  inspect: ({ paths, read }) => {
    const watched = paths.filter(
      (path) => path.endsWith(".ts") && !ALLOWED.some((allowed) => path.startsWith(allowed)),
    );
    const findings = watched.flatMap((path) => findUses(path, read(path) ?? ""));
    return { looked: watched.length, unit: "files", findings };
  },
};
