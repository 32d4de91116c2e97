// SPDX-License-Identifier: EUPL-1.2
// The interpreter's 32-bit Arm build under QEMU: where native code runs and instructions are counted.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { EARLY_GLOBALS } from "../build/hot-functions.ts";
import { lowerBundle } from "../build/lower.ts";
import { packScript } from "../build/pack.ts";

const FIRMWARE = dirname(dirname(fileURLToPath(import.meta.url)));
const RUN_MS = 300_000;

/** Path of the Arm build, or undefined where these suites are skipped. */
export const ESPRUINO_ARM: string | undefined = process.env["ESPRUINO_ARM"] || undefined;

/** What runs it: QEMU for programs, static or not. */
export function armRunner(): string | undefined {
  return ["qemu-arm", "qemu-arm-static"].find(
    (program) => spawnSync(program, ["--version"]).error === undefined,
  );
}

/** Lowers a program for the Arm build. */
export async function lowerProgram(
  entryText: string,
  shortFields = false,
  marked: readonly string[] = [],
): Promise<string> {
  const { code } = await lowerBundle({
    entryText,
    resolveDir: FIRMWARE,
    root: dirname(FIRMWARE),
    conditions: ["linux-arm", "native"],
    shortFields,
    marked,
  });
  return code;
}

/** Runs a script in a folder until it has printed `end`; returns the console. */
export function runScript(
  folder: string,
  code: string,
  end: string,
  plugin: readonly string[] = [],
): string {
  const runner = armRunner();
  if (ESPRUINO_ARM === undefined || runner === undefined) {
    throw new Error("ESPRUINO_ARM does not name the interpreter, or qemu-arm is missing");
  }
  writeFileSync(join(folder, "program.js"), code, "ascii");
  // The interpreter ends when no timer is left; as code ran in its heap, it may crash at its end.
  const done = spawnSync(runner, [...plugin, ESPRUINO_ARM, "program.js"], {
    cwd: folder,
    encoding: "latin1",
    timeout: RUN_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (!done.stdout.includes(end)) {
    throw new Error(`the interpreter ended without "${end}":\n${done.stdout}\n${done.stderr}`);
  }
  return done.stdout;
}

/** A file of Storage. */
export type StoredFile = { readonly name: string; readonly content: Uint8Array };

/** Fills the Storage of the interpreter that runs in a folder, which is made where it is not there. */
export function storeFiles(folder: string, files: readonly StoredFile[]): void {
  mkdirSync(folder, { recursive: true });
  let script = `var f=require("fs"),s=require("Storage");s.eraseAll();`;
  for (const [index, { name, content }] of files.entries()) {
    writeFileSync(join(folder, `file-${index}`), content);
    script += `s.write("${name}",f.readFileSync("file-${index}"));`;
  }
  runScript(folder, `${script}print("storage-end");`, "storage-end");
}

/** A side of a session that runs from Storage. */
export type StoredSide = {
  /** Imports the side's program and plays it; it prints `side-end` at its end. */
  readonly entryText: string;
  /** What the program reads from `script.json`. */
  readonly script: string;
  /** True where fields have short names, as in the bundle of a board; the script then has none. */
  readonly shortFields?: boolean;
  /** Functions that tell a counter when they begin and end. */
  readonly marked?: readonly string[];
  /** The native code, and what else the program finds in Storage. */
  readonly files: readonly StoredFile[];
};

/**
 * Plays a side from Storage, as a board runs its application, and returns the console.
 *
 * @param plugin - Options of QEMU for the run that counts.
 */
export async function playStored(
  { entryText, script, shortFields, marked, files }: StoredSide,
  folder: string,
  plugin: readonly string[] = [],
): Promise<string> {
  const { content } = packScript(await lowerProgram(entryText, shortFields, marked));
  storeFiles(folder, [...files, { name: "side", content }]);
  writeFileSync(join(folder, "script.json"), script);
  const start = `${EARLY_GLOBALS}E.getErrorFlags();eval(require("Storage").read("side"));`;
  return runScript(folder, start, "side-end", plugin);
}

/** The lines of a console that begin with a word, by the word behind it. */
export function linesOf(console: string, word: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of console.split(/\r?\n/)) {
    const [first, name, ...rest] = line.trim().split(" ");
    if (first === word && name !== undefined) values.set(name, rest.join(" "));
  }
  return values;
}
