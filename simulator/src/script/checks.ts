// SPDX-License-Identifier: EUPL-1.2

import { BOLT_LOCKED, BOLT_UNLOCKED } from "@nyckelring/firmware";
import { findCode } from "@nyckelring/protocol/host";
import type { Checks } from "./scenario-shape.ts";
import type { Place } from "./shape.ts";
import type { Stage } from "./stage.ts";

/** Kinds of log entries by name, numbers of protocol.md. */
const ENTRY_KINDS = {
  passage: 1,
  denied: 2,
  sync: 3,
  gap: 4,
  bolt: 5,
  object: 6,
  power: 7,
} as const;
const GRANTED = "GRANTED";

type LogLine = NonNullable<Checks["log"]>[number];

/**
 * Looks at what a file wants looked at now.
 *
 * @param miss - Told what is not as it must be.
 * @returns How much was looked at.
 */
export function runChecks(
  stage: Stage,
  checks: Pick<Checks, "log" | "bolts" | "signals" | "place">,
  miss: (place: Place, text: string) => void,
): number {
  let looked = 0;
  for (const line of checks.log ?? []) {
    looked += 1;
    const found = countEntries(stage, line);
    const text = unmetCount(found, line);
    if (text !== undefined) miss(line.place, `${tellLine(line)}: ${text}`);
  }
  for (const [name, wanted] of checks.bolts ?? []) {
    looked += 1;
    const position = stage.doors.get(name)?.lock.board.motor.position();
    const end = position === BOLT_UNLOCKED ? "unlocked" : "between";
    const is = position === BOLT_LOCKED ? "locked" : end;
    if (is !== wanted) miss(checks.place, `the bolt of ${name} is ${is}, expected ${wanted}`);
  }
  for (const [name, wanted] of checks.signals ?? []) {
    looked += 1;
    const is = stage.keys.get(name)?.unit.signal ?? "none";
    if (is !== wanted) miss(checks.place, `${name} shows ${is}, expected ${wanted}`);
  }
  return looked;
}

/** What is wrong with a count; undefined when nothing is. */
export function unmetCount(
  found: number,
  wanted: { readonly count?: number; readonly atLeast?: number },
): string | undefined {
  const { count, atLeast } = wanted;
  if (count !== undefined && found !== count) return `${found}, expected ${count}`;
  const least = atLeast ?? (count === undefined ? 1 : 0);
  return found >= least ? undefined : `${found}, expected at least ${least}`;
}

function countEntries(stage: Stage, line: LogLine): number {
  const door = stage.doors.get(line.of);
  const key = stage.keys.get(line.of);
  const device = door?.lock ?? key?.unit;
  const world = door?.world ?? key?.world;
  if (device === undefined || world === undefined) return 0;
  const kind = line.entry === undefined ? undefined : ENTRY_KINDS[line.entry];
  const reason = line.reason === GRANTED ? 0 : codeOf(line.reason);
  const op = line.way === undefined ? undefined : line.way === "enter" ? 1 : 2;
  return world.issuer
    .history()
    .flatMap((fact) => (fact.kind === "entries-stored" ? fact.entries : []))
    .filter(
      (entry) =>
        entry.devid === device.devid &&
        (kind === undefined || entry.kind === kind) &&
        (reason === undefined || entry.reason === reason) &&
        (op === undefined || entry.op === op),
    ).length;
}

function codeOf(name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  // A code that does not exist is found nowhere, and the miss names it.
  return findCode(name)?.number ?? -1;
}

function tellLine({ of, entry, reason, way }: LogLine): string {
  const what = [entry, way, reason].filter((word) => word !== undefined).join(" ");
  return `entries of ${of} at the issuer${what === "" ? "" : ` (${what})`}`;
}
