// SPDX-License-Identifier: EUPL-1.2

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * A program outside npm that some test files need, told by their names: `x.<program>.test.ts`, or
 * `x.<program>.<program>.test.ts` for several.
 */
export type OptionalProgram = { readonly program: string; readonly debianPackage: string };

/** The same programs as in vitest.config.ts and install-debian-packages.sh; a test compares them. */
export const OPTIONAL_PROGRAMS: readonly OptionalProgram[] = [
  { program: "socat", debianPackage: "socat" },
  { program: "mosquitto", debianPackage: "mosquitto" },
  { program: "chromium", debianPackage: "chromium" },
  { program: "gcc", debianPackage: "gcc" },
  { program: "arm-none-eabi-gcc", debianPackage: "gcc-arm-none-eabi" },
  { program: "qemu-system-arm", debianPackage: "qemu-system-arm" },
  { program: "qemu-arm", debianPackage: "qemu-user" },
  { program: "zsh", debianPackage: "zsh" },
  { program: "fish", debianPackage: "fish" },
];

/** A suite that did not run, and why; `isRequired` when `REQUIRE_ALL=1` makes that a failure. */
export type SkippedSuite = {
  readonly suite: string;
  readonly reason: string;
  readonly isRequired: boolean;
};

/** Tells whether a program can be started from here; daemons live in `sbin`. */
export function isInstalled(program: string, path: string = process.env["PATH"] ?? ""): boolean {
  const folders = [...path.split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function needsProgram(file: string, program: string): boolean {
  return file.endsWith(".test.ts") && file.includes(`.${program}.`);
}

/**
 * Lists the suites that cannot run on this machine.
 *
 * @param files - Paths of the repository; the names of test files say which program they need.
 * @param has - Tells whether a program is installed.
 * @param espruino - Path of the Espruino binary, or undefined. No Debian package holds it, so its
 *   absence is never a failure.
 * @param espruinoArm - The same for its 32-bit Arm build, which runs native code.
 */
export function listSkippedSuites(
  files: readonly string[],
  has: (program: string) => boolean,
  espruino: string | undefined,
  espruinoArm: string | undefined,
): readonly SkippedSuite[] {
  const skipped: SkippedSuite[] = [];
  for (const { program, debianPackage } of OPTIONAL_PROGRAMS) {
    if (has(program)) {
      continue;
    }
    for (const file of files.filter((path) => needsProgram(path, program))) {
      skipped.push({
        suite: file,
        reason: `Debian package ${debianPackage} is missing (make deps)`,
        isRequired: true,
      });
    }
  }
  if (espruino === undefined || espruino === "") {
    skipped.push({
      suite: "firmware/test (npm run test:espruino)",
      reason: "ESPRUINO does not name the interpreter",
      isRequired: false,
    });
  }
  if (espruinoArm === undefined || espruinoArm === "") {
    skipped.push({
      suite: "firmware/test/native (npm run test:espruino)",
      reason: "ESPRUINO_ARM does not name the interpreter's 32-bit Arm build",
      isRequired: false,
    });
  }
  return skipped;
}
