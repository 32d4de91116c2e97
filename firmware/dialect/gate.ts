// SPDX-License-Identifier: EUPL-1.2
import {
  ALLOWED_MEMBERS,
  ALLOWED_NODES,
  DEVICE_GLOBALS,
  LANGUAGE_GLOBALS,
  REFUSED_ITERATORS,
  REFUSED_MEMBERS,
  REFUSED_METHODS,
  REFUSED_OPERATORS,
  STATIC_MEMBERS,
} from "./allow-list.ts";
import { analyseDeclarationOrder } from "./declaration-order.ts";
import {
  allChildrenOf,
  childOf,
  childrenOf,
  isFunctionNode,
  nameOf,
  parseScript,
  type SyntaxNode,
} from "./syntax.ts";

/** One construct that a board would not run as Node does. */
export interface Violation {
  /** Which rule, in kebab-case; each has a planted example in the tests. */
  readonly rule: string;
  /** What was found and what to write instead. */
  readonly text: string;
  /** Offset in the script. */
  readonly offset: number;
}

/** What the gate looked at and what it refuses. */
export interface GateReport {
  readonly nodes: number;
  readonly violations: readonly Violation[];
}

/** What is true of a script and does not stand in it. */
export interface ScriptContext {
  /** Names that other scripts of the same program declare at the top. */
  readonly names: ReadonlySet<string>;
  /** Methods that it may call although nothing in it defines them; undefined to judge none. */
  readonly methods: ReadonlySet<string> | undefined;
}

const WHOLE: ScriptContext = { names: new Set(), methods: new Set() };

/**
 * Refuses everything in a built script that Espruino lacks or evaluates differently.
 *
 * The script is judged, not the sources, because a lowering tool is free to write what the sources
 * do not contain. What only types can tell is left to `checkSources`.
 *
 * @param context - What the script cannot show by itself.
 */
export function checkScript(code: string, context: ScriptContext = WHOLE): GateReport {
  const program = parseScript(code);
  const violations: Violation[] = [];
  const report = (rule: string, node: SyntaxNode, text: string): void => {
    violations.push({ rule, text, offset: node.start });
  };
  let nodes = 0;
  const visit = (node: SyntaxNode, ancestors: Ancestors): void => {
    nodes += 1;
    checkNode(node, ancestors, report);
    for (const child of allChildrenOf(node)) {
      visit(child, [node, ancestors[0]]);
    }
  };
  visit(program, [undefined, undefined]);
  checkOrder(program, context.names, report);
  if (context.methods !== undefined) {
    checkMethods(program, context.methods, report);
  }
  checkCharacters(code, violations);
  return { nodes, violations: violations.sort((left, right) => left.offset - right.offset) };
}

/** Parent and grandparent of a node. */
type Ancestors = readonly [SyntaxNode | undefined, SyntaxNode | undefined];
type Report = (rule: string, node: SyntaxNode, text: string) => void;

function checkNode(node: SyntaxNode, ancestors: Ancestors, report: Report): void {
  if (!ALLOWED_NODES.has(node.type)) {
    report("syntax", node, `${node.type} is not in the dialect`);
    return;
  }
  const operator = node["operator"];
  if (typeof operator === "string" && REFUSED_OPERATORS.has(operator)) {
    report("operator", node, `the operator ${operator} is not in the dialect`);
  }
  switch (node.type) {
    case "VariableDeclaration":
      if (node["kind"] !== "var") {
        report("syntax", node, `${String(node["kind"])} shares one binding between loop passes`);
      }
      break;
    case "Literal":
      checkLiteral(node, report);
      break;
    case "ArrayExpression":
      if (Array.isArray(node["elements"]) && node["elements"].includes(null)) {
        report("array-hole", node, "an array with a hole");
      }
      break;
    case "Property":
      checkProperty(node, report);
      break;
    case "SwitchStatement":
      checkSwitch(node, report);
      break;
    case "BreakStatement":
    case "ContinueStatement":
      if (childOf(node, "label") !== undefined) {
        report("label", node, "labels are not in the dialect");
      }
      break;
    case "FunctionDeclaration":
    case "FunctionExpression":
      checkFunction(node, ancestors, report);
      break;
    case "MemberExpression":
      checkMember(node, ancestors, report);
      break;
    case "CallExpression":
    case "NewExpression":
      checkCall(node, report);
      break;
    case "UnaryExpression":
      if (operator === "delete" && childOf(node, "argument")?.type !== "MemberExpression") {
        report("delete-name", node, "delete of a plain name");
      }
      break;
    default:
  }
}

function checkLiteral(node: SyntaxNode, report: Report): void {
  if (node["regex"] !== undefined) {
    report("regex", node, "half of the regular expressions silently do not match on a board");
  }
  if (node["bigint"] !== undefined) {
    report("bigint", node, "BigInt does not exist there");
  }
  const value = node["value"];
  if (typeof value === "string" && [...value].some((one) => one > "\u007f")) {
    report("ascii", node, "strings are bytes there: write ASCII only");
  }
}

function checkProperty(node: SyntaxNode, report: Report): void {
  if (node["kind"] !== "init") {
    report("getter", node, "getters and setters are not in the dialect");
  }
  if (node["computed"] === true) {
    report("syntax", node, "a computed key is not in the dialect");
  }
  if (node["shorthand"] === true || node["method"] === true) {
    report("syntax", node, "write the property and its value");
  }
}

function checkSwitch(node: SyntaxNode, report: Report): void {
  const cases = childrenOf(node, "cases");
  const index = cases.findIndex((one) => childOf(one, "test") === undefined);
  if (index >= 0 && index !== cases.length - 1) {
    report("default-last", node, "default must be the last branch of a switch");
  }
}

function checkFunction(node: SyntaxNode, ancestors: Ancestors, report: Report): void {
  if (node["async"] === true || node["generator"] === true) {
    report("syntax", node, "async functions and generators are not in the dialect");
  }
  if (childrenOf(node, "params").some((one) => one.type !== "Identifier")) {
    report("syntax", node, "parameters are plain names: no default, rest or pattern");
  }
  const [parent, grandparent] = ancestors;
  const isStatementOfBody =
    parent?.type === "Program" || (grandparent !== undefined && isFunctionNode(grandparent));
  if (node.type === "FunctionDeclaration" && !isStatementOfBody) {
    report("function-in-branch", node, "a function declared in a branch");
  }
}

function checkMember(node: SyntaxNode, ancestors: Ancestors, report: Report): void {
  if (node["optional"] === true) {
    report("syntax", node, "optional chaining is not in the dialect");
  }
  const member = memberName(node);
  if (member === undefined) {
    return;
  }
  const owner = nameOf(childOf(node, "object"));
  const known = owner === undefined ? undefined : STATIC_MEMBERS[owner];
  if (known !== undefined) {
    if (!known.has(member)) {
      report("static-member", node, `${owner}.${member} does not exist there`);
    }
    return;
  }
  const [parent] = ancestors;
  const isCalled = parent?.type === "CallExpression" && childOf(parent, "callee") === node;
  if (REFUSED_MEMBERS.has(member)) {
    report("member", node, `.${member} does not exist there`);
  } else if (isCalled && (REFUSED_METHODS.has(member) || REFUSED_ITERATORS.has(member))) {
    report("method", node, `.${member}() does not exist there`);
  }
}

function memberName(node: SyntaxNode): string | undefined {
  const property = childOf(node, "property");
  if (node["computed"] !== true) {
    return nameOf(property);
  }
  const value = property?.type === "Literal" ? property["value"] : undefined;
  return typeof value === "string" ? value : undefined;
}

function checkCall(node: SyntaxNode, report: Report): void {
  if (node["optional"] === true) {
    report("syntax", node, "optional calls are not in the dialect");
  }
  if (childrenOf(node, "arguments").length > 255) {
    report("argument-count", node, "a call has at most 255 arguments");
  }
}

function checkOrder(program: SyntaxNode, known: ReadonlySet<string>, report: Report): void {
  const order = analyseDeclarationOrder(program);
  for (const use of order.earlyUses) {
    if (use.isFunction) {
      report("function-order", use.node, `${use.name} is called above its declaration`);
    } else {
      report("variable-order", use.node, `${use.name} is used where no var has declared it`);
    }
  }
  for (const [name, node] of order.globals) {
    if (known.has(name)) {
      continue;
    }
    if (name.startsWith("__")) {
      report("helper", node, `${name}: this construct lowers to a helper that boards do not have`);
    } else if (!LANGUAGE_GLOBALS.has(name) && !DEVICE_GLOBALS.has(name)) {
      report("global", node, `${name} does not exist there`);
    }
  }
}

/**
 * Refuses the call of a method that no built-in object is known to have and the script defines nowhere.
 *
 * It is judged over a whole program: in a part of it others define what this one reads.
 */
function checkMethods(program: SyntaxNode, known: ReadonlySet<string>, report: Report): void {
  const defined = new Set<string>([...known, ...ALLOWED_MEMBERS]);
  const used: { name: string; node: SyntaxNode }[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === "Property") {
      const key = childOf(node, "key");
      const name = nameOf(key) ?? key?.["value"];
      if (typeof name === "string") {
        defined.add(name);
      }
    }
    if (node.type === "AssignmentExpression") {
      const left = childOf(node, "left");
      const name = left?.type === "MemberExpression" ? memberName(left) : undefined;
      if (name !== undefined) {
        defined.add(name);
      }
    }
    const callee = node.type === "CallExpression" ? childOf(node, "callee") : undefined;
    const name = callee?.type === "MemberExpression" ? memberName(callee) : undefined;
    if (callee !== undefined && name !== undefined) {
      used.push({ name, node: callee });
    }
    for (const child of allChildrenOf(node)) {
      visit(child);
    }
  };
  visit(program);
  for (const { name, node } of used) {
    const isTold = REFUSED_METHODS.has(name) || REFUSED_ITERATORS.has(name);
    const owner = nameOf(childOf(node, "object"));
    const isStatic = owner !== undefined && STATIC_MEMBERS[owner] !== undefined;
    if (!defined.has(name) && !isTold && !isStatic) {
      report("unknown-method", node, `.${name}() is a method that nothing is known to have`);
    }
  }
}

function checkCharacters(code: string, violations: Violation[]): void {
  for (let offset = 0; offset < code.length; offset += 1) {
    if (code.charCodeAt(offset) > 0x7f) {
      violations.push({ rule: "ascii", text: "a character outside ASCII", offset });
      return;
    }
  }
}
