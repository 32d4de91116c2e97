// SPDX-License-Identifier: EUPL-1.2
// The acceptance suite on boards behind serial ports: throttled virtual boards, each a process of its
// own, through the same driver that a desk with real boards uses.
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  buildVirtualFirmware,
  type RigBoard,
  type RigRoleName,
  startNyckel,
  startRigBoard,
  writePowerScript,
  writeVirtualRig,
} from "../test/virtual-rig.ts";

const ROLES = ["key", "station", "lock"] as const;
/** Far more than they take; the boards share the processors with whatever else runs. */
const SESSIONS_MS = 400_000;

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
let plays = 0;

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

/** What is known of the boards of a desk. */
function stateOf({ folder }: Desk): string {
  return join(folder, "state");
}

/** Plays cases on a desk, as somebody at a terminal would. */
function play(desk: Desk, kinds: Kinds, pattern: string, ...more: readonly string[]) {
  plays += 1;
  const report = join(root, `report-${plays}`);
  const set = ROLES.flatMap((role) => ["--set", `${role}=${kinds[role]}`]);
  const started = startNyckel(
    { NYCKEL_STATE: stateOf(desk) },
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
  return { process: started.process, done, report };
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

test(
  "O5: what only a helper beside a board can do is played on boards: hours, links, power, stuck bolts, cut writes",
  async () => {
    const [desk] = desks;
    if (desk === undefined) throw new Error("a desk");
    const ids = [
      "relocks-when-power-returns",
      "refuses-after-expiry",
      "sync-on-gsm",
      "station-loses-all-power",
      "entry-before-motor",
      "clock-lock-lets-in-and-flags",
      "bolt-sticks",
    ];
    const boards: Kinds = { key: "real", station: "real", lock: "real" };
    const { exit, err, cases } = await play(desk, boards, `^(${ids.join("|")})$`).done;
    const seen = cases.map(({ id, verdict, reason }) => [id, verdict, reason]);
    expect([exit, new Set(seen.map(String))], err).toEqual([
      0,
      new Set(ids.map((id) => String([id, "passed", ""]))),
    ]);
  },
  SESSIONS_MS,
);

const LOCK_ALONE: Kinds = { key: "sim", station: "sim", lock: "real" };

/** Waits for something that another process does. */
async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += 20) {
    if (waitedMs > SESSIONS_MS / 2) throw new Error(`waited in vain for ${what}`);
    await pause(20);
  }
}

/** Whether the log of the lock in a report tells of an insertion. */
function isLockPlugged(report: string): boolean {
  const file = join(report, "logs", "lock.ndjson");
  return existsSync(file) && readFileSync(file, "utf8").includes('"plugged"');
}

test(
  "O5: a board that another run holds is refused with its holder, and is free afterwards",
  async () => {
    const [desk] = desks;
    if (desk === undefined) throw new Error("a desk");
    // Often enough that it lasts until the others have looked.
    const first = play(desk, LOCK_ALONE, "^refuses-another-door$", "--repeat", "12");
    const claims = stateOf(desk);
    const held = () => readdirSync(claims).some((file) => file.endsWith(".lock"));
    await until(() => existsSync(claims) && held(), "a claim");
    const [second, status] = await Promise.all([
      play(desk, LOCK_ALONE, "^opens-with-a-right$").done,
      startNyckel({ NYCKEL_STATE: claims }, "rig", "status", "--rig", desk.rig).done,
    ]);
    expect(second.exit).toBe(4);
    expect(second.err).toMatch(
      new RegExp(`BOARD_RESERVED.*held by .* \\(process ${first.process.pid} `, "s"),
    );
    expect(status.out).toMatch(/lock .*process \d+/);
    expect((await first.done).exit).toBe(0);
    expect(held()).toBe(false);
  },
  SESSIONS_MS,
);

test(
  "O5: a lock that is stopped is infra and never a pass, and is set aside the third time",
  async () => {
    const [desk] = desks;
    const lock = desk?.boards.get("lock");
    if (desk === undefined || lock === undefined) throw new Error("a desk with a lock");
    const { done, report } = play(desk, LOCK_ALONE, "^refuses-another-door$", "--fail-on-flaky");
    await until(() => isLockPlugged(report), "an insertion");
    lock.process.kill("SIGSTOP");
    try {
      const { exit, cases, result } = await done;
      expect(cases).toMatchObject([{ verdict: "infra", role: "lock", attempts: 1 }]);
      expect(result).toMatchObject({ passed: 0, failed: 0, infra: 1 });
      expect(exit).toBe(5);
      // It cannot even be opened now; the third failure in a row sets it aside.
      const again = () => play(desk, LOCK_ALONE, "^refuses-another-door$").done;
      const [second, third, fourth] = [await again(), await again(), await again()];
      const codes = [second, third, fourth].map(({ err }) => /error\[E\d+ (\w+)\]/.exec(err)?.[1]);
      expect(codes).toEqual(["BENCH_FAILED", "BENCH_FAILED", "BOARD_QUARANTINED"]);
    } finally {
      lock.process.kill("SIGCONT");
    }
    // A check that finds it well ends that.
    const environment = { NYCKEL_STATE: stateOf(desk) };
    const status = () => startNyckel(environment, "rig", "status", "--rig", desk.rig).done;
    expect((await status()).out).toMatch(/lock .*IN QUARANTINE/);
    expect((await startNyckel(environment, "rig", "check", "--rig", desk.rig).done).exit).toBe(0);
    expect((await status()).out).not.toContain("QUARANTINE");
  },
  SESSIONS_MS,
);

test(
  "O5: a board with other firmware is flashed once, and a board that lost its power is brought back",
  async () => {
    const folder = join(root, "carl");
    mkdirSync(folder);
    // Another build: one more line end in one module.
    const other = join(root, "other");
    cpSync(builds("lock"), other, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(other, "manifest.json"), "utf8"));
    const [file] = manifest.files.filter(({ name }: { name: string }) => name === "lock");
    const content = `${readFileSync(join(other, "lock"), "latin1")}\n`;
    writeFileSync(join(other, "lock"), content, "latin1");
    file.bytes = content.length;
    file.sha256 = createHash("sha256").update(content, "latin1").digest("hex");
    writeFileSync(join(other, "manifest.json"), JSON.stringify(manifest));

    const board = await startRigBoard(folder, "lock", { build: other });
    const rig = writeVirtualRig(folder, builds, { lock: writePowerScript(folder, "lock") });
    const desk: Desk = { folder, rig, boards: new Map([["lock", board]]) };
    try {
      const first = await play(desk, LOCK_ALONE, "^opens-with-a-right$").done;
      expect([first.exit, first.err]).toEqual([
        0,
        expect.stringMatching(/^lock: flashing \S+, the board holds another build\n$/),
      ]);
      // The power goes while the key is in; the rig can switch it on again.
      const { done, report } = play(desk, LOCK_ALONE, "^blank-lock-opens", "--fail-on-flaky");
      await until(() => isLockPlugged(report), "an insertion");
      board.process.kill("SIGKILL");
      const second = await done;
      expect(second.cases).toMatchObject([
        // The first to notice is one of its ports, or the helper beside it.
        {
          verdict: "flaky",
          attempts: 2,
          reason: expect.stringMatching(/lock\.(console|contact): the board was unplugged|is gone/),
        },
      ]);
      expect([second.exit, second.err]).toEqual([11, expect.not.stringContaining("flashing")]);
    } finally {
      await board.stop();
      const pid = join(folder, "lock.pid");
      if (existsSync(pid)) process.kill(Number(readFileSync(pid, "utf8")));
    }
  },
  SESSIONS_MS,
);

test("O5: a check of a rig opens each port and asks who is there", async () => {
  const [desk] = desks;
  if (desk === undefined) throw new Error("a desk");
  const check = (rig: string) =>
    startNyckel({ NYCKEL_STATE: stateOf(desk) }, "rig", "check", "--rig", rig).done;
  const good = await check(desk.rig);
  expect([good.exit, good.err]).toEqual([0, ""]);
  expect(good.out).toMatch(
    /^✓ key .*console {2}\S+ on virtual, running\n✓ station .* on esp32s3, running\n✓ lock .*running\n$/,
  );
  const swapped = join(desk.folder, "swapped.yaml");
  const text = readFileSync(desk.rig, "utf8");
  const other = (role: string) => (role === "key" ? "lock" : "key");
  writeFileSync(
    swapped,
    text.replaceAll(/\/(key|lock)\.con/g, (_, role: string) => `/${other(role)}.con`),
  );
  const bad = await check(swapped);
  expect([bad.exit, bad.err]).toEqual([6, expect.stringContaining("ROLE_MISMATCH")]);
  expect(bad.out).toContain("is the key of the rig, and answers as a lock");
}, 60_000);
