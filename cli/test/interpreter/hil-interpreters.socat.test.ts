// SPDX-License-Identifier: EUPL-1.2
// The acceptance suite with processes of the real interpreter in the place of boards. Curves in the
// interpreter would take a quarter of an hour a case, so key and lock are the build with native code;
// a station has no curves and is the other one.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBundle, bundleTargets, readVersion, writeBundle } from "@nyckelring/firmware/build";
import { ESPRUINO, ESPRUINO_ARM } from "@nyckelring/firmware/test/interpreter";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNyckel } from "../virtual-rig.ts";

const RUN_MS = 400_000;
const OPENS = "opens-with-a-right";
const REFUSES = "refuses-another-door";
/** The interpreter that each role takes where both are there. */
const BUILDS = {
  key: "linux-arm",
  station: ESPRUINO === undefined ? "linux-arm" : "linux",
  lock: "linux-arm",
} as const;
const ROLES = ["key", "station", "lock"] as const;
type Role = (typeof ROLES)[number];

let root = "";
let rig = "";

describe.skipIf(ESPRUINO_ARM === undefined)(
  "the suite on interpreters (skipped without ESPRUINO_ARM)",
  () => {
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), "nyckelring-suite-"));
      const version = await readVersion();
      const roles: string[] = [];
      for (const name of ROLES) {
        const target = bundleTargets().find(
          ({ role, board }) => role === name && board.name === BUILDS[name],
        );
        if (target === undefined) throw new Error(`there is no ${name} for ${BUILDS[name]}`);
        const folder = await writeBundle(await buildBundle(target), root, version);
        roles.push(`  ${name}: { kind: interpreter, firmware: ${folder} }\n`);
      }
      rig = join(root, "interpreters.yaml");
      await writeFile(rig, `version: 1\nrig: interpreters\nroles:\n${roles.join("")}`);
    }, 300_000);

    afterAll(() => rm(root, { recursive: true, force: true }));

    /** Plays cases with these roles as interpreters and the others simulated. */
    async function play(interpreters: readonly Role[], ids: readonly string[]) {
      const report = join(root, interpreters.join("-"));
      const simulated = ROLES.filter((role) => !interpreters.includes(role));
      const set = simulated.flatMap((role) => ["--set", `${role}=sim`]);
      const args = ["--rig", rig, ...set, "--seed", "7", "--json", "--report", report];
      const pattern = `^(${ids.join("|")})$`;
      const { exit, out, err } = await startNyckel({}, "hil", "run", pattern, ...args).done;
      const seen = out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ type }) => type === "case")
        .map(({ id, verdict, reason }) => [id, verdict, reason]);
      return { exit, err, seen };
    }

    test.each<readonly [string, readonly Role[], readonly string[]]>([
      [
        "a lock that is an interpreter opens for a simulated key, and refuses one",
        ["lock"],
        [OPENS, REFUSES],
      ],
      [
        "a key that is an interpreter takes its rights and opens a simulated lock",
        ["key"],
        [OPENS],
      ],
      ["a station that is an interpreter gives a simulated key its rights", ["station"], [OPENS]],
      [
        "key, station and lock are interpreters, and a door opens, and another does not",
        ROLES,
        [OPENS, REFUSES],
      ],
    ])(
      "O5: %s",
      async (_, interpreters, ids) => {
        const { exit, err, seen } = await play(interpreters, ids);
        expect([exit, seen], err).toEqual([0, ids.map((id) => [id, "passed", ""])]);
      },
      RUN_MS,
    );
  },
);
