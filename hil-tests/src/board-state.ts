// SPDX-License-Identifier: EUPL-1.2
import { crc32 } from "node:zlib";
import { DEVICE_GARBLED } from "@nyckelring/protocol";

import { type ParsedManifest, parseManifest } from "./board-build.ts";
import type { BoardConsoleClient, InterpreterIdentity } from "./board-console.ts";
import { BoardFault } from "./board-fault.ts";

/** One of the two places for an application. */
export type Slot = "a" | "b";

const SELECTOR_NAME = /^nk\.sel\.(\d{1,9})$/;
const PART_BYTES = 1024;

/** A small file that says which slot starts; the valid one with the highest number counts. */
export interface Selector {
  readonly fileName: string;
  readonly generation: number;
  readonly slot: Slot;
  readonly securityVersion: number;
}

/** What a running application says of itself. */
export interface ApplicationIdentity {
  readonly role: string;
  readonly board: string;
  readonly version: string;
  readonly securityVersion: number;
  readonly slot: string;
  /** Everything it said, for people and machines. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a board holds and runs. */
export interface BoardState {
  readonly interpreter: InterpreterIdentity;
  /** The running application; undefined on a board without our firmware. */
  readonly application: ApplicationIdentity | undefined;
  readonly files: readonly string[];
  /** Valid selectors, the one that counts first. */
  readonly selectors: readonly Selector[];
  /** Highest number of any selector, valid or not; 0 without one. */
  readonly lastGeneration: number;
  /**
   * The slot that must not be touched, with its manifest: that of the newest application that has
   * proved itself; where none has, the one that runs, or the one that would start.
   */
  readonly active: { readonly slot: Slot; readonly manifest: ParsedManifest } | undefined;
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly trashBytes: number;
}

/** The file name of a selector. */
export function selectorName(generation: number): string {
  return `nk.sel.${generation}`;
}

/** The content of a selector. */
export function selectorContent(slot: Slot, securityVersion: number, generation: number): string {
  return `${slot} ${securityVersion} ${checkSum(slot, securityVersion, generation)}`;
}

function checkSum(slot: string, securityVersion: number, generation: number): string {
  return crc32(`${slot} ${securityVersion} ${generation}`).toString(16).padStart(8, "0");
}

/** Reads a selector; undefined where it is torn or none. */
export function parseSelector(fileName: string, content: string): Selector | undefined {
  const generation = Number(SELECTOR_NAME.exec(fileName)?.[1] ?? Number.NaN);
  const fields = /^([ab]) (\d{1,9}) ([0-9a-f]{8})$/.exec(content);
  const securityVersion = Number(fields?.[2]);
  const slot = fields?.[1] === "b" ? "b" : "a";
  if (fields === null || fields[3] !== checkSum(slot, securityVersion, generation)) {
    return undefined;
  }
  return { fileName, generation, slot, securityVersion };
}

/** Reads a file of Storage in portions; undefined where there is none. */
export async function readBoardFile(
  board: BoardConsoleClient,
  name: string,
): Promise<string | undefined> {
  const file = `require("Storage").read(${JSON.stringify(name)}`;
  const bytes = Number(await evaluateLength(board, `${file})`));
  if (bytes < 0) {
    return undefined;
  }
  let content = "";
  for (let offset = 0; offset < bytes; offset += PART_BYTES) {
    content += await board.evaluate(
      `""+${file},${offset},${Math.min(PART_BYTES, bytes - offset)})`,
    );
  }
  return content;
}

function evaluateLength(board: BoardConsoleClient, file: string): Promise<string> {
  return board.evaluate(`(function(f){return ""+(f===undefined?-1:f.length)})(${file})`);
}

/**
 * The SHA-256 of a file as the board computes it over its own flash, in hexadecimal; undefined where
 * there is no such file.
 */
export async function digestOnBoard(
  board: BoardConsoleClient,
  name: string,
): Promise<string | undefined> {
  const octets = await board.evaluate(
    `(function(f){return f===undefined?"":new Uint8Array(require("crypto").SHA256(f)).join()})(require("Storage").read(${JSON.stringify(name)}))`,
  );
  return octets === "" ? undefined : Buffer.from(octets.split(",").map(Number)).toString("hex");
}

/** Asks the running application who it is. */
export async function askApplication(
  board: BoardConsoleClient,
): Promise<ApplicationIdentity | undefined> {
  board.takeText();
  const answer = await board.evaluate(
    '(function(){if(typeof nk=="undefined")return "";var i=nk.info();return typeof i=="string"?i:i?JSON.stringify(i):"printed"})()',
  );
  if (answer === "") {
    return undefined;
  }
  const text = answer === "printed" ? (/\{.*\}/.exec(board.takeText())?.[0] ?? "") : answer;
  const fields = parseObject(board, text);
  return {
    role: String(fields["role"]),
    board: String(fields["board"]),
    version: String(fields["version"]),
    securityVersion: Number(fields["securityVersion"] ?? 0),
    slot: String(fields["slot"]),
    fields,
  };
}

function parseObject(board: BoardConsoleClient, text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) {
      return parsed as Record<string, unknown>;
    }
  } catch {
    // Told below, with what was read instead.
  }
  throw new BoardFault({
    code: DEVICE_GARBLED,
    message: `${board.name}: ${JSON.stringify(text.slice(0, 80))} is not what a board answers`,
    details: { port: board.name },
  });
}

/** Looks at everything on a board that flashing depends on; changes nothing. */
export async function inspectBoard(board: BoardConsoleClient): Promise<BoardState> {
  const application = await askApplication(board);
  const list = await board.evaluate('JSON.stringify({list:require("Storage").list()})');
  const files = (parseObject(board, list)["list"] as unknown[]).map(String);
  const selectors: Selector[] = [];
  let lastGeneration = 0;
  for (const name of files) {
    const generation = SELECTOR_NAME.exec(name)?.[1];
    if (generation !== undefined) {
      lastGeneration = Math.max(lastGeneration, Number(generation));
      const selector = parseSelector(name, (await readBoardFile(board, name)) ?? "");
      selectors.push(...(selector === undefined ? [] : [selector]));
    }
  }
  selectors.sort((left, right) => right.generation - left.generation);
  const stats = parseObject(
    board,
    await board.evaluate('JSON.stringify(require("Storage").getStats())'),
  );
  return {
    interpreter: board.identity,
    application,
    files,
    selectors,
    lastGeneration,
    active: await findActive(board, files, selectors, application?.slot),
    totalBytes: Number(stats["totalBytes"]),
    freeBytes: Number(stats["freeBytes"]),
    trashBytes: Number(stats["trashBytes"]),
  };
}

/** The first slot, the best one first, that has a manifest and an entry module. */
async function findActive(
  board: BoardConsoleClient,
  files: readonly string[],
  selectors: readonly Selector[],
  running: string | undefined,
): Promise<BoardState["active"]> {
  const proven = selectors.filter(({ generation }) => files.includes(`nk.ok.${generation}`));
  const runs = selectors.filter(({ slot }) => slot === running);
  for (const { slot } of [...proven, ...runs, ...selectors]) {
    const text = await readBoardFile(board, `${slot}.manifest`);
    const manifest = text === undefined ? undefined : parseManifest(text);
    if (manifest !== undefined && files.includes(`${slot}.${manifest.role}`)) {
      return { slot, manifest };
    }
  }
  return undefined;
}
