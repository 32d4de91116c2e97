// SPDX-License-Identifier: EUPL-1.2
import ts from "typescript";

/**
 * Has functions of some names tell a counter when they begin and end: `mark("> name")`, and `mark("< name")`
 * over what they give. The script has a function `mark` that gives its second argument.
 */
export function markFunctions(names: readonly string[]): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => {
    const { factory } = context;
    const tell = (text: string, ...given: readonly ts.Expression[]) =>
      factory.createCallExpression(factory.createIdentifier("mark"), undefined, [
        factory.createStringLiteral(text),
        ...given,
      ]);

    function visitIn(name: string | undefined): (node: ts.Node) => ts.Node {
      return (node) => {
        if (ts.isFunctionLike(node)) {
          const own = nameOf(node);
          const { body } = node as { readonly body?: ts.Node };
          const isMarked = own !== undefined && names.includes(own);
          const visit = (child: ts.Node) =>
            isMarked && child === body ? markBody(child, own) : visitIn(undefined)(child);
          return ts.visitEachChild(node, visit, context);
        }
        const visited = ts.visitEachChild(node, visitIn(name), context);
        if (name === undefined || !ts.isReturnStatement(visited)) return visited;
        const given = visited.expression === undefined ? [] : [visited.expression];
        return factory.createReturnStatement(tell(`< ${name}`, ...given));
      };
    }

    function markBody(body: ts.Node, name: string): ts.Block {
      const inside = ts.isBlock(body)
        ? ts.visitEachChild(body, visitIn(name), context).statements
        : [factory.createReturnStatement(tell(`< ${name}`, visitIn(name)(body) as ts.Expression))];
      const begin = factory.createExpressionStatement(tell(`> ${name}`));
      const end = factory.createExpressionStatement(tell(`< ${name}`));
      return factory.createBlock([begin, ...inside, end], true);
    }

    return ts.visitEachChild(file, visitIn(undefined), context);
  };
}

/** The name of a declared function, of a method, or of the field that an arrow function is the value of. */
function nameOf(node: ts.SignatureDeclaration): string | undefined {
  const named = ts.isArrowFunction(node) ? node.parent : node;
  const { name } = named as { readonly name?: ts.Node };
  const isOurs =
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    (ts.isArrowFunction(node) && ts.isPropertyAssignment(named));
  return isOurs && name !== undefined && ts.isIdentifier(name) ? name.text : undefined;
}
