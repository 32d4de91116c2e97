// SPDX-License-Identifier: EUPL-1.2
import ts from "typescript";

/**
 * Rewrites of the joined script that change what an interpreter pays for it and nothing else.
 *
 * It finds a name by walking through all others of a scope, from the first one on, and pays for a call
 * three times what it pays for an index.
 *
 * @param hotNames - Functions at the top that run most, first the one that runs most.
 */
export function cheaperScript(
  hotNames: readonly string[],
): readonly ts.TransformerFactory<ts.SourceFile>[] {
  return [
    () => (file) => putFirst(file, hotNames),
    (context) => (file) => inlineNumbers(file, context),
    (context) => (file) => readOctetsInPlace(file, context),
    (context) => (file) => callAssertLast(file, context),
  ];
}

function putFirst(file: ts.SourceFile, hotNames: readonly string[]): ts.SourceFile {
  const rankOf = (statement: ts.Statement): number => {
    const name = ts.isFunctionDeclaration(statement) ? statement.name?.text : undefined;
    const rank = name === undefined ? -1 : hotNames.indexOf(name);
    return rank < 0 ? hotNames.length : rank;
  };
  // Declarations of functions may stand anywhere; the order of all others stays.
  const ordered = file.statements.toSorted((one, other) => rankOf(one) - rankOf(other));
  return ts.factory.updateSourceFile(file, ordered);
}

/** Puts numbers that have a name at the top where the name is read. */
function inlineNumbers(file: ts.SourceFile, context: ts.TransformationContext): ts.SourceFile {
  const numbers = new Map<string, ts.Expression>();
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && initializer !== undefined && isNumber(initializer, numbers)) {
        numbers.set(name.text, initializer);
      }
    }
  }
  // A name that is assigned, or that something else has too, stays as it is.
  const declared = new Map<string, number>();
  const look = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && isAssignment(node) && ts.isIdentifier(node.left)) {
      numbers.delete(node.left.text);
    }
    if (
      (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) &&
      ts.isIdentifier(node.operand) &&
      (node.operator === ts.SyntaxKind.PlusPlusToken ||
        node.operator === ts.SyntaxKind.MinusMinusToken)
    ) {
      numbers.delete(node.operand.text);
    }
    if (isDeclaration(node) && node.name !== undefined && ts.isIdentifier(node.name)) {
      declared.set(node.name.text, (declared.get(node.name.text) ?? 0) + 1);
    }
    ts.forEachChild(node, look);
  };
  look(file);
  for (const [name, times] of declared) if (times > 1) numbers.delete(name);

  const visit = (node: ts.Node): ts.Node => {
    if (ts.isPropertyAccessExpression(node)) {
      const object = ts.visitNode(node.expression, visit, ts.isExpression);
      return context.factory.updatePropertyAccessExpression(node, object, node.name);
    }
    if (ts.isPropertyAssignment(node)) {
      const value = ts.visitNode(node.initializer, visit, ts.isExpression);
      return context.factory.updatePropertyAssignment(node, node.name, value);
    }
    if (ts.isShorthandPropertyAssignment(node)) {
      const number = numbers.get(node.name.text);
      return number === undefined
        ? node
        : context.factory.createPropertyAssignment(node.name.text, number);
    }
    if (ts.isVariableDeclaration(node)) {
      const value = ts.visitNode(node.initializer, visit, ts.isExpression);
      return context.factory.updateVariableDeclaration(
        node,
        node.name,
        node.exclamationToken,
        node.type,
        value,
      );
    }
    if (ts.isIdentifier(node)) {
      const number = numbers.get(node.text);
      // A number may be made of others.
      return number === undefined ? node : ts.visitNode(number, visit, ts.isExpression);
    }
    return ts.visitEachChild(node, visit, context);
  };
  return ts.visitEachChild(file, visit, context);
}

/** True for a number, one with a sign, and what is made of such numbers and of names of them. */
function isNumber(node: ts.Expression, named: ReadonlyMap<string, ts.Expression>): boolean {
  if (ts.isNumericLiteral(node)) return true;
  if (ts.isIdentifier(node)) return named.has(node.text);
  if (ts.isPrefixUnaryExpression(node)) {
    return node.operator === ts.SyntaxKind.MinusToken && isNumber(node.operand, named);
  }
  if (!ts.isBinaryExpression(node) || isAssignment(node)) return false;
  return isNumber(node.left, named) && isNumber(node.right, named);
}

function isAssignment(node: ts.BinaryExpression): boolean {
  const kind = node.operatorToken.kind;
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

function isDeclaration(node: ts.Node): node is ts.Node & { readonly name?: ts.Node } {
  return (
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isBindingElement(node)
  );
}

/** `octetAt` is there for the types. */
function readOctetsInPlace(file: ts.SourceFile, context: ts.TransformationContext): ts.SourceFile {
  const visit = (node: ts.Node): ts.Node => {
    const seen = ts.visitEachChild(node, visit, context);
    if (!ts.isCallExpression(seen) || !ts.isIdentifier(seen.expression)) return seen;
    const [octets, index] = seen.arguments;
    if (seen.expression.text !== "octetAt" || octets === undefined || index === undefined) {
      return seen;
    }
    return ts.setTextRange(context.factory.createElementAccessExpression(octets, index), seen);
  };
  return ts.visitEachChild(file, visit, context);
}

/** `assert(condition, code);` is called where the condition does not hold, and only there. */
function callAssertLast(file: ts.SourceFile, context: ts.TransformationContext): ts.SourceFile {
  const factory = context.factory;
  const visit = (node: ts.Node): ts.Node => {
    const seen = ts.visitEachChild(node, visit, context);
    if (!ts.isExpressionStatement(seen) || !ts.isCallExpression(seen.expression)) return seen;
    const call = seen.expression;
    const [condition, code] = call.arguments;
    const isAssert = ts.isIdentifier(call.expression) && call.expression.text === "assert";
    if (!isAssert || condition === undefined || code === undefined) return seen;
    if (condition.kind === ts.SyntaxKind.FalseKeyword) return seen;
    const failed = factory.updateCallExpression(call, call.expression, undefined, [
      factory.createFalse(),
      code,
    ]);
    return factory.updateExpressionStatement(seen, factory.createLogicalOr(condition, failed));
  };
  return ts.visitEachChild(file, visit, context);
}
