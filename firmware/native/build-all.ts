// SPDX-License-Identifier: EUPL-1.2
// `make native`: builds the blob, checks it, and tells its size.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import {
  BLOB_BYTES_MAX,
  BLOB_FILES,
  buildBlob,
  COMPILERS,
  NativeBuildError,
} from "./build-native.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = join(root, "firmware", "dist", "native", "cortex-m4");
const { program, debianPackage } = COMPILERS.target;

if (spawnSync(program, ["--version"]).error !== undefined) {
  process.stderr.write(
    `native: not built, ${program} is missing (Debian package ${debianPackage}, make deps)\n`,
  );
  process.exitCode = 1;
} else {
  const work = mkdtempSync(join(tmpdir(), "nyckelring-native-"));
  try {
    const blob = buildBlob(root, work);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of BLOB_FILES) copyFileSync(join(work, name), join(folder, name));
    const share = Math.round((100 * blob.bytes) / BLOB_BYTES_MAX);
    process.stdout.write(
      `${relative(process.cwd(), folder)}: ${blob.bytes} bytes, ${share} % of ${BLOB_BYTES_MAX}; ` +
        `${blob.entries.length} entries, the same at two addresses, no data, ` +
        `largest frame ${blob.largestFrame}\n`,
    );
  } catch (error) {
    if (!(error instanceof NativeBuildError)) throw error;
    process.stderr.write(`native: ${error.message}\n`);
    process.exitCode = 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
