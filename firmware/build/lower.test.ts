// SPDX-License-Identifier: EUPL-1.2
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { checkScript } from "../dialect/gate.ts";
import { declareEarly } from "./declare-early.ts";
import { lowerBundle } from "./lower.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nyckelring-lower-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function lower(source: string, helper = ""): ReturnType<typeof lowerBundle> {
  await writeFile(join(folder, "main.ts"), source);
  await writeFile(join(folder, "helper.ts"), helper);
  return lowerBundle({ entryText: 'import "./main.ts";', resolveDir: folder, root: folder });
}

function run(code: string): readonly unknown[] {
  const printed: unknown[] = [];
  runInNewContext(code, { print: (...values: unknown[]) => printed.push(...values) });
  return printed;
}

const MODERN = `
import { scale, SIZE } from "./helper.ts";
declare function print(...values: unknown[]): void;
interface Shape { readonly a: number; readonly b?: number }
class Counter { #hidden; constructor() { this.count = 0; } count: number; up(): number { return ++this.count; } }
const shape: Shape = { a: 1, ...{ b: 2 } };
const { a, b = 5 } = shape;
const calls: Array<() => number> = [];
for (let i = 0; i < 3; i += 1) calls.push(() => i * SIZE);
let sum = 0;
for (const call of calls) sum += call();
const counter = new Counter();
counter.up();
print(a, b, sum, scale(3), counter.up(), shape?.b ?? 9, \`n\${sum}\`, late());
function late(): number { return SIZE * SIZE; }
`.replace("#hidden; ", "");

describe("lowering", () => {
  test("keeps what modern TypeScript means, inside the dialect", async () => {
    const bundle = await lower(
      MODERN,
      "export const SIZE = 32;\nexport const scale = (n: number, by = SIZE): number => n * by;\n",
    );
    expect(checkScript(bundle.code).violations).toEqual([]);
    expect(run(bundle.code)).toEqual([1, 2, 96, 96, 2, 2, "n96", 1024]);
    expect(bundle.code).toMatch(/^[\u0020-\u007e]*$/u);
    expect(bundle.inputs).toEqual(["helper.ts", "main.ts"]);
  });

  test("gives equal bytes for equal sources", async () => {
    const first = await lower(
      MODERN,
      "export const SIZE = 2;\nexport const scale = (n: number) => n;\n",
    );
    const second = await lower(
      MODERN,
      "export const SIZE = 2;\nexport const scale = (n: number) => n;\n",
    );
    expect(second.code).toBe(first.code);
  });

  test("leaves array spread as a helper that the gate refuses by its source line", async () => {
    const bundle = await lower(
      "declare function print(...values: unknown[]): void;\nconst list = [1, 2];\n\nprint([...list, 3]);\nprint(list);\n",
    );
    const [violation] = checkScript(bundle.code).violations;
    expect(violation?.rule).toBe("helper");
    expect(bundle.trace.find(violation?.offset ?? 0)).toEqual({ file: "main.ts", line: 4 });
  });

  test("leads from a regular expression in an imported module to that module", async () => {
    const bundle = await lower(
      'import { isHex } from "./helper.ts";\ndeclare function print(v: unknown): void;\nprint(isHex("a"));\nprint(isHex("b"));\n',
      "\n\nexport function isHex(text: string): boolean {\n  return /^[0-9a-f]+$/.test(text);\n}\n",
    );
    const found = checkScript(bundle.code).violations.find((one) => one.rule === "regex");
    expect(bundle.trace.find(found?.offset ?? 0)).toEqual({ file: "helper.ts", line: 4 });
  });
});

describe("early declarations", () => {
  test("declares a variable at the top of the function that uses it too early", () => {
    const { code } = declareEarly("function f(b){if(b){var a=1}return a}print(f(1),f(0));");
    expect(code).toBe("function f(b){var a;if(b){var a=1}return a}print(f(1),f(0));");
    expect(checkScript(code).violations).toEqual([]);
    expect(run(code)).toEqual([1, undefined]);
  });

  test("leaves a script alone that needs nothing", () => {
    const script = "function f(b){var a=b;return a}print(f(1));";
    expect(declareEarly(script)).toEqual({ code: script, insertions: [] });
  });
});
