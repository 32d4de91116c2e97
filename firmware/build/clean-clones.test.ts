// SPDX-License-Identifier: EUPL-1.2
import { execFile, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
/** With and without native code, and both ways of a platform to its flash. */
const BUNDLES = ["lock/xiao-nrf52840", "station/esp32s3"];

/**
 * Copies what is in the repository, and nothing that was built, to a folder of its own.
 *
 * The packages of npm are those of this tree, but the packages of the system are the copy's own.
 */
function cloneInto(folder: string): void {
  const listed = spawnSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: ROOT, encoding: "utf8" },
  );
  const files = listed.stdout.split("\0").filter((name) => name !== "");
  if (files.length < 100) throw new Error("git lists no files here");
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  const installed = join(ROOT, "node_modules");
  mkdirSync(join(folder, "node_modules/@nyckelring"), { recursive: true });
  for (const name of readdirSync(installed).filter((one) => one !== "@nyckelring")) {
    symlinkSync(join(installed, name), join(folder, "node_modules", name));
  }
  const own = join(installed, "@nyckelring");
  for (const name of readdirSync(own)) {
    const workspace = realpathSync(join(own, name)).slice(realpathSync(ROOT).length + 1);
    symlinkSync(join(folder, workspace), join(folder, "node_modules/@nyckelring", name));
  }
}

async function build(folder: string, ...command: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, command, { cwd: folder });
}

/** Every file below a folder by its path there, as hexadecimal text of its octets. */
function contentOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name)).toString("hex")]));
}

test("two clean copies at different paths build equal octets", async () => {
  const base = mkdtempSync(join(tmpdir(), "nyckelring-clones-"));
  try {
    const folders = [join(base, "a"), join(base, "another/and/deeper")];
    await Promise.all(
      folders.map(async (folder) => {
        cloneInto(folder);
        // The blob where its compiler is; elsewhere it says what is missing and bundles go without.
        await build(folder, "firmware/native/build-all.ts");
        await build(folder, "firmware/build/build-all.ts", ...BUNDLES);
      }),
    );
    const [first, second] = folders.map((folder) => contentOf(join(folder, "firmware/dist")));
    if (first === undefined || second === undefined) throw new Error("two folders");
    for (const name of BUNDLES) expect([...first.keys()]).toContain(`${name}/manifest.json`);
    expect([...second.keys()]).toEqual([...first.keys()]);
    for (const [name, content] of first) {
      expect(second.get(name) === content, `${name} differs`).toBe(true);
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}, 240_000);
