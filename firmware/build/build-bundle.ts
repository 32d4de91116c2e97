// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { checkScript } from "../dialect/gate.ts";
import type { Board } from "../src/boards/board.ts";
import { board as esp32s3 } from "../src/boards/esp32s3.ts";
import { board as linux } from "../src/boards/linux.ts";
import { board as xiao } from "../src/boards/xiao-nrf52840.ts";
import { type LoweredBundle, lowerBundle } from "./lower.ts";

/** The roles that have a bundle. */
export const ROLES = ["key", "lock", "station"] as const;
/** One of the device roles. */
export type Role = (typeof ROLES)[number];

/** Boards that bundles are built for. */
export const BOARDS: readonly Board[] = [linux, xiao, esp32s3];

const FIRMWARE = dirname(dirname(fileURLToPath(import.meta.url)));
const ROOT = dirname(FIRMWARE);

/** A role on a board: what one bundle is for. */
export interface BundleTarget {
  readonly role: Role;
  readonly board: Board;
}

/** Everything known about a bundle before it is written. */
export interface Bundle extends LoweredBundle {
  readonly target: BundleTarget;
  /** File name on the board and in the folder of the bundle. */
  readonly fileName: string;
}

/** The content of `manifest.json`. */
export interface Manifest {
  readonly role: Role;
  readonly board: string;
  readonly version: string;
  /** What the build cannot do on this board. */
  readonly limits: readonly string[];
  readonly files: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

/** Every role on every board that offers it, in a fixed order. */
export function bundleTargets(): readonly BundleTarget[] {
  return BOARDS.flatMap((board) =>
    ROLES.filter((role) => board.flash[role] !== undefined).map((role) => ({ role, board })),
  );
}

/** Builds one bundle in memory; equal sources give equal bytes. */
export async function buildBundle(target: BundleTarget): Promise<Bundle> {
  const { role, board } = target;
  const start = `start${role.charAt(0).toUpperCase()}${role.slice(1)}`;
  const entryText = [
    `import { ${start} } from "./src/main/${role}.ts";`,
    `import { board } from "./src/boards/${board.name}.ts";`,
    `import { createPlatform } from "./src/espruino/platform-${board.platform}.ts";`,
    `${start}(board, createPlatform(board));`,
    "",
  ].join("\n");
  const lowered = await lowerBundle({ entryText, resolveDir: FIRMWARE, root: ROOT });
  return { ...lowered, target, fileName: `${role}.js` };
}

/** The refusals of the gate as text, one line each, with the place in bundle and source. */
export function describeRefusals(bundle: Bundle): { nodes: number; lines: readonly string[] } {
  const report = checkScript(bundle.code);
  const lines = report.violations.map((one) => {
    const place = bundle.trace.find(one.offset);
    const source = place === undefined ? "source unknown" : `${place.file}:${place.line}`;
    return `${bundle.target.role}/${bundle.target.board.name}:1:${one.offset + 1} ${source} ${one.rule}: ${one.text}`;
  });
  return { nodes: report.nodes, lines };
}

/** Describes a bundle for those who load it. */
export function manifestOf(bundle: Bundle, version: string): Manifest {
  const bytes = Buffer.from(bundle.code, "ascii");
  return {
    role: bundle.target.role,
    board: bundle.target.board.name,
    version,
    limits: bundle.target.board.limits,
    files: [
      {
        name: bundle.fileName,
        bytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      },
    ],
  };
}

/** Version of the whole system: that of the repository's package. */
export async function readVersion(): Promise<string> {
  const text = await readFile(join(ROOT, "package.json"), "utf8");
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed === "object" && parsed !== null && "version" in parsed) {
    return String(parsed.version);
  }
  throw new Error("package.json has no version");
}

/**
 * Writes a bundle and its manifest to `<dist>/<role>/<board>/`.
 *
 * @returns the folder.
 */
export async function writeBundle(bundle: Bundle, dist: string, version: string): Promise<string> {
  const folder = join(dist, bundle.target.role, bundle.target.board.name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, bundle.fileName), bundle.code, "ascii");
  const manifest = `${JSON.stringify(manifestOf(bundle, version), null, 2)}\n`;
  await writeFile(join(folder, "manifest.json"), manifest, "ascii");
  return folder;
}

/** Folder of built bundles, not part of the repository. */
export const DIST = join(FIRMWARE, "dist");
