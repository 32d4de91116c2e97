// SPDX-License-Identifier: EUPL-1.2

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type ConfigWorld, readSettings, showConfig, textOf } from "./config.ts";
import { ToolError } from "./tool-error.ts";

const folder = mkdtempSync(join(tmpdir(), "nyckel-config-"));
afterAll(() => rmSync(folder, { recursive: true }));
const project = join(folder, "project");
const inner = join(project, "deep", "inside");
const home = join(folder, "home");
mkdirSync(inner, { recursive: true });
mkdirSync(join(home, "nyckel"), { recursive: true });
writeFileSync(
  join(project, "nyckel.yaml"),
  "# the desk of Anna\nport: /dev/project\nports: [/dev/a, /dev/b]\n",
);
writeFileSync(join(home, "nyckel", "nyckel.yaml"), "port: /dev/user\nbaud: 9600\n");

const world = (env: Record<string, string> = {}): ConfigWorld => ({
  folder: inner,
  env: { XDG_CONFIG_HOME: home, ...env },
});

test("a flag wins over the environment, that over the project and that over the user", () => {
  const env = { NYCKEL_PORT: "/dev/env" };
  expect(textOf(readSettings({ port: "/dev/flag" }, world(env)).port)).toBe("/dev/flag");
  expect(textOf(readSettings({}, world(env)).port)).toBe("/dev/env");
  expect(textOf(readSettings({}, world()).port)).toBe("/dev/project");
  expect(readSettings({}, world()).baud?.value).toBe(9600);
});

test("each setting tells its origin, a file with the line", () => {
  let text = "";
  const out = (part: string): void => {
    text += part;
  };
  showConfig({ origin: true }, { out, err: out }, world({ NYCKEL_BAUD: "57600" }));
  expect(text).toContain("57600   (NYCKEL_BAUD)");
  expect(text).toContain(`/dev/project   (${join(project, "nyckel.yaml")}:2)`);
  expect(text).toContain(`/dev/a,/dev/b   (${join(project, "nyckel.yaml")}:3)`);
});

test.each([
  ["an unknown name", "prot: /dev/x\n", /"prot" is no setting/],
  ["a value of another kind", "baud: fast\n", /"baud" must be a number/],
  ["a list where a text belongs", "port: [a]\n", /"port" must be a text/],
  ["text that is no YAML", "port: [\n", /nyckel\.yaml/],
])("refuses %s with file and line", (_name, text, words) => {
  const path = join(folder, "nyckel.yaml");
  writeFileSync(path, text);
  try {
    readSettings({}, world({ NYCKEL_CONFIG: path }));
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ToolError);
    expect(String(error)).toMatch(words);
  }
});
