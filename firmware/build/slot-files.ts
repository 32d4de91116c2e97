// SPDX-License-Identifier: EUPL-1.2
import { crc32 } from "node:zlib";

import {
  type Bundle,
  type BundleFile,
  filesOf,
  manifestText,
  SECURITY_VERSION,
} from "./build-bundle.ts";

/** A slot of an application in Storage. */
export type Slot = "a" | "b";

/** The file that has a slot booted: its name carries the generation, its content a checksum. */
export function selectorFile(
  slot: Slot,
  generation: number,
  securityVersion = SECURITY_VERSION,
): BundleFile {
  const covered = `${slot} ${securityVersion} ${generation}`;
  const check = crc32(covered).toString(16).padStart(8, "0");
  return {
    name: `nk.sel.${generation}`,
    content: Buffer.from(`${slot} ${securityVersion} ${check}`, "ascii"),
  };
}

/** The files of an application under their names in a slot, manifest included, loader not. */
export function slotFiles(bundle: Bundle, version: string, slot: Slot): readonly BundleFile[] {
  return [
    ...filesOf(bundle)
      .filter((file) => file.name !== "boot")
      .map((file) => ({ name: `${slot}.${file.name}`, content: file.content })),
    { name: `${slot}.manifest`, content: Buffer.from(manifestText(bundle, version), "ascii") },
  ];
}

/** Everything that a new board holds: the loader, one application, and the selector that boots it. */
export function boardFiles(bundle: Bundle, version: string): readonly BundleFile[] {
  return [
    { name: ".bootcde", content: Buffer.from(bundle.boot, "ascii") },
    ...slotFiles(bundle, version, "a"),
    selectorFile("a", 1),
  ];
}
