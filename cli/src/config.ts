// SPDX-License-Identifier: EUPL-1.2

import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { FILE_UNREADABLE, USAGE } from "@nyckelring/protocol";
import { parseDocument } from "yaml";
import type { Output } from "./output.ts";
import { ToolError } from "./tool-error.ts";

const FILE_NAME = "nyckel.yaml";

/** What a setting may hold. */
type SettingKind = "text" | "number" | "list";

/** Every setting there is; a file with another name in it is refused. */
const SETTINGS = {
  port: { kind: "text", help: "serial port of the board, for example /dev/ttyACM0" },
  rig: { kind: "text", help: "rig file whose boards are meant" },
  ports: { kind: "list", help: "ports that may be asked which board is there" },
  baud: { kind: "number", help: "speed of the console, 115200 by default" },
  build: { kind: "text", help: "folder of a build" },
  anchor: { kind: "text", help: "anchor file of the authority, to check permits" },
} as const satisfies Readonly<Record<string, { kind: SettingKind; help: string }>>;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** One setting with where it comes from. */
export type Setting = {
  readonly name: SettingName;
  readonly value: string | number | readonly string[];
  /** For people: `--port`, `NYCKEL_PORT`, or a path with a line. */
  readonly origin: string;
};

/** The settings in force, by name. */
export type Settings = { readonly [name in SettingName]?: Setting };

/** Where settings are looked for. */
export type ConfigWorld = {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

const DEFAULT_BAUD: Setting = { name: "baud", value: 115200, origin: "default" };

/**
 * The settings in force: a flag wins over the environment, that over `nyckel.yaml` in this folder or
 * the nearest one above, and that over the user's own file.
 *
 * @param flags - Values that were given on the command line.
 * @throws ToolError `USAGE` for an unknown name or a value of the wrong kind, with file and line.
 */
export function readSettings(
  flags: Readonly<Partial<Record<SettingName, string>>>,
  world: ConfigWorld = { folder: process.cwd(), env: process.env },
): Settings {
  const settings: Partial<Record<SettingName, Setting>> = { baud: DEFAULT_BAUD };
  for (const path of [...configPaths(world)].reverse()) {
    for (const setting of existsSync(path) ? readConfigFile(path) : []) {
      settings[setting.name] = setting;
    }
  }
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const variable = `NYCKEL_${name.toUpperCase()}`;
    const fromEnv = world.env[variable];
    if (fromEnv !== undefined && fromEnv !== "") {
      settings[name] = { name, value: parseText(name, fromEnv, variable), origin: variable };
    }
    const flag = flags[name];
    if (flag !== undefined) {
      settings[name] = { name, value: parseText(name, flag, `--${name}`), origin: `--${name}` };
    }
  }
  return settings;
}

/** Whether one setting was given closer to the command than another: flag, environment, file. */
export function isNearer(one: Setting, other: Setting): boolean {
  const distance = ({ name, origin }: Setting): number =>
    origin === `--${name}` ? 0 : origin === `NYCKEL_${name.toUpperCase()}` ? 1 : 2;
  return distance(one) < distance(other);
}

/** The text of a setting, or undefined. */
export function textOf(setting: Setting | undefined): string | undefined {
  return setting === undefined ? undefined : String(setting.value);
}

/** The files that are looked at, the one that wins first. */
export function configPaths(world: ConfigWorld): readonly string[] {
  const named = world.env["NYCKEL_CONFIG"];
  const user = join(
    world.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"),
    "nyckel",
    FILE_NAME,
  );
  if (named !== undefined && named !== "") {
    return [named, user];
  }
  for (let folder = world.folder; ; folder = dirname(folder)) {
    const path = join(folder, FILE_NAME);
    if (existsSync(path)) {
      return [path, user];
    }
    if (dirname(folder) === folder) {
      return [user];
    }
  }
}

function readConfigFile(path: string): readonly Setting[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ToolError({
      code: FILE_UNREADABLE,
      message: `${path} cannot be read: ${error instanceof Error ? error.message : error}`,
      state: "nothing was run",
      hint: "check the file, or name another with NYCKEL_CONFIG",
      details: { path },
    });
  }
  const document = parseDocument(text);
  const [first] = document.errors;
  if (first !== undefined) {
    throw refuse(path, first.message);
  }
  const content: unknown = document.toJS();
  if (content === null || content === undefined) {
    return [];
  }
  if (typeof content !== "object" || Array.isArray(content)) {
    throw refuse(path, "it holds no names with values");
  }
  return Object.entries(content).map(([name, value]) => {
    const line = text
      .slice(0, text.search(new RegExp(`^${escapePattern(name)}\\s*:`, "m")))
      .split("\n");
    const origin = `${path}:${line.length}`;
    const known = Object.keys(SETTINGS).find((one): one is SettingName => one === name);
    if (known === undefined) {
      throw refuse(
        origin,
        `"${name}" is no setting; there are ${Object.keys(SETTINGS).join(", ")}`,
      );
    }
    return { name: known, value: checkValue(known, value, origin), origin };
  });
}

function escapePattern(text: string): string {
  return text.replace(/[^\w]/g, "\\$&");
}

function checkValue(name: SettingName, value: unknown, origin: string): Setting["value"] {
  const { kind } = SETTINGS[name];
  if (kind === "text" && typeof value === "string") {
    return value;
  }
  if (kind === "number" && typeof value === "number" && Number.isSafeInteger(value) && value > 0) {
    return value;
  }
  if (kind === "list" && Array.isArray(value) && value.every((one) => typeof one === "string")) {
    return value;
  }
  throw refuse(origin, `"${name}" must be a ${kind}`);
}

function parseText(name: SettingName, text: string, origin: string): Setting["value"] {
  const { kind } = SETTINGS[name];
  const value = kind === "number" ? Number(text) : kind === "list" ? text.split(",") : text;
  return checkValue(name, value, origin);
}

function refuse(origin: string, why: string): ToolError {
  return new ToolError({
    code: USAGE,
    message: `${origin}: ${why}`,
    state: "nothing was run",
    hint: "nyckel config show --origin tells where each setting comes from",
    details: { origin },
  });
}

/** Options of `config show`. */
export type ConfigShowOptions = { readonly origin?: boolean; readonly json?: boolean };

/** Prints the settings in force, and where each comes from. */
export function showConfig(options: ConfigShowOptions, output: Output, world?: ConfigWorld): void {
  const settings = Object.values(readSettings({}, world));
  if (options.json === true) {
    output.out(`${JSON.stringify({ type: "result", settings })}\n`);
    return;
  }
  for (const { name, value, origin } of settings) {
    const text = typeof value === "object" ? value.join(",") : String(value);
    output.out(`${name.padEnd(8)}${text}${options.origin === true ? `   (${origin})` : ""}\n`);
  }
}

/** Prints the files that are looked at. */
export function showConfigPaths(output: Output): void {
  for (const path of configPaths({ folder: process.cwd(), env: process.env })) {
    output.out(`${path}${existsSync(path) ? "" : "   (not there)"}\n`);
  }
}
