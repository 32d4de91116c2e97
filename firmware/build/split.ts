// SPDX-License-Identifier: EUPL-1.2
import { analyseDeclarationOrder } from "../dialect/declaration-order.ts";
import { childOf, childrenOf, nameOf, parseScript, type SyntaxNode } from "../dialect/syntax.ts";

/** One file of a program that is loaded in parts. */
export interface ScriptModule {
  /** Name without the prefix of a slot; the entry module is named as the role. */
  readonly name: string;
  readonly code: string;
  /** Where its parts stand in the joined script, in the order of `code`. */
  readonly pieces: readonly {
    readonly at: number;
    readonly from: number;
    readonly characters: number;
  }[];
}

/** Which functions are not part of the entry module, by the module that brings them. */
export type LazyFunctions = Readonly<Record<string, readonly string[]>>;

/** A declaration or statement at the top of the joined script. */
interface Unit {
  /** Undefined for a statement that declares nothing. */
  readonly name: string | undefined;
  readonly kind: "function" | "variable" | "statement";
  readonly start: number;
  readonly end: number;
  readonly parameters: number;
  /** Names at the top that it mentions. */
  readonly mentions: ReadonlySet<string>;
}

const PARAMETER_NAMES = "abcdefghijkl";

/**
 * Cuts a script into an entry module and modules that are loaded when they are first needed.
 *
 * Every name at the top stays global. The entry module is evaluated at the top; in it each function
 * of `lazy` is a stub that has its module loaded and calls itself again: loading has put the real
 * function in the stub's place. What only lazy functions mention moves with them; what several
 * modules mention and the entry does not goes to `shared`, which those modules load first.
 *
 * @param code - Joined script, every declaration a statement of its own.
 * @param entry - Name of the entry module.
 * @param lazy - By module, the functions that lead there, as `code` calls them.
 * @throws where a lazy function is no function at the top, or a statement needs what is not loaded.
 */
export function splitScript(
  code: string,
  entry: string,
  lazy: LazyFunctions,
): readonly ScriptModule[] {
  const units = readUnits(code);
  const byName = new Map<string, Unit>();
  for (const unit of units) {
    if (unit.name !== undefined) byName.set(unit.name, unit);
  }
  const moduleOfRoot = new Map<string, string>();
  for (const [module, roots] of Object.entries(lazy)) {
    for (const root of roots) {
      if (byName.get(root)?.kind !== "function") {
        throw new Error(`${entry}: ${root} of module ${module} is no function at the top`);
      }
      moduleOfRoot.set(root, module);
    }
  }
  const entryUnits = reach(
    units.filter((unit) => unit.kind === "statement"),
    byName,
    moduleOfRoot,
  );
  const wanted = new Map<Unit, Set<string>>();
  for (const [module, roots] of Object.entries(lazy)) {
    const start = roots.map((root) => byName.get(root) as Unit);
    for (const unit of reach(start, byName, moduleOfRoot)) {
      if (!entryUnits.has(unit)) {
        wanted.set(unit, (wanted.get(unit) ?? new Set()).add(module));
      }
    }
  }
  const homes = new Map<Unit, string>();
  for (const unit of units) {
    const modules = wanted.get(unit);
    if (entryUnits.has(unit)) homes.set(unit, entry);
    else if (modules !== undefined) {
      homes.set(unit, modules.size === 1 ? ([...modules][0] as string) : "shared");
    }
  }
  const modules = [entry, "shared", ...Object.keys(lazy)].filter((name) =>
    [...homes.values()].includes(name),
  );
  return modules.map((module) => {
    const own = units.filter((unit) => homes.get(unit) === module);
    if (module === entry) {
      return writeEntry(code, module, own, [...moduleOfRoot], byName);
    }
    const needsShared =
      module !== "shared" &&
      own.some((unit) => mentionsOf(unit, byName).some((one) => homes.get(one) === "shared"));
    return writeLazy(code, module, own, needsShared);
  });
}

function readUnits(code: string): readonly Unit[] {
  const program = parseScript(code);
  const tops = childrenOf(program, "body");
  const names = new Set<string>();
  const found: { node: SyntaxNode; name: string | undefined; kind: Unit["kind"] }[] = [];
  for (const node of tops) {
    if (node.type === "FunctionDeclaration") {
      found.push({ node, name: nameOf(childOf(node, "id")), kind: "function" });
    } else if (node.type === "VariableDeclaration") {
      for (const one of childrenOf(node, "declarations")) {
        found.push({ node: one, name: nameOf(childOf(one, "id")), kind: "variable" });
      }
    } else if (node.type !== "EmptyStatement") {
      found.push({ node, name: undefined, kind: "statement" });
    }
  }
  for (const one of found) {
    if (one.name !== undefined) names.add(one.name);
  }
  return found.map(({ node, name, kind }) => {
    const text = code.slice(node.start, node.end);
    const free = analyseDeclarationOrder(parseScript(kind === "variable" ? `(${text})` : text));
    const mentions = [...free.globals.keys()].filter((one) => names.has(one) && one !== name);
    return {
      name,
      kind,
      start: node.start,
      end: node.end,
      parameters: childrenOf(node, "params").length,
      mentions: new Set(mentions),
    };
  });
}

function mentionsOf(unit: Unit, byName: ReadonlyMap<string, Unit>): readonly Unit[] {
  return [...unit.mentions].map((name) => byName.get(name) as Unit);
}

/** Everything that the units mention, themselves included, up to the functions that are stubs. */
function reach(
  start: readonly Unit[],
  byName: ReadonlyMap<string, Unit>,
  stubs: ReadonlyMap<string, string>,
): ReadonlySet<Unit> {
  const reached = new Set<Unit>(start);
  for (const unit of reached) {
    for (const next of mentionsOf(unit, byName)) {
      if (!stubs.has(next.name ?? "")) reached.add(next);
    }
  }
  return reached;
}

function writeEntry(
  code: string,
  name: string,
  units: readonly Unit[],
  stubs: readonly (readonly [string, string])[],
  byName: ReadonlyMap<string, Unit>,
): ScriptModule {
  let text = "";
  for (const [root, module] of stubs) {
    const parameters = [...PARAMETER_NAMES.slice(0, byName.get(root)?.parameters ?? 0)]
      // The name of the function itself must stay visible inside.
      .map((one) => (one === root ? "z" : one))
      .join(",");
    text += `function ${root}(${parameters}){nk.use("${module}");return ${root}(${parameters})}`;
  }
  return writePieces(code, name, text, units, (unit) => (unit.kind === "variable" ? "var " : ""));
}

/** A module is evaluated in a scope of its own: what it assigns without `var` becomes global. */
function writeLazy(
  code: string,
  name: string,
  units: readonly Unit[],
  needsShared: boolean,
): ScriptModule {
  const text = needsShared ? 'nk.use("shared");' : "";
  const functions = units.filter((unit) => unit.kind === "function");
  const others = units.filter((unit) => unit.kind !== "function");
  return writePieces(code, name, text, [...functions, ...others], (unit) =>
    unit.kind === "function" ? `${unit.name}=` : "",
  );
}

function writePieces(
  code: string,
  name: string,
  head: string,
  units: readonly Unit[],
  prefixOf: (unit: Unit) => string,
): ScriptModule {
  let text = head;
  const pieces: { at: number; from: number; characters: number }[] = [];
  for (const unit of units) {
    const source = code.slice(unit.start, unit.end);
    const prefix = prefixOf(unit);
    // The name of a function stands before it; inside it would only cost octets.
    const body = prefix.endsWith("=")
      ? source.replace(`function ${unit.name}(`, "function(")
      : source;
    text += prefix;
    pieces.push({
      at: text.length,
      from: unit.start + source.length - body.length,
      characters: body.length,
    });
    text += body;
    // Without `var` a bare name would read it and not declare it.
    if (unit.kind === "variable" && prefix === "" && body === unit.name) text += "=void 0";
    if ((unit.kind !== "function" || prefix.endsWith("=")) && !body.endsWith(";")) text += ";";
  }
  return { name, code: text, pieces };
}
