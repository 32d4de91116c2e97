// SPDX-License-Identifier: EUPL-1.2
// What a board's Storage holds, made of the files of a built bundle. Nothing here builds.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/** A slot of an application in Storage. */
export type Slot = "a" | "b";

/** One file: its name in Storage without the slot, which is its name in the folder too. */
export interface BundleFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** A built bundle as it lies in its folder: the loader, the modules, and the text of the manifest. */
export interface BuiltBundle {
  readonly files: readonly BundleFile[];
  readonly manifest: string;
  readonly securityVersion: number;
}

/** Octets of the emulated flash of the interpreter's Linux build, all of it Storage. */
export const LINUX_STORAGE_BYTES = 256 * 1024;

const HEADER_BYTES = 32;
const NAME_BYTES = 28;
const ERASED = 0xff;

/**
 * Reads the folder of a built bundle.
 *
 * @throws where a file is missing or the manifest is none.
 */
export function readBundleFolder(folder: string): BuiltBundle {
  const manifest = readFileSync(join(folder, "manifest.json"), "ascii");
  const parsed: unknown = JSON.parse(manifest);
  if (typeof parsed !== "object" || parsed === null || !("files" in parsed)) {
    throw new Error(`${folder}/manifest.json is no manifest`);
  }
  const rows: readonly unknown[] = Array.isArray(parsed.files) ? parsed.files : [];
  const files = rows.map((row) => {
    if (typeof row !== "object" || row === null || !("name" in row)) {
      throw new Error(`${folder}/manifest.json has a file without a name`);
    }
    const name = String(row.name);
    return { name, content: readFileSync(join(folder, name)) };
  });
  const securityVersion = "securityVersion" in parsed ? Number(parsed.securityVersion) : 0;
  return { files, manifest, securityVersion };
}

/** The file that has a slot booted: its name carries the generation, its content a checksum. */
export function selectorFile(slot: Slot, generation: number, securityVersion: number): BundleFile {
  const covered = `${slot} ${securityVersion} ${generation}`;
  const check = crc32(covered).toString(16).padStart(8, "0");
  return {
    name: `nk.sel.${generation}`,
    content: Buffer.from(`${slot} ${securityVersion} ${check}`, "ascii"),
  };
}

/** The files of an application under their names in a slot, manifest included, loader not. */
export function slotFiles(bundle: BuiltBundle, slot: Slot): readonly BundleFile[] {
  return [
    ...bundle.files
      .filter((file) => file.name !== "boot")
      .map((file) => ({ name: `${slot}.${file.name}`, content: file.content })),
    { name: `${slot}.manifest`, content: Buffer.from(bundle.manifest, "ascii") },
  ];
}

/** Everything that a new board holds: the loader, one application, and the selector that boots it. */
export function boardFiles(bundle: BuiltBundle): readonly BundleFile[] {
  const boot = bundle.files.find((file) => file.name === "boot");
  if (boot === undefined) throw new Error("the bundle has no loader");
  return [
    { name: ".bootcde", content: boot.content },
    ...slotFiles(bundle, "a"),
    selectorFile("a", 1, bundle.securityVersion),
  ];
}

/**
 * Lays files out as the interpreter's Storage does.
 *
 * One after the other, at addresses divisible by 4: 24 bits of size and 8 of flags, 28 octets of
 * name, the content. What is free is erased.
 *
 * @throws for a name or an amount of content that Storage has no room for.
 */
export function storageImage(files: readonly BundleFile[], bytes: number): Uint8Array {
  const image = new Uint8Array(bytes).fill(ERASED);
  let at = 0;
  for (const { name, content } of files) {
    if (name.length > NAME_BYTES || content.length === 0) {
      throw new Error(`Storage takes no file ${name} of ${content.length} octets`);
    }
    const end = at + HEADER_BYTES + content.length;
    if (end > bytes) throw new Error(`Storage of ${bytes} octets is full at ${name}`);
    new DataView(image.buffer).setUint32(at, content.length, true);
    image.fill(0, at + 4, at + HEADER_BYTES);
    image.set(Buffer.from(name, "ascii"), at + 4);
    image.set(content, at + HEADER_BYTES);
    at = (end + 3) & ~3;
  }
  return image;
}
