// SPDX-License-Identifier: EUPL-1.2

import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import {
  CUT_MUTANTS,
  type CutMutant,
  HOSTILE_KEYS,
  MUTANTS,
  type Mutant,
  type Replacement,
} from "./mutants.ts";

export type { Replacement } from "./mutants.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Plants a defect: from now on, source files that are loaded have the replacement in place. The
 * files on disk stay as they are.
 *
 * @returns The mutant of this name.
 * @throws Error when a place is not in its file exactly once: the mutant is out of date then, and
 *   a run with it would prove nothing.
 */
export function plantMutant(name: string): Mutant {
  const mutant = [...MUTANTS, ...HOSTILE_KEYS].find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant "${name}"`);
  plantReplacements(mutant.replacements);
  return mutant;
}

/** The same for a defect that only a power cut, a boot or a long log brings to light. */
export function plantCutMutant(name: string): CutMutant {
  const mutant = CUT_MUTANTS.find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant "${name}"`);
  plantReplacements(mutant.replacements);
  return mutant;
}

/** Plants replacements that are no mutant of the pilot day; see {@link plantMutant}. */
export function plantReplacements(replacements: readonly Replacement[]): void {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      if (!url.startsWith("file:")) return loaded;
      const file = fileURLToPath(url);
      const due = replacements.filter((replacement) => file === ROOT + replacement.file);
      return due.length === 0
        ? loaded
        : { ...loaded, source: due.reduce(replaceOnce, sourceText(loaded.source)) };
    },
  });
}

function sourceText(source: unknown): string {
  if (typeof source === "string") return source;
  if (source instanceof Uint8Array) return Buffer.from(source).toString("utf8");
  throw new Error("a source file came without its text");
}

function replaceOnce(text: string, replacement: Replacement): string {
  const parts = text.split(replacement.find);
  if (parts.length !== 2) {
    const times = parts.length - 1;
    throw new Error(`${replacement.file} holds the place of the mutant ${times} times, not once`);
  }
  return parts.join(replacement.replace);
}
