// SPDX-License-Identifier: EUPL-1.2
import { analyseDeclarationOrder } from "../dialect/declaration-order.ts";
import { parseScript } from "../dialect/syntax.ts";

/** Text that was put into a script: where in the old text, and how long it is. */
export interface Insertion {
  readonly offset: number;
  readonly characters: number;
}

/**
 * Declares at the top of its scope each variable that may be used before its `var` has run.
 *
 * Terser inlines and joins as the standard allows, so it may leave a `var` behind its first
 * assignment or in a branch. Only the names in question move: every further declaration costs a
 * board bytes and a variable.
 */
export function declareEarly(code: string): {
  readonly code: string;
  readonly insertions: readonly Insertion[];
} {
  const byScope = new Map<number, Set<string>>();
  for (const use of analyseDeclarationOrder(parseScript(code)).earlyUses) {
    if (!use.isFunction) {
      const names = byScope.get(use.scopeStart) ?? new Set<string>();
      names.add(use.name);
      byScope.set(use.scopeStart, names);
    }
  }
  const insertions: Insertion[] = [];
  let result = "";
  let done = 0;
  for (const offset of [...byScope.keys()].sort((left, right) => left - right)) {
    const text = `var ${[...(byScope.get(offset) ?? [])].sort().join(",")};`;
    result += code.slice(done, offset) + text;
    done = offset;
    insertions.push({ offset, characters: text.length });
  }
  return { code: result + code.slice(done), insertions };
}
