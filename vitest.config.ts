// SPDX-License-Identifier: EUPL-1.2

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { defineConfig } from "vitest/config";

/**
 * Programs from Debian packages that a suite may need. A test file says so in its name:
 * `upload.socat.test.ts` runs only where `socat` is installed, and is listed as skipped elsewhere.
 * A name may tell several.
 */
const OPTIONAL_PROGRAMS = [
  "socat",
  "mosquitto",
  "chromium",
  "gcc",
  "arm-none-eabi-gcc",
  "qemu-system-arm",
  "qemu-arm",
  "zsh",
  "fish",
] as const;

function isInstalled(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * One source of chance for the whole run. A person gets a fresh seed, printed so that the run can
 * be repeated; a continuous-integration run must bring its own, so that a commit names its run.
 */
function seedOfThisRun(): string {
  const given = process.env["SEED"];
  if (given !== undefined && given !== "") {
    if (!/^\d{1,10}$/.test(given) || Number(given) > 0x7fff_ffff) {
      throw new Error(`SEED must be a whole number from 0 to 2147483647, but is "${given}"`);
    }
    return given;
  }
  if (process.env["CI"] !== undefined && process.env["CI"] !== "") {
    throw new Error("SEED is missing: a run with CI set takes it from the commit (see .ci/run)");
  }
  return String(Math.floor(Math.random() * 0x7fff_ffff));
}

const seed = seedOfThisRun();
process.env["SEED"] = seed;

const missingPrograms = OPTIONAL_PROGRAMS.filter((program) => !isInstalled(program));
const exclude = [
  "**/node_modules/**",
  "**/dist/**",
  ...missingPrograms.map((program) => `**/*.${program}.*test.ts`),
];
const common = {
  env: { SEED: seed },
  setupFiles: ["./scripts/vitest.setup.ts"],
  testTimeout: 30_000,
};

export default defineConfig({
  test: {
    globalSetup: ["./scripts/vitest.global.ts"],
    projects: [
      {
        extends: true,
        test: {
          ...common,
          name: "unit",
          include: [
            "{protocol,firmware,simulator,hil-tests,cli,scripts}/src/**/*.test.ts",
            "issuer/{src,domain/src,domain/test}/**/*.test.ts",
            "firmware/{build,dialect,native}/**/*.test.ts",
            "simulator/scenarios/**/*.test.ts",
          ],
          exclude,
        },
      },
      {
        extends: true,
        test: { ...common, name: "board", include: ["hil-tests/suite/**/*.test.ts"], exclude },
      },
      {
        extends: true,
        test: {
          ...common,
          name: "espruino",
          include: ["firmware/test/**/*.test.ts", "cli/test/interpreter/**/*.test.ts"],
          exclude,
          testTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
