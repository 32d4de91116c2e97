// SPDX-License-Identifier: EUPL-1.2
import ts from "typescript";
import { expect, test } from "vitest";

import { cheaperScript } from "./cheaper-script.ts";

function rewrite(code: string, hotNames: readonly string[] = []): string {
  const result = ts.transpileModule(code, {
    fileName: "bundle.js",
    compilerOptions: { allowJs: true, target: ts.ScriptTarget.ESNext },
    transformers: { before: [...cheaperScript(hotNames)] },
  });
  return result.outputText.replace('"use strict";', "").replaceAll(/\s+/g, " ").trim();
}

test("puts the functions that run most in front, in their order, and leaves all others where they are", () => {
  const code = "const a = []; function one() {} function two() {} function three() {} one();";
  expect(rewrite(code, ["three", "two", "missing"])).toBe(
    "function three() { } function two() { } const a = []; function one() { } one();",
  );
});

test("writes a number where its name is read, and what is made of numbers too", () => {
  const code = "const A = 4, B = A * 8 + 1, C = -B; const o = { A, x: B, y: a.B }; f(C, A, o.A);";
  const said = rewrite(code);
  expect(said).toContain("const o = { A: 4, x: 4 * 8 + 1, y: a.B };");
  expect(said).toContain("f(-(4 * 8 + 1), 4, o.A);");
});

test("leaves a name alone that is assigned, or that a scope inside has for itself", () => {
  for (const code of [
    "let n = 1; function f() { n = 2; return n; }",
    "let n = 1; function f() { n += 2; return n; }",
    "let n = 1; function f() { n++; return n; }",
    "let n = 1; function f() { --n; return n; }",
    "const n = 1; function f(n) { return n; }",
    "const n = 1; function f() { const n = g(); return n; }",
    "const n = 1; function f() { const { n } = g(); return n; }",
    "const n = 1; f(function n() { return n; });",
  ]) {
    expect(rewrite(code)).toBe(rewrite(code).replaceAll("return 1", "return n"));
    expect(rewrite(code)).toContain("return n;");
  }
});

test("reads an octet in place, and calls an assertion only where it fails", () => {
  expect(rewrite("x = octetAt(bytes.part(octetAt(a, 0)), index + 1);")).toBe(
    "x = bytes.part(a[0])[index + 1];",
  );
  expect(rewrite("assert(a && b, CODE); assert(false, CODE); x = assert;")).toBe(
    "a && b || assert(false, CODE); assert(false, CODE); x = assert;",
  );
  expect(rewrite("assert(a || b, CODE);")).toBe("a || b || assert(false, CODE);");
});
