// SPDX-License-Identifier: EUPL-1.2
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callNyckel } from "../test/call-nyckel.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nyckelring-hil-"));
  process.env["NYCKEL_STATE"] = join(folder, "state");
});
afterAll(() => {
  delete process.env["NYCKEL_STATE"];
  rmSync(folder, { recursive: true, force: true });
});

const RIG = `version: 1
rig: desk
roles:
  key: { kind: real, match: { usbSerial: "no-such-board" } }
  station: { kind: sim }
  lock: { kind: sim, cannot: [cut-at-write] }
`;

function rigFile(text = RIG): string {
  const file = join(folder, "desk.yaml");
  writeFileSync(file, text);
  return file;
}

test("a run plays the cases that a pattern names, and the last line counts every verdict", async () => {
  const report = join(folder, "one");
  const { exit, out } = await callNyckel("hil", "run", "L3", "--seed", "7", "--report", report);
  expect(exit).toBe(0);
  expect(out).toContain("rig all-sim   key sim, station sim, lock sim   seed 7");
  expect(out).toMatch(
    /\n\d+ passed, 0 failed, 0 flaky, 0 skipped, 0 infra in [\d.]+ s {3}report: /,
  );
  const again = await callNyckel("hil", "report", report);
  expect(again.out).toContain('again: npx nyckel hil run "L3" --seed 7');
  const compared = await callNyckel("hil", "compare", report, report);
  expect([compared.exit, compared.out]).toEqual([
    0,
    expect.stringMatching(/^0 different, 0 of them worse/),
  ]);
});

test("with --json each case is an object, and the last one is the result", async () => {
  const file = rigFile();
  const { exit, out } = await callNyckel(
    ...["hil", "run", "entry-before|opens-with", "--rig", file, "--set", "key=sim"],
    ...["--json", "--seed", "7", "--report", join(folder, "two")],
  );
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(exit).toBe(0);
  expect(lines.map(({ type, verdict }) => [type, verdict])).toEqual([
    ["case", "passed"],
    ["case", "skipped"],
    ["result", undefined],
  ]);
  expect(lines[1]).toMatchObject({ reason: 'the lock of this rig cannot do "cut-at-write"' });
  expect(lines[2]).toMatchObject({ passed: 1, failed: 0, flaky: 0, skipped: 1, infra: 0 });
});

test("a run in which nothing was played is a failure", async () => {
  const file = rigFile();
  const report = ["--report", join(folder, "three")];
  const skipped = await callNyckel(
    "hil",
    "run",
    "entry-before",
    "--rig",
    file,
    "--set",
    "key=sim",
    ...report,
  );
  expect([skipped.exit, skipped.err]).toEqual([1, expect.stringContaining("NO_CASE_RAN")]);
  const none = await callNyckel("hil", "run", "no-such-case");
  expect([none.exit, none.err]).toEqual([1, expect.stringContaining("NO_CASE_RAN")]);
});

test("a role that has to be real and is not ends the run before it begins", async () => {
  const { exit, err } = await callNyckel("hil", "run", "--require-real", "lock");
  expect([exit, err]).toEqual([3, expect.stringContaining("ROLE_SIMULATED")]);
});

test("a bad rig file is told with its line, and a bad setting with what there is", async () => {
  const bad = rigFile(RIG.replace("kind: sim }", "kind: sim, sped: 3 }"));
  const told = await callNyckel("rig", "check", "--rig", bad);
  expect(told.exit).toBe(2);
  expect(told.err).toMatch(
    /desk\.yaml:5:25: unknown key "sped" in roles\.station\. Allowed: kind, cannot/,
  );
  const set = await callNyckel("hil", "run", "--set", "door=sim");
  expect([set.exit, set.err]).toEqual([2, expect.stringContaining("roles: key, station, lock")]);
});

test("a board that is not there is no board", async () => {
  const { exit, err } = await callNyckel("rig", "check", "--rig", rigFile());
  expect([exit, err]).toEqual([3, expect.stringContaining("no-such-board")]);
});

test("a new rig file is a good one, and an old one is left alone", async () => {
  const file = join(folder, "new.yaml");
  const made = await callNyckel("rig", "init", file, "--json");
  expect([made.exit, JSON.parse(made.out)]).toEqual([0, { type: "result", file }]);
  expect((await callNyckel("rig", "check", "--rig", file)).exit).toBe(0);
  expect((await callNyckel("rig", "init", file)).exit).toBe(2);
  const status = await callNyckel("rig", "status", "--rig", rigFile());
  expect(status.out).toContain("usb-no-such-board-0");
  expect((await callNyckel("rig", "schema")).out).toContain('"additionalProperties": false');
  const switched = rigFile(
    RIG.replace(
      "} }\n",
      '}, power: { driver: command, on: ["true"], off: ["true"], offMs: 1 } }\n',
    ),
  );
  const cycled = await callNyckel("rig", "power", "key", "cycle", "--rig", switched, "--json");
  expect([cycled.exit, cycled.err]).toEqual([0, ""]);
  expect(JSON.parse(cycled.out)).toEqual({ type: "result", role: "key", state: "cycle" });
  const power = await callNyckel("rig", "power", "key", "cycle", "--rig", rigFile());
  expect([power.exit, power.err]).toEqual([5, expect.stringContaining("no power driver")]);
});
