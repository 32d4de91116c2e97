// SPDX-License-Identifier: EUPL-1.2
import {
  allChildrenOf,
  isFunctionNode,
  isSyntaxNode,
  parseScript,
  type SyntaxNode,
} from "../dialect/syntax.ts";
import {
  RAW_INT0,
  RAW_INT8,
  RAW_INT16,
  RAW_STRING8,
  RAW_STRING16,
  TOKEN_OCTETS,
} from "./interpreter-tokens.ts";

const TEXT_OF_TOKEN: ReadonlyMap<number, string> = new Map(
  [...TOKEN_OCTETS].map(([text, octet]) => [octet, text]),
);
/** Where the constructor of functions is called. */
const MAKES_FUNCTION = /(?<![\w$.])Function\($/;
const SPELLING: ReadonlySet<string> = new Set(["start", "end", "raw"]);

/**
 * Reads a packed script back into text: a script that does the same, without `Function`.
 *
 * @throws where the octets are none of the packing, and for `Function` in another function, whose names
 *   it would not see.
 */
export function unpackScript(content: Uint8Array): string {
  return unpack(content, false);
}

function unpack(content: Uint8Array, isBody: boolean): string {
  const octets = Buffer.from(content);
  const made = new Set<number>();
  let text = "";
  let at = 0;
  const isRaw = () => octets[at] === RAW_STRING8 || octets[at] === RAW_STRING16;
  const readRaw = (): Buffer => {
    const isLong = octets[at] === RAW_STRING16;
    const start = at + (isLong ? 3 : 2);
    const bytes = isLong ? octets.readUInt16LE(at + 1) : octets.readUInt8(at + 1);
    at = start + bytes;
    if (at > octets.length) throw new Error("a packed string is longer than its file");
    return octets.subarray(start, at);
  };
  const isNext = (sign: string): boolean => {
    const isSign = octets[at] === sign.charCodeAt(0);
    if (isSign) at += 1;
    return isSign;
  };
  while (at < octets.length) {
    const octet = octets.readUInt8(at);
    if (isRaw() && MAKES_FUNCTION.test(text)) {
      const parts = [readRaw()];
      while (isNext(",")) parts.push(readRaw());
      if (!isNext(")")) throw new Error("Function is given more than strings");
      const body = unpack(parts.pop() ?? Buffer.alloc(0), true);
      text = text.slice(0, -"Function(".length);
      made.add(text.length);
      text += `function(${parts.map((part) => part.toString("latin1")).join(",")}){${body}}`;
    } else if (isRaw()) {
      text += JSON.stringify(readRaw().toString("latin1"));
    } else if (octet === RAW_INT0) {
      text += " 0 ";
      at += 1;
    } else if (octet === RAW_INT8) {
      text += ` ${octets.readInt8(at + 1)} `;
      at += 2;
    } else if (octet === RAW_INT16) {
      text += ` ${octets.readInt16LE(at + 1)} `;
      at += 3;
    } else if (octet < 0x80) {
      text += String.fromCharCode(octet);
      at += 1;
    } else {
      const token = TEXT_OF_TOKEN.get(octet);
      if (token === undefined) throw new Error(`${octet} at ${at} is no token`);
      text += ` ${token} `;
      at += 1;
    }
  }
  // The body of a function may return, which is no script of its own to parse.
  if (made.size > 0 && isBody) throw new Error("Function in another function");
  if (made.size > 0) refuseInside(parseScript(text), made);
  return text;
}

/** Throws where one of these functions stands in a scope of its own. */
function refuseInside(program: SyntaxNode, made: ReadonlySet<number>): void {
  const visit = (node: SyntaxNode, isInside: boolean): void => {
    if (isInside && made.has(node.start)) throw new Error("Function in another function");
    const hasScope = isFunctionNode(node) || node.type === "CatchClause";
    for (const child of allChildrenOf(node)) visit(child, isInside || hasScope);
  };
  visit(program, false);
}

/** Tells whether two scripts say the same, but for how they are written and functions declared. */
export function isSameScript(one: string, other: string): boolean {
  return (
    JSON.stringify(meaningOf(parseScript(one))) === JSON.stringify(meaningOf(parseScript(other)))
  );
}

/** The syntax tree without places and spelling; a declared function is the variable that it becomes. */
function meaningOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value
      .filter((one) => !isSyntaxNode(one) || one.type !== "EmptyStatement")
      .map(meaningOf);
  }
  if (typeof value !== "object" || value === null) return value;
  if (isSyntaxNode(value) && value.type === "FunctionDeclaration") {
    const init = { ...value, type: "FunctionExpression", id: null };
    const declarations = [{ type: "VariableDeclarator", id: value["id"], init }];
    return meaningOf({ type: "VariableDeclaration", declarations, kind: "var" });
  }
  // Sorted, because what was made above has its fields in another order than the parser.
  const fields = Object.entries(value).filter(([name]) => !SPELLING.has(name));
  return fields
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, inner]) => [name, meaningOf(inner)]);
}
