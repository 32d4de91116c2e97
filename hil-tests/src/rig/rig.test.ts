// SPDX-License-Identifier: EUPL-1.2
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BoardClaimed, boardIdOf, boardsOf, claimBoards, claimOf } from "./board-claims.ts";
import { endQuarantine, isQuarantined, noteRun, readHistory, trendOf } from "./board-history.ts";
import { parseRig, RigFileError, readRigFile, withKinds } from "./rig-file.ts";
import { rigJsonSchema } from "./rig-schema.ts";

const RIGS = new URL("../../rigs/", import.meta.url).pathname;
const GOOD = `version: 1
rig: desk
roles:
  key: { kind: real, path: /dev/ttyACM0 }
  station: { kind: sim }
  lock: { kind: interpreter }
`;
const NONE = { passed: 0, failed: 0, flaky: 0, skipped: 0, infra: 0 };

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nyckelring-rig-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function faultsOf(text: string): string[] {
  try {
    parseRig(text, "desk.yaml");
  } catch (error) {
    if (error instanceof RigFileError) return error.message.split("\n");
    throw error;
  }
  return [];
}

test("every rig file of the repository is good, and has its file's name", () => {
  const files = readdirSync(RIGS).filter((name) => name.endsWith(".yaml"));
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) expect(`${readRigFile(join(RIGS, file)).rig}.yaml`).toBe(file);
});

test("an unknown key is refused where it stands, with the keys that there are", () => {
  const text = GOOD.replace("path: /dev/ttyACM0", "path: x, serial: { bauds: 9600 }");
  expect(faultsOf(text)).toEqual([
    'desk.yaml:4:41: unknown key "bauds" in roles.key.serial (did you mean "baud"?). Allowed: baud, flow',
  ]);
  expect(faultsOf(`${GOOD}racks: x\n`)).toEqual([
    'desk.yaml:7:1: unknown key "racks" in the file. Allowed: version, rig, tags, roles, contacts',
  ]);
});

test("each fault of a file is told with its line and column", () => {
  expect(faultsOf(GOOD.replace("version: 1", "version: 2"))[0]).toMatch(
    /^desk.yaml:1:10: version:/,
  );
  expect(faultsOf(GOOD.replace("kind: sim", "kind: simulated"))[0]).toMatch(
    /^desk.yaml:5:20: roles.station.kind: .*'sim'/,
  );
  expect(faultsOf(GOOD.replace("  lock: { kind: interpreter }\n", ""))[0]).toMatch(/roles.lock/);
  expect(faultsOf("version: [1")[0]).toMatch(/^desk.yaml:1:\d+: no YAML/);
  expect(faultsOf(GOOD.replace(", path: /dev/ttyACM0", ""))).toEqual([
    'desk.yaml:4:8: roles.key: a real board needs "match" or "path", it is never guessed',
  ]);
  expect(faultsOf("")).toHaveLength(1);
});

test("all eight combinations of real and simulated boards come from one file", () => {
  const rig = readRigFile(join(RIGS, "desk.yaml"));
  const kinds = ["real", "sim"] as const;
  const seen = new Set<string>();
  for (const key of kinds)
    for (const station of kinds)
      for (const lock of kinds) {
        const { roles } = withKinds(rig, { key, station, lock });
        seen.add([roles.key.kind, roles.station.kind, roles.lock.kind].join());
      }
  expect(seen.size).toBe(8);
  expect(() => withKinds(parseRig(GOOD, "x"), { lock: "real" })).toThrow("no real board");
});

test("the JSON Schema refuses what the reader refuses, and describes every power driver", () => {
  const text = JSON.stringify(rigJsonSchema());
  for (const driver of ["uhubctl", "http", "command", "manual", "none"]) {
    expect(text).toContain(`"${driver}"`);
  }
  expect(text.match(/"additionalProperties":false/g)?.length ?? 0).toBeGreaterThan(8);
});

test("a board has one holder at a time, by its number and not by its port", () => {
  const rig = readRigFile(join(RIGS, "desk.yaml"));
  const boards = boardsOf(rig);
  expect(boards).toEqual(["usb-3400B5A1-0", "usb-77C0112E-0", "usb-9B10F00D-0"]);
  const release = claimBoards(folder, boards, "a run");
  expect(() => claimBoards(folder, boards.slice(1, 2), "another run")).toThrow(BoardClaimed);
  expect(claimOf(folder, boards[0] ?? "")?.pid).toBe(process.pid);
  release();
  expect(claimOf(folder, boards[0] ?? "")).toBeUndefined();
  claimBoards(folder, boards, "the next run")();
  expect(boardIdOf(parseRig(GOOD, "x").roles.key)).toBe("path-dev-ttyACM0");
});

test("a holder that died, or went silent on another computer, holds nothing", () => {
  const file = join(folder, "usb-1-0.lock");
  const claim = { pid: 2 ** 22 + 1, owner: "anna", purpose: "a run", sinceMs: 0 };
  writeFileSync(file, JSON.stringify({ ...claim, host: "elsewhere" }));
  expect(claimOf(folder, "usb-1-0")).toMatchObject({ owner: "anna" });
  utimesSync(file, new Date(0), new Date(0));
  expect(claimOf(folder, "usb-1-0")).toBeUndefined();
  claimBoards(folder, ["usb-1-0"], "a run")();
});

test("a claim of several boards takes all of them or none", () => {
  const release = claimBoards(folder, ["b"], "a run");
  expect(() => claimBoards(folder, ["a", "b"], "another")).toThrow(BoardClaimed);
  expect(claimOf(folder, "a")).toBeUndefined();
  release();
});

test("three infra failures in a row set a board aside, a verdict in between does not", () => {
  const run = { ...NONE, infra: 2, passed: 1, atMs: 1 };
  expect(isQuarantined(noteRun(folder, "a", run, [true, true, false]))).toBe(false);
  expect(isQuarantined(noteRun(folder, "a", run, [true, true]))).toBe(false);
  expect(isQuarantined(noteRun(folder, "a", run, [true]))).toBe(true);
  expect(isQuarantined(readHistory(folder, "a"))).toBe(true);
  endQuarantine(folder, "a");
  expect(isQuarantined(readHistory(folder, "a"))).toBe(false);
  expect(readHistory(folder, "a").runs).toHaveLength(3);
});

test("the trend of a board compares its last runs with those before", () => {
  for (let count = 0; count < 20; count += 1) {
    const isBad = count >= 10;
    const run = { ...NONE, passed: isBad ? 8 : 10, infra: isBad ? 2 : 0, atMs: count };
    noteRun(folder, "a", run, isBad ? [true, false, true, false] : [false]);
  }
  expect(trendOf(readHistory(folder, "a"))).toEqual({ now: 0.2, before: 0 });
});
