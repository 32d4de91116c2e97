// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Gate } from "../run-gates.ts";

type ProjectFile = {
  readonly references?: readonly { readonly path: string }[];
};

/** Follows the project references from the tsconfig of a folder; returns the tsconfig paths. */
function projectsFrom(configPath: string, seen: Set<string> = new Set()): Set<string> {
  const file = configPath.endsWith(".json") ? configPath : join(configPath, "tsconfig.json");
  if (seen.has(file) || !existsSync(file)) {
    return seen;
  }
  seen.add(file);
  const config = JSON.parse(readFileSync(file, "utf8")) as ProjectFile;
  for (const { path } of config.references ?? []) {
    projectsFrom(join(dirname(file), path), seen);
  }
  return seen;
}

/**
 * Every TypeScript file of the repository is type-checked by `tsc -b`.
 *
 * A file that no project includes would be checked by nobody, so each one is looked up in the lists
 * of files that the compiler itself gives.
 */
export const typesGate: Gate = {
  name: "types",
  floor: 40,
  inspect: ({ root, paths }) => {
    const tsc = join(import.meta.dirname, "../../../node_modules/.bin/tsc");
    const run = (args: readonly string[]): { readonly status: number; readonly text: string } => {
      const { status, stdout, stderr } = spawnSync(tsc, args, {
        cwd: root,
        encoding: "utf8",
        maxBuffer: 1 << 26,
      });
      return { status: status ?? 1, text: `${stdout}${stderr}` };
    };
    const build = run(["-b", "--pretty", "false"]);
    const findings = build.status === 0 ? [] : build.text.split("\n").filter((line) => line !== "");

    const listed = new Set<string>();
    for (const project of projectsFrom(root)) {
      for (const line of run(["-p", project, "--listFilesOnly"]).text.split("\n")) {
        const path = relative(root, line.trim());
        if (!path.startsWith("..") && !path.includes("node_modules")) {
          listed.add(path);
        }
      }
    }
    const sources = paths.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
    for (const path of sources.filter((source) => !listed.has(source))) {
      findings.push(`${path}: no tsconfig.json includes this file, so nothing checks its types`);
    }
    return { looked: sources.length, unit: "TypeScript files", findings };
  },
};
