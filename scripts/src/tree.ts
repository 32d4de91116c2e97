// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The files that a gate looks at. Tests of gates build one by hand with a violation in it. */
export type SourceTree = {
  readonly root: string;
  /** Paths from the root, with forward slashes, sorted. */
  readonly paths: readonly string[];
  /** The text of a file of the tree, or undefined when the tree has no such file. */
  readonly read: (path: string) => string | undefined;
};

/** The folder of the repository that this file stands in. */
export function repositoryRoot(): string {
  return join(dirname(fileURLToPath(import.meta.url)), "../..");
}

/** The repository as git sees it: tracked files and new ones, without what .gitignore names. */
export function sourceTree(root: string): SourceTree {
  const listing = spawnSync("git", ["ls-files", "-z", "-c", "-o", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (listing.status !== 0) {
    throw new Error(`git could not list the files of ${root}: ${listing.stderr}`);
  }
  const paths = [...new Set(listing.stdout.split("\0"))]
    .filter((path) => path !== "" && existsSync(join(root, path)))
    .filter((path) => statSync(join(root, path)).isFile())
    .sort();
  const known = new Set(paths);
  return {
    root,
    paths,
    read: (path) => (known.has(path) ? readFileSync(join(root, path), "utf8") : undefined),
  };
}

/** A tree that exists in memory alone. */
export function memoryTree(root: string, files: Readonly<Record<string, string>>): SourceTree {
  return { root, paths: Object.keys(files).sort(), read: (path) => files[path] };
}
