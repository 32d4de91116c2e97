// SPDX-License-Identifier: EUPL-1.2
import {
  allChildrenOf,
  childOf,
  childrenOf,
  isFunctionNode,
  nameOf,
  type SyntaxNode,
} from "./syntax.ts";

/** A name that is used where the interpreter may not have seen its declaration. */
export interface EarlyUse {
  readonly name: string;
  /** The use: an identifier, or the function that captures the name. */
  readonly node: SyntaxNode;
  /** Where a `var` for the name would cure it: offset of the first statement of its scope. */
  readonly scopeStart: number;
  /** A function declaration cannot be cured by a `var`. */
  readonly isFunction: boolean;
}

/** What the analysis of a script found. */
export interface DeclarationOrder {
  readonly earlyUses: readonly EarlyUse[];
  /** Names that no scope of the script declares, each with its first use. */
  readonly globals: ReadonlyMap<string, SyntaxNode>;
}

/**
 * Finds uses that run before the declaration has run.
 *
 * Espruino hoists nothing: `x = 5; var x` in a function leaks a global, a `var` in a branch that is
 * not executed declares nothing (the name is then taken from an outer scope), and a function is
 * unknown above its declaration. The analysis follows statements in order; where it cannot tell,
 * it reports, because a needless `var` costs a few bytes and a missing one costs wrong data.
 */
export function analyseDeclarationOrder(program: SyntaxNode): DeclarationOrder {
  const earlyUses: EarlyUse[] = [];
  const free = analyseScope(program, childrenOf(program, "body"), [], earlyUses);
  return { earlyUses, globals: free };
}

interface Scope {
  readonly own: ReadonlyMap<string, "var" | "function" | "parameter">;
  /** Names that a statement of the body's own list declares, whatever branch is taken. */
  readonly unconditional: ReadonlySet<string>;
  readonly free: Map<string, SyntaxNode>;
  readonly start: number;
  readonly earlyUses: EarlyUse[];
}

type Declared = Set<string>;

function analyseScope(
  owner: SyntaxNode,
  body: readonly SyntaxNode[],
  parameters: readonly string[],
  earlyUses: EarlyUse[],
): Map<string, SyntaxNode> {
  const own = new Map<string, "var" | "function" | "parameter">();
  for (const statement of body) {
    collectOwnNames(statement, own);
  }
  for (const name of parameters) {
    own.set(name, "parameter");
  }
  const unconditional = new Set<string>();
  for (const statement of body) {
    for (const name of namesDeclaredBy(statement)) {
      unconditional.add(name);
    }
  }
  const first = body[0];
  const scope: Scope = {
    own,
    unconditional,
    free: new Map(),
    start: first === undefined ? owner.end - 1 : first.start,
    earlyUses,
  };
  const declared: Declared = new Set(parameters);
  walkList(body, scope, declared);
  return scope.free;
}

function analyseFunction(node: SyntaxNode, earlyUses: EarlyUse[]): Map<string, SyntaxNode> {
  const parameters = childrenOf(node, "params").map((one) => nameOf(one) ?? "");
  const ownName = node.type === "FunctionExpression" ? nameOf(childOf(node, "id")) : undefined;
  if (ownName !== undefined) {
    parameters.push(ownName);
  }
  parameters.push("arguments");
  const body = childOf(node, "body");
  const statements = body?.type === "BlockStatement" ? childrenOf(body, "body") : [];
  return analyseScope(body ?? node, statements, parameters, earlyUses);
}

function collectOwnNames(
  node: SyntaxNode,
  own: Map<string, "var" | "function" | "parameter">,
): void {
  if (node.type === "FunctionDeclaration") {
    const name = nameOf(childOf(node, "id"));
    if (name !== undefined) {
      own.set(name, "function");
    }
    return;
  }
  if (isFunctionNode(node)) {
    return;
  }
  if (node.type === "VariableDeclarator") {
    const name = nameOf(childOf(node, "id"));
    if (name !== undefined && !own.has(name)) {
      own.set(name, "var");
    }
  }
  for (const child of allChildrenOf(node)) {
    collectOwnNames(child, own);
  }
}

function namesDeclaredBy(statement: SyntaxNode): readonly string[] {
  if (statement.type === "FunctionDeclaration") {
    return [nameOf(childOf(statement, "id")) ?? ""];
  }
  if (statement.type === "VariableDeclaration") {
    return childrenOf(statement, "declarations").map((one) => nameOf(childOf(one, "id")) ?? "");
  }
  if (statement.type === "ForStatement") {
    const init = childOf(statement, "init");
    return init === undefined ? [] : namesDeclaredBy(init);
  }
  if (statement.type === "ForInStatement") {
    const left = childOf(statement, "left");
    return left === undefined ? [] : namesDeclaredBy(left);
  }
  return [];
}

/** @returns whether control can reach what follows the list. */
function walkList(list: readonly SyntaxNode[], scope: Scope, declared: Declared): boolean {
  let reaches = true;
  for (const statement of list) {
    if (!walkStatement(statement, scope, declared)) {
      reaches = false;
    }
  }
  return reaches;
}

function walkStatement(node: SyntaxNode, scope: Scope, declared: Declared): boolean {
  switch (node.type) {
    case "BlockStatement":
      return walkList(childrenOf(node, "body"), scope, declared);
    case "IfStatement":
      return walkIf(node, scope, declared);
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
    case "WhileStatement":
    case "DoWhileStatement":
      return walkLoop(node, scope, declared);
    case "SwitchStatement": {
      walkExpression(childOf(node, "discriminant"), scope, declared);
      for (const one of childrenOf(node, "cases")) {
        walkExpression(childOf(one, "test"), scope, declared);
        walkList(childrenOf(one, "consequent"), scope, new Set(declared));
      }
      return true;
    }
    case "TryStatement":
      return walkTry(node, scope, declared);
    case "ReturnStatement":
    case "ThrowStatement":
      walkExpression(childOf(node, "argument"), scope, declared);
      return false;
    case "BreakStatement":
    case "ContinueStatement":
      return false;
    default:
      walkExpression(node, scope, declared);
      return true;
  }
}

function walkIf(node: SyntaxNode, scope: Scope, declared: Declared): boolean {
  walkExpression(childOf(node, "test"), scope, declared);
  const consequent = childOf(node, "consequent");
  const alternate = childOf(node, "alternate");
  const inThen = new Set(declared);
  const inElse = new Set(declared);
  const thenReaches = consequent === undefined || walkStatement(consequent, scope, inThen);
  const elseReaches = alternate === undefined || walkStatement(alternate, scope, inElse);
  addCommon(declared, [...(thenReaches ? [inThen] : []), ...(elseReaches ? [inElse] : [])]);
  return thenReaches || elseReaches;
}

function walkLoop(node: SyntaxNode, scope: Scope, declared: Declared): boolean {
  for (const field of ["init", "left"]) {
    const head = childOf(node, field);
    if (head !== undefined) {
      walkExpression(head, scope, declared);
    }
  }
  walkExpression(childOf(node, "right"), scope, declared);
  walkExpression(childOf(node, "test"), scope, declared);
  const body = childOf(node, "body");
  if (body !== undefined) {
    walkStatement(body, scope, new Set(declared));
  }
  walkExpression(childOf(node, "update"), scope, declared);
  return true;
}

function walkTry(node: SyntaxNode, scope: Scope, declared: Declared): boolean {
  const block = childOf(node, "block");
  const handler = childOf(node, "handler");
  const finalizer = childOf(node, "finalizer");
  const before = new Set(declared);
  const inBlock = new Set(declared);
  const blockReaches = block !== undefined && walkStatement(block, scope, inBlock);
  const ends: Declared[] = blockReaches ? [inBlock] : [];
  if (handler !== undefined) {
    const inHandler = new Set(before);
    const body = childOf(handler, "body");
    const name = nameOf(childOf(handler, "param"));
    const inner: Scope =
      name === undefined
        ? scope
        : { ...scope, own: new Map([...scope.own, [name, "parameter" as const]]) };
    if (name !== undefined) {
      inHandler.add(name);
    }
    if (body !== undefined && walkStatement(body, inner, inHandler)) {
      if (name !== undefined && !before.has(name)) {
        inHandler.delete(name);
      }
      ends.push(inHandler);
    }
  }
  addCommon(declared, ends);
  if (finalizer !== undefined) {
    walkStatement(finalizer, scope, declared);
  }
  return ends.length > 0;
}

function addCommon(declared: Declared, ends: readonly Declared[]): void {
  const [first, ...rest] = ends;
  if (first === undefined) {
    return;
  }
  for (const name of first) {
    if (rest.every((other) => other.has(name))) {
      declared.add(name);
    }
  }
}

function walkExpression(node: SyntaxNode | undefined, scope: Scope, declared: Declared): void {
  if (node === undefined) {
    return;
  }
  if (isFunctionNode(node)) {
    walkFunction(node, scope, declared, false);
    return;
  }
  switch (node.type) {
    case "Identifier":
      useName(nameOf(node) ?? "", node, scope, declared.has(nameOf(node) ?? ""));
      return;
    case "VariableDeclarator": {
      // The interpreter makes the name first and evaluates the initial value then.
      declared.add(nameOf(childOf(node, "id")) ?? "");
      walkExpression(childOf(node, "init"), scope, declared);
      return;
    }
    case "MemberExpression":
      walkExpression(childOf(node, "object"), scope, declared);
      if (node["computed"] === true) {
        walkExpression(childOf(node, "property"), scope, declared);
      }
      return;
    case "Property":
      if (node["computed"] === true) {
        walkExpression(childOf(node, "key"), scope, declared);
      }
      walkExpression(childOf(node, "value"), scope, declared);
      return;
    case "CallExpression": {
      const callee = childOf(node, "callee");
      for (const argument of childrenOf(node, "arguments")) {
        walkExpression(argument, scope, declared);
      }
      if (callee !== undefined && isFunctionNode(callee)) {
        walkFunction(callee, scope, declared, true);
      } else {
        walkExpression(callee, scope, declared);
      }
      return;
    }
    default:
      for (const child of allChildrenOf(node)) {
        walkExpression(child, scope, declared);
      }
  }
}

function walkFunction(
  node: SyntaxNode,
  scope: Scope,
  declared: Declared,
  isCalledHere: boolean,
): void {
  if (node.type === "FunctionDeclaration") {
    declared.add(nameOf(childOf(node, "id")) ?? "");
  }
  for (const [name, use] of analyseFunction(node, scope.earlyUses)) {
    const isKnown = declared.has(name) || (!isCalledHere && scope.unconditional.has(name));
    useName(name, use, scope, isKnown);
  }
}

function useName(name: string, node: SyntaxNode, scope: Scope, isKnown: boolean): void {
  const kind = scope.own.get(name);
  if (kind === undefined) {
    if (!scope.free.has(name)) {
      scope.free.set(name, node);
    }
    return;
  }
  if (!isKnown) {
    scope.earlyUses.push({
      name,
      node,
      scopeStart: scope.start,
      isFunction: kind === "function",
    });
  }
}
