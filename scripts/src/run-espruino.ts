// SPDX-License-Identifier: EUPL-1.2
// `npm run test:espruino`: the bundles on the real interpreter that ESPRUINO names, and on its Arm
// build where ESPRUINO_ARM names one. What came of it is written to docs/evidence/interpreter.json.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildBundle, bundleTargets } from "../../firmware/build/build-bundle.ts";
import {
  bundleHash,
  EVIDENCE_FILE,
  type Evidence,
  FIGURES_FILE,
  readFigures,
} from "../../firmware/build/evidence.ts";
import { formatCounts, type TestCounts } from "./count-tests.ts";
import { runVitest } from "./run-vitest.ts";
import { repositoryRoot } from "./tree.ts";

type Report = {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
};

const root = repositoryRoot();
const espruino = process.env["ESPRUINO"];
if (espruino === undefined || espruino === "") {
  process.stdout.write("skipped  firmware/test: ESPRUINO does not name the interpreter\n");
  process.stdout.write("0 passed, 0 failed\n");
} else {
  // A blob of yesterday beside the scripts of today boots nothing and says so nowhere.
  spawnSync("make", ["--no-print-directory", "native"], { cwd: root, stdio: "inherit" });
  rmSync(FIGURES_FILE, { force: true });
  const counts = runVitest(root, ["espruino"]);
  if (counts.failed === 0) {
    await writeEvidence(counts);
  }
  process.stdout.write(`${formatCounts(counts)}\n`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
}

async function writeEvidence({ passed, failed }: TestCounts): Promise<void> {
  const bundles: Record<string, string> = {};
  const hasArm = (process.env["ESPRUINO_ARM"] ?? "") !== "";
  for (const target of bundleTargets()) {
    const { name } = target.board;
    if (name === "linux" || (name === "linux-arm" && hasArm)) {
      bundles[`${target.role}/${name}`] = bundleHash(await buildBundle(target));
    }
  }
  const report = JSON.parse(readFileSync(join(root, "out/vitest-espruino.json"), "utf8")) as Report;
  const evidence: Evidence = {
    date: new Date().toISOString().slice(0, 10),
    interpreters: versions(),
    bundles,
    figures: readFigures(),
    passed,
    failed,
    cases: report.testResults
      .flatMap((file) => file.assertionResults)
      .map(({ fullName, status }) => ({ title: fullName, status }))
      .sort((left, right) => (left.title < right.title ? -1 : 1)),
  };
  mkdirSync(dirname(EVIDENCE_FILE), { recursive: true });
  writeFileSync(EVIDENCE_FILE, `${JSON.stringify(evidence, null, 2)}\n`);
}

/** What each interpreter prints as its version when it is asked in a script. */
function versions(): Record<string, string> {
  const found: Record<string, string> = {};
  const script = join(root, "out/version.js");
  writeFileSync(script, 'print("version "+process.env.VERSION+" "+process.env.BOARD);');
  for (const [name, runner] of [
    ["ESPRUINO", []],
    ["ESPRUINO_ARM", ["qemu-arm-static"]],
  ] as const) {
    const path = process.env[name];
    if (path !== undefined && path !== "") {
      const [program = path, ...before] = [...runner, path];
      const asked = spawnSync(program, [...before, script], {
        cwd: join(root, "out"),
        encoding: "latin1",
      });
      found[name] = /version (\S+ \S+)/.exec(asked.stdout)?.[1] ?? "unknown";
    }
  }
  return found;
}
