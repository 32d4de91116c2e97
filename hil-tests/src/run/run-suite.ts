// SPDX-License-Identifier: EUPL-1.2
import type { BenchParts } from "../board-driver/bench.ts";
import { createVirtualPace } from "../board-driver/pace.ts";
import { InfraFault, type Kind, type RoleName } from "../board-driver/roles.ts";
import { attempt, type Outcome } from "./attempt.ts";
import type { Case } from "./case.ts";
import { type CaseRecord, createCaseRecord } from "./case-record.ts";

/** What is said of a case in the end. */
export const VERDICTS = ["passed", "failed", "flaky", "skipped", "infra"] as const;
/**
 * One of the verdicts. `flaky` passed after the bench had failed it, `infra` never got as far as a
 * verdict on the product, `skipped` lacked something that the rig has not.
 */
export type Verdict = (typeof VERDICTS)[number];

/** Everything that is known of one case after the run. */
export type CaseResult = {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly string[];
  readonly threats: readonly number[];
  readonly verdict: Verdict;
  /** Empty for a case that passed at once. */
  readonly reason: string;
  /** Whose fault a failure is; undefined for none. */
  readonly fault: "product" | "test" | "infra" | undefined;
  /** Board that failed, for an infra fault. */
  readonly role: RoleName | undefined;
  readonly attempts: number;
  readonly seed: string;
  readonly wallMs: number;
  readonly record: CaseRecord;
};

/** How often each verdict came. */
export type Counts = Readonly<Record<Verdict, number>>;

/** Boards that are ready for a suite. */
export interface BenchSession {
  readonly kinds: Readonly<Record<RoleName, Kind>>;
  /** What the bench of one attempt is made of, without its chance and its record. */
  parts(): Promise<Omit<BenchParts, "seed" | "sink" | "onText">>;
  /** Roles whose board does not answer now: whatever the case said, it says nothing. */
  silentRoles(): Promise<readonly RoleName[]>;
  /** Brings a board back after it failed, by power or reset. @throws InfraFault */
  recover(role: RoleName): Promise<void>;
}

/** How a suite is run. */
export type SuiteRequest = {
  readonly cases: readonly Case[];
  readonly session: BenchSession;
  readonly seed: string;
  /** Times that each case is played, each with its own chance. */
  readonly repeat: number;
  /** Milliseconds of the computer's own time. */
  readonly wallMs: () => number;
  /** Told every line of the record as it comes. */
  readonly onLine?: (one: Case, device: string, line: string) => void;
  readonly onCase?: (result: CaseResult) => void;
};

/** A case that the bench failed is tried again so often. Nothing else is ever tried again. */
const INFRA_RETRIES = 2;

/** A bench of three simulated boards. */
export const SIMULATED_SESSION: BenchSession = {
  kinds: { key: "sim", station: "sim", lock: "sim" },
  parts: async () => ({
    kinds: SIMULATED_SESSION.kinds,
    cannot: { key: [], station: [], lock: [] },
    pace: createVirtualPace,
  }),
  silentRoles: async () => [],
  recover: async () => undefined,
};

/**
 * Plays cases one after the other and says what became of each.
 *
 * A product that does the wrong thing once has failed, whatever it does afterwards. Only a bench
 * that failed gets another try, and a case that needed one is never a plain pass.
 */
export async function runSuite(request: SuiteRequest): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const one of request.cases) {
    const result = await runCase(request, one);
    results.push(result);
    request.onCase?.(result);
  }
  return results;
}

/** Counts verdicts. */
export function countVerdicts(results: readonly { readonly verdict: Verdict }[]): Counts {
  const counts = { passed: 0, failed: 0, flaky: 0, skipped: 0, infra: 0 };
  for (const { verdict } of results) counts[verdict] += 1;
  return counts;
}

/** The last line of a run, for people and for `grep`. */
export function resultLine(counts: Counts): string {
  return VERDICTS.map((verdict) => `${counts[verdict]} ${verdict}`).join(", ");
}

async function runCase(request: SuiteRequest, one: Case): Promise<CaseResult> {
  let worst: CaseResult | undefined;
  for (let round = 0; round < request.repeat; round += 1) {
    const seed = round === 0 ? request.seed : `${request.seed}.${round}`;
    const result = await runRound(request, one, seed);
    if (worst === undefined || gravity(result) > gravity(worst)) worst = result;
    if (result.verdict === "skipped") break;
  }
  if (worst === undefined) throw new Error("a case is played at least once");
  return worst;
}

function gravity({ verdict }: CaseResult): number {
  return ["skipped", "passed", "flaky", "infra", "failed"].indexOf(verdict);
}

async function runRound(request: SuiteRequest, one: Case, seed: string): Promise<CaseResult> {
  const { session, wallMs } = request;
  const startMs = wallMs();
  const troubles: string[] = [];
  for (let tries = 1; ; tries += 1) {
    const { record, sink, onText } = createCaseRecord((device, line) => {
      request.onLine?.(one, device, line);
    });
    const outcome = await attemptOn(session, one, { seed: `${seed} ${one.id}`, sink, onText });
    const canRetry = outcome.kind === "infra" && tries <= INFRA_RETRIES;
    // A board that cannot be brought back is not asked again.
    const isBack = canRetry && (await bringBack(session, outcome.role));
    if (!isBack) {
      return {
        id: one.id,
        title: one.title,
        rows: one.rows,
        threats: one.threats,
        ...verdictOf(outcome, troubles),
        attempts: tries,
        seed,
        wallMs: wallMs() - startMs,
        record,
      };
    }
    troubles.push(outcome.reason);
  }
}

/** Brings a board back after it failed; false when it stays away. */
async function bringBack(session: BenchSession, role: RoleName): Promise<boolean> {
  try {
    await session.recover(role);
    return true;
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    return false;
  }
}

async function attemptOn(
  session: BenchSession,
  one: Case,
  chance: Pick<BenchParts, "seed" | "sink" | "onText">,
): Promise<Outcome> {
  let outcome: Outcome;
  try {
    outcome = await attempt(one, { ...(await session.parts()), ...chance });
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    outcome = { kind: "infra", reason: error.message, role: error.role };
  }
  if (outcome.kind === "infra" || outcome.kind === "skipped") return outcome;
  // A lock that hangs opens for nobody, and would pass every refusal.
  const [silent] = await session.silentRoles();
  if (silent === undefined) return outcome;
  const said = outcome.kind === "passed" ? "after a pass" : `after: ${outcome.reason}`;
  return { kind: "infra", role: silent, reason: `the ${silent} does not answer any more, ${said}` };
}

function verdictOf(
  outcome: Outcome,
  troubles: readonly string[],
): Pick<CaseResult, "verdict" | "reason" | "fault" | "role"> {
  switch (outcome.kind) {
    case "passed": {
      if (troubles.length === 0) {
        return { verdict: "passed", reason: "", fault: undefined, role: undefined };
      }
      const reason = `passed on try ${troubles.length + 1} (infra: ${troubles.join("; ")})`;
      return { verdict: "flaky", reason, fault: "infra", role: undefined };
    }
    case "skipped":
      return { verdict: "skipped", reason: outcome.reason, fault: undefined, role: undefined };
    case "infra":
      return { verdict: "infra", reason: outcome.reason, fault: "infra", role: outcome.role };
    case "product":
    case "test":
      return {
        verdict: "failed",
        reason: outcome.reason,
        fault: outcome.kind,
        role: undefined,
      };
  }
}
