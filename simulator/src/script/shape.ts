// SPDX-License-Identifier: EUPL-1.2

// Shapes of a YAML file: one description that checks a file, tells people what is allowed, and gives
// a JSON Schema for editors.

import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";

/** Where something stands in a file, both from 1. */
export type Place = { readonly line: number; readonly column: number };

/** Something in a file that is not as it must be. */
export type Problem = Place & {
  /** What is wrong and what is allowed, in one sentence. */
  readonly text: string;
};

/** A word that the file chooses, such as a name. */
type TextShape = { readonly kind: "text"; readonly pattern?: RegExp; readonly what: string };
type ChoiceShape<V extends string> = { readonly kind: "choice"; readonly values: readonly V[] };
type NumberShape = {
  readonly kind: "number";
  readonly min: number;
  readonly max: number;
  readonly unit: string;
};
/** A time of day by the wall clock, as microseconds since midnight. */
type TimeShape = { readonly kind: "time" };
/** A span of time such as `800 ms`, as microseconds. */
type SpanShape = { readonly kind: "span" };
type FlagShape = { readonly kind: "flag" };
/** The name of something that the file defines in another place. */
type NameShape = { readonly kind: "name"; readonly of: string };
type ListShape<S> = { readonly kind: "list"; readonly of: S };
type TableShape<S> = {
  readonly kind: "table";
  readonly of: S;
  /** Where its keys name what the file defines in another place. */
  readonly keys: string | undefined;
};
type EitherShape<A, B> = { readonly kind: "either"; readonly first: A; readonly second: B };
/** A shape that contains itself. */
type LazyShape = { readonly kind: "lazy"; readonly of: () => Shape };
type ObjectShape<F> = {
  readonly kind: "object";
  readonly fields: F;
  /** Of these fields exactly one must be there. */
  readonly oneOf?: readonly string[];
};

/** A field of an object, with the sentence that the documents show. */
export type Field<S = Shape> = {
  readonly shape: S;
  readonly text: string;
  readonly required?: true;
};

/** The shape of one value of a file. */
export type Shape =
  | TextShape
  | ChoiceShape<string>
  | NumberShape
  | TimeShape
  | SpanShape
  | FlagShape
  | NameShape
  | LazyShape
  | { readonly kind: "list"; readonly of: Shape }
  | { readonly kind: "table"; readonly of: Shape; readonly keys: string | undefined }
  | { readonly kind: "either"; readonly first: Shape; readonly second: Shape }
  | {
      readonly kind: "object";
      readonly fields: Readonly<Record<string, Field>>;
      readonly oneOf?: readonly string[];
    };

type Required<F> = {
  [K in keyof F]: F[K] extends { readonly required: true } ? K : never;
}[keyof F];
type ObjectValue<F> = {
  readonly [K in Required<F>]: F[K] extends Field<infer S> ? ValueOf<S> : never;
} & {
  readonly [K in Exclude<keyof F, Required<F>>]?: F[K] extends Field<infer S> ? ValueOf<S> : never;
} & { readonly place: Place };

/** What a checked value of a shape is. */
export type ValueOf<S> = S extends { readonly kind: "text" | "name" }
  ? string
  : S extends ChoiceShape<infer V>
    ? V
    : S extends { readonly kind: "number" | "time" | "span" }
      ? number
      : S extends FlagShape
        ? boolean
        : S extends ListShape<infer I>
          ? readonly ValueOf<I>[]
          : S extends TableShape<infer I>
            ? ReadonlyMap<string, ValueOf<I>>
            : S extends EitherShape<infer A, infer B>
              ? ValueOf<A> | ValueOf<B>
              : S extends ObjectShape<infer F>
                ? ObjectValue<F>
                : unknown;

/** Makes shapes; the sentences are for people who write files. */
export const shape = {
  text: (what: string, pattern?: RegExp): TextShape =>
    pattern === undefined ? { kind: "text", what } : { kind: "text", what, pattern },
  choice: <const V extends string>(...values: readonly V[]): ChoiceShape<V> => ({
    kind: "choice",
    values,
  }),
  number: (min: number, max: number, unit = ""): NumberShape => ({
    kind: "number",
    min,
    max,
    unit,
  }),
  time: (): TimeShape => ({ kind: "time" }),
  span: (): SpanShape => ({ kind: "span" }),
  flag: (): FlagShape => ({ kind: "flag" }),
  name: (of: string): NameShape => ({ kind: "name", of }),
  list: <const S extends Shape>(of: S): ListShape<S> => ({ kind: "list", of }),
  table: <const S extends Shape>(of: S, keys?: string): TableShape<S> => ({
    kind: "table",
    of,
    keys,
  }),
  either: <const A extends Shape, const B extends Shape>(
    first: A,
    second: B,
  ): EitherShape<A, B> => ({
    kind: "either",
    first,
    second,
  }),
  lazy: (of: () => Shape): LazyShape => ({ kind: "lazy", of }),
  object: <const F extends Readonly<Record<string, Field>>>(
    fields: F,
    oneOf?: readonly string[],
  ): ObjectShape<F> =>
    oneOf === undefined ? { kind: "object", fields } : { kind: "object", fields, oneOf },
};

/** A file as it was read, or what is wrong with it. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const SPAN_UNITS = { us: 1, ms: 1000, s: 1_000_000, min: 60_000_000, h: 3_600_000_000 } as const;
const SPAN = /^(\d+(?:\.\d+)?) ?(us|ms|s|min|h)$/;
const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;
const HOURS_MAX = 71;
const NAME_TEXT = /^[a-z][a-z0-9-]{0,9}$/;

/**
 * Reads a YAML 1.2 file by a shape. Every key that the shape does not have is a problem, and so is
 * every name that nothing in the file defines.
 *
 * @param names - For each kind of name, the places of the tables that define it.
 * @param usual - Names that a table has where the file lacks it, by place.
 */
export function readByShape(
  text: string,
  wanted: Shape,
  names: Readonly<Record<string, string>>,
  usual: Readonly<Record<string, readonly string[]>>,
): Reading<unknown> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const problems: Problem[] = [];
  const used: (Place & { readonly name: string; readonly of: string })[] = [];
  const defined = new Map<string, string[]>();

  function placeOf(node: unknown): Place {
    const offset = (node as { range?: readonly number[] } | null)?.range?.[0] ?? 0;
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  }

  function complain(node: unknown, problem: string): undefined {
    problems.push({ ...placeOf(node), text: problem });
    return undefined;
  }

  function scalar(node: unknown): unknown {
    return isScalar(node) ? node.value : undefined;
  }

  function read(node: unknown, by: Shape, path: string): unknown {
    switch (by.kind) {
      case "lazy":
        return read(node, by.of(), path);
      case "object":
        return readObject(node, by, path);
      case "table":
        return readTable(node, by, path);
      case "list": {
        if (!isSeq(node)) return complain(node, `${path} must be a list`);
        return node.items.map((item, index) => read(item, by.of, `${path}[${index + 1}]`));
      }
      case "either": {
        const before = problems.length;
        const first = read(node, by.first, path);
        if (problems.length === before) return first;
        problems.length = before;
        const second = read(node, by.second, path);
        if (problems.length === before) return second;
        problems.length = before;
        return complain(node, `${path} must be ${tellShape(by)}`);
      }
      default:
        return readScalar(node, by, path);
    }
  }

  function readScalar(node: unknown, by: Shape, path: string): unknown {
    const value = scalar(node);
    const wrong = () =>
      complain(node, `${path} is ${tellValue(node, value)}, but must be ${tellShape(by)}`);
    switch (by.kind) {
      case "number": {
        const isGood = typeof value === "number" && value >= by.min && value <= by.max;
        return isGood ? value : wrong();
      }
      case "flag":
        if (typeof value === "boolean") return value;
        return value === "yes" || value === "no" ? value === "yes" : wrong();
      case "choice": {
        if (typeof value === "string" && by.values.includes(value)) return value;
        const near = typeof value === "string" ? nearest(value, by.values) : undefined;
        if (near === undefined) return wrong();
        return complain(node, `${path} is "${value}"; did you mean "${near}"?`);
      }
      case "span": {
        const parts = typeof value === "string" ? SPAN.exec(value) : null;
        if (parts === null) return wrong();
        return Math.round(Number(parts[1]) * SPAN_UNITS[parts[2] as keyof typeof SPAN_UNITS]);
      }
      case "time": {
        const parts = typeof value === "string" ? TIME.exec(value) : null;
        const [, hours = "99", minutes = "99", seconds = "0"] = parts ?? [];
        if (Number(hours) > HOURS_MAX || Number(minutes) > 59 || Number(seconds) > 59) {
          return wrong();
        }
        return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000_000;
      }
      case "name":
        if (typeof value !== "string") return wrong();
        used.push({ ...placeOf(node), name: value, of: by.of });
        return value;
      case "text":
        if (typeof value !== "string" || by.pattern?.test(value) === false) return wrong();
        return value;
      default:
        return wrong();
    }
  }

  function readObject(
    node: unknown,
    by: Extract<Shape, { kind: "object" }>,
    path: string,
  ): unknown {
    const isEmpty = isScalar(node) && node.value === null;
    if (!isMap(node) && !isEmpty) {
      return complain(
        node,
        `${path} is ${tellValue(node, scalar(node))}, but must be ${tellShape(by)}`,
      );
    }
    const value: Record<string, unknown> = { place: placeOf(node) };
    const known = Object.keys(by.fields);
    for (const pair of isMap(node) ? node.items : []) {
      const key = String(scalar(pair.key));
      const field = by.fields[key];
      if (field === undefined) {
        complain(pair.key, unknownKey(path, key, known));
      } else {
        value[key] = read(pair.value, field.shape, path === "" ? key : `${path}.${key}`);
      }
    }
    for (const [key, field] of Object.entries(by.fields)) {
      if (field.required !== true || Object.hasOwn(value, key)) continue;
      complain(node, `${path === "" ? "the file" : path} lacks ${key}: ${field.text}`);
    }
    const { oneOf } = by;
    if (oneOf === undefined) return value;
    const present = oneOf.filter((key) => Object.hasOwn(value, key));
    if (present.length !== 1) {
      const has = present.length === 0 ? "none" : present.join(" and ");
      complain(node, `${path} has ${has} of these, and needs exactly one: ${oneOf.join(", ")}`);
    }
    return value;
  }

  function readTable(node: unknown, by: Extract<Shape, { kind: "table" }>, path: string): unknown {
    if (!isMap(node)) return complain(node, `${path} must be a table of names`);
    const table = new Map<string, unknown>();
    for (const pair of node.items) {
      const key = String(scalar(pair.key));
      if (by.keys !== undefined) {
        used.push({ ...placeOf(pair.key), name: key, of: by.keys });
      } else if (!NAME_TEXT.test(key)) {
        complain(pair.key, `the name "${key}" must be 1 to 10 of a-z, 0-9 and -, a letter first`);
      }
      table.set(key, read(pair.value, by.of, `${path}.${key}`));
    }
    if (by.keys === undefined) defined.set(path, [...table.keys()]);
    return table;
  }

  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    problems.push({ line, column: col, text: error.message.split("\n")[0] ?? error.message });
  }
  if (problems.length > 0) return { ok: false, problems };
  const contents: Node | null = document.contents;
  if (contents === null) {
    return { ok: false, problems: [{ line: 1, column: 1, text: "the file is empty" }] };
  }
  const value = read(contents, wanted, "");
  for (const { name, of, line, column } of used) {
    const known = (names[of] ?? "")
      .split(" ")
      .flatMap((path) => defined.get(path) ?? usual[path] ?? []);
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const hint = near === undefined ? `known: ${known.join(", ")}` : `did you mean "${near}"?`;
    problems.push({ line, column, text: `there is no ${of} "${name}"; ${hint}` });
  }
  problems.sort((left, right) => left.line - right.line || left.column - right.column);
  return problems.length === 0 ? { ok: true, value } : { ok: false, problems };
}

function unknownKey(path: string, key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  const where = path === "" ? "the file" : path;
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  return `${where} has no "${key}"${hint} (allowed: ${known.join(", ")})`;
}

function tellValue(node: unknown, value: unknown): string {
  if (isMap(node)) return "a table";
  if (isSeq(node)) return "a list";
  return value === undefined || value === null ? "missing" : JSON.stringify(value);
}

/** What a shape allows, in words. */
export function tellShape(by: Shape): string {
  switch (by.kind) {
    case "text":
      return by.what;
    case "choice":
      return `one of ${by.values.join(", ")}`;
    case "number":
      return `a number from ${by.min} to ${by.max}${by.unit === "" ? "" : ` (${by.unit})`}`;
    case "time":
      return `a time such as "07:20" or "07:20:30", up to ${HOURS_MAX}:59 for the days after`;
    case "span":
      return "a span such as 800 ms, 5 s, 10 min or 2 h";
    case "flag":
      return "yes or no";
    case "name":
      return `the name of a ${by.of}`;
    case "list":
      return `a list, each ${tellShape(by.of)}`;
    case "table":
      return "a table of names";
    case "either":
      return `${tellShape(by.first)}, or ${tellShape(by.second)}`;
    case "object":
      return `a table of ${Object.keys(by.fields).join(", ")}`;
    case "lazy":
      return "a list of steps";
  }
}

/** The known word that a mistyped one is nearest to; undefined where none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestAway = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const away = distance(word, candidate);
    if (away < bestAway) {
      best = candidate;
      bestAway = away;
    }
  }
  return best;
}

/** Edits that turn one word into another: a letter in, out or changed, or two swapped. */
function distance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const above = rows[row - 1] ?? [];
      let least = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && isSwap) {
        least = Math.min(least, (rows[row - 2]?.[column - 2] ?? 0) + 1);
      }
      current.push(least);
    }
    rows.push(current);
  }
  return rows.at(-1)?.at(-1) ?? 0;
}

/** The JSON Schema (draft 2020-12) of a shape, for editors that complete and check YAML. */
export function jsonSchemaOf(by: Shape): Record<string, unknown> {
  let hasSteps = false;

  function schemaOf(one: Shape): Record<string, unknown> {
    switch (one.kind) {
      case "text":
        return one.pattern === undefined
          ? { type: "string" }
          : { type: "string", pattern: one.pattern.source };
      case "choice":
        return { enum: [...one.values] };
      case "number":
        return { type: "number", minimum: one.min, maximum: one.max };
      case "time":
        return { type: "string", pattern: TIME.source };
      case "span":
        return { type: "string", pattern: SPAN.source };
      case "flag":
        return { enum: [true, false, "yes", "no"] };
      case "name":
        return { type: "string", pattern: NAME_TEXT.source };
      case "list":
        return { type: "array", items: schemaOf(one.of) };
      case "table":
        return {
          type: "object",
          propertyNames: { pattern: NAME_TEXT.source },
          additionalProperties: schemaOf(one.of),
        };
      case "either":
        return { anyOf: [schemaOf(one.first), schemaOf(one.second)] };
      case "lazy":
        hasSteps = true;
        return { $ref: "#/$defs/steps" };
      case "object":
        return objectSchema(one);
    }
  }

  function objectSchema(one: Extract<Shape, { kind: "object" }>): Record<string, unknown> {
    const properties = Object.entries(one.fields).map(([key, field]) => {
      return [key, { ...schemaOf(field.shape), description: field.text }];
    });
    const required = Object.entries(one.fields)
      .filter(([, field]) => field.required === true)
      .map(([key]) => key);
    return {
      type: ["object", "null"],
      properties: Object.fromEntries(properties),
      ...(required.length === 0 ? {} : { required }),
      ...(one.oneOf === undefined ? {} : { oneOf: one.oneOf.map((key) => ({ required: [key] })) }),
      additionalProperties: false,
    };
  }

  const schema = { $schema: "https://json-schema.org/draft/2020-12/schema", ...schemaOf(by) };
  if (!hasSteps) return schema;
  const steps = findLazy(by);
  return steps === undefined ? schema : { ...schema, $defs: { steps: schemaOf(steps) } };
}

function findLazy(by: Shape): Shape | undefined {
  if (by.kind === "lazy") return by.of();
  if (by.kind === "list" || by.kind === "table") return findLazy(by.of);
  if (by.kind !== "object") return undefined;
  for (const field of Object.values(by.fields)) {
    const found = findLazy(field.shape);
    if (found !== undefined) return found;
  }
  return undefined;
}
