// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "./nyckel.ts";

const folder = mkdtempSync(join(tmpdir(), "nyckel-fish-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  let text = "";
  const out = (part: string): void => {
    text += part;
  };
  await main(["completion", "fish"], { out, err: out });
  writeFileSync(join(folder, "nyckel.fish"), text);
});

/** What fish offers for a line that ends here; files of the folder come as well. */
function offers(line: string): readonly string[] {
  const program = `source nyckel.fish; complete -C '${line}'`;
  const { stdout, stderr } = spawnSync("fish", ["--no-config", "-c", program], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, HOME: folder },
  });
  expect(stderr).toBe("");
  return stdout
    .trim()
    .split("\n")
    .map((offer) => offer.split("\t")[0] ?? "");
}

test("fish completes commands, sub-commands and options as the commands have them", () => {
  expect(offers("nyckel dev")).toEqual(["device"]);
  expect(offers("nyckel device f")).toEqual(["flash"]);
  expect(offers("nyckel device flash --dr")).toEqual(["--dry-run"]);
  expect(offers("nyckel sim run --see")).toEqual(["--seed"]);
});

test("fish offers no further command after the last one", () => {
  expect(offers("nyckel device flash v")).toEqual([""]);
  expect(offers("nyckel device v")).toEqual(["verify"]);
});
