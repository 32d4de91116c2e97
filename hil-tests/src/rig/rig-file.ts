// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { type Document, isMap, isNode, LineCounter, type Node, parseDocument } from "yaml";
import { type Kind, ROLES, type RoleName } from "../board-driver/roles.ts";
import { RIG_SCHEMA, type Rig, type RigRole, rigJsonSchema } from "./rig-schema.ts";

/** One thing that is wrong with a rig file. */
export type RigFault = {
  readonly line: number;
  readonly column: number;
  readonly text: string;
};

/** Thrown for a rig file that cannot be used; every fault has its place. */
export class RigFileError extends Error {
  readonly path: string;
  readonly faults: readonly RigFault[];

  constructor(path: string, faults: readonly RigFault[]) {
    super(faults.map(({ line, column, text }) => `${path}:${line}:${column}: ${text}`).join("\n"));
    this.name = "RigFileError";
    this.path = path;
    this.faults = faults;
  }
}

type Path = readonly PropertyKey[];
type JsonSchema = { readonly [name: string]: unknown };

/**
 * Reads a rig file.
 *
 * @throws RigFileError with the place of each fault, and for an unknown key the keys that there are.
 * @throws Error of the file system.
 */
export function readRigFile(path: string): Rig {
  return parseRig(readFileSync(path, "utf8"), path);
}

/** Reads the text of a rig file; `path` stands in errors. */
export function parseRig(text: string, path: string): Rig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number, said: string): RigFault => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), text: said };
  };
  if (document.errors.length > 0) {
    throw new RigFileError(
      path,
      document.errors.map((error) => at(error.pos[0], `no YAML: ${error.message}`)),
    );
  }
  const parsed = RIG_SCHEMA.safeParse(document.toJS());
  const faults = parsed.success
    ? faultsOfUse(parsed.data).map(([where, said]) => at(offsetOf(document, where), said))
    : parsed.error.issues.flatMap((issue) =>
        issue.code === "unrecognized_keys"
          ? issue.keys.map((key) =>
              at(offsetOfKey(document, issue.path, key), unknownKey(key, document, issue.path)),
            )
          : [at(offsetOf(document, issue.path), `${nameOf(issue.path)}: ${issue.message}`)],
      );
  if (!parsed.success || faults.length > 0) throw new RigFileError(path, faults);
  return parsed.data;
}

/** Faults that the form of the file does not show. */
function faultsOfUse(rig: Rig): readonly (readonly [Path, string])[] {
  return ROLES.flatMap((name): (readonly [Path, string])[] => {
    const role = rig.roles[name];
    if (role.kind !== "real" || role.match !== undefined || role.path !== undefined) return [];
    return [
      [["roles", name], `roles.${name}: a real board needs "match" or "path", it is never guessed`],
    ];
  });
}

/**
 * The same rig with other kinds of boards, as `--set role=kind` asks for.
 *
 * @throws RangeError when a role is to be real and the file says nothing of a board.
 */
export function withKinds(rig: Rig, kinds: Readonly<Partial<Record<RoleName, Kind>>>): Rig {
  const roles = { ...rig.roles };
  for (const name of ROLES) {
    const kind = kinds[name];
    if (kind === undefined || kind === roles[name].kind) continue;
    roles[name] = roleOfKind(name, kind);
  }
  return { ...rig, roles };
}

function roleOfKind(name: RoleName, kind: Kind): RigRole {
  if (kind === "sim") return { kind, cannot: [] };
  if (kind === "interpreter") return { kind, board: "linux", cannot: [] };
  throw new RangeError(`the rig file describes no real board for the ${name}`);
}

function nameOf(path: Path): string {
  return path.length === 0 ? "the file" : path.join(".");
}

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range !== undefined && node.range !== null) return node.range[0];
  }
  return 0;
}

function offsetOfKey(document: Document, path: Path, key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  if (isMap(map)) {
    for (const pair of map.items) {
      const name = pair.key as Node & { readonly value?: unknown };
      if (name.value === key && name.range) return name.range[0];
    }
  }
  return offsetOf(document, path);
}

function unknownKey(key: string, document: Document, path: Path): string {
  const allowed = allowedKeys(rigJsonSchema(), document, path);
  const near = allowed.find((name) => isNear(name, key));
  const hint = near === undefined ? "" : ` (did you mean "${near}"?)`;
  return `unknown key "${key}" in ${nameOf(path)}${hint}. Allowed: ${allowed.join(", ")}`;
}

/** Keys of the object at a path, where a union is decided by the constants in the file. */
function allowedKeys(schema: JsonSchema, document: Document, path: Path): readonly string[] {
  let here: JsonSchema | undefined = schema;
  for (let index = 0; index <= path.length; index += 1) {
    here = branchOf(here, document, path.slice(0, index));
    if (index === path.length || here === undefined) break;
    const properties = here["properties"] as Record<string, JsonSchema> | undefined;
    here = properties?.[String(path[index])];
  }
  return Object.keys((here?.["properties"] as object | undefined) ?? {});
}

function branchOf(
  schema: JsonSchema | undefined,
  document: Document,
  path: Path,
): JsonSchema | undefined {
  const branches = (schema?.["oneOf"] ?? schema?.["anyOf"]) as readonly JsonSchema[] | undefined;
  if (branches === undefined) return schema;
  return branches.find((branch) =>
    Object.entries((branch["properties"] ?? {}) as Record<string, JsonSchema>).some(
      ([name, of]) => of["const"] !== undefined && document.getIn([...path, name]) === of["const"],
    ),
  );
}

/** Whether two names differ by one letter, or one is the beginning of the other. */
function isNear(left: string, right: string): boolean {
  const [short, long] = left.length <= right.length ? [left, right] : [right, left];
  if (long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  const rest = short.length === long.length ? at + 1 : at;
  return short.slice(rest) === long.slice(at + 1);
}
