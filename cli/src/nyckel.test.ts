// SPDX-License-Identifier: EUPL-1.2

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunOutcome } from "@nyckelring/simulator";
import { afterAll, expect, test } from "vitest";
import { callNyckel } from "../test/call-nyckel.ts";
import { runSimulation } from "./sim-run.ts";
import { openTraceDirectory } from "./trace-directory.ts";

const folder = mkdtempSync(join(tmpdir(), "nyckel-test-"));
const blocker = join(folder, "a-file");
writeFileSync(blocker, "");
afterAll(() => rmSync(folder, { recursive: true }));

const USAGE_ERRORS: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["no command", [], /no command was given/],
  ["an unknown command", ["foo"], /unknown command 'foo'/],
  ["a misspelt command", ["sim", "rnu"], /Did you mean run\?/],
  ["an unknown option", ["sim", "run", "pilot", "--sed", "7"], /Did you mean --seed\?/],
  ["a missing argument", ["sim", "run"], /missing required argument 'scenario'/],
  ["an unknown scenario", ["sim", "run", "pilto"], /there is no scenario "pilto"/],
  ["a seed with letters", ["sim", "run", "pilot", "--seed", "seven"], /the seed "seven" is not/],
  ["a negative seed", ["sim", "run", "pilot", "--seed=-7"], /the seed "-7" is not/],
  ["no days", ["sim", "run", "pilot", "--days", "0"], /--days is "0"/],
  ["half a day", ["sim", "run", "pilot", "--days", "0.5"], /--days is "0.5"/],
  [
    "a trace directory below a file",
    ["sim", "run", "pilot", "--seed", "7", "--trace", join(blocker, "trace")],
    /the trace cannot be written .*a part of the path is a file/,
  ],
  [
    "a trace directory where none can be made",
    ["sim", "run", "pilot", "--seed", "7", "--trace", "/proc/nyckel/trace"],
    /the trace cannot be written/,
  ],
  [
    "a scenario file that is not there",
    ["sim", "run", "no/such.yaml"],
    /"no\/such.yaml" cannot be read/,
  ],
  ["days for a scenario file", ["sim", "run", "any.yaml", "--days", "2"], /--days means nothing/],
  ["an unknown code", ["explain", "E9999"], /there is no code "E9999"/],
];

test.each(USAGE_ERRORS)(
  "%s ends with 2, a state, a hint and a code",
  async (_name, args, words) => {
    const { exit, out, err } = await callNyckel(...args);
    expect(exit).toBe(2);
    expect(out).toBe("");
    expect(err).toMatch(/^error\[E09\d\d [A-Z_]+\]: /);
    expect(err).toMatch(words);
    expect(err).toMatch(/^help: ./m);
    expect(err).toMatch(/^more: nyckel explain E09\d\d {3}\(exit 2\)$/m);
  },
);

test.each(USAGE_ERRORS)("%s is one JSON object with --json", async (_name, args) => {
  const { exit, out } = await callNyckel(...args, "--json");
  if (args.length === 0) return;
  expect(exit).toBe(2);
  const object: unknown = JSON.parse(out.trim());
  expect(object).toMatchObject({ type: "error", exit: 2, retryable: false, details: {} });
  expect(Object.keys(object as object)).toEqual([
    "type",
    "code",
    "name",
    "exit",
    "retryable",
    "message",
    "state",
    "hint",
    "details",
  ]);
});

test("help is no error", async () => {
  const { exit, out, err } = await callNyckel("sim", "run", "--help");
  expect(exit).toBe(0);
  expect(out).toContain("--seed <n>");
  expect(err).toBe("");
});

test("explain knows a code by number and by name, in two languages", async () => {
  const byNumber = await callNyckel("explain", "e0402");
  const byName = await callNyckel("explain", "ring_expired");
  expect(byNumber.exit).toBe(0);
  expect(byNumber.out).toBe(byName.out);
  expect(byNumber.out).toContain("What to do:");
  expect(byNumber.out).toContain("Gör så här:");
  const { out } = await callNyckel("explain", "RING_EXPIRED", "--json");
  expect(JSON.parse(out)).toMatchObject({ type: "result", label: "E0402 RING_EXPIRED" });
});

test("version tells the version of the package", async () => {
  const { out } = await callNyckel("version", "--json");
  expect(JSON.parse(out)).toMatchObject({ type: "result", name: "nyckel", version: "0.1.0" });
});

function fakeOutcome(violations: RunOutcome["violations"]): RunOutcome {
  const result = {
    scenario: "pilot",
    seed: "7",
    virtualDays: 2,
    traceHash: "00",
    openingMs: { p50: 1, p99: 2 },
  };
  // A run has some thirty figures; those that these tests read are here.
  return {
    result: result as unknown as RunOutcome["result"],
    violations,
    story: [],
    calendar: { startS: 0, days: 2, atUs: () => 0, labelOf: () => "07:31" },
  };
}

function simulate(options: Parameters<typeof runSimulation>[1], outcome: RunOutcome) {
  const written = { out: "", err: "" };
  const output = {
    out: (text: string) => {
      written.out += text;
    },
    err: (text: string) => {
      written.err += text;
    },
  };
  let seed = "";
  const exit = runSimulation("pilot", options, output, (request) => {
    seed = request.seed;
    request.onProgress?.("half way");
    return outcome;
  });
  return { exit, seed, ...written };
}

const BROKEN = [{ invariant: "I1 no-unauth", atUs: 5, text: "lock-01 opened" }] as const;

test("X6: a broken promise ends with 1 and the line that replays it", () => {
  const { exit, err } = simulate({ seed: "7", days: "2" }, fakeOutcome(BROKEN));
  expect(exit).toBe(1);
  expect(err).toContain("error[E0911 INVARIANT_BROKEN]");
  expect(err).toContain("07:31  I1 no-unauth: lock-01 opened");
  expect(err).toContain("repro: npx nyckel sim run pilot --seed 7 --days 2");
});

test("X6: with --json the last line is the result, also when a promise is broken", () => {
  const { exit, out } = simulate({ seed: "7", days: "2", json: true }, fakeOutcome(BROKEN));
  expect(exit).toBe(1);
  const objects = out
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(objects[0]).toMatchObject({ type: "violation", invariant: "I1 no-unauth" });
  expect(objects.at(-1)).toMatchObject({ type: "result", seed: 7, virtualDays: 2, ok: false });
});

test("progress goes to standard error, and nowhere with --quiet", () => {
  expect(simulate({ seed: "7", json: true }, fakeOutcome([])).err).toBe("half way\n");
  expect(simulate({ seed: "7", json: true, quiet: true }, fakeOutcome([])).err).toBe("");
});

test("a seed that is not given is drawn, and the story says how to run it again", () => {
  const { seed, out } = simulate({}, fakeOutcome([]));
  expect(seed).toMatch(/^[1-9]\d{0,9}$/);
  expect(out).toContain(`again: npx nyckel sim run pilot --seed ${seed}\n`);
});

test("a trace directory is made, and an earlier trace in it is replaced", async () => {
  const directory = join(folder, "deep", "trace");
  for (const line of ["first", "second"]) {
    const trace = openTraceDirectory(directory);
    trace.sink("frames", line);
    trace.close();
  }
  const { readFileSync, readdirSync } = await import("node:fs");
  expect(readdirSync(directory).sort()).toEqual([
    "devices.ndjson",
    "frames.ndjson",
    "issuer.ndjson",
    "world.ndjson",
  ]);
  expect(readFileSync(join(directory, "frames.ndjson"), "utf8")).toBe("second\n");
});

const SCENARIO = `title: a door
doors: { flat: {} }
keys: { anna: {} }
steps:
  - sync: { key: anna }
    expect: { signal: ready }
  - insert: { key: anna, door: flat }
    expect: { opens: yes }
`;

test("a scenario file runs with one seed, says what it came to, and prints one object", async () => {
  const path = join(folder, "good.yaml");
  writeFileSync(path, SCENARIO);
  const { exit, out } = await callNyckel("sim", "run", path, "-q");
  expect(exit).toBe(0);
  expect(out).toMatch(/^a door \(seed 1, /);
  expect(out).toContain("all 2 expectations were met");
  const twice = await callNyckel("sim", "run", path, "-q", "--json");
  const result = JSON.parse(twice.out) as Record<string, unknown>;
  expect(result).toMatchObject({ type: "result", scenario: path, seed: 1, ok: true });
  expect(out).toContain(String(result["traceHash"]).slice(0, 16));
});

test("an expectation that is not met ends with 1, its line and the line that repeats it", async () => {
  const path = join(folder, "wrong.yaml");
  writeFileSync(path, SCENARIO.replace("opens: yes", "opens: no"));
  const junit = join(folder, "wrong.xml");
  const { exit, err } = await callNyckel("sim", "run", path, "-q", "--seed", "3", "--junit", junit);
  expect(exit).toBe(1);
  expect(err).toContain(`${path}:8:13: the door was expected to stay shut and opened`);
  expect(err).toContain(`repro: npx nyckel sim run ${path} --seed 3`);
  expect(readFileSync(junit, "utf8")).toContain(`${path}:8:13`);
});

test("a scenario file with a typo ends with 2, the place and what was probably meant", async () => {
  const path = join(folder, "typo.yaml");
  writeFileSync(path, SCENARIO.replace("- insert:", "- isnert:"));
  const { exit, out, err } = await callNyckel("sim", "run", path, "-q");
  expect(exit).toBe(2);
  expect(out).toBe("");
  expect(err).toMatch(/^error\[E0920 SCENARIO_INVALID\]: /);
  expect(err).toContain(`${path}:7:5: steps[2] has no "isnert"; did you mean "insert"?`);
  expect(err).toContain("nothing was run");
});

test("sim schema prints a JSON Schema with the steps in it", async () => {
  const { exit, out } = await callNyckel("sim", "schema");
  expect(exit).toBe(0);
  const schema = JSON.parse(out) as { $schema: string; properties: Record<string, unknown> };
  expect(schema.$schema).toContain("json-schema.org");
  expect(Object.keys(schema.properties)).toContain("steps");
});
