// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUILD_DAMAGED } from "@nyckelring/protocol";

import { BoardFault } from "./board-fault.ts";

/** The immutable loader; on the board its name is `.bootcde`. */
export const BOOT_MODULE = "boot";
/** Longest name of a module: a slot and a dot go before it, and Storage keeps 28 octets. */
const NAME_LENGTH_MAX = 24;
const ROLES = ["key", "lock", "station"] as const;

/** One file of a build. */
export interface BuildFile {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
  readonly content: Uint8Array;
}

/** What `make firmware` has written into a folder, checked against its own manifest. */
export interface BoardBuild {
  readonly role: (typeof ROLES)[number];
  /** Name of the board, as in the manifest. */
  readonly board: string;
  readonly version: string;
  readonly securityVersion: number;
  /** The modules of the application, the loader apart. */
  readonly modules: readonly BuildFile[];
  readonly boot: BuildFile;
  /** The manifest as a file of a slot. */
  readonly manifest: BuildFile;
}

/**
 * Reads a build and compares each file with the manifest.
 *
 * @throws BoardFault `BUILD_DAMAGED` with the first file that is missing or another.
 */
export function readBoardBuild(folder: string): BoardBuild {
  const refuse = (why: string): BoardFault =>
    new BoardFault({
      code: BUILD_DAMAGED,
      message: `${folder}: ${why}`,
      state: "nothing was sent",
      details: { folder },
    });
  const read = (name: string): Buffer => {
    try {
      return readFileSync(join(folder, name));
    } catch {
      throw refuse(`${name} cannot be read`);
    }
  };
  const text = read("manifest.json").toString("utf8");
  const manifest = parseManifest(text);
  if (manifest === undefined) {
    throw refuse("manifest.json is no manifest");
  }
  const files = manifest.files.map(({ name, bytes, sha256 }) => {
    const content = read(name);
    const found = createHash("sha256").update(content).digest("hex");
    if (content.length !== bytes || found !== sha256) {
      throw refuse(`${name} is not the file that the manifest names`);
    }
    return { name, bytes, sha256, content };
  });
  const boot = files.find(({ name }) => name === BOOT_MODULE);
  if (boot === undefined || !files.some(({ name }) => name === manifest.role)) {
    throw refuse(`it lacks ${boot === undefined ? BOOT_MODULE : manifest.role}`);
  }
  const octets = Buffer.from(text, "utf8");
  return {
    role: manifest.role,
    board: manifest.board,
    version: manifest.version,
    securityVersion: manifest.securityVersion,
    modules: files.filter((file) => file !== boot),
    boot,
    manifest: {
      name: "manifest",
      bytes: octets.length,
      sha256: createHash("sha256").update(octets).digest("hex"),
      content: octets,
    },
  };
}

/** The fields of a manifest that flashing needs; others are allowed and ignored. */
export interface ParsedManifest {
  readonly role: (typeof ROLES)[number];
  readonly board: string;
  readonly version: string;
  readonly securityVersion: number;
  readonly files: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

/** A manifest from its text, or undefined where it is none. */
export function parseManifest(text: string): ParsedManifest | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) {
    return undefined;
  }
  const fields = parsed as Record<string, unknown>;
  const role = ROLES.find((one) => one === fields["role"]);
  const { board, version, securityVersion, files } = fields;
  if (
    role === undefined ||
    typeof board !== "string" ||
    typeof version !== "string" ||
    !Number.isSafeInteger(securityVersion) ||
    !Array.isArray(files) ||
    !files.every(isFileEntry)
  ) {
    return undefined;
  }
  return { role, board, version, securityVersion: Number(securityVersion), files };
}

function isFileEntry(entry: unknown): entry is ParsedManifest["files"][number] {
  if (typeof entry !== "object" || entry === null) {
    return false;
  }
  const { name, bytes, sha256 } = entry as Record<string, unknown>;
  return (
    typeof name === "string" &&
    /^[\x21-\x2e\x30-\x7e]+$/.test(name) &&
    name.length <= NAME_LENGTH_MAX &&
    typeof bytes === "number" &&
    bytes > 0 &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256)
  );
}
