// SPDX-License-Identifier: EUPL-1.2
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";

import { buildHostRunner, readEntries } from "./build-native.ts";
import { type Built, describeNative, ROOT } from "./native-suite.ts";

const folder = mkdtempSync(join(tmpdir(), "nyckelring-native-host-"));
let built: Built | undefined;

beforeAll(() => {
  const runner = buildHostRunner(ROOT, folder);
  built = { entries: readEntries(ROOT), target: { kind: "host", runner } };
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the blob's sources, compiled for this computer", () => {
  describeNative(() => {
    if (built === undefined) throw new Error("not built");
    return built;
  });
});
