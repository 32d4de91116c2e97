// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type BootBudget, checkBoots, readBootBudget } from "./boot-budget.ts";
import { type Bundle, filesOf, ROLES, type Role } from "./build-bundle.ts";
import {
  checkVariables,
  readVariableBudget,
  type VariableBudget,
  type VariableFigures,
} from "./variable-budget.ts";

/** What the suites measure on a build of the interpreter. */
export interface BuildFigures {
  readonly variables: Readonly<Partial<Record<Role, VariableFigures>>>;
  /** Instructions of a boot; counted on the Arm build alone. */
  readonly boots: Readonly<Partial<Record<Role, number>>>;
}

/** What a run on the real interpreter came to; `docs/evidence/interpreter.json`. */
export interface Evidence {
  /** Day of the run, UTC. */
  readonly date: string;
  /** What the interpreters say of themselves, by the variable that named them. */
  readonly interpreters: Readonly<Record<string, string>>;
  /** SHA-256 over the scripts of each bundle that was there, by `<role>/<board>`. */
  readonly bundles: Readonly<Record<string, string>>;
  /** By build of the interpreter. */
  readonly figures: Readonly<Record<string, BuildFigures | undefined>>;
  readonly passed: number;
  readonly failed: number;
  readonly cases: readonly { readonly title: string; readonly status: string }[];
}

/** The evidence that is kept in the repository. */
export const EVIDENCE_FILE: string = join(
  import.meta.dirname,
  "../../docs/evidence/interpreter.json",
);

/** What one run has measured so far, by build; beside other output that nobody keeps. */
export const FIGURES_FILE: string = join(import.meta.dirname, "../../out/interpreter-figures.json");

/** Reads what a run has measured so far. */
export function readFigures(): Evidence["figures"] {
  if (!existsSync(FIGURES_FILE)) return {};
  return JSON.parse(readFileSync(FIGURES_FILE, "utf8")) as Evidence["figures"];
}

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
  /** How many limits were held against it. */
  readonly held: number;
}

/** The build of the interpreter that has the processor and the variables of the reference boards. */
export const MEASURED_BUILD = "linux-arm";
/** The bundles that are measured there: a station's board has no native code, so it runs scripts alone. */
export const MEASURED_BUNDLES = {
  key: "linux-arm",
  lock: "linux-arm",
  station: "linux",
} as const satisfies Record<Role, string>;
const NO_FIGURES: BuildFigures = { variables: {}, boots: {} };
/** After boot and in a session, and a boot. */
const LIMITS_OF_A_ROLE = 3;
/** How far a renewed limit lies above what was measured; moments and chance move it by a hundredth. */
const MARGIN = 1.03;
const VARIABLES_STEP = 50;
const INSTRUCTIONS_STEP = 100_000;

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
  if (ROLES.some((role) => stale.includes(`${role}/${MEASURED_BUNDLES[role]}`))) {
    return { stale, complaints: [], held: 0 };
  }
  const { variables, boots } = evidence.figures?.[MEASURED_BUILD] ?? NO_FIGURES;
  return {
    stale,
    complaints: [
      ...checkVariables(readVariableBudget(), variables),
      ...checkBoots(readBootBudget(), boots),
    ],
    held: ROLES.length * LIMITS_OF_A_ROLE,
  };
}

/** The budgets with what was measured and a margin; what was not measured stays. */
export function renewedBudgets(
  measured: Evidence["figures"],
  variables: VariableBudget,
  boots: BootBudget,
): { readonly variables: VariableBudget; readonly boots: BootBudget } {
  const figures = measured[MEASURED_BUILD] ?? NO_FIGURES;
  const idleOf = (role: Role) => {
    const used = figures.variables[role]?.idle;
    const limits = variables[role];
    return { ...limits, idle: used === undefined ? limits.idle : above(used, VARIABLES_STEP) };
  };
  const bootOf = (role: Role) => {
    const counted = figures.boots[role];
    return counted === undefined ? boots[role] : above(counted, INSTRUCTIONS_STEP);
  };
  return {
    variables: { key: idleOf("key"), lock: idleOf("lock"), station: idleOf("station") },
    boots: { key: bootOf("key"), lock: bootOf("lock"), station: bootOf("station") },
  };
}

function above(figure: number, step: number): number {
  return Math.ceil((figure * MARGIN) / step) * step;
}

/** Reads the evidence that is kept; empty where there is none. */
export function readEvidence(): Partial<Evidence> {
  if (!existsSync(EVIDENCE_FILE)) return {};
  const parsed: unknown = JSON.parse(readFileSync(EVIDENCE_FILE, "utf8"));
  return typeof parsed === "object" && parsed !== null ? (parsed as Partial<Evidence>) : {};
}
