// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { EXAMPLES, leavesOf } from "./examples.ts";
import { buildProgram, main } from "./nyckel.ts";

const silent = { out: () => undefined, err: () => undefined };
const examples = Object.entries(EXAMPLES).flatMap(([path, lines]) =>
  lines.map((line) => [path, line] as const),
);

/** The words of the command in a line for a shell: what stands around it is the shell's. */
function wordsOf(line: string): readonly string[] {
  const command = /(?:^|[\s(])nyckel\s+(.*?)(?:\s[|>&]\s?.*|\))?$/.exec(line)?.[1];
  return [...(command ?? "").matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? "",
  );
}

/** The command that would run these words. @throws what the command would say of them. */
async function commandOf(words: readonly string[]): Promise<string> {
  const program = buildProgram(silent, () => undefined);
  let ran = "";
  for (const [path, command] of leavesOf(program)) {
    command.action(() => {
      ran = path;
    });
  }
  await program.parseAsync([...words], { from: "user" });
  return ran;
}

test("every command has an example, and every example belongs to a command", () => {
  const leaves = [...leavesOf(buildProgram(silent, () => undefined)).keys()];
  expect(leaves.length).toBeGreaterThan(30);
  expect(Object.keys(EXAMPLES).sort()).toEqual(leaves.sort());
});

test.each(examples)("%s: the command understands: %s", async (path, line) => {
  const command = await commandOf(wordsOf(line));
  // A line below the first may be of another command, to show what to do next.
  const allowed = line === EXAMPLES[path]?.[0] ? [path] : Object.keys(EXAMPLES);
  expect(allowed).toContain(command);
});

test("the help of a command shows its examples", async () => {
  let text = "";
  const out = (part: string): void => {
    text += part;
  };
  expect(await main(["rig", "power", "--help"], { out, err: out })).toBe(0);
  expect(text).toContain("Example:\n  nyckel rig power lock cycle --rig hil-tests/rigs/desk.yaml");
});

test("an option that is not there would be found out", async () => {
  await expect(commandOf(["demo", "--seeed", "7"])).rejects.toThrow("unknown option");
});
