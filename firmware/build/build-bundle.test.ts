// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import {
  buildBundle,
  bundleTargets,
  describeRefusals,
  readVersion,
  writeBundle,
} from "./build-bundle.ts";

test("every role has a bundle for the interpreter and one for its reference board", () => {
  const names = bundleTargets().map(({ role, board }) => `${role}/${board.name}`);
  expect(names.sort()).toEqual([
    "key/linux",
    "key/xiao-nrf52840",
    "lock/linux",
    "lock/xiao-nrf52840",
    "station/esp32s3",
    "station/linux",
  ]);
});

test("two builds of a role give equal bytes, and the manifest describes them", async () => {
  const target = bundleTargets().find((one) => one.role === "station");
  if (target === undefined) throw new Error("no station");
  const [first, second] = [await buildBundle(target), await buildBundle(target)];
  expect(second.code).toBe(first.code);
  const dist = await mkdtemp(join(tmpdir(), "nyckelring-dist-"));
  try {
    const folder = await writeBundle(first, dist, await readVersion());
    const bytes = await readFile(join(folder, "station.js"));
    expect(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"))).toMatchObject({
      role: "station",
      board: target.board.name,
      limits: target.board.limits,
      files: [
        {
          name: "station.js",
          bytes: bytes.length,
          sha256: createHash("sha256").update(bytes).digest("hex"),
        },
      ],
    });
  } finally {
    await rm(dist, { recursive: true, force: true });
  }
});

test("a refusal names bundle, source file and line", async () => {
  const target = bundleTargets()[0];
  if (target === undefined) throw new Error("no target");
  const bundle = await buildBundle(target);
  const spoiled = { ...bundle, code: bundle.code.replace("Math.floor", "Math.trunc") };
  const { lines } = describeRefusals(spoiled);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\w+\/linux:1:\d+ \S+\.ts:\d+ static-member: Math\.trunc /);
});
