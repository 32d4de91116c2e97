// SPDX-License-Identifier: EUPL-1.2
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Members of typed arrays that give another thing on a board, or nothing. */
const REFUSED_ON_TYPED_ARRAYS: Readonly<Record<string, string>> = {
  slice: "gives a plain array there: use sliceBytes",
  filter: "gives a plain array there",
  at: "throws there",
  copyWithin: "throws there",
  entries: "throws there",
  keys: "throws there",
  values: "throws there",
  findLast: "throws there",
  findLastIndex: "throws there",
  lastIndexOf: "throws there",
  reduceRight: "throws there",
  toReversed: "throws there",
  toSorted: "throws there",
  with: "throws there",
  toString: "is a list of decimals: use hexOf",
  BYTES_PER_ELEMENT: "throws there",
};

const TYPED_ARRAYS: ReadonlySet<string> = new Set([
  "Uint8Array",
  "Uint16Array",
  "Uint32Array",
  "Int8Array",
  "Int16Array",
  "Int32Array",
  "Float64Array",
]);

/** What the look at the sources found. */
export interface SourceReport {
  readonly files: number;
  readonly accesses: number;
  /** One line per refusal: file, line, rule, text. */
  readonly lines: readonly string[];
}

/**
 * Refuses what only types can tell: members of typed arrays that differ on a board, and views over a
 * buffer whose length is computed, since a length of 0 means the whole rest there.
 *
 * @param files - Sources, relative to the repository root.
 * @param root - Where they are; the repository unless a test says otherwise.
 */
export function checkSources(files: readonly string[], root: string = ROOT): SourceReport {
  const program = ts.createProgram(
    files.map((file) => join(root, file)),
    {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      allowImportingTsExtensions: true,
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      types: [],
    },
  );
  const checker = program.getTypeChecker();
  const wanted = new Set(files.map((file) => join(root, file)));
  const lines: string[] = [];
  let accesses = 0;
  let looked = 0;
  for (const source of program.getSourceFiles()) {
    if (!wanted.has(source.fileName)) {
      continue;
    }
    looked += 1;
    const visit = (node: ts.Node): void => {
      if (ts.isPropertyAccessExpression(node)) {
        accesses += 1;
        const why = refusalOf(node, checker);
        if (why !== undefined) {
          const { line } = source.getLineAndCharacterOfPosition(node.name.getStart());
          lines.push(`${relative(root, source.fileName)}:${line + 1} typed-array: ${why}`);
        }
      }
      if (ts.isNewExpression(node) && hasComputedLength(node)) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        const why = "a view of 0 octets is the whole rest there: use subarray";
        lines.push(`${relative(root, source.fileName)}:${line + 1} typed-array: ${why}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { files: looked, accesses, lines };
}

function refusalOf(node: ts.PropertyAccessExpression, checker: ts.TypeChecker): string | undefined {
  const why = Object.hasOwn(REFUSED_ON_TYPED_ARRAYS, node.name.text)
    ? REFUSED_ON_TYPED_ARRAYS[node.name.text]
    : undefined;
  if (why === undefined) {
    return undefined;
  }
  const owner = checker.getTypeAtLocation(node.expression);
  const parts = owner.isUnion() ? owner.types : [owner];
  const isTyped = parts.some((part) => TYPED_ARRAYS.has(part.symbol?.name ?? ""));
  return isTyped ? `.${node.name.text} of a typed array ${why}` : undefined;
}

/**
 * Whether a typed array is made over a buffer with a length that a variable gives, which may be 0. A sum
 * is taken for the words of a whole array, as in `all.length >> 2`.
 */
function hasComputedLength({ expression, arguments: given }: ts.NewExpression): boolean {
  const length = given?.[2];
  if (length === undefined || !TYPED_ARRAYS.has(expression.getText())) return false;
  if (ts.isIdentifier(length)) return !/^[A-Z][A-Z0-9_]*$/.test(length.text);
  return ts.isPropertyAccessExpression(length);
}
