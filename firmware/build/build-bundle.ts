// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { checkScript } from "../dialect/gate.ts";
import type { Board } from "../src/boards/board.ts";
import { board as esp32s3 } from "../src/boards/esp32s3.ts";
import { board as linux } from "../src/boards/linux.ts";
import { board as linuxArm } from "../src/boards/linux-arm.ts";
import { board as mdbt42q } from "../src/boards/mdbt42q.ts";
import { board as virtual } from "../src/boards/virtual.ts";
import { board as xiao } from "../src/boards/xiao-nrf52840.ts";
import type { Platform, StationPlatform } from "../src/espruino/platform.ts";
import { EARLY_GLOBALS } from "./hot-functions.ts";
import { type LoweredBundle, lowerBundle } from "./lower.ts";
import { LAZY_FUNCTIONS } from "./modules.ts";
import type { BuiltBundle, BundleFile } from "./slot-files.ts";
import type { SourcePlace } from "./source-trace.ts";
import { type ScriptModule, splitScript } from "./split.ts";
import { octetAt, type StoredScript, storePacked, storeText } from "./stored-script.ts";

/** The roles that have a bundle. */
export const ROLES = ["key", "lock", "station"] as const;
/** One of the device roles. */
export type Role = (typeof ROLES)[number];

const FIRMWARE = dirname(dirname(fileURLToPath(import.meta.url)));
const ROOT = dirname(FIRMWARE);

/** Rises with a version that mends a hole: a loader goes back to no older one after it. */
export const SECURITY_VERSION = 1;

// The modules behind `#platform` are checked against what the wiring of the roles expects of them.
type PlatformModules = {
  readonly linux: typeof import("../src/espruino/platform-linux.ts");
  readonly nrf52: typeof import("../src/espruino/platform-nrf52.ts");
  readonly esp32: typeof import("../src/espruino/platform-esp32.ts");
};
type Expected = {
  readonly linux: Platform;
  readonly nrf52: Platform;
  readonly esp32: StationPlatform;
};
/** True where every platform has what the wiring takes; a lack is an error of the types. */
export const PLATFORMS_FIT: PlatformModules extends Expected ? true : never = true;

/** Boards whose processor runs the native blob: they have no curves in JavaScript. */
const NATIVE_BOARDS: readonly string[] = [xiao.name, linuxArm.name, mdbt42q.name];
/** Where `make native` puts the blob; the build of the scripts needs no compiler. */
const NATIVE_BLOB = join(FIRMWARE, "dist/native/cortex-m4/native.bin");

/** Boards that Node stands in for: it reads scripts, not the tokens of the interpreter. */
const NODE_BOARDS: readonly string[] = [virtual.name];

/** Boards that bundles are built for. */
export const BOARDS: readonly Board[] = [linux, linuxArm, xiao, esp32s3, virtual];

/** Boards that are tried and not offered: the build tells what they lack. */
export const TRIAL_BOARDS: readonly Board[] = [mdbt42q];

/** A role on a board: what one bundle is for. */
export interface BundleTarget {
  readonly role: Role;
  readonly board: Board;
}

/** Everything known about a bundle before it is written. */
export interface Bundle extends LoweredBundle {
  readonly target: BundleTarget;
  /** The loader, which becomes `.bootcde`. */
  readonly boot: string;
  /** The entry module first, then those that it loads when it needs them. */
  readonly modules: readonly ScriptModule[];
  /** The loader and the modules as they lie in Storage, in this order. */
  readonly stored: readonly (StoredScript & { readonly name: string })[];
  /** The native blob; undefined for a board without one, and where it was not built. */
  readonly native: Uint8Array | undefined;
}

/** The content of `manifest.json`. */
export interface Manifest {
  readonly role: Role;
  readonly board: string;
  readonly version: string;
  readonly securityVersion: number;
  /** What the build cannot do on this board. */
  readonly limits: readonly string[];
  /** Octets that are evaluated at every power-on, and octets of all files. */
  readonly budgets: { readonly doorPath: number; readonly storage: number };
  readonly files: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

/** Every role on every board that offers it, in a fixed order. */
export function bundleTargets(): readonly BundleTarget[] {
  return targetsOn(BOARDS);
}

/** The roles that are tried on boards that are not offered. */
export function trialTargets(): readonly BundleTarget[] {
  return targetsOn(TRIAL_BOARDS);
}

function targetsOn(boards: readonly Board[]): readonly BundleTarget[] {
  return boards.flatMap((board) =>
    ROLES.filter((role) => board.flash[role] !== undefined).map((role) => ({ role, board })),
  );
}

/** Builds one bundle in memory; equal sources give equal bytes. */
export async function buildBundle(target: BundleTarget): Promise<Bundle> {
  const { role, board } = target;
  const start = `start${role.charAt(0).toUpperCase()}${role.slice(1)}`;
  const entryText = `import { ${start} } from "./src/main/${role}.ts";\n${start}();\n`;
  const lowered = await lowerBundle({
    entryText,
    resolveDir: FIRMWARE,
    root: ROOT,
    conditions: conditionsOf(board),
    shortFields: true,
  });
  const boot = await buildLoader(role);
  const modules = splitScript(lowered.code, role, lazyFunctionsOf(role, lowered));
  const store = NODE_BOARDS.includes(board.name) ? storeText : storePacked;
  return {
    ...lowered,
    target,
    boot,
    modules,
    stored: [{ name: "boot", code: boot }, ...modules].map(({ name, code }) => ({
      name,
      ...store(code),
    })),
    native:
      isNative(board) && existsSync(NATIVE_BLOB)
        ? new Uint8Array(await readFile(NATIVE_BLOB))
        : undefined,
  };
}

/** True for a board that needs the blob in its slot. */
export function isNative(board: Board): boolean {
  return NATIVE_BOARDS.includes(board.name);
}

function conditionsOf(board: Board): readonly string[] {
  return [board.name, board.platform, ...(isNative(board) ? ["native"] : [])];
}

/** The table's names as the script has them; one that a board does not use is left out. */
function lazyFunctionsOf(role: Role, lowered: LoweredBundle): Record<string, readonly string[]> {
  const lazy: Record<string, readonly string[]> = {};
  for (const [module, roots] of Object.entries(LAZY_FUNCTIONS[role] ?? {})) {
    const used = roots.flatMap((root) => lowered.names.get(root) ?? []);
    if (used.length > 0) lazy[module] = used;
  }
  return lazy;
}

/** The loader of a role: the file `boot`, which becomes `.bootcde`. */
export async function buildLoader(role: Role): Promise<string> {
  const lowered = await lowerBundle({
    entryText: `import "./src/espruino/boot.ts";\n`,
    resolveDir: FIRMWARE,
    root: ROOT,
    constants: { nkRole: JSON.stringify(role) },
  });
  // The loader leaves no name but `nk`. The application is evaluated at the top and not in a function,
  // so that its names are global and modules that come later see them.
  return `${EARLY_GLOBALS}(function(){${lowered.code}})();eval(nk.entry());`;
}

/** The refusals of the gate as text, one line each, with the place in bundle and source. */
export function describeRefusals(bundle: Bundle): { nodes: number; lines: readonly string[] } {
  const name = `${bundle.target.role}/${bundle.target.board.name}`;
  const report = checkScript(bundle.code, { names: new Set(), methods: new Set() });
  let nodes = report.nodes;
  const lines = report.violations.map((one) => {
    const place = bundle.trace.find(one.offset);
    const source = place === undefined ? "source unknown" : `${place.file}:${place.line}`;
    return `${name}:1:${one.offset + 1} ${source} ${one.rule}: ${one.text}`;
  });
  // What the cut has written itself is judged as well: stubs, assignments, names of other modules.
  const tops = new Set(bundle.names.values());
  for (const module of bundle.modules) {
    const cut = checkScript(module.code, { names: tops, methods: undefined });
    nodes += cut.nodes;
    const isKnown = (text: string) => report.violations.some((one) => one.text === text);
    for (const one of cut.violations) {
      // What stands in the joined script is told by its source above.
      if (!isKnown(one.text)) lines.push(`${name}/${module.name}: ${one.rule}: ${one.text}`);
    }
  }
  return { nodes, lines };
}

/** The files of a bundle in the order in which they are written, the loader first. */
export function filesOf(bundle: Bundle): readonly BundleFile[] {
  const [boot, ...modules] = bundle.stored.map(({ name, content }) => ({ name, content }));
  return [
    ...(boot === undefined ? [] : [boot]),
    // Early in Storage, because a board walks the chain of its files to this one at every boot.
    ...(bundle.native === undefined ? [] : [{ name: "native", content: bundle.native }]),
    ...modules,
  ];
}

/**
 * The source behind a place in a file, as the interpreter tells it with an error: `a.lock:1:834`.
 *
 * @param line - Counted from 1, as is `column`.
 * @returns undefined for the loader, and where the build made the text up.
 */
export function sourceAt(
  bundle: Bundle,
  name: string,
  line: number,
  column: number,
): SourcePlace | undefined {
  const script = bundle.stored.find((one) => one.name === name);
  const module = bundle.modules.find((one) => one.name === name);
  if (script === undefined || module === undefined) return undefined;
  const offset = script.find(octetAt(script.content, line, column));
  const piece = module.pieces.find(
    ({ at, characters }) => offset >= at && offset < at + characters,
  );
  return piece === undefined ? undefined : bundle.trace.find(piece.from + offset - piece.at);
}

/** Describes a bundle for those who load it. */
export function manifestOf(bundle: Bundle, version: string): Manifest {
  const files = filesOf(bundle);
  return {
    role: bundle.target.role,
    board: bundle.target.board.name,
    version,
    securityVersion: SECURITY_VERSION,
    limits: limitsOf(bundle),
    budgets: {
      doorPath: doorPathBytes(bundle),
      storage: files.reduce((sum, file) => sum + file.content.length, 0),
    },
    files: files.map(({ name, content }) => ({
      name,
      bytes: content.length,
      sha256: createHash("sha256").update(content).digest("hex"),
    })),
  };
}

/** What a bundle cannot do on its board. */
export function limitsOf(bundle: Bundle): readonly string[] {
  const { board, role } = bundle.target;
  // A station makes and checks no signature, so it runs without the blob as well.
  const lacksBlob = isNative(board) && role !== "station" && bundle.native === undefined;
  return [
    ...board.limits,
    ...(lacksBlob
      ? ["The native code is missing, so nothing runs: make native, then build again."]
      : []),
  ];
}

/** Octets that a board evaluates at every power-on: the loader and the entry module. */
export function doorPathBytes(bundle: Bundle): number {
  return bundle.stored.slice(0, 2).reduce((sum, { content }) => sum + content.length, 0);
}

/** The manifest as it is written, in the folder and in the slot. */
export function manifestText(bundle: Bundle, version: string): string {
  return `${JSON.stringify(manifestOf(bundle, version), null, 1)}\n`;
}

/** A bundle as its folder will hold it. */
export function builtBundle(bundle: Bundle, version: string): BuiltBundle {
  return {
    files: filesOf(bundle),
    manifest: manifestText(bundle, version),
    securityVersion: SECURITY_VERSION,
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
 * Writes a bundle and its manifest to `<dist>/<role>/<board>/`, in place of what was there.
 *
 * @returns the folder.
 */
export async function writeBundle(bundle: Bundle, dist: string, version: string): Promise<string> {
  const folder = join(dist, bundle.target.role, bundle.target.board.name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const { name, content } of filesOf(bundle)) {
    await writeFile(join(folder, name), content);
  }
  await writeFile(join(folder, "manifest.json"), manifestText(bundle, version), "ascii");
  return folder;
}

/** Folder of built bundles, not part of the repository. */
export const DIST = join(FIRMWARE, "dist");
