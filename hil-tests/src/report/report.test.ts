// SPDX-License-Identifier: EUPL-1.2
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ALL_CASES } from "../../suite/all-cases.ts";
import { InfraFault, Skipped } from "../board-driver/roles.ts";
import { acceptance, type Case } from "../run/case.ts";
import { runSuite, SIMULATED_SESSION } from "../run/run-suite.ts";
import { compareRuns } from "./compare.ts";
import { openReportFolder, REPORT_FILES, readRunFile } from "./report-folder.ts";
import { type RunSummary, toRunFile } from "./run-summary.ts";

let folder = "";
let summary: RunSummary;
let tries = 0;

const CASES: readonly Case[] = [
  ...ALL_CASES.filter(({ id }) => ["opens-with-a-right", "pulled-in-every-write"].includes(id)),
  acceptance("falls", "L1: falls <&> over", async () => {
    throw new TypeError("a <broken> case & more");
  }),
  acceptance("lacks", "L1, threat 4: lacks something", async () => {
    throw new Skipped("the key of this rig cannot do that");
  }),
  acceptance("wobbles", "K5: wobbles", async () => {
    tries += 1;
    if (tries === 1) throw new InfraFault("lock", "no answer for 5 s");
  }),
  acceptance("hangs", "K5: hangs", async () => {
    throw new InfraFault("key", "the port is gone");
  }),
];

const ROLE = { kind: "sim", board: "", firmware: "source" } as const;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nyckelring-report-"));
  const report = openReportFolder(folder);
  let nowMs = 0;
  const wallMs = () => {
    nowMs += 1;
    return nowMs;
  };
  const cases = await runSuite({
    cases: CASES,
    session: SIMULATED_SESSION,
    seed: "7",
    repeat: 1,
    wallMs,
    onLine: report.log,
  });
  summary = {
    rig: "desk",
    roles: { key: ROLE, station: ROLE, lock: ROLE },
    seed: "7",
    commit: "0123456789ab",
    startedAt: "2026-11-26T08:00:00.000Z",
    wallS: 1.5,
    repro: "npx nyckel hil run --rig desk.yaml --seed 7",
    cases,
  };
  report.finish(summary);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

test("a report is a folder of these files and a log for each role", () => {
  expect(readdirSync(folder).sort()).toEqual([...REPORT_FILES, "logs"].sort());
  const logs = readdirSync(join(folder, "logs")).sort();
  expect(logs).toEqual(["key.ndjson", "lock.ndjson", "station.ndjson"]);
  for (const log of logs) {
    const lines = read(join("logs", log)).trim().split("\n");
    expect(lines.length).toBeGreaterThan(10);
    const cases = new Set(lines.map((line) => (JSON.parse(line) as { case: string }).case));
    expect([...cases]).toEqual(["opens-with-a-right", "pulled-in-every-write"]);
  }
});

test("the JUnit file tells flaky from passed, infra from failed, and why something was skipped", () => {
  const xml = read("junit.xml");
  expect(xml).toContain('tests="6" failures="1" errors="1" skipped="1"');
  expect(xml).toContain('<skipped message="the key of this rig cannot do that"/>');
  expect(xml).toMatch(/<flakyFailure message="passed on try 2[^"]*" type="infra">/);
  expect(xml).toMatch(/<error message="the port is gone" type="infra">/);
  expect(xml).toMatch(
    /<failure message="TypeError: a &lt;broken&gt; case &amp; more" type="test">/,
  );
  for (const name of ["rig", "seed", "commit", "role.lock", "firmware.key", "flaky"]) {
    expect(xml).toContain(`<property name="${name}" value="`);
  }
  expect(xml).not.toMatch(/<broken>|& more/);
});

test("the page needs nothing from elsewhere, shows every case, and names its messages", () => {
  const html = read("report.html");
  expect(html).not.toMatch(/(src|href)="?http|@import|url\(/);
  for (const { id, verdict } of summary.cases) {
    expect(html).toContain(`<details id="${id}" class="${verdict}"`);
  }
  expect(html).toContain("message_3 (head, leaf, path)");
  expect(html).toContain("ring bundle");
  expect(html).toContain("a &lt;broken&gt; case &amp; more");
  expect(html.match(/<svg /g)?.length).toBe(2);
  expect(html).toContain("motor unlock");
});

test("the capture has whole blocks of pcapng, two interfaces, and the octets of every message", () => {
  const bytes = readFileSync(join(folder, "frames.pcapng"));
  const counts = new Map<number, number>();
  let packets = 0;
  for (let at = 0; at < bytes.length; ) {
    const type = bytes.readUInt32LE(at);
    const length = bytes.readUInt32LE(at + 4);
    expect(length % 4).toBe(0);
    expect(bytes.readUInt32LE(at + length - 4)).toBe(length);
    counts.set(type, (counts.get(type) ?? 0) + 1);
    if (type === 6) {
      packets += 1;
      expect(bytes.readUInt32LE(at + 20)).toBe(bytes.readUInt32LE(at + 24));
      expect([0, 1]).toContain(bytes[at + 28]);
    }
    at += length;
  }
  const frames = summary.cases.flatMap(({ record }) => [...record.frames, ...record.brokerFrames]);
  expect(counts.get(0x0a0d0d0a)).toBe(1);
  expect(counts.get(1)).toBe(2);
  expect(packets).toBe(frames.length);
  expect(packets).toBeGreaterThan(50);
});

test("the Perfetto trace has every case, and slices that end after they begin", () => {
  const { traceEvents } = JSON.parse(read("trace.perfetto.json")) as {
    readonly traceEvents: readonly { readonly cat?: string; readonly dur?: number }[];
  };
  expect(traceEvents.filter(({ cat }) => cat === "case")).toHaveLength(summary.cases.length);
  expect(traceEvents.filter(({ cat }) => cat === "message").length).toBeGreaterThan(50);
  expect(traceEvents.every(({ dur = 0 }) => dur >= 0)).toBe(true);
});

test("what went wrong has a command of its own that plays it again", () => {
  const text = read("repro.txt");
  expect(text).toContain("npx nyckel hil run --rig desk.yaml --seed 7\n");
  expect(text).toContain('# failed falls\nnpx nyckel hil run "^falls$" --rig desk.yaml --seed 7');
  expect(text).not.toContain("opens-with-a-right");
});

test("run.json is read back, and two runs are compared case by case", () => {
  const run = readRunFile(folder);
  expect(run.counts).toEqual({ passed: 2, failed: 1, flaky: 1, skipped: 1, infra: 1 });
  expect(compareRuns(run, run)).toMatchObject({ differences: [], worse: 0, settings: [] });
  const before = {
    ...toRunFile(summary),
    commit: "other",
    cases: run.cases.map((one) =>
      one.id === "falls" ? { ...one, verdict: "passed" as const } : one,
    ),
  };
  const comparison = compareRuns(before, run);
  expect(comparison.differences.map(({ id, after }) => [id, after])).toEqual([["falls", "failed"]]);
  expect(comparison).toMatchObject({
    worse: 1,
    same: 5,
    settings: ["commit: other and 0123456789ab"],
  });
});
