// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

import { buildBundle, bundleTargets } from "./build-bundle.ts";
import { HOT_FUNCTIONS } from "./hot-functions.ts";

/** Names of the functions at the top of a source. */
function functionsOf(source: string): readonly string[] {
  const declared = source.matchAll(/^(?:export )?function (\w+)[(<]/gm);
  return [...declared].map(([, name]) => String(name));
}

test("every function that runs most is one of a key's or a lock's sources", async () => {
  const root = dirname(dirname(import.meta.dirname));
  const names = new Set<string>();
  for (const target of bundleTargets()) {
    if (target.board.name !== "linux-arm" || target.role === "station") continue;
    const { inputs } = await buildBundle(target);
    for (const source of inputs) {
      for (const name of functionsOf(readFileSync(join(root, source), "utf8"))) names.add(name);
    }
  }
  expect(names.size).toBeGreaterThan(HOT_FUNCTIONS.length);
  expect(HOT_FUNCTIONS.filter((name) => !names.has(name))).toEqual([]);
  expect(new Set(HOT_FUNCTIONS).size).toBe(HOT_FUNCTIONS.length);
});
