// SPDX-License-Identifier: EUPL-1.2

import { describe, expect, test } from "vitest";
import { completeLockFile, missingOptionalPackages, parseLockFile } from "./lock-file.ts";

const LOCK = parseLockFile(
  JSON.stringify({
    name: "x",
    packages: {
      "node_modules/a": {
        optionalDependencies: { "a-linux-x64-musl": "1.0.0", "a-win32-arm64": "1.0.0", b: "2.0.0" },
      },
      "node_modules/a-win32-arm64": { version: "1.0.0", optional: true },
    },
  }),
);

describe("the lock file of npm", () => {
  test("an optional package of another platform is found missing, a plain optional one is not", () => {
    expect(missingOptionalPackages(LOCK)).toEqual([
      { name: "a-linux-x64-musl", version: "1.0.0", os: "linux", cpu: "x64", libc: "musl" },
    ]);
  });

  test("completing it adds the platform, keeps the rest, and leaves nothing missing", () => {
    const complete = completeLockFile(LOCK);
    expect(complete.packages["node_modules/a-linux-x64-musl"]).toEqual({
      version: "1.0.0",
      cpu: ["x64"],
      libc: ["musl"],
      optional: true,
      os: ["linux"],
    });
    expect(complete).toMatchObject(LOCK);
    expect(missingOptionalPackages(complete)).toEqual([]);
  });
});
