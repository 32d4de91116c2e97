// SPDX-License-Identifier: EUPL-1.2
// A checker for the part of CDDL that the specification uses: rules with parameters, literals,
// ranges, choices, arrays and maps with occurrences, and the controls .size and .cbor. RFC 8610.

import { type CborValue, isArray, isBytes, isMap } from "../cbor/value.ts";
import { decodeWithCborX } from "./cbor-x-codec.ts";

type CddlType =
  | { readonly kind: "literal"; readonly value: number | string }
  | { readonly kind: "range"; readonly from: number; readonly to: number }
  | { readonly kind: "name"; readonly name: string; readonly args: readonly CddlType[] }
  | { readonly kind: "choice"; readonly options: readonly CddlType[] }
  | { readonly kind: "array" | "map"; readonly members: readonly Member[] }
  | { readonly kind: "size" | "cbor"; readonly base: CddlType; readonly control: CddlType };

interface Member {
  readonly min: number;
  readonly max: number;
  readonly key: CddlType | undefined;
  readonly type: CddlType;
}

interface Rule {
  readonly parameters: readonly string[];
  readonly type: CddlType;
}

type Bindings = ReadonlyMap<string, CddlType>;

/**
 * A parsed specification.
 * @public
 */
export interface Cddl {
  /** Names of its rules, in order. */
  readonly names: readonly string[];
  /**
   * Tells whether a value is what a rule says.
   *
   * @throws for a rule that the specification does not have
   */
  accepts(rule: string, value: CborValue): boolean;
}

/**
 * Parses a specification. Text beyond the supported part of CDDL throws with the place.
 * @public
 */
export function parseCddl(text: string): Cddl {
  const rules = new Parser(text).rules();
  return {
    names: [...rules.keys()],
    accepts: (rule, value) => matches(rules, nameOf(rule), value, new Map()),
  };
}

function nameOf(name: string): CddlType {
  return { kind: "name", name, args: [] };
}

const TOKEN =
  /\s+|;[^\n]*|("[^"]*"|-?\d+|\.\.|\.size|\.cbor|=>|[A-Za-z][\w-]*|[[\]{}()<>=/,:*+?])/y;

class Parser {
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(text: string) {
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length) {
      const from = TOKEN.lastIndex;
      const match = TOKEN.exec(text);
      if (match === null) throw new Error(`unsupported CDDL at ${text.slice(from, from + 30)}`);
      if (match[1] !== undefined) this.#tokens.push(match[1]);
    }
  }

  rules(): ReadonlyMap<string, Rule> {
    const rules = new Map<string, Rule>();
    while (this.#at < this.#tokens.length) {
      const name = this.#take();
      const parameters: string[] = [];
      if (this.#takeIf("<")) {
        do parameters.push(this.#take());
        while (this.#takeIf(","));
        this.#expect(">");
      }
      this.#expect("=");
      if (rules.has(name)) throw new Error(`rule ${name} is there twice`);
      rules.set(name, { parameters, type: this.#type() });
    }
    return rules;
  }

  #type(): CddlType {
    const options = [this.#controlled()];
    while (this.#takeIf("/")) options.push(this.#controlled());
    const only = options[0];
    return options.length === 1 && only !== undefined ? only : { kind: "choice", options };
  }

  #controlled(): CddlType {
    const base = this.#simple();
    if (this.#takeIf("..")) {
      const to = this.#simple();
      return { kind: "range", from: integerOf(base), to: integerOf(to) };
    }
    if (this.#takeIf(".size")) return { kind: "size", base, control: this.#simple() };
    if (this.#takeIf(".cbor")) return { kind: "cbor", base, control: this.#simple() };
    return base;
  }

  #simple(): CddlType {
    const token = this.#take();
    if (token === "(") {
      const inner = this.#type();
      this.#expect(")");
      return inner;
    }
    if (token === "[") return { kind: "array", members: this.#members("]") };
    if (token === "{") return { kind: "map", members: this.#members("}") };
    if (/^-?\d/.test(token)) return { kind: "literal", value: Number(token) };
    if (token.startsWith('"')) return { kind: "literal", value: token.slice(1, -1) };
    if (!/^[A-Za-z]/.test(token)) throw new Error(`unexpected ${token} in CDDL`);
    const args: CddlType[] = [];
    if (this.#takeIf("<")) {
      do args.push(this.#type());
      while (this.#takeIf(","));
      this.#expect(">");
    }
    return { kind: "name", name: token, args };
  }

  #members(end: string): readonly Member[] {
    const members: Member[] = [];
    while (!this.#takeIf(end)) {
      const { min, max } = this.#occurrence();
      let key: CddlType | undefined;
      let type: CddlType;
      if (this.#peek(1) === ":") {
        // A name before a colon only explains an array's place.
        this.#take();
        this.#take();
        type = this.#type();
      } else {
        type = this.#type();
        if (this.#takeIf("=>")) {
          key = type;
          type = this.#type();
        }
      }
      members.push({ min, max, key, type });
      if (!this.#takeIf(",")) {
        this.#expect(end);
        break;
      }
    }
    return members;
  }

  #occurrence(): { readonly min: number; readonly max: number } {
    if (this.#takeIf("?")) return { min: 0, max: 1 };
    if (this.#takeIf("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    const isCounted = this.#peek(1) === "*" && /^\d+$/.test(this.#peek(0) ?? "");
    if (!isCounted && this.#peek(0) !== "*") return { min: 1, max: 1 };
    const min = isCounted ? Number(this.#take()) : 0;
    this.#expect("*");
    const hasMax = /^\d+$/.test(this.#peek(0) ?? "");
    return { min, max: hasMax ? Number(this.#take()) : Number.POSITIVE_INFINITY };
  }

  #peek(ahead: number): string | undefined {
    return this.#tokens[this.#at + ahead];
  }

  #take(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new Error("CDDL ends too early");
    this.#at += 1;
    return token;
  }

  #takeIf(token: string): boolean {
    if (this.#peek(0) !== token) return false;
    this.#at += 1;
    return true;
  }

  #expect(token: string): void {
    const found = this.#take();
    if (found !== token) throw new Error(`expected ${token} in CDDL, found ${found}`);
  }
}

function integerOf(type: CddlType): number {
  if (type.kind === "literal" && typeof type.value === "number") return type.value;
  throw new Error("a range needs two integers");
}

function matches(
  rules: ReadonlyMap<string, Rule>,
  type: CddlType,
  value: CborValue,
  bindings: Bindings,
): boolean {
  switch (type.kind) {
    case "literal":
      return value === type.value;
    case "range":
      return typeof value === "number" && value >= type.from && value <= type.to;
    case "choice":
      return type.options.some((option) => matches(rules, option, value, bindings));
    case "array":
      return isArray(value) && matchesArray(rules, type.members, value, bindings);
    case "map":
      return isMap(value) && matchesMap(rules, type.members, value.entries, bindings);
    case "size":
      return matches(rules, type.base, value, bindings) && hasSize(type.control, value);
    case "cbor": {
      if (!isBytes(value) || !matches(rules, type.base, value, bindings)) return false;
      const inner = decodeWithCborX(value);
      return inner.ok && matches(rules, type.control, inner.value, bindings);
    }
    case "name":
      return matchesName(rules, type, value, bindings);
  }
}

function matchesName(
  rules: ReadonlyMap<string, Rule>,
  type: { readonly name: string; readonly args: readonly CddlType[] },
  value: CborValue,
  bindings: Bindings,
): boolean {
  const bound = bindings.get(type.name);
  if (bound !== undefined) return matches(rules, bound, value, new Map());
  const rule = rules.get(type.name);
  if (rule === undefined) return matchesPrelude(type.name, value);
  // Arguments are resolved where they are written, so that a parameter can be handed on.
  const args = type.args.map((arg) =>
    arg.kind === "name" ? (bindings.get(arg.name) ?? arg) : arg,
  );
  const inner = new Map(rule.parameters.map((name, index) => [name, argumentOf(args, index)]));
  return matches(rules, rule.type, value, inner);
}

function argumentOf(args: readonly CddlType[], index: number): CddlType {
  const arg = args[index];
  if (arg === undefined) throw new Error("a rule has fewer arguments than parameters");
  return arg;
}

// RFC 8610 appendix D, as far as the specification uses it.
function matchesPrelude(name: string, value: CborValue): boolean {
  switch (name) {
    case "any":
      return true;
    case "uint":
      return typeof value === "number" && value >= 0;
    case "int":
      return typeof value === "number";
    case "bstr":
      return isBytes(value);
    case "tstr":
      return typeof value === "string";
    case "bool":
      return typeof value === "boolean";
    case "null":
      return value === null;
    default:
      throw new Error(`CDDL has no rule ${name}`);
  }
}

// RFC 8610 §3.8.1: octets of a string, or octets that an unsigned integer fits.
function hasSize(control: CddlType, value: CborValue): boolean {
  const from = control.kind === "range" ? control.from : integerOf(control);
  const to = control.kind === "range" ? control.to : from;
  if (isBytes(value) || typeof value === "string") {
    return value.length >= from && value.length <= to;
  }
  return typeof value === "number" && value < 256 ** to;
}

// Each member takes as many items as it can; the specification never needs to give one back.
function matchesArray(
  rules: ReadonlyMap<string, Rule>,
  members: readonly Member[],
  items: readonly CborValue[],
  bindings: Bindings,
): boolean {
  let at = 0;
  for (const member of members) {
    let count = 0;
    while (count < member.max && at < items.length) {
      const item = items[at];
      if (item === undefined || !matches(rules, member.type, item, bindings)) break;
      at += 1;
      count += 1;
    }
    if (count < member.min) return false;
  }
  return at === items.length;
}

function matchesMap(
  rules: ReadonlyMap<string, Rule>,
  members: readonly Member[],
  entries: readonly (readonly [number | string, CborValue])[],
  bindings: Bindings,
): boolean {
  const isKnown = entries.every(([key, value]) =>
    members.some(
      (member) =>
        member.key !== undefined &&
        matches(rules, member.key, key, bindings) &&
        matches(rules, member.type, value, bindings),
    ),
  );
  return (
    isKnown &&
    members.every(
      (member) =>
        member.min === 0 ||
        entries.some(
          ([key]) => member.key !== undefined && matches(rules, member.key, key, bindings),
        ),
    )
  );
}
