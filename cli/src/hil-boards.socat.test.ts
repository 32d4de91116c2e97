// SPDX-License-Identifier: EUPL-1.2
// The acceptance suite on boards behind serial ports: throttled virtual boards, each a process of its
// own, through the same driver that a desk with real boards uses.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  buildVirtualFirmware,
  type RigBoard,
  type RigRoleName,
  startNyckel,
  startRigBoard,
  writeVirtualRig,
} from "../test/virtual-rig.ts";

const ROLES = ["key", "station", "lock"] as const;
const SESSIONS_MS = 170_000;

type Kinds = Readonly<Record<RigRoleName, "real" | "sim">>;

/** A desk with three virtual boards. */
type Desk = {
  readonly folder: string;
  readonly rig: string;
  readonly boards: ReadonlyMap<RigRoleName, RigBoard>;
};

let root = "";
let builds: (role: RigRoleName) => string;
const desks: Desk[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "nyckelring-desk-"));
  builds = await buildVirtualFirmware(join(root, "firmware"));
  for (const name of ["anna", "bo"]) desks.push(await openDesk(name));
}, 120_000);

afterAll(async () => {
  for (const { boards } of desks) for (const board of boards.values()) await board.stop();
  rmSync(root, { recursive: true, force: true });
});

async function openDesk(name: string): Promise<Desk> {
  const folder = join(root, name);
  mkdirSync(folder);
  const started = ROLES.map(async (role): Promise<[RigRoleName, RigBoard]> => {
    return [role, await startRigBoard(folder, role, { build: builds(role) })];
  });
  const boards = new Map(await Promise.all(started));
  return { folder, rig: writeVirtualRig(folder, builds), boards };
}

/** Plays cases on a desk, as somebody at a terminal would. */
function play(desk: Desk, kinds: Kinds, pattern: string, ...more: readonly string[]) {
  const report = join(
    root,
    `report-${ROLES.map((role) => kinds[role][0]).join("")}-${pattern.length}`,
  );
  const set = ROLES.flatMap((role) => ["--set", `${role}=${kinds[role]}`]);
  const started = startNyckel(
    { NYCKEL_STATE: join(root, "state") },
    ...["hil", "run", pattern, "--rig", desk.rig, ...set],
    ...["--seed", "7", "--json", "--report", report, ...more],
  );
  const done = started.done.then(({ exit, out, err }) => {
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { exit, err, report, cases: lines.slice(0, -1), result: lines.at(-1) ?? {} };
  });
  return { process: started.process, done };
}

/** All mixtures; the two of a pair need no board of each other. */
const PAIRS: readonly (readonly [Kinds, Kinds])[] = [
  [
    { key: "real", station: "real", lock: "real" },
    { key: "sim", station: "sim", lock: "sim" },
  ],
  [
    { key: "real", station: "sim", lock: "sim" },
    { key: "sim", station: "real", lock: "real" },
  ],
  [
    { key: "sim", station: "real", lock: "sim" },
    { key: "real", station: "sim", lock: "real" },
  ],
  [
    { key: "sim", station: "sim", lock: "real" },
    { key: "real", station: "real", lock: "sim" },
  ],
];

test(
  "O5: all eight mixtures of real and simulated roles run from one rig file",
  async () => {
    const played: [Kinds, Awaited<ReturnType<typeof play>["done"]>][] = [];
    await Promise.all(
      desks.map(async (desk, index) => {
        for (const pair of PAIRS.filter((_, at) => at % desks.length === index)) {
          const pattern = "^(opens-with-a-right|refuses-another-door)$";
          const both = pair.map((kinds) => play(desk, kinds, pattern).done);
          const [left, right] = await Promise.all(both);
          if (left !== undefined) played.push([pair[0], left]);
          if (right !== undefined) played.push([pair[1], right]);
        }
      }),
    );
    expect(played.length).toBe(8);
    for (const [kinds, { exit, err, cases, report }] of played) {
      const seen = cases.map(({ id, verdict, reason }) => [id, verdict, reason]);
      expect([exit, seen], err).toEqual([
        0,
        [
          ["opens-with-a-right", "passed", ""],
          ["refuses-another-door", "passed", ""],
        ],
      ]);
      const { roles } = JSON.parse(readFileSync(join(report, "run.json"), "utf8"));
      for (const role of ROLES) {
        expect(roles[role].kind).toBe(kinds[role]);
        expect(roles[role].firmware).toMatch(
          kinds[role] === "real" ? /^[0-9a-f]{64}$/ : /^source$/,
        );
      }
    }
  },
  SESSIONS_MS,
);
