// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { main } from "./nyckel.ts";

async function script(shell: string): Promise<string> {
  let text = "";
  const out = (part: string): void => {
    text += part;
  };
  expect(await main(["completion", shell], { out, err: out })).toBe(0);
  return text;
}

async function completeInBash(...words: readonly string[]): Promise<string[]> {
  const typed = words.map((word) => `'${word}'`).join(" ");
  const program = `${await script("bash")}
COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _nyckel; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", program], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.trim().split("\n");
}

test("bash completes commands, sub-commands and options as the commands have them", async () => {
  expect(await completeInBash("nyckel", "dev")).toEqual(["device"]);
  expect(await completeInBash("nyckel", "device", "f")).toEqual(["flash"]);
  expect(await completeInBash("nyckel", "device", "flash", "--dr")).toEqual(["--dry-run"]);
  expect(await completeInBash("nyckel", "sim", "run", "--see")).toEqual(["--seed"]);
});

test("another shell is a usage error", async () => {
  let err = "";
  const exit = await main(["completion", "tcsh"], {
    out: () => undefined,
    err: (part) => {
      err += part;
    },
  });
  expect(exit).toBe(2);
  expect(err).toContain("choose one of bash, zsh, fish");
});
