// SPDX-License-Identifier: EUPL-1.2
import ts from "typescript";
import { expect, test } from "vitest";

import { markFunctions } from "./mark-functions.ts";

function marked(code: string, ...names: readonly string[]): string {
  const result = ts.transpileModule(code, {
    fileName: "bundle.js",
    compilerOptions: { allowJs: true, target: ts.ScriptTarget.ESNext },
    transformers: { before: [markFunctions(names)] },
  });
  return result.outputText.replace('"use strict";', "");
}

/** Runs a script whose marks and last value are of interest. */
function run(code: string): readonly unknown[] {
  const marks: unknown[] = [];
  const mark = (name: string, given: unknown) => {
    marks.push(name);
    return given;
  };
  marks.push(new Function("mark", code)(mark));
  return marks;
}

test("a declared function, a method and an arrow in a field tell when they begin and end", () => {
  const code = `
    function f(a) { if (a > 1) return a * 2; o.m(); }
    const o = { m() { return o.g(5); }, g: (a) => a + 1, h: (a) => { return a; } };
    f(0);
    return [f(3), o.m(), o.h(7)];`;
  expect(run(marked(code, "f", "m", "g", "h"))).toEqual([
    ...["> f", "> m", "> g", "< g", "< m", "< f"],
    ...["> f", "< f", "> m", "> g", "< g", "< m", "> h", "< h"],
    [6, 6, 7],
  ]);
});

test("a function inside keeps its own end, and what no name is given for stays as it is", () => {
  const code =
    "function f() { const g = () => { return 1; }; return [2].map((a) => a + g()); } return f();";
  expect(run(marked(code, "f"))).toEqual(["> f", "< f", [3]]);
  expect(marked(code)).not.toContain("mark(");
});
