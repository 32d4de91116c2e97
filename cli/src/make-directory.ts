// SPDX-License-Identifier: EUPL-1.2

import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory and those above it. Node's own recursive way never returns where an existing
 * folder answers that there is no such file, as `/proc` does.
 *
 * @throws Error of Node's file system when it cannot be made.
 */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(directory).isDirectory()) return;
    const parent = dirname(directory);
    if (code !== "ENOENT" || parent === directory || existsSync(parent)) throw error;
    makeDirectory(parent);
    mkdirSync(directory);
  }
}
