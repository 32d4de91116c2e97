// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Syntax nodes that the interpreter evaluates as the standard says. All others are refused. */
export const ALLOWED_NODES: ReadonlySet<string> = new Set([
  "Program",
  "ExpressionStatement",
  "BlockStatement",
  "EmptyStatement",
  "ReturnStatement",
  "IfStatement",
  "SwitchStatement",
  "SwitchCase",
  "BreakStatement",
  "ContinueStatement",
  "ThrowStatement",
  "TryStatement",
  "CatchClause",
  "WhileStatement",
  "DoWhileStatement",
  "ForStatement",
  "ForInStatement",
  "FunctionDeclaration",
  "FunctionExpression",
  "VariableDeclaration",
  "VariableDeclarator",
  "Identifier",
  "Literal",
  "ThisExpression",
  "ArrayExpression",
  "ObjectExpression",
  "Property",
  "UnaryExpression",
  "UpdateExpression",
  "BinaryExpression",
  "AssignmentExpression",
  "LogicalExpression",
  "MemberExpression",
  "ConditionalExpression",
  "CallExpression",
  "NewExpression",
  "SequenceExpression",
]);

/** Operators of the later standards that the interpreter cannot parse. */
export const REFUSED_OPERATORS: ReadonlySet<string> = new Set([
  "**",
  "**=",
  "??",
  "??=",
  "||=",
  "&&=",
]);

/** Language names that every build of the interpreter has. */
export const LANGUAGE_GLOBALS: ReadonlySet<string> = new Set([
  "undefined",
  "NaN",
  "Infinity",
  "Object",
  "Array",
  "Boolean",
  "Number",
  "String",
  "Math",
  "JSON",
  "Error",
  "ArrayBuffer",
  "DataView",
  "Uint8Array",
  "Uint16Array",
  "Uint32Array",
  "Int8Array",
  "Int16Array",
  "Int32Array",
  "Float64Array",
  "parseInt",
  "isNaN",
]);

/** Names of the device that `src/espruino` touches. */
export const DEVICE_GLOBALS: ReadonlySet<string> = new Set([
  "AES",
  "E",
  "NRF",
  "Serial1",
  "Serial2",
  "analogRead",
  "clearTimeout",
  "clearWatch",
  "digitalPulse",
  "digitalRead",
  "digitalWrite",
  "getTime",
  "nk",
  "pinMode",
  "print",
  "process",
  "quit",
  "require",
  "setInterval",
  "setTimeout",
  "setWatch",
]);

/**
 * Members of the built-in objects that exist there; a lookup of any other is refused.
 *
 * `Math.pow` exists and is absent here: Espruino 2v29 makes 2^52 too small by 11.5.
 */
export const STATIC_MEMBERS: Readonly<Record<string, ReadonlySet<string>>> = {
  Object: new Set(["assign", "keys", "create", "setPrototypeOf"]),
  Array: new Set(["isArray", "prototype"]),
  Number: new Set(["MAX_VALUE", "MIN_VALUE"]),
  String: new Set(["fromCharCode"]),
  Boolean: new Set([]),
  JSON: new Set(["parse", "stringify"]),
  Error: new Set([]),
  ArrayBuffer: new Set([]),
  DataView: new Set([]),
  Uint8Array: new Set([]),
  Uint16Array: new Set([]),
  Uint32Array: new Set([]),
  Int8Array: new Set([]),
  Int16Array: new Set([]),
  Int32Array: new Set([]),
  Float64Array: new Set([]),
  Math: new Set([
    "abs",
    "acos",
    "asin",
    "atan",
    "atan2",
    "ceil",
    "cos",
    "exp",
    "floor",
    "log",
    "max",
    "min",
    "round",
    "sign",
    "sin",
    "sqrt",
    "tan",
  ]),
};

/** Methods that some built-in of the standard has and the interpreter lacks or gets wrong. */
export const REFUSED_METHODS: ReadonlySet<string> = new Set([
  "allSettled",
  "at",
  "codePointAt",
  "copyWithin",
  "finally",
  "findLast",
  "findLastIndex",
  "flat",
  "flatMap",
  "lastIndexOf",
  "localeCompare",
  "match",
  "matchAll",
  "normalize",
  "reduceRight",
  "search",
  "toReversed",
  "toSorted",
  "toSpliced",
  "trimEnd",
  "trimStart",
]);

/** The iterator methods: fields of these names are ours, calls of them are not there. */
export const REFUSED_ITERATORS: ReadonlySet<string> = new Set(["entries", "keys", "values"]);

/** Members that throw or read as nothing on a typed array. */
export const REFUSED_MEMBERS: ReadonlySet<string> = new Set(["BYTES_PER_ELEMENT", "__proto__"]);

/**
 * Fields and methods of built-in objects that device code may use: those of the language, and those
 * that `src/espruino/globals.d.ts` declares. Every other field is one of our own, so that the build
 * may rename it; one that nobody defines is refused.
 */
export const ALLOWED_MEMBERS: ReadonlySet<string> = new Set([
  // of the language
  "apply",
  "bind",
  "buffer",
  "byteLength",
  "byteOffset",
  "call",
  "charAt",
  "charCodeAt",
  "concat",
  "endsWith",
  "every",
  "fill",
  "filter",
  "find",
  "findIndex",
  "forEach",
  "getInt16",
  "getInt32",
  "getInt8",
  "getUint16",
  "getUint32",
  "getUint8",
  "includes",
  "indexOf",
  "join",
  "length",
  "map",
  "message",
  "padEnd",
  "padStart",
  "pop",
  "prototype",
  "push",
  "reduce",
  "reverse",
  "set",
  "setUint16",
  "setUint32",
  "setUint8",
  "shift",
  "slice",
  "some",
  "sort",
  "splice",
  "split",
  "stack",
  "startsWith",
  "subarray",
  "substr",
  "substring",
  "toLowerCase",
  "toString",
  "toUpperCase",
  "trim",
  "unshift",
  ...Object.values(STATIC_MEMBERS).flatMap((members) => [...members]),
  ...readDeviceMembers(),
]);

/** Names of all fields, methods and options in the declarations of the interpreter. */
function readDeviceMembers(): readonly string[] {
  const file = join(import.meta.dirname, "../src/espruino/globals.d.ts");
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      (ts.isPropertySignature(node) || ts.isMethodSignature(node)) &&
      ts.isIdentifier(node.name)
    ) {
      names.push(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}
