// SPDX-License-Identifier: EUPL-1.2
import {
  allChildrenOf,
  childOf,
  childrenOf,
  isFunctionNode,
  nameOf,
  parseTokens,
  type SyntaxNode,
  type SyntaxToken,
} from "../dialect/syntax.ts";
import {
  RAW_INT0,
  RAW_INT8,
  RAW_INT16,
  RAW_STRING8,
  RAW_STRING16,
  TOKEN_OCTETS,
} from "./interpreter-tokens.ts";
import type { StoredScript } from "./stored-script.ts";

const RAW_BYTES_MAX = 0xffff;
const INT8_MAX = 0x7f;
const INT16_MAX = 0x7fff;

// Measured: a function made by `Function` costs 2500 instructions more than one that is read, and 2400 more
// for each parameter; reading a body costs some 130 an octet. The interpreter leaves out the `return` that a
// body begins with, but not for `Function`: 2200 more at every call, so short ones are read.
const BODY_BYTES_MIN = 20;
const BODY_BYTES_PER_PARAMETER = 18;
const RETURNING_BYTES_MORE = 60;

/** Characters that are an octet each, with the offset in the script that they come from. */
interface Piece {
  readonly text: string;
  readonly from: number;
  /** True for a name or number in letters, which must not touch another. */
  readonly isWord: boolean;
}

/**
 * Writes a script in the tokens of the interpreter, so that it steps over functions without reading them.
 *
 * To find the end of a function the interpreter reads every token of its body. The body of a function that
 * stands in no other one becomes a string of known length, `f=Function("a","b",…)`: its code stays in
 * flash, and it sees the top alone, as before. A declared function becomes a variable, because the
 * interpreter looks for the name of a declaration ten times as long; nothing is hoisted there anyway.
 *
 * @param code - Script of the dialect, ASCII.
 * @throws for anything else.
 */
export function packScript(code: string): StoredScript {
  const { program, tokens } = parseTokens(code);
  const functions = functionsOf(program);
  let next = 0;
  /** Functions around the next token. */
  let depth = 0;

  const passToken = (start: number): void => {
    while ((tokens[next]?.start ?? code.length) <= start) next += 1;
  };

  const packUntil = (end: number): Piece[] => {
    const pieces: Piece[] = [];
    for (;;) {
      const token = tokens[next];
      if (token === undefined || token.start >= end) return spaced(pieces);
      const found = token.text === "function" ? functions.get(token.start) : undefined;
      if (found === undefined) {
        const [before, after] = [tokens[next - 1]?.text, tokens[next + 1]?.text];
        pieces.push(packToken(token, { before, after, isAtTop: depth === 0 }));
        next += 1;
      } else {
        pieces.push(...packFunction(found.node, found.isAtTop));
      }
    }
  };

  const packFunction = (node: SyntaxNode, isAtTop: boolean): Piece[] => {
    const from = node.start;
    const made = (text: string): Piece => ({ text, from, isWord: false });
    const word = (text: string): Piece => ({ text, from, isWord: true });
    const name = nameOf(childOf(node, "id"));
    const parameters = childrenOf(node, "params").map((one) => nameOf(one) ?? "");
    const body = childOf(node, "body") ?? node;
    passToken(body.start);
    depth += 1;
    const inside = packUntil(body.end - 1);
    depth -= 1;
    passToken(body.end - 1);

    const isDeclared = node.type === "FunctionDeclaration";
    const bytes = inside.reduce((sum, { text }) => sum + text.length, 0);
    const isFar = isAtTop && (isDeclared || name === undefined) && isWorthSkipping(node, bytes);
    const head = isFar
      ? [word("Function"), made(`(${parameters.map((one) => `${rawString(one)},`).join("")}`)]
      : [
          made(tokenOf("function")),
          ...(isDeclared || name === undefined ? [] : [word(name)]),
          made(`(${parameters.join(",")})`),
        ];
    const value = [...head, made(isFar ? rawHead(bytes) : "{"), ...inside, made(isFar ? ")" : "}")];
    return isDeclared && name !== undefined
      ? [made(tokenOf("var")), word(name), made("="), ...value, made(";")]
      : value;
  };

  const pieces = packUntil(code.length);
  return {
    content: Buffer.from(pieces.map(({ text }) => text).join(""), "latin1"),
    find(octet) {
      let end = 0;
      for (const piece of pieces) {
        end += piece.text.length;
        if (octet < end) return piece.from;
      }
      return code.length;
    },
  };
}

/** All functions by their offset, and whether one sees nothing but the top. */
function functionsOf(
  program: SyntaxNode,
): ReadonlyMap<number, { node: SyntaxNode; isAtTop: boolean }> {
  const functions = new Map<number, { node: SyntaxNode; isAtTop: boolean }>();
  const visit = (node: SyntaxNode, isAtTop: boolean): void => {
    if (isFunctionNode(node)) functions.set(node.start, { node, isAtTop });
    const isTopInside = isAtTop && !isFunctionNode(node) && node.type !== "CatchClause";
    for (const child of allChildrenOf(node)) visit(child, isTopInside);
  };
  visit(program, true);
  return functions;
}

function isWorthSkipping(node: SyntaxNode, bytes: number): boolean {
  const [first] = childrenOf(childOf(node, "body") ?? node, "body");
  const least =
    BODY_BYTES_MIN +
    BODY_BYTES_PER_PARAMETER * childrenOf(node, "params").length +
    (first?.type === "ReturnStatement" ? RETURNING_BYTES_MORE : 0);
  return bytes >= least && bytes <= RAW_BYTES_MAX;
}

/** What stands around a token. */
interface Surroundings {
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly isAtTop: boolean;
}

function packToken(token: SyntaxToken, around: Surroundings): Piece {
  const text = packedText(token, around);
  if (text === undefined && /[^ -~]/.test(token.text)) throw new Error("a token that is not ASCII");
  return {
    text: text ?? token.text,
    from: token.start,
    isWord: text === undefined && /^[\w$.]/.test(token.text),
  };
}

/** Undefined where the text stays as it is, which the interpreter takes everywhere. */
function packedText(token: SyntaxToken, around: Surroundings): string | undefined {
  const { kind, text, value } = token;
  switch (kind) {
    case "string":
      // Where no variable is left the interpreter stops for a string in text and crashes for a raw one:
      // only what is read once at a boot is raw. What `\u` stands for is UTF-8 there, not octets.
      if (!around.isAtTop || typeof value !== "string" || text.includes("\\u")) return undefined;
      return value === "" ? undefined : rawString(value);
    case "number":
      return typeof value === "number" && Number.isInteger(value) ? rawInteger(value) : undefined;
    case "word":
      // The name of a field.
      return around.before === "." || around.after === ":" ? undefined : tokenOf(text);
    case "operator":
      return tokenOf(text);
    default:
      return undefined;
  }
}

function tokenOf(text: string): string {
  const octet = TOKEN_OCTETS.get(text);
  if (octet === undefined) throw new Error(`the interpreter has no token ${text}`);
  return String.fromCharCode(octet);
}

function rawString(value: string): string | undefined {
  return value.length > RAW_BYTES_MAX ? undefined : rawHead(value.length) + value;
}

function rawHead(bytes: number): string {
  return bytes > 0xff
    ? String.fromCharCode(RAW_STRING16, bytes & 0xff, bytes >> 8)
    : String.fromCharCode(RAW_STRING8, bytes);
}

function rawInteger(value: number): string | undefined {
  if (value === 0) return String.fromCharCode(RAW_INT0);
  if (value <= INT8_MAX) return String.fromCharCode(RAW_INT8, value);
  if (value > INT16_MAX) return undefined;
  return String.fromCharCode(RAW_INT16, value & 0xff, value >> 8);
}

/** Puts a space where two words would become one, or two signs an operator. */
function spaced(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const before = result.at(-1);
    const isSign = piece.text === "+" || piece.text === "-";
    if ((before?.isWord === true && piece.isWord) || (isSign && before?.text === piece.text)) {
      result.push({ text: " ", from: piece.from, isWord: false });
    }
    result.push(piece);
  }
  return result;
}
