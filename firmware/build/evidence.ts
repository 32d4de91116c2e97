// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Bundle, filesOf } from "./build-bundle.ts";
import {
  checkVariables,
  type FixedRole,
  readVariableBudget,
  type VariableFigures,
} from "./variable-budget.ts";

/** What a run on the real interpreter came to; `docs/evidence/interpreter.json`. */
export interface Evidence {
  /** Day of the run, UTC. */
  readonly date: string;
  /** What the interpreters say of themselves, by the variable that named them. */
  readonly interpreters: Readonly<Record<string, string>>;
  /** SHA-256 over the scripts of each bundle that was there, by `<role>/<board>`. */
  readonly bundles: Readonly<Record<string, string>>;
  /** Variables, by board and role. */
  readonly memory: Readonly<
    Record<string, Readonly<Partial<Record<FixedRole, VariableFigures>>> | undefined>
  >;
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

/** What the kept evidence says of the bundles as they are now. */
export interface EvidenceVerdict {
  /** Bundles that have changed since they ran on the interpreter, or never ran there. */
  readonly stale: readonly string[];
  /** Where the evidence is fresh: what of it is over a budget. */
  readonly complaints: readonly string[];
}

/** Bundles of the board that has the processor and the variables of the reference board. */
const MEASURED_BOARD = "linux-arm";

/**
 * Judges the evidence; bundles of boards that no interpreter stands for are left out.
 *
 * Without the interpreter nobody can renew it, so budgets are held over fresh evidence only.
 *
 * @param hashes - As the bundles are now, by `<role>/<board>`.
 */
export function judgeEvidence(
  hashes: Readonly<Record<string, string>>,
  evidence: Partial<Evidence> = readEvidence(),
): EvidenceVerdict {
  const stale = Object.keys(hashes).filter(
    (name) => name.includes("/linux") && hashes[name] !== evidence.bundles?.[name],
  );
  const isMeasured = !stale.some((name) => name.endsWith(`/${MEASURED_BOARD}`));
  return {
    stale,
    complaints: isMeasured
      ? checkVariables(readVariableBudget(), evidence.memory?.[MEASURED_BOARD] ?? {})
      : [],
  };
}

function readEvidence(): Partial<Evidence> {
  if (!existsSync(EVIDENCE_FILE)) return {};
  const parsed: unknown = JSON.parse(readFileSync(EVIDENCE_FILE, "utf8"));
  return typeof parsed === "object" && parsed !== null ? (parsed as Partial<Evidence>) : {};
}
