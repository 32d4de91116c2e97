// SPDX-License-Identifier: EUPL-1.2
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { build } from "esbuild";

import { type LoweredBundle, lowerBundle } from "../build/lower.ts";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "probes");

/** Names of the probes: small programs, one feature of the language each. */
export async function listProbes(): Promise<readonly string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((name) => name.endsWith(".ts") && name !== "print.ts")
    .map((name) => name.slice(0, -3))
    .sort();
}

/** A probe as a board would get it; it prints through a global function `emit`. */
export function lowerProbe(name: string): Promise<LoweredBundle> {
  const entryText = `import "./${name}.ts";`;
  return lowerBundle({ entryText, resolveDir: FOLDER, root: FOLDER });
}

/** What the program of a probe prints in Node as it was written, before any lowering. */
export async function runSource(name: string): Promise<readonly string[]> {
  const result = await build({
    entryPoints: [join(FOLDER, `${name}.ts`)],
    bundle: true,
    write: false,
    format: "iife",
    target: "esnext",
    logLevel: "silent",
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  });
  return runScript(result.outputFiles[0]?.text ?? "");
}

/** What a script prints in Node. */
export function runScript(code: string): readonly string[] {
  const lines: string[] = [];
  runInNewContext(code, { emit: (line: string) => lines.push(line) });
  return lines;
}
