// SPDX-License-Identifier: EUPL-1.2
// The acceptance suite with a process of the real interpreter in the place of a board. Curves in the
// interpreter would take a quarter of an hour a case, so only the build with native code plays it.
// Where all three are interpreters, a case takes more than eight minutes on a common computer: that
// is for a person to start. Interpreters alone open a door in two-interpreters.socat.test.ts.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBundle, bundleTargets, readVersion, writeBundle } from "@nyckelring/firmware/build";
import { ESPRUINO_ARM } from "@nyckelring/firmware/test/interpreter";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNyckel } from "../virtual-rig.ts";

const CASE_MS = 400_000;

let root = "";
let rig = "";

describe.skipIf(ESPRUINO_ARM === undefined)(
  "the suite on interpreters (skipped without ESPRUINO_ARM)",
  () => {
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), "nyckelring-suite-"));
      const version = await readVersion();
      const target = bundleTargets().find(
        ({ role, board }) => role === "lock" && board.name === "linux-arm",
      );
      if (target === undefined) throw new Error("there is no lock for the Arm build");
      const folder = await writeBundle(await buildBundle(target), root, version);
      const sim = ["key", "station"].map((role) => `  ${role}: { kind: sim }\n`).join("");
      const roles = `${sim}  lock: { kind: interpreter, firmware: ${folder} }\n`;
      rig = join(root, "interpreters.yaml");
      await writeFile(rig, `version: 1\nrig: interpreters\nroles:\n${roles}`);
    }, 300_000);

    afterAll(() => rm(root, { recursive: true, force: true }));

    async function play(id: string) {
      const report = join(root, id);
      const args = ["--rig", rig, "--seed", "7", "--json", "--report", report];
      const { exit, out, err } = await startNyckel({}, "hil", "run", `^${id}$`, ...args).done;
      const [line = "{}"] = out.split("\n");
      return { exit, err, seen: JSON.parse(line) as Record<string, unknown> };
    }

    test.each([
      ["opens for a simulated key", "opens-with-a-right"],
      ["refuses a simulated key without a right", "refuses-another-door"],
    ])(
      "O5: a lock that is an interpreter %s",
      async (_, id) => {
        const { exit, err, seen } = await play(id);
        expect([exit, seen["verdict"], seen["reason"]], err).toEqual([0, "passed", ""]);
      },
      CASE_MS,
    );
  },
);
