// SPDX-License-Identifier: EUPL-1.2
// The acceptance suite with processes of the real interpreter in the place of boards. Curves in the
// interpreter would take a quarter of an hour a case, so only the build with native code plays it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBundle, bundleTargets, readVersion, writeBundle } from "@nyckelring/firmware/build";
import { ESPRUINO_ARM } from "@nyckelring/firmware/test/interpreter";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNyckel } from "../virtual-rig.ts";

const ROLES = ["key", "station", "lock"] as const;
const CASE_MS = 900_000;

let root = "";
let rig = "";

describe.skipIf(ESPRUINO_ARM === undefined)(
  "the suite on interpreters (skipped without ESPRUINO_ARM)",
  () => {
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), "nyckelring-suite-"));
      const version = await readVersion();
      const lines: string[] = [];
      for (const role of ROLES) {
        const target = bundleTargets().find(
          (one) => one.role === role && one.board.name === "linux-arm",
        );
        if (target === undefined) throw new Error(`there is no ${role} for the Arm build`);
        const folder = await writeBundle(await buildBundle(target), root, version);
        lines.push(`  ${role}: { kind: interpreter, firmware: ${folder} }\n`);
      }
      rig = join(root, "interpreters.yaml");
      await writeFile(rig, `version: 1\nrig: interpreters\nroles:\n${lines.join("")}`);
    }, 300_000);

    afterAll(() => rm(root, { recursive: true, force: true }));

    async function play(id: string, ...more: readonly string[]) {
      const report = join(root, id);
      const args = ["--rig", rig, ...more, "--seed", "7", "--json", "--report", report];
      const { exit, out, err } = await startNyckel({}, "hil", "run", `^${id}$`, ...args).done;
      const [line = "{}"] = out.split("\n");
      return { exit, err, seen: JSON.parse(line) as Record<string, unknown> };
    }

    test(
      "O5: key, station and lock are interpreters, and the key opens after its sync",
      async () => {
        const { exit, err, seen } = await play("opens-with-a-right");
        expect([exit, seen["verdict"], seen["reason"]], err).toEqual([0, "passed", ""]);
      },
      CASE_MS,
    );

    test(
      "O5: a lock that is an interpreter refuses a simulated key without a right",
      async () => {
        const sim = ["--set", "key=sim", "--set", "station=sim"];
        const { exit, err, seen } = await play("refuses-another-door", ...sim);
        expect([exit, seen["verdict"], seen["reason"]], err).toEqual([0, "passed", ""]);
      },
      CASE_MS,
    );
  },
);
