// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { commitSubjectsGate } from "./gates/commit-subjects.ts";
import { dialectGate } from "./gates/dialect.ts";
import { generatedGate } from "./gates/generated.ts";
import { importsGate } from "./gates/imports.ts";
import { leaksGate } from "./gates/leaks.ts";
import { licenceGate } from "./gates/licence-lines.ts";
import { linksGate } from "./gates/links.ts";
import { lockFileGate } from "./gates/lock-file.ts";
import { realWorldGate } from "./gates/real-world.ts";
import { requirementsGate } from "./gates/requirements.ts";
import { styleGate } from "./gates/style.ts";
import { typesGate } from "./gates/types.ts";
import { wireCommitsGate } from "./gates/wire-commits.ts";
import { wordsGate } from "./gates/words.ts";
import { GATES } from "./gates.ts";
import { type Gate, runGates } from "./run-gates.ts";
import { memoryTree, repositoryRoot, type SourceTree, sourceTree } from "./tree.ts";

const SPDX = "// SPDX-License-Identifier: EUPL-1.2\n";
const root = repositoryRoot();
const folders: string[] = [];

/** A folder outside the repository with the given files, and those of the repository to copy. */
function folderWith(
  files: Readonly<Record<string, string>>,
  copied: readonly string[],
): SourceTree {
  const folder = mkdtempSync(join(tmpdir(), "nyckel-gate-"));
  folders.push(folder);
  for (const path of copied) {
    cpSync(join(root, path), join(folder, path));
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return { ...memoryTree(folder, files), root: folder };
}

afterEach(() => {
  for (const folder of folders.splice(0)) {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** One planted violation, and the words that the gate must find for it. */
type Planted = {
  readonly gate: Gate;
  readonly violation: string;
  readonly plant: () => SourceTree;
  readonly says: RegExp;
};

const STRICT_CONFIG = JSON.stringify({
  compilerOptions: { strict: true, composite: true, types: [], lib: ["ES2015"] },
  include: ["src/*.ts"],
});

const PLANTED: readonly Planted[] = [
  {
    gate: typesGate,
    violation: "a string where a number is wanted",
    plant: () =>
      folderWith(
        { "tsconfig.json": STRICT_CONFIG, "src/a.ts": 'export const a: number = "one";\n' },
        [],
      ),
    says: /src\/a\.ts.*TS2322/,
  },
  {
    gate: typesGate,
    violation: "a file that no project includes",
    plant: () =>
      folderWith(
        {
          "tsconfig.json": STRICT_CONFIG,
          "src/a.ts": "export const a = 1;\n",
          "other/b.ts": "export const b = 1;\n",
        },
        [],
      ),
    says: /other\/b\.ts: no tsconfig/,
  },
  {
    gate: styleGate,
    violation: "a default export",
    plant: () =>
      folderWith({ "cli/src/a.ts": `${SPDX}\nexport default 1;\n` }, ["biome.json", ".gitignore"]),
    says: /noDefaultExport/,
  },
  {
    gate: importsGate,
    violation: "a role that imports another role",
    plant: () =>
      folderWith(
        {
          "firmware/src/key/a.ts": 'import { b } from "../lock/b.ts";\nexport const a = b;\n',
          "firmware/src/lock/b.ts": "export const b = 1;\n",
        },
        [".dependency-cruiser.cjs", "tsconfig.base.json"],
      ),
    says: /roles-are-strangers: firmware\/src\/key\/a\.ts/,
  },
  {
    gate: importsGate,
    violation: "device code that imports Node",
    plant: () =>
      folderWith(
        { "protocol/src/a.ts": 'import { sep } from "node:path";\nexport const a = sep;\n' },
        [".dependency-cruiser.cjs", "tsconfig.base.json"],
      ),
    says: /protocol-device-is-bare/,
  },
  {
    gate: generatedGate,
    violation: "a generated file that is out of date",
    plant: () =>
      folderWith(
        {
          "scripts/src/generate-a.ts": 'console.error("a.ts differs"); process.exit(1);\n',
          "scripts/src/generate-b.ts": 'console.log("b.ts: 7 rows compared");\n',
        },
        [],
      ),
    says: /generate-a\.ts: a\.ts differs/,
  },
  {
    gate: dialectGate,
    violation: "a bundle outside the dialect",
    plant: () =>
      folderWith(
        {
          "firmware/dialect/check-bundles.ts":
            'console.log("dialect: 3 bundles"); console.error("key.js:9 class"); process.exit(1);\n',
        },
        [],
      ),
    says: /key\.js:9 class/,
  },
  {
    gate: realWorldGate,
    violation: "a clock read in the simulator",
    plant: () =>
      memoryTree(root, { "simulator/src/a.ts": `${SPDX}export const a = () => Date.now();\n` }),
    says: /simulator\/src\/a\.ts:2 Date/,
  },
  {
    gate: realWorldGate,
    violation: "chance from the machine in the domain",
    plant: () =>
      memoryTree(root, { "issuer/domain/src/a.ts": "export const a = () => Math.random();\n" }),
    says: /Math\.random/,
  },
  {
    gate: wordsGate,
    violation: "a TODO without an issue",
    plant: () => memoryTree(root, { "protocol/src/a.ts": "// TODO later\n" }),
    says: /number of its issue/,
  },
  {
    gate: wordsGate,
    violation: "an emoji in a document",
    plant: () => memoryTree(root, { "README.md": "Welcome \u{1F44B}\n" }),
    says: /no emoji/,
  },
  {
    gate: wordsGate,
    violation: "a function called handle",
    plant: () => memoryTree(root, { "cli/src/a.ts": "export function handle(): void {}\n" }),
    says: /"handle" says nothing/,
  },
  {
    gate: licenceGate,
    violation: "a source file without its licence line",
    plant: () => memoryTree(root, { "cli/src/a.ts": "export const a = 1;\n" }),
    says: /cli\/src\/a\.ts/,
  },
  {
    gate: linksGate,
    violation: "a dead link",
    plant: () => memoryTree(root, { "README.md": "See [the map](docs/map.md).\n" }),
    says: /docs\/map\.md leads nowhere/,
  },
  {
    gate: linksGate,
    violation: "a link to a heading that is not there",
    plant: () => memoryTree(root, { "README.md": "# One\n\nSee [two](#two).\n" }),
    says: /names a heading/,
  },
  {
    gate: requirementsGate,
    violation: "a row that claims a test which does not exist",
    plant: () =>
      memoryTree(root, {
        "docs/requirements.md": '| S7 | pilot | done | `a.test.ts` "runs the pilot day" |\n',
        "a.test.ts": 'test("S7: something else", () => {});\n',
      }),
    says: /S7: no file of this row has a test "runs the pilot day"/,
  },
  {
    gate: requirementsGate,
    violation: "a test title that names a row which does not exist",
    plant: () => memoryTree(root, { "a.test.ts": 'test("K9: opens", () => {});\n' }),
    says: /names K9, which is no row/,
  },
  {
    gate: wireCommitsGate,
    violation: "a commit that changes the format in silence",
    plant: () => {
      const tree = folderWith({ "protocol/spec/a.cddl": "a = int\n" }, []);
      const git = (...args: readonly string[]): void =>
        void spawnSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], {
          cwd: tree.root,
        });
      git("init", "-q");
      git("add", ".");
      git("commit", "-q", "-m", "feat(protocol): a");
      writeFileSync(join(tree.root, "protocol/spec/a.cddl"), "a = tstr\n");
      git("commit", "-q", "-a", "-m", "feat(protocol): b");
      return tree;
    },
    says: /feat\(protocol\): b: no trailer/,
  },
  ...[
    ["a subject that no log shows whole", `feat(protocol): ${"a".repeat(57)}`, /73 characters/],
    ["a scope that the house does not have", "feat(wire): a", /not "type\(scope\): subject"/],
    ["a subject without a type", "Add a gate", /not "type\(scope\): subject"/],
  ].map(([violation, subject, says]) => ({
    gate: commitSubjectsGate,
    violation: String(violation),
    plant: () => {
      const tree = folderWith({ "a.txt": "a\n" }, []);
      const git = (...args: readonly string[]): void =>
        void spawnSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], {
          cwd: tree.root,
        });
      git("init", "-q");
      git("add", ".");
      git("commit", "-q", "-m", String(subject));
      return tree;
    },
    says: says as RegExp,
  })),
  {
    gate: leaksGate,
    violation: "a path of one machine",
    plant: () => memoryTree(root, { "docs/a.md": "Look in /home/anna/nyckelring.\n" }),
    says: /a path of one machine: \/home\/anna/,
  },
  {
    gate: leaksGate,
    violation: "a registry host in the lock file",
    plant: () =>
      memoryTree(root, { "package-lock.json": '"resolved": "https://packages.example/a.tgz"\n' }),
    says: /names a host/,
  },
  {
    gate: lockFileGate,
    violation: "a platform that the lock file forgot",
    plant: () =>
      memoryTree(root, {
        "package-lock.json": JSON.stringify({
          packages: { "node_modules/a": { optionalDependencies: { "a-darwin-arm64": "1.0.0" } } },
        }),
      }),
    says: /lacks a-darwin-arm64@1\.0\.0/,
  },
  {
    gate: lockFileGate,
    violation: "an install script that nobody decided on",
    plant: () =>
      memoryTree(root, {
        "package.json": '{"allowScripts":{"other":false}}',
        "package-lock.json": JSON.stringify({
          packages: { "node_modules/a/node_modules/compiler": { hasInstallScript: true } },
        }),
      }),
    says: /says nothing about compiler/,
  },
];

describe("gates of the repository", () => {
  test.each(PLANTED)("the gate $gate.name finds $violation", ({ gate, plant, says }) => {
    const { findings } = gate.inspect(plant());
    expect(findings.join("\n")).toMatch(says);
  });

  test("every gate has a planted violation", () => {
    const planted = new Set(PLANTED.map(({ gate }) => gate.name));
    expect(GATES.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
  });

  test("a gate that looked at less than its floor fails, and says that it is blind", () => {
    const lines: string[] = [];
    const failed = runGates(GATES.slice(5, 9), memoryTree(root, {}), (line) => lines.push(line));
    expect(failed).toHaveLength(4);
    expect(lines.join("\n")).toMatch(/the gate is blind/);
  });

  test("a gate with nothing to object to passes, and says how much it looked at", () => {
    const lines: string[] = [];
    const gate: Gate = {
      name: "calm",
      floor: 1,
      inspect: () => ({ looked: 3, unit: "files", findings: [] }),
    };
    expect(runGates([gate], memoryTree(root, {}), (line) => lines.push(line))).toEqual([]);
    expect(lines).toEqual(["ok     calm                   3 files"]);
  });

  test("the tree of the repository holds tracked files and nothing that git ignores", () => {
    const { paths } = sourceTree(root);
    expect(paths).toContain("package.json");
    expect(paths.some((path) => path.includes("node_modules/"))).toBe(false);
    expect(readFileSync(join(root, ".gitignore"), "utf8")).toContain("node_modules");
  });
});
