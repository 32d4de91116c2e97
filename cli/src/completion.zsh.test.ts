// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "./nyckel.ts";

const folder = mkdtempSync(join(tmpdir(), "nyckel-zsh-"));
afterAll(() => rmSync(folder, { recursive: true }));

// An interactive zsh on a pseudo terminal, in which a command of our name prints what it was given.
const TYPIST = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; TERM=dumb; autoload -Uz compinit; compinit -u -d ./dump; source ./nyckel.zsh
nyckel() { print -r -- \\"given<\\$*>\\" }; print re''ady"
zpty -m -r shell text '*ready*'
zpty -w -n shell "$1"$'\\t\\n'
zpty -m -r shell text '*given<*>*'
print -r -- $text
zpty -d shell
`;

beforeAll(async () => {
  let text = "";
  const out = (part: string): void => {
    text += part;
  };
  await main(["completion", "zsh"], { out, err: out });
  writeFileSync(join(folder, "nyckel.zsh"), text);
  writeFileSync(join(folder, "typist.zsh"), TYPIST);
});

/** The words that the command gets when somebody types this, Tab and Enter. */
function typed(line: string): string | undefined {
  const { stdout } = spawnSync("zsh", ["-f", "typist.zsh", line], {
    cwd: folder,
    encoding: "latin1",
    timeout: 20_000,
    env: { ...process.env, HOME: folder, ZDOTDIR: folder },
  });
  return /given<([^>]*)>/.exec(stdout)?.[1];
}

test("zsh completes commands, sub-commands and options as the commands have them", () => {
  expect(typed("nyckel dev")).toBe("device");
  expect(typed("nyckel device fla")).toBe("device flash");
  expect(typed("nyckel device flash --dr")).toBe("device flash --dry-run");
  expect(typed("nyckel sim run --see")).toBe("sim run --seed");
});

test("zsh leaves alone what it does not know", () => {
  expect(typed("nyckel nothing-of-ours")).toBe("nothing-of-ours");
});
