// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import {
  type BundleTarget,
  buildBundle,
  bundleTargets,
  describeRefusals,
  readVersion,
  SECURITY_VERSION,
  writeBundle,
} from "./build-bundle.ts";

test("every role has a bundle for the interpreter and one for its reference board", () => {
  const names = bundleTargets().map(({ role, board }) => `${role}/${board.name}`);
  expect(names.sort()).toEqual([
    "key/linux",
    "key/linux-arm",
    "key/virtual",
    "key/xiao-nrf52840",
    "lock/linux",
    "lock/linux-arm",
    "lock/virtual",
    "lock/xiao-nrf52840",
    "station/esp32s3",
    "station/linux",
    "station/linux-arm",
  ]);
});

test("two builds of a role give equal bytes, and the manifest describes every file", async () => {
  const target = bundleTargets().find((one) => one.role === "lock");
  if (target === undefined) throw new Error("no lock");
  const [first, second] = [await buildBundle(target), await buildBundle(target)];
  expect(second.modules).toEqual(first.modules);
  expect(second.boot).toBe(first.boot);
  const dist = await mkdtemp(join(tmpdir(), "nyckelring-dist-"));
  try {
    const folder = await writeBundle(first, dist, await readVersion());
    const manifest = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({
      role: "lock",
      board: target.board.name,
      securityVersion: SECURITY_VERSION,
      limits: target.board.limits,
    });
    const names = manifest.files.map((file: { name: string }) => file.name);
    expect(names.slice(0, 2)).toEqual(["boot", "lock"]);
    expect(names.length).toBeGreaterThan(4);
    expect((await readdir(folder)).sort()).toEqual([...names, "manifest.json"].sort());
    for (const file of manifest.files) {
      const bytes = await readFile(join(folder, file.name));
      expect(file.name.length).toBeLessThanOrEqual(24);
      expect(file.bytes).toBe(bytes.length);
      expect(file.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
  } finally {
    await rm(dist, { recursive: true, force: true });
  }
}, 120_000);

test("operations in script are for roles without native code, and lie on no other board", async () => {
  const isTried = ({ role, board }: BundleTarget) =>
    role !== "station" && ["linux", "xiao-nrf52840"].includes(board.name);
  const found: Record<string, boolean> = {};
  for (const target of bundleTargets().filter(isTried)) {
    const { modules } = await buildBundle(target);
    const names = modules.map(({ name }) => name);
    found[`${target.role}/${target.board.name}`] = names.includes("operations");
  }
  expect(found).toEqual({
    "key/linux": true,
    "lock/linux": true,
    "key/xiao-nrf52840": false,
    "lock/xiao-nrf52840": false,
  });
}, 60_000);

test("a refusal names bundle, source file and line", async () => {
  const target = bundleTargets()[0];
  if (target === undefined) throw new Error("no target");
  const bundle = await buildBundle(target);
  const spoiled = { ...bundle, code: bundle.code.replace("Math.floor", "Math.trunc") };
  const { lines } = describeRefusals(spoiled);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\w+\/linux:1:\d+ \S+\.ts:\d+ static-member: Math\.trunc /);
});

test.each([
  ["station", "esp32s3", false],
  ["lock", "virtual", false],
  ["lock", "xiao-nrf52840", true],
])(
  "a %s on %s compares with an early end only beside native code, which judges tags",
  async (role, name, isEarly) => {
    const target = bundleTargets().find((one) => one.role === role && one.board.name === name);
    if (target === undefined) throw new Error("no such bundle");
    const { names } = await buildBundle(target);
    expect(names.has("compareAsText")).toBe(isEarly);
  },
);
