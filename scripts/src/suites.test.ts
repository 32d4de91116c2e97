// SPDX-License-Identifier: EUPL-1.2

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listSkippedSuites, OPTIONAL_PROGRAMS } from "./suites.ts";
import { repositoryRoot } from "./tree.ts";

const FILES = ["hil-tests/suite/upload.socat.test.ts", "protocol/src/bytes.test.ts"];

describe("suites that a machine cannot run", () => {
  test("a suite whose program is missing is listed, and is required", () => {
    const skipped = listSkippedSuites(FILES, (program) => program !== "socat", "/e", "/a");
    expect(skipped.map(({ suite, isRequired }) => [suite, isRequired])).toEqual([
      ["hil-tests/suite/upload.socat.test.ts", true],
    ]);
  });

  test("the interpreter suite is listed without ESPRUINO, and is not required", () => {
    const skipped = listSkippedSuites(FILES, () => true, undefined, "/a");
    expect(skipped).toHaveLength(1);
    expect(skipped[0]).toMatchObject({ isRequired: false });
  });

  test("nothing is listed where everything is installed", () => {
    expect(listSkippedSuites(FILES, () => true, "/e", "/a")).toEqual([]);
  });

  test("vitest.config.ts and make deps know the same programs", () => {
    const config = readFileSync(join(repositoryRoot(), "vitest.config.ts"), "utf8");
    const deps = readFileSync(join(repositoryRoot(), "scripts/install-debian-packages.sh"), "utf8");
    for (const { program, debianPackage } of OPTIONAL_PROGRAMS) {
      expect(config).toContain(`"${program}"`);
      expect(deps).toContain(`${program}:${debianPackage}`);
    }
  });
});
