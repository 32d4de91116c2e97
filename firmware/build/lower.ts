// SPDX-License-Identifier: EUPL-1.2
import { build as esbuild } from "esbuild";
import { minify } from "terser";
import ts from "typescript";

import {
  ALLOWED_MEMBERS,
  DEVICE_GLOBALS,
  LANGUAGE_GLOBALS,
  REFUSED_ITERATORS,
  REFUSED_METHODS,
} from "../dialect/allow-list.ts";
import { cheaperScript } from "./cheaper-script.ts";
import { declareEarly } from "./declare-early.ts";
import { HOT_FUNCTIONS } from "./hot-functions.ts";
import { markFunctions } from "./mark-functions.ts";
import { createSourceTrace, type SourceTrace } from "./source-trace.ts";

/** One bundle in the interpreter's dialect, with the way back to its sources. */
export interface LoweredBundle {
  /** Script text: ASCII, ES5, every function and variable declared before its use. */
  readonly code: string;
  /** Leads from a place in `code` to a file and line of the sources. */
  readonly trace: SourceTrace;
  /** Source files that are part of the bundle, relative to the repository root, sorted. */
  readonly inputs: readonly string[];
  /** Names at the top of `code` by the names that the sources give them. */
  readonly names: ReadonlyMap<string, string>;
  /** Names of fields in `code` by those of the sources; empty where fields keep their names. */
  readonly fields: ReadonlyMap<string, string>;
}

/** What is bundled: an entry text and the folder that its imports are resolved in. */
export interface LoweringRequest {
  readonly entryText: string;
  readonly resolveDir: string;
  /** Repository root; names of inputs are relative to it, so that no machine path is kept. */
  readonly root: string;
  /** Conditions of `imports` in package.json: which board and platform stand behind `#board`. */
  readonly conditions?: readonly string[];
  /** True where fields are renamed: every script that shares objects must then be part of this one. */
  readonly shortFields?: boolean;
  /** Names that the build replaces by an expression. */
  readonly constants?: Readonly<Record<string, string>>;
  /** Functions that tell a counter when they begin and end; see {@link markFunctions}. */
  readonly marked?: readonly string[];
}

/**
 * Turns modern TypeScript into the script that an Espruino board evaluates.
 *
 * Four stages, because no single tool knows the dialect: esbuild joins the modules, TypeScript
 * lowers to ES5, terser puts functions first and shortens, and {@link declareEarly} repairs the
 * declarations that the interpreter would not find (it hoists nothing).
 *
 * @throws when a stage refuses its input; a build tool has nobody to hand a fault to.
 */
export async function lowerBundle(request: LoweringRequest): Promise<LoweredBundle> {
  const joined = await joinModules(request);
  const es5 = lowerToEs5(joined.code, request.marked ?? []);
  const short = await shorten(es5.code, request.shortFields === true);
  const declared = declareEarly(short.code);
  return {
    code: declared.code,
    trace: createSourceTrace(declared.insertions, [short.map, es5.map, joined.map]),
    inputs: joined.inputs,
    names: short.names,
    fields: short.fields,
  };
}

async function joinModules(
  request: LoweringRequest,
): Promise<{ code: string; map: string; inputs: readonly string[] }> {
  const result = await esbuild({
    stdin: {
      contents: request.entryText,
      resolveDir: request.resolveDir,
      sourcefile: "entry.ts",
      loader: "ts",
    },
    absWorkingDir: request.root,
    bundle: true,
    write: false,
    outfile: "bundle.js",
    // Only this form leaves `require` of a module that is inside the interpreter as it is.
    format: "cjs",
    define: { ...request.constants },
    external: ["Flash", "Storage", "crypto", "net", "Wifi"],
    platform: "neutral",
    conditions: [...(request.conditions ?? [])],
    target: "esnext",
    treeShaking: true,
    minifySyntax: true,
    charset: "ascii",
    legalComments: "none",
    sourcemap: "external",
    metafile: true,
    // The one helper of ours: object spread lowers to it. Terser drops it where it is not used.
    banner: { js: "var __assign = Object.assign;" },
    logLevel: "silent",
    // The bundle is judged, not the checker's options: those of a workspace would change output.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  });
  const code = result.outputFiles.find((file) => file.path.endsWith(".js"))?.text;
  const map = result.outputFiles.find((file) => file.path.endsWith(".map"))?.text;
  if (code === undefined || map === undefined) {
    throw new Error("esbuild wrote no bundle");
  }
  const inputs = Object.keys(result.metafile.inputs)
    .filter((name) => !name.endsWith("entry.ts"))
    .sort();
  return { code, map, inputs };
}

function lowerToEs5(code: string, marked: readonly string[]): { code: string; map: string } {
  const result = ts.transpileModule(code, {
    fileName: "bundle.js",
    reportDiagnostics: true,
    compilerOptions: {
      allowJs: true,
      target: ts.ScriptTarget.ES5,
      module: ts.ModuleKind.ESNext,
      ignoreDeprecations: "6.0",
      // TypeScript's helpers read variables that were never declared by an executed statement.
      // Without them a lost construct ends as an unknown global, which the gate refuses by name.
      noEmitHelpers: true,
      removeComments: true,
      sourceMap: true,
      strict: false,
      newLine: ts.NewLineKind.LineFeed,
    },
    transformers: { before: [markFunctions(marked), ...cheaperScript(HOT_FUNCTIONS)] },
  });
  const serious = (result.diagnostics ?? []).filter(
    (one) => one.category === ts.DiagnosticCategory.Error,
  );
  if (serious.length > 0) {
    const text = serious.map((one) => ts.flattenDiagnosticMessageText(one.messageText, "\n"));
    throw new Error(`lowering to ES5 failed: ${text.join("; ")}`);
  }
  return { code: result.outputText, map: result.sourceMapText ?? "{}" };
}

/**
 * Calls that do nothing but return a value: the shapes of `protocol/src/cbor/shape.ts`, and constants. One
 * whose value no code of a role uses would be made at every power-on.
 */
const PURE_CALLS: readonly string[] = [
  ...["uint", "uintFrom", "bytesOf", "bytesUpTo", "exactly", "orNull", "listOf", "tuple", "mapOf"],
  "Uint8Array",
];

// Pins are names there, and so are single letters of a few built-in objects: a variable of ours at
// the top of a script would hide them from the console and from the interpreter's own modules.
const PIN_PORTS = "ABCDEFGHV";
const PINS_MAX = 48;

function reservedNames(): string[] {
  const names = [...LANGUAGE_GLOBALS, ...DEVICE_GLOBALS];
  for (const port of PIN_PORTS) {
    for (let pin = 0; pin < PINS_MAX; pin += 1) {
      names.push(`${port}${pin}`);
    }
  }
  return names;
}

async function shorten(
  code: string,
  shortFields: boolean,
): Promise<{
  code: string;
  map: string;
  names: ReadonlyMap<string, string>;
  fields: ReadonlyMap<string, string>;
}> {
  type Names = { readonly props?: Readonly<Record<string, string>> };
  const nameCache: { vars?: Names; props?: Names } = {};
  const result = await minify(
    { "bundle.js": code },
    {
      ecma: 5,
      toplevel: true,
      // The bundle is one strict script; the directive itself would only cost bytes.
      module: true,
      nameCache,
      compress: {
        ecma: 5,
        toplevel: true,
        passes: 3,
        hoist_funs: true,
        // Each variable at the top stays a statement of its own, which goes to one module.
        join_vars: false,
        // Getters do not occur, so reading a field has no effect of its own.
        pure_getters: true,
        pure_funcs: [...PURE_CALLS],
        unsafe_arrows: false,
        arrows: false,
        keep_fargs: true,
        // A function moved to its only caller would be made anew at every call of that caller.
        reduce_funcs: false,
        // A function that is called once and inlined into a loop would share one binding there.
        inline: 1,
        booleans_as_integers: false,
        typeofs: false,
        drop_debugger: false,
      },
      mangle: {
        toplevel: true,
        eval: false,
        reserved: reservedNames(),
        // What the interpreter has keeps its name; every other field is ours alone.
        properties: shortFields
          ? {
              reserved: [...ALLOWED_MEMBERS, ...REFUSED_METHODS, ...REFUSED_ITERATORS],
              builtins: true,
              keep_quoted: "strict",
            }
          : false,
      },
      format: { ecma: 5, ascii_only: true, comments: false, semicolons: true },
      sourceMap: { asObject: false, includeSources: false },
    },
  );
  if (typeof result.code !== "string" || typeof result.map !== "string") {
    throw new Error("terser wrote no bundle");
  }
  return {
    code: result.code,
    map: result.map,
    names: namesIn(nameCache.vars),
    fields: namesIn(nameCache.props),
  };
}

// Terser puts a `$` in front of every name, so that none is a name of its own object.
function namesIn(cache: { readonly props?: Readonly<Record<string, string>> } | undefined) {
  const names = new Map<string, string>();
  for (const [name, short] of Object.entries(cache?.props ?? {})) {
    names.set(name.slice(1), short);
  }
  return names;
}
