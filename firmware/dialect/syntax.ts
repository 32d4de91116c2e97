// SPDX-License-Identifier: EUPL-1.2
import { parse, type Token } from "acorn";

/**
 * A node of the parsed script, as plain data.
 *
 * The gate asks every node the same few questions, so it needs no type per kind of node.
 */
export interface SyntaxNode {
  readonly type: string;
  /** Offset of the first character in the script. */
  readonly start: number;
  /** Offset after the last character. */
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Parses a script with the newest grammar, so that a construct is refused by its name. */
export function parseScript(code: string, tokens?: Token[]): SyntaxNode {
  const program: unknown = parse(code, {
    ...(tokens === undefined ? {} : { onToken: tokens }),
    ecmaVersion: "latest",
    sourceType: "script",
    allowReturnOutsideFunction: false,
  });
  if (!isSyntaxNode(program)) {
    throw new Error("acorn returned no program");
  }
  return program;
}

/** A token of a script. */
export interface SyntaxToken {
  /** `word` is reserved; a name that is none and every sign of one character are `other`. */
  readonly kind: "word" | "operator" | "number" | "string" | "other";
  readonly text: string;
  /** What a number or a string stands for. */
  readonly value: unknown;
  readonly start: number;
}

/** Parses a script and gives its tokens as well. */
export function parseTokens(code: string): { program: SyntaxNode; tokens: readonly SyntaxToken[] } {
  const found: Token[] = [];
  const program = parseScript(code, found);
  const tokens = found.map((token): SyntaxToken => {
    const text = code.slice(token.start, token.end);
    const value = "value" in token ? token.value : undefined;
    return { kind: kindOf(token, text), text, value, start: token.start };
  });
  return { program, tokens: tokens.filter(({ text }) => text !== "") };
}

function kindOf({ type }: Token, text: string): SyntaxToken["kind"] {
  if (type.label === "num") return "number";
  if (type.label === "string") return "string";
  if (type.keyword !== undefined) return "word";
  return /^[^\w$]{2,}$/.test(text) ? "operator" : "other";
}

/** Tells whether a field of a node is itself a node. */
export function isSyntaxNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    typeof value.type === "string" &&
    "start" in value
  );
}

/** The node in a field, or undefined where the field is empty. */
export function childOf(node: SyntaxNode, field: string): SyntaxNode | undefined {
  const value = node[field];
  return isSyntaxNode(value) ? value : undefined;
}

/** The nodes in a list field; holes and missing lists give none. */
export function childrenOf(node: SyntaxNode, field: string): readonly SyntaxNode[] {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isSyntaxNode) : [];
}

/** All direct children of a node, in the order of the script. */
export function allChildrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (const field of Object.keys(node)) {
    const value = node[field];
    if (Array.isArray(value)) {
      found.push(...value.filter(isSyntaxNode));
    } else if (isSyntaxNode(value)) {
      found.push(value);
    }
  }
  return found.sort((left, right) => left.start - right.start);
}

/** The name of an identifier, or undefined for any other node. */
export function nameOf(node: SyntaxNode | undefined): string | undefined {
  return node?.type === "Identifier" && typeof node["name"] === "string" ? node["name"] : undefined;
}

/** Tells whether a node opens a function scope. */
export function isFunctionNode(node: SyntaxNode): boolean {
  return (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression"
  );
}
