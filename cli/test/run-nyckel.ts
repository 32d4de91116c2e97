// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const NYCKEL = fileURLToPath(new URL("../bin/nyckel.js", import.meta.url));

/** What the command did. */
export type NyckelRun = {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
  /** Standard output, one object a line. */
  objects(): Record<string, unknown>[];
};

/** Runs the real command in its own process. */
export function runNyckel(...args: readonly string[]): NyckelRun {
  const child = spawnSync(process.execPath, [NYCKEL, ...args], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return {
    exit: child.status,
    out: child.stdout,
    err: child.stderr,
    objects: () =>
      child.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
