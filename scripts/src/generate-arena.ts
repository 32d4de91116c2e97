// SPDX-License-Identifier: EUPL-1.2
// Writes protocol/src/edhoc/arena.ts, the literal offsets that devices use, and docs/arena.md, the
// same table for people, from the layout of the arena. It refuses a layout in which regions share
// octets in a phase in which both are alive.
// With --check it writes nothing and ends with 1 when a file is not what the table gives.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import {
  PHASES,
  REGIONS,
  type Region,
  SHAPES,
  type Shape,
  TOKENS_MAX,
} from "../../protocol/src/edhoc/layout.ts";

/** A region with its place. */
export interface PlacedRegion extends Region {
  readonly at: number;
}

const WORD_BYTES = 4;
const TOKEN_WORDS = 3;
const SHAPE_HEAD_BYTES = 2;
const EXPECTED_TOKEN_BYTES = 5;
const REGION_BYTES_MAX = 65536;
const SOURCE = new URL("../../protocol/src/edhoc/arena.ts", import.meta.url);
const DOCUMENT = new URL("../../docs/arena.md", import.meta.url);

/**
 * A shape as the operation reads it: number of tokens, whether more may follow, and for each token
 * its major type (bit 3 set when the argument is only a bound) and its argument, big-endian.
 */
function octetsOfShape(shape: Shape): string {
  const hex = (value: number, bytes: number) => value.toString(16).padStart(2 * bytes, "0");
  const tokens = shape.tokens.map(
    ({ major, exact, argument }) => hex(exact ? major : major | 8, 1) + hex(argument, 4),
  );
  return hex(shape.tokens.length, 1) + hex(shape.open === true ? 1 : 0, 1) + tokens.join("");
}

function regionsOfShapes(shapes: readonly Shape[]): Region[] {
  return shapes.map((shape) => ({
    name: `${shape.name}_SHAPE`,
    bytes: SHAPE_HEAD_BYTES + EXPECTED_TOKEN_BYTES * shape.tokens.length,
    life: PHASES.map(({ phase }) => phase),
    laid: octetsOfShape(shape),
    holds: `the expected tokens of a ${shape.name.toLowerCase().replaceAll("_", " ")}`,
  }));
}

/** Gives each region its place: what is laid at boot first, what only a lock has last. */
export function placeRegions(regions: readonly Region[], shapes: readonly Shape[]): PlacedRegion[] {
  const rank = (region: Region) =>
    region.laid !== undefined ? 0 : region.secret === true ? 1 : region.lockOnly === true ? 3 : 2;
  const ordered = [...regions, ...regionsOfShapes(shapes)].sort((a, b) => rank(a) - rank(b));
  const placed: PlacedRegion[] = [];
  let next = 0;
  for (const region of ordered) {
    const host = placed.find(({ name }) => name === region.over);
    if (region.over !== undefined && host === undefined) {
      throw new Error(`${region.name} lies over ${region.over}, which has no place before it`);
    }
    // Only what is laid is packed; everything else begins on a word.
    if (host === undefined && region.laid === undefined) {
      next = Math.ceil(next / WORD_BYTES) * WORD_BYTES;
    }
    placed.push({ ...region, at: host === undefined ? next : host.at });
    if (host === undefined) next += region.bytes;
  }
  return placed;
}

/** Says what is wrong with a layout, or nothing. */
export function faultsOfLayout(placed: readonly PlacedRegion[]): string[] {
  const faults: string[] = [];
  const names = placed.flatMap(({ name, points }) => [
    name,
    ...(points ?? []).map(([point]) => point),
  ]);
  for (const name of new Set(names)) {
    if (names.filter((other) => other === name).length > 1) faults.push(`${name} is named twice`);
  }
  for (const [index, region] of placed.entries()) {
    if ((region.laid ?? "").length / 2 > region.bytes)
      faults.push(`${region.name} is laid too long`);
    if (region.at + region.bytes > REGION_BYTES_MAX)
      faults.push(`${region.name} ends above 64 KiB`);
    for (const [point, offset] of region.points ?? []) {
      if (offset >= region.bytes) faults.push(`${point} lies outside ${region.name}`);
    }
    for (const other of placed.slice(index + 1)) {
      const apart = region.at + region.bytes <= other.at || other.at + other.bytes <= region.at;
      const shared = region.life.filter((phase) => other.life.includes(phase));
      if (!apart && shared.length > 0) {
        faults.push(`${region.name} and ${other.name} share octets in ${shared.join(", ")}`);
      }
    }
  }
  return faults;
}

const placeOf = (placed: readonly PlacedRegion[], name: string): PlacedRegion => {
  const region = placed.find((candidate) => candidate.name === name);
  if (region === undefined) throw new Error(`no region ${name}`);
  return region;
};

function laidImage(placed: readonly PlacedRegion[]): string {
  return placed
    .filter(({ laid }) => laid !== undefined)
    .map(({ laid, bytes }) => (laid ?? "").padEnd(2 * bytes, "0"))
    .join("");
}

function secretSpan(placed: readonly PlacedRegion[]): { at: number; bytes: number } {
  const secrets = placed.filter(({ secret }) => secret === true);
  const at = Math.min(...secrets.map((region) => region.at));
  return { at, bytes: Math.max(...secrets.map((region) => region.at + region.bytes)) - at };
}

function endOf(placed: readonly PlacedRegion[]): number {
  const end = Math.max(...placed.map(({ at, bytes }) => at + bytes));
  return Math.ceil(end / WORD_BYTES) * WORD_BYTES;
}

function tokenLines(placed: readonly PlacedRegion[], shapes: readonly Shape[]): string[] {
  const first = placeOf(placed, "TOKENS").at / WORD_BYTES;
  const lines: string[] = [];
  for (const shape of shapes) {
    lines.push("", `// Words of the tokens of a ${shape.name.toLowerCase().replaceAll("_", " ")}.`);
    if (shape.tokens.length > TOKENS_MAX) throw new Error(`${shape.name} has too many tokens`);
    for (const [index, { name, major }] of shape.tokens.entries()) {
      if (name === undefined) continue;
      const word = first + TOKEN_WORDS * index;
      if (major === 2) {
        lines.push(`export const ${name}_AT = ${word + 1};`);
        lines.push(`export const ${name}_BYTES = ${word + 2};`);
      } else {
        lines.push(`export const ${name} = ${word + 2};`);
      }
    }
    lines.push(`export const ${shape.name}_TOKENS = ${shape.tokens.length};`);
  }
  return lines;
}

// 31 bits, because an interpreter's small integers are signed.
function checkOf(text: string): number {
  return crc32(text) & 0x7fffffff;
}

/** The generated file. */
export function sourceOfArena(placed: readonly PlacedRegion[], shapes: readonly Shape[]): string {
  const secrets = secretSpan(placed);
  const lines = [
    "// SPDX-License-Identifier: EUPL-1.2",
    "// Generated from layout.ts by scripts/src/generate-arena.ts; change the table, not this file.",
    "",
    `export const KEY_ARENA_BYTES = ${endOf(placed.filter(({ lockOnly }) => lockOnly !== true))};`,
    `export const LOCK_ARENA_BYTES = ${endOf(placed)};`,
    `export const SESSION_SECRETS = ${secrets.at};`,
    `export const SESSION_SECRETS_BYTES = ${secrets.bytes};`,
    `export const TOKENS_MAX = ${TOKENS_MAX};`,
    `export const TOKEN_WORDS = ${TOKEN_WORDS};`,
    "/** Index of the first token's first word. */",
    `export const FIRST_TOKEN = ${placeOf(placed, "TOKENS").at / WORD_BYTES};`,
    "/** Index of the first floor's first word. */",
    `export const FIRST_FLOOR = ${placeOf(placed, "FLOORS").at / WORD_BYTES};`,
    "",
  ];
  for (const region of placed) {
    lines.push(`/** ${region.bytes} octets: ${region.holds}. @internal */`);
    lines.push(`export const ${region.name} = ${region.at};`);
    if (region.measured === true)
      lines.push(`export const ${region.name}_BYTES = ${region.bytes};`);
    for (const [point, offset] of region.points ?? []) {
      lines.push(`export const ${point} = ${region.at + offset};`);
    }
  }
  lines.push(...tokenLines(placed, shapes));
  lines.push(
    "",
    "/** Tells one layout from another: native code refuses to lay one that it does not know. */",
  );
  lines.push(`export const LAYOUT_CHECK = ${checkOf(`${lines.join("\n")}${laidImage(placed)}`)};`);
  lines.push("", "/** What is laid at offset 0 at boot, hexadecimal. */");
  lines.push("export const LAID_AT_BOOT =");
  const image = laidImage(placed);
  const parts = image.match(/.{1,88}/g) ?? [];
  lines.push(`${parts.map((part) => `  "${part}"`).join(" +\n")};`);
  return `${lines.join("\n")}\n`;
}

/** The generated document. */
export function documentOfArena(placed: readonly PlacedRegion[]): string {
  const rows = [...placed]
    .sort((a, b) => a.at - b.at)
    .map(({ name, at, bytes, life, holds, over, points, lockOnly }) => {
      const places = (points ?? []).map(([point, offset]) => `${point} at +${offset}`);
      const note = [
        holds,
        ...(places.length > 0 ? [`(${places.join(", ")})`] : []),
        ...(over === undefined ? [] : [`(over ${over})`]),
        ...(lockOnly === true ? ["(lock only)"] : []),
      ].join(" ");
      const rests = life.includes("rest");
      const lacking = PHASES.length - life.length;
      const when =
        lacking === 0 ? "always" : lacking === 1 && !rests ? "a session" : life.join(", ");
      return `| ${at} | ${bytes} | \`${name}\` | ${when} | ${note.replaceAll("|", "\\|")} |`;
    });
  const keyBytes = endOf(placed.filter(({ lockOnly }) => lockOnly !== true));
  return [
    "# The arena of a door session",
    "",
    "<!-- Generated from protocol/src/edhoc/layout.ts by scripts/src/generate-arena.ts. -->",
    "",
    "Key and lock hold every octet of a door session in one array, allocated at boot: messages are",
    "opened and built where they lie, and the coarse operations take offsets into it. A session",
    "allocates nothing, and no loop of the interpreter touches an octet.",
    "",
    `A key's arena has ${keyBytes} octets, a lock's ${endOf(placed)}, most of it floor lists.`,
    "",
    "## Phases",
    "",
    "Regions that share no phase may share octets; the generator refuses any other overlap.",
    "",
    "| phase | what happens |",
    "| --- | --- |",
    ...PHASES.map(({ phase, happens }) => `| ${phase} | ${happens} |`),
    "",
    "## Regions",
    "",
    "| offset | octets | region | alive in | holds |",
    "| ---: | ---: | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function run(options: readonly string[]): void {
  const placed = placeRegions(REGIONS, SHAPES);
  const faults = faultsOfLayout(placed);
  if (faults.length > 0) {
    process.stderr.write(`${faults.join("\n")}\n`);
    process.exitCode = 1;
    return;
  }
  const wanted: [URL, string][] = [
    [SOURCE, sourceOfArena(placed, SHAPES)],
    [DOCUMENT, documentOfArena(placed)],
  ];
  for (const [file, text] of wanted) {
    if (!options.includes("--check")) {
      writeFileSync(file, text);
    } else if (readFileSync(file, "utf8") !== text) {
      process.stderr.write(`${file.pathname} is old: run scripts/src/generate-arena.ts\n`);
      process.exitCode = 1;
    }
  }
  const verb = options.includes("--check") ? "compared" : "written";
  process.stdout.write(`arena.ts, arena.md: ${placed.length} regions ${verb}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(process.argv.slice(2));
