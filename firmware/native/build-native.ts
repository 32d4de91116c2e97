// SPDX-License-Identifier: EUPL-1.2
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import {
  ANCHOR_UNKNOWN,
  CBOR_MALFORMED,
  FRAME_GARBLED,
  FRAME_TOO_LONG,
  LEAF_NOT_IN_RING,
  SEAL_INVALID,
  SESSION_MAC,
  SESSION_MALFORMED,
  SHARED_SECRET_ZERO,
  SIGNATURE_INVALID,
} from "@nyckelring/protocol";
import {
  aesColumns,
  arenaImage,
  arenaPlaces,
  baseRows,
  codeHeader,
  fieldWords,
  sha512Rounds,
} from "./tables.ts";

/** Octets that the blob may have: it lies in the RAM of a board, beside the interpreter's heap. */
export const BLOB_BYTES_MAX = 28 * 1024;
/** What belongs together: the blob, its manifest, and the notice that its licence asks for. */
export const BLOB_FILES = ["native.bin", "native.json", "LICENSE.libsodium"] as const;
/** Octets that the interpreter checks itself before the first call. */
const HEAD_BYTES = 512;
/** Octets that one frame may have; the peak over all frames is measured by painting. */
const FRAME_BYTES_MAX = 4096;
/** Two places that have no octet in common, to see that no address is in the blob. */
const ORIGINS = [0x0, 0x2000_4000] as const;

const SOURCES = [
  "entries",
  "session-steps",
  "curves",
  "sha2",
  "aes-ccm",
  "cbor-gate",
  "frames",
  "tree",
  "octets",
] as const;
const LIBRARY = join("node_modules", "libsodium-src", "libsodium");
/** The assembly sources: what lies at the start of the blob, and the field arithmetic. */
const ASSEMBLED = ["blob", "field"] as const;
const FIELD_TYPE = "typedef int32_t fe25519[10];";

/** What the build needs besides Node: program and Debian package. */
export const COMPILERS = {
  target: { program: "arm-none-eabi-gcc", debianPackage: "gcc-arm-none-eabi" },
  host: { program: "gcc", debianPackage: "gcc" },
} as const;

/** The finished blob. */
export interface NativeBlob {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The entries in their order, with the number of their arguments. */
  readonly entries: readonly NativeEntry[];
  /** Octets of the largest frame of one function. */
  readonly largestFrame: number;
}

/** One line of the entry table. */
export interface NativeEntry {
  readonly name: string;
  readonly count: number;
}

/** A check of the build that failed, or a compiler that did. */
export class NativeBuildError extends Error {}

/** Reads the entry table of the sources. */
export function readEntries(root: string): readonly NativeEntry[] {
  const text = readFileSync(join(root, "firmware/native/entries.h"), "utf8");
  return [...text.matchAll(/^ENTRY\((\w+), (\d)\)$/gm)].map(([, name, count]) => ({
    name: String(name),
    count: Number(count),
  }));
}

/**
 * Builds the blob for Cortex-M4 into `<folder>/native.bin`, with its manifest and libsodium's notice.
 *
 * @throws NativeBuildError for a failed check, with the figure and the limit.
 */
export function buildBlob(root: string, folder: string): NativeBlob {
  const objects = compileAll(root, folder, COMPILERS.target.program, [
    ...["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft", "-ffreestanding", "-fpie"],
    ...["-fno-tree-loop-distribute-patterns", "-fstack-usage"],
  ]);
  const assembled = ASSEMBLED.map((name) =>
    assemble(join(root, "firmware/native", `${name}.S`), join(folder, `${name}-assembled.o`)),
  );
  const images = ORIGINS.map((origin) => link(root, folder, [...assembled, ...objects], origin));
  const [first, second] = images;
  if (first === undefined || second === undefined || !first.equals(second)) {
    throw new NativeBuildError("the blob differs between two addresses: it holds one of its own");
  }
  const image = Buffer.concat([first, checkWords(first)]);
  if (image.length > BLOB_BYTES_MAX) {
    throw new NativeBuildError(`the blob has ${image.length} octets, limit ${BLOB_BYTES_MAX}`);
  }
  const largestFrame = largestFrameOf(folder, linkedFunctions(folder));
  if (largestFrame > FRAME_BYTES_MAX) {
    throw new NativeBuildError(`a frame has ${largestFrame} octets, limit ${FRAME_BYTES_MAX}`);
  }
  const file = join(folder, "native.bin");
  writeFileSync(file, image);
  copyFileSync(join(root, LIBRARY, "LICENSE"), join(folder, "LICENSE.libsodium"));
  const blob = {
    file,
    bytes: image.length,
    sha256: createHash("sha256").update(image).digest("hex"),
    entries: readEntries(root),
    largestFrame,
  };
  const manifest = { name: "native", bytes: blob.bytes, sha256: blob.sha256, limits: ["RAM only"] };
  writeFileSync(join(folder, "native.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return blob;
}

/**
 * Builds the field arithmetic alone as a blob, its functions as entries in the order of `names`, so that
 * the runner can call them; gives the path.
 */
export function buildFieldBlob(root: string, folder: string, names: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  const table = join(folder, "table.S");
  const branches = names.map((name) => `  b.w ${name}\n`).join("");
  const start =
    '  .syntax unified\n  .thumb\n  .section .entry, "ax", %progbits\n  .global binding\n';
  writeFileSync(table, `${start}binding:\n${branches}`);
  const objects = [
    assemble(table, join(folder, "table.o")),
    assemble(join(root, "firmware/native/field.S"), join(folder, "field.o")),
  ];
  const file = join(folder, "native.bin");
  writeFileSync(file, link(root, folder, objects, 0));
  return file;
}

/** Builds the bare-metal runner for QEMU's mps2-an386; gives the path. */
export function buildBoardRunner(root: string, folder: string): string {
  const here = join(root, "firmware/native");
  const file = join(folder, "runner.elf");
  run(COMPILERS.target.program, [
    ...["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft", "-Os", "-ffreestanding", "-nostdlib"],
    ...["-fno-tree-loop-distribute-patterns", "-Wall", "-Wextra", "-Werror", "-Wl,--build-id=none"],
    ...["-T", join(here, "runner.ld"), join(here, "runner.c"), "-o", file],
  ]);
  return file;
}

/** Builds the runner for this computer, from the same sources as the blob; gives the path. */
export function buildHostRunner(root: string, folder: string): string {
  // Addresses are words of 32 bits: without position independence a program lies below 2^31.
  const flags = ["-DNATIVE_HOST", "-fno-pie", "-fno-strict-aliasing"];
  const objects = compileAll(root, folder, COMPILERS.host.program, flags);
  const file = join(folder, "native-host");
  const source = join(root, "firmware/native/runner.c");
  run(COMPILERS.host.program, [
    ...["-O2", "-w", "-DNATIVE_HOST", "-fno-pie", "-no-pie", source, ...objects, "-o", file],
  ]);
  return file;
}

/** Builds the plugin that counts instructions; gives the path. */
export function buildCountPlugin(root: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "count.so");
  const source = join(root, "firmware/native/count-plugin.c");
  run(COMPILERS.host.program, [
    ...["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", source, "-o", file],
  ]);
  return file;
}

function assemble(source: string, object: string): string {
  run(COMPILERS.target.program, ["-mcpu=cortex-m4", "-mthumb", "-c", source, "-o", object]);
  return object;
}

function compileAll(
  root: string,
  folder: string,
  compiler: string,
  flags: readonly string[],
): readonly string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const library = join(root, LIBRARY, "src", "libsodium");
  layCurves(library, folder);
  const arena = readFileSync(join(root, "protocol/src/edhoc/arena.ts"), "utf8");
  writeFileSync(join(folder, "arena.h"), arenaPlaces(arena));
  writeFileSync(join(folder, "arena-image.h"), arenaImage(arena));
  writeFileSync(join(folder, "aes-columns.h"), aesColumns());
  writeFileSync(join(folder, "sha512-rounds.h"), sha512Rounds());
  writeFileSync(
    join(folder, "codes.h"),
    codeHeader({
      ANCHOR_UNKNOWN,
      CBOR_MALFORMED,
      FRAME_GARBLED,
      FRAME_TOO_LONG,
      SESSION_MAC,
      SESSION_MALFORMED,
      SIGNATURE_INVALID,
      SEAL_INVALID,
      LEAF_NOT_IN_RING,
      SHARED_SECRET_ZERO,
    }),
  );
  const includes = [
    ...[folder, join(root, "firmware/native"), library, join(library, "include/sodium")],
    ...[
      "include",
      "include/sodium/private",
      "crypto_core/ed25519/ref10",
      "crypto_sign/ed25519/ref10",
      "crypto_scalarmult/curve25519/ref10",
    ].map((part) => join(library, part)),
  ].flatMap((path) => ["-I", path]);
  return SOURCES.map((name) => {
    const object = join(folder, `${name}.o`);
    run(compiler, [
      ...["-std=gnu11", "-Os", "-Wall", "-Wno-unused-function", "-DSODIUM_STATIC", "-DCONFIGURED"],
      ...["-fvisibility=hidden", "-ffunction-sections", "-fdata-sections"],
      ...["-fno-asynchronous-unwind-tables", "-fno-unwind-tables"],
      ...flags,
      ...includes,
      ...["-c", join(root, "firmware/native", `${name}.c`), "-o", object],
    ]);
    return object;
  });
}

// The library's file of points, unmodified, where it finds our field instead of the one beside it: the
// same type with eight words, and the same constants and multiples in words.
function layCurves(library: string, folder: string): void {
  const from = join(library, "crypto_core/ed25519/ref10");
  const header = "private/ed25519_ref10.h";
  mkdirSync(join(folder, "private"), { recursive: true });
  mkdirSync(join(folder, "fe_25_5"), { recursive: true });
  copyFileSync(join(from, "ed25519_ref10.c"), join(folder, "ed25519_ref10.c"));
  const text = readFileSync(join(library, "include/sodium", header), "utf8");
  if (!text.includes(FIELD_TYPE)) throw new NativeBuildError(`${header} is not what it was`);
  writeFileSync(join(folder, header), text.replace(FIELD_TYPE, "typedef uint32_t fe25519[8];"));
  writeFileSync(join(folder, "private/ed25519_ref10_fe_25_5.h"), '#include "field.h"\n');
  writeFileSync(join(folder, "fe_25_5/fe.h"), "");
  for (const name of ["constants.h", "base.h", "base2.h"]) {
    const limbs = readFileSync(join(from, "fe_25_5", name), "utf8");
    writeFileSync(join(folder, "fe_25_5", name), fieldWords(limbs));
  }
  const rows = readFileSync(join(folder, "fe_25_5/base.h"), "utf8");
  writeFileSync(join(folder, "base-rows.h"), baseRows(rows));
}

function link(root: string, folder: string, objects: readonly string[], origin: number): Buffer {
  const elf = join(folder, `blob-${origin.toString(16)}.elf`);
  run(COMPILERS.target.program, [
    ...["-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-static", "-Wl,--gc-sections"],
    ...["-Wl,--build-id=none", `-Wl,--defsym=ORIGIN_OF_BLOB=${origin}`],
    ...["-Wl,-T", join(root, "firmware/native/blob.ld"), ...objects, "-lgcc", "-o", elf],
  ]);
  const image = `${elf}.bin`;
  run("arm-none-eabi-objcopy", ["-O", "binary", "-j", ".text", elf, image]);
  return readFileSync(image);
}

// CRC-32 of the head, which holds the CRC's own code, and of everything before these words.
function checkWords(code: Buffer): Buffer {
  const words = Buffer.alloc(8);
  words.writeUInt32LE(crc32(code.subarray(0, HEAD_BYTES)), 0);
  words.writeUInt32LE(crc32(code), 4);
  return words;
}

// Names of the functions that the linker kept; the compiler's endings for parts of one are cut off.
function linkedFunctions(folder: string): ReadonlySet<string> {
  const listed = run("arm-none-eabi-nm", [join(folder, `blob-${ORIGINS[0].toString(16)}.elf`)]);
  const names = [...listed.matchAll(/^\w+ [tT] (\w+)/gm)].map(([, name]) => String(name));
  return new Set(names);
}

function largestFrameOf(folder: string, linked: ReadonlySet<string>): number {
  let largest = 0;
  let functions = 0;
  for (const name of SOURCES) {
    const text = readFileSync(join(folder, `${name}.su`), "utf8");
    for (const [, owner, bytes, kind] of text.matchAll(/:\d+:\d+:(\w+)\S*\t(\d+)\t(\S+)$/gm)) {
      if (!linked.has(String(owner))) continue;
      functions += 1;
      if (kind !== "static") throw new NativeBuildError(`the frame of ${owner} is not static`);
      largest = Math.max(largest, Number(bytes));
    }
  }
  if (functions === 0) throw new NativeBuildError("no frame was measured");
  return largest;
}

function run(program: string, args: readonly string[]): string {
  const done = spawnSync(program, args, { encoding: "utf8" });
  if (done.error !== undefined) throw new NativeBuildError(`${program}: ${done.error.message}`);
  if (done.status !== 0 || done.stderr !== "") {
    const isHeader = /\.h: No such file/.test(done.stderr);
    const hint = isHeader ? "\nits C headers are Debian's libnewlib-arm-none-eabi: make deps" : "";
    throw new NativeBuildError(`${program} ${args.join(" ")}\n${done.stderr}${hint}`);
  }
  return done.stdout;
}
