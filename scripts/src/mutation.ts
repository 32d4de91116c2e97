// SPDX-License-Identifier: EUPL-1.2
// Mutation testing of the protocol: node scripts/src/mutation.ts [piece...]
// Stryker changes one thing at a time in a copy of the sources and runs the tests that reach it. A
// mutant that no test notices survives. It ends with 1 for a piece below the goal.

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const GOAL_PERCENT = 85;
const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
// Below the repository, so that the tests find its packages; the tool itself is installed there.
const FOLDER = join(ROOT, "out", "mutation");
const COPIED = ["protocol", "tsconfig.base.json", "scripts/vitest.setup.ts", "docs/arena.md"];

interface Piece {
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

/** What is mutated, with the tests that are there to notice. */
const PIECES: { readonly [name: string]: Piece } = {
  cbor: { mutate: ["cbor/*.ts"], tests: ["cbor/*.test.ts"] },
  cose: { mutate: ["cose/*.ts"], tests: ["cose/*.test.ts", "message/signed-objects.test.ts"] },
  ring: { mutate: ["ring/*.ts"], tests: ["ring/*.test.ts"] },
  decision: {
    mutate: ["session/access-decision.ts"],
    tests: ["session/access-decision.test.ts", "session/door-refusals.test.ts"],
  },
  // arena.ts is generated, layout.ts is the table that it is generated from.
  operations: {
    mutate: ["edhoc/arena-operations.ts", "edhoc/cbor-gate.ts"],
    tests: ["edhoc/*.test.ts"],
  },
  // Without door-cost.test.ts, which reads the source text that the tool rewrites.
  edhoc: {
    mutate: ["initiator", "key-schedule", "responder", "session-steps"].map(
      (name) => `edhoc/${name}.ts`,
    ),
    tests: [
      "edhoc/key-schedule.vectors.test.ts",
      "edhoc/wrong-order.test.ts",
      "session/access-decision.test.ts",
      "session/door-refusals.test.ts",
      "session/door-session.test.ts",
      "session/session.vectors.test.ts",
    ],
  },
};

interface MutantResult {
  readonly status: string;
}

function prepare(): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) {
    cpSync(join(ROOT, "scripts", "mutation", name), join(FOLDER, name));
  }
  if (!existsSync(join(FOLDER, "node_modules", "@stryker-mutator"))) {
    // Without peers: Vitest is the repository's own, found one folder further up.
    run(FOLDER, "npm", ["ci", "--legacy-peer-deps", "--ignore-scripts", "--loglevel=error"]);
  }
}

// Each piece has a copy of its own: Stryker writes into what it mutates.
function copySources(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const name of COPIED) {
    const filter = (path: string) => !path.includes("/dist");
    cpSync(join(ROOT, name), join(folder, name), { recursive: true, filter });
  }
}

function run(folder: string, program: string, args: readonly string[]): void {
  const seed = process.env["SEED"] ?? "7";
  const vectors = process.env["NYCKEL_VECTORS"] ?? join(dirname(ROOT), "shared", "vectors");
  const env = { ...process.env, SEED: seed, NYCKEL_VECTORS: vectors };
  const { status } = spawnSync(program, args, { cwd: folder, env, stdio: "inherit" });
  if (status !== 0) throw new Error(`${program} ended with ${status}`);
}

function mutate(name: string, piece: Piece): { killed: number; all: number } {
  const folder = join(FOLDER, name);
  copySources(folder);
  const include = piece.tests.map((path) => `protocol/src/${path}`);
  const test = { include, setupFiles: ["./scripts/vitest.setup.ts"], testTimeout: 60_000 };
  writeFileSync(
    join(folder, "vitest.config.mjs"),
    `import { defineConfig } from "vitest/config";\nexport default defineConfig(${JSON.stringify({ test })});\n`,
  );
  const report = `report-${name}.json`;
  const options = {
    packageManager: "npm",
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    coverageAnalysis: "perTest",
    vitest: { configFile: "vitest.config.mjs", related: false },
    mutate: piece.mutate.map((path) => `protocol/src/${path}`).concat("!**/*.test.ts"),
    inPlace: true,
    concurrency: Number(process.env["CONCURRENCY"] ?? "2"),
    timeoutMS: 20_000,
    reporters: ["progress-append-only", "clear-text", "json"],
    clearTextReporter: { logTests: false, allowColor: false },
    jsonReporter: { fileName: report },
    // A mutant of a type or of a constant at load time says nothing about behaviour.
    ignoreStatic: true,
  };
  writeFileSync(join(folder, "stryker.config.json"), JSON.stringify(options, null, 2));
  run(folder, "node", ["../node_modules/@stryker-mutator/core/bin/stryker.js", "run"]);
  const { files } = JSON.parse(readFileSync(join(folder, report), "utf8")) as {
    files: { [path: string]: { mutants: MutantResult[] } };
  };
  const judged = Object.values(files)
    .flatMap(({ mutants }) => mutants.map(({ status }) => status))
    .filter((status) => ["Killed", "Timeout", "Survived", "NoCoverage"].includes(status));
  const killed = judged.filter((status) => status === "Killed" || status === "Timeout").length;
  return { killed, all: judged.length };
}

const wanted = process.argv.slice(2);
const names = wanted.length === 0 ? Object.keys(PIECES) : wanted;
prepare();
for (const name of names) {
  const piece = PIECES[name];
  if (piece === undefined) throw new Error(`there is no piece ${name}`);
  const { killed, all } = mutate(name, piece);
  const percent = all === 0 ? 0 : (100 * killed) / all;
  process.stdout.write(`mutation ${name}: ${killed} of ${all} killed, ${percent.toFixed(1)} %\n`);
  if (percent < GOAL_PERCENT) process.exitCode = 1;
}
