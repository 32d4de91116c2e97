// SPDX-License-Identifier: EUPL-1.2
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { checkSources } from "./check-sources.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nyckelring-sources-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the look at the sources", () => {
  test.each(["slice(1)", "filter(Boolean)", "at(0)", "entries()", "BYTES_PER_ELEMENT"])(
    "refuses .%s of a typed array with its line",
    async (access) => {
      const text = `const bytes = new Uint8Array(4);\nexport const x: unknown = bytes.${access};\n`;
      await writeFile(join(folder, "planted.ts"), text);
      const report = checkSources(["planted.ts"], folder);
      expect(report.lines).toHaveLength(1);
      expect(report.lines[0]).toContain("planted.ts:2 typed-array");
    },
  );

  test("refuses a view whose length is computed, and accepts one of a constant", async () => {
    const view = (length: string) =>
      `const LENGTH = 4;\nexport const of = (all: Uint8Array, n: number) => new Uint8Array(all.buffer, n, ${length});\n`;
    await writeFile(join(folder, "view.ts"), view("n"));
    expect(checkSources(["view.ts"], folder).lines).toEqual([
      "view.ts:2 typed-array: a view of 0 octets is the whole rest there: use subarray",
    ]);
    await writeFile(join(folder, "view.ts"), view("LENGTH"));
    expect(checkSources(["view.ts"], folder).lines).toEqual([]);
  });

  test("accepts the same members of plain arrays and strings", async () => {
    const text = 'export const x = [[1, 2].slice(1), "abc".slice(1), [1].filter(Boolean)];\n';
    await writeFile(join(folder, "clean.ts"), text);
    expect(checkSources(["clean.ts"], folder)).toMatchObject({ files: 1, lines: [] });
  });

  test("says that it looked at nothing when there is nothing", () => {
    expect(checkSources([], folder)).toEqual({ files: 0, accesses: 0, lines: [] });
  });
});
