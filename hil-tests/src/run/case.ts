// SPDX-License-Identifier: EUPL-1.2
import type { Bench } from "../board-driver/bench.ts";

/** One case of a suite. */
export type Case = {
  /** Short and stable, for example `opens-with-a-right`; names the case in records and replays. */
  readonly id: string;
  /** A full sentence. */
  readonly title: string;
  /** Rows of docs/requirements.md that the case holds. */
  readonly rows: readonly string[];
  /** Numbers of threats that the case plays. */
  readonly threats: readonly number[];
  readonly play: (bench: Bench) => Promise<void>;
};

/**
 * Writes down a case. Its heading names rows and threats before a colon, then says what is so:
 * `L1, threat 4: refuses a session that was recorded before`.
 *
 * @throws Error when the heading has no such form: the suite itself is wrong.
 */
export function acceptance(id: string, heading: string, play: Case["play"]): Case {
  const [, marks = "", title = ""] = /^([^:]+): (.+)$/.exec(heading) ?? [];
  const rows: string[] = [];
  const threats: number[] = [];
  for (const mark of marks.split(", ")) {
    const threat = /^threat (\d{1,2})$/.exec(mark)?.[1];
    if (threat !== undefined) threats.push(Number(threat));
    else if (/^[SITKLGPXCO]\d{1,2}$/.test(mark)) rows.push(mark);
    else throw new Error(`case "${id}": "${mark}" is neither a row nor a threat`);
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id) || title === "" || rows.length + threats.length === 0) {
    throw new Error(`case "${id}" needs a short name, a row or threat, and a sentence`);
  }
  return { id, title, rows, threats, play };
}
