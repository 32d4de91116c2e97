// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Bundle, filesOf } from "./build-bundle.ts";

/** What a run on the real interpreter came to; `docs/evidence/interpreter.json`. */
export interface Evidence {
  /** Day of the run, UTC. */
  readonly date: string;
  /** What the interpreters say of themselves, by the variable that named them. */
  readonly interpreters: Readonly<Record<string, string>>;
  /** SHA-256 over the scripts of each bundle that was there, by `<role>/<board>`. */
  readonly bundles: Readonly<Record<string, string>>;
  /** Variables in use after a contact, by board and role. */
  readonly memory: unknown;
  readonly passed: number;
  readonly failed: number;
  readonly cases: readonly { readonly title: string; readonly status: string }[];
}

/** The evidence that is kept in the repository. */
export const EVIDENCE_FILE: string = join(
  import.meta.dirname,
  "../../docs/evidence/interpreter.json",
);

/** SHA-256 over names and content of the scripts of a bundle; the blob has evidence of its own. */
export function bundleHash(bundle: Bundle): string {
  const hash = createHash("sha256");
  for (const { name, content } of filesOf(bundle)) {
    if (name !== "native") hash.update(`${name} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

/**
 * Tells which bundles have changed since they ran on the interpreter.
 *
 * @param hashes - As the bundles are now, by `<role>/<board>`.
 * @returns the names; those of boards that no interpreter stands for are left out.
 */
export function staleBundles(hashes: Readonly<Record<string, string>>): readonly string[] {
  const known = readEvidence();
  return Object.keys(hashes).filter(
    (name) => name.includes("/linux") && hashes[name] !== known[name],
  );
}

function readEvidence(): Readonly<Record<string, string>> {
  const bundles: Record<string, string> = {};
  if (!existsSync(EVIDENCE_FILE)) return bundles;
  const parsed: unknown = JSON.parse(readFileSync(EVIDENCE_FILE, "utf8"));
  if (typeof parsed !== "object" || parsed === null || !("bundles" in parsed)) return bundles;
  for (const [name, hash] of Object.entries(parsed.bundles ?? {})) bundles[name] = String(hash);
  return bundles;
}
