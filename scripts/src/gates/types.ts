// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import type { Gate } from "../run-gates.ts";

/**
 * Follows the project references from one tsconfig.
 *
 * @returns the files that each project includes, by their absolute paths.
 */
function filesOfProjects(configPath: string, seen: Set<string> = new Set()): ReadonlySet<string> {
  const files = new Set<string>();
  const path = configPath.endsWith(".json") ? configPath : join(configPath, "tsconfig.json");
  if (seen.has(path)) {
    return files;
  }
  seen.add(path);
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const project = ts.parseJsonConfigFileContent(config, ts.sys, dirname(path), undefined, path);
  for (const file of project.fileNames) {
    files.add(file);
  }
  for (const reference of project.projectReferences ?? []) {
    for (const file of filesOfProjects(reference.path, seen)) {
      files.add(file);
    }
  }
  return files;
}

/**
 * Every TypeScript file of the repository is type-checked by `tsc -b`.
 *
 * A file that no project includes would be checked by nobody, so each one is looked up among those
 * that the compiler's own reading of the tsconfigs gives.
 */
export const typesGate: Gate = {
  name: "types",
  floor: 250,
  inspect: ({ root, paths }) => {
    const tsc = join(import.meta.dirname, "../../../node_modules/.bin/tsc");
    const { status, stdout, stderr } = spawnSync(tsc, ["-b", "--pretty", "false"], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    const findings =
      status === 0 ? [] : `${stdout}${stderr}`.split("\n").filter((line) => line !== "");

    const listed = new Set([...filesOfProjects(root)].map((file) => relative(root, file)));
    const sources = paths.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
    for (const path of sources.filter((source) => !listed.has(source))) {
      findings.push(`${path}: no tsconfig.json includes this file, so nothing checks its types`);
    }
    return { looked: sources.length, unit: "TypeScript files", findings };
  },
};
