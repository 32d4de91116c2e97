// SPDX-License-Identifier: EUPL-1.2
import { type Kind, ROLES, type RoleName } from "../board-driver/roles.ts";
import { type CaseResult, type Counts, countVerdicts } from "../run/run-suite.ts";

/** What a role was made of in a run. */
export type RoleInRun = {
  readonly kind: Kind;
  /** Number of the board; empty for a simulated one. */
  readonly board: string;
  /** SHA-256 of the firmware, or `source` where the role ran from its source. */
  readonly firmware: string;
};

/** A finished run of the suite. */
export type RunSummary = {
  readonly rig: string;
  readonly roles: Readonly<Record<RoleName, RoleInRun>>;
  readonly seed: string;
  readonly commit: string;
  /** UTC, as ISO 8601. */
  readonly startedAt: string;
  readonly wallS: number;
  /** The command that repeats the run. */
  readonly repro: string;
  readonly cases: readonly CaseResult[];
};

/** A run as `run.json` holds it. */
export type RunFile = Omit<RunSummary, "cases"> & {
  readonly schema: 1;
  readonly counts: Counts;
  readonly cases: readonly Omit<CaseResult, "record">[];
};

/** What `run.json` holds. */
export function toRunFile(summary: RunSummary): RunFile {
  const { cases, ...head } = summary;
  const told = cases.map(({ record: _, ...rest }) => rest);
  return { schema: 1, ...head, counts: countVerdicts(cases), cases: told };
}

/** The command that plays one case of a run again. */
export function reproOf(summary: RunSummary, one: CaseResult): string {
  const named = summary.repro.replace(/ run (?:"[^"]*" )?/, ` run "^${one.id}$$" `);
  return named.replace(/--seed \S+/, `--seed ${one.seed}`);
}

/** Roles in a line: `key REAL usb-1, station sim, lock sim`. */
export function rolesLine(roles: RunSummary["roles"]): string {
  return ROLES.map((name) => {
    const { kind, board } = roles[name];
    return `${name} ${kind === "real" ? `REAL ${board}` : kind}`;
  }).join(", ");
}
