// SPDX-License-Identifier: EUPL-1.2
// `node firmware/native/run-bench.ts native|session`: one figure a line, for `nyckel bench`.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { benchNative } from "./bench-native.ts";
import { benchSession } from "./bench-session.ts";
import { COMPILERS } from "./build-native.ts";

const EXIT_MISSING = 2;
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const what = process.argv[2];

/** What this benchmark cannot do without and does not find, told with the way to get it. */
function missing(): string | undefined {
  const programs = [
    COMPILERS.host,
    COMPILERS.target,
    what === "session"
      ? { program: "qemu-arm", debianPackage: "qemu-user" }
      : { program: "qemu-system-arm", debianPackage: "qemu-system-arm" },
  ];
  for (const { program, debianPackage } of programs) {
    if (spawnSync(program, ["--version"]).error !== undefined) {
      return `${program} is missing (Debian package ${debianPackage}, make deps)`;
    }
  }
  return what === "session" && (process.env["ESPRUINO_ARM"] ?? "") === ""
    ? "ESPRUINO_ARM does not name the interpreter's 32-bit Arm build"
    : undefined;
}

const lack = missing();
if (lack !== undefined) {
  process.stderr.write(lack);
  process.exitCode = EXIT_MISSING;
} else {
  const folder = mkdtempSync(join(tmpdir(), "nyckelring-bench-"));
  try {
    const figures =
      what === "session" ? await benchSession(root, folder) : benchNative(root, folder);
    for (const figure of figures) process.stdout.write(`${JSON.stringify(figure)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
