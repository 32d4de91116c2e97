// SPDX-License-Identifier: EUPL-1.2

// Resets devices in the middle of a morning of the small town:
//   node simulator/power-cuts/run-town.ts --minutes N [SEED]     hunts for so long
//   node simulator/power-cuts/run-town.ts SEED [DEVICE@US ...]   one morning, as a failure names it

import { huntTown, readResets } from "./hunt-town.ts";
import { liveMorning } from "./town.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [first = "1", ...rest] = process.argv.slice(2);

function hunt(minutes: number, seed: number): boolean {
  const endMs = Date.now() + minutes * 60_000;
  const { mornings, moments, cuts, doubleCuts, tornCuts, byKind, failures } = huntTown(
    seed,
    () => Date.now() > endMs,
  );
  for (const failure of failures) say(`FAILED ${failure}`);
  const kinds = [...byKind].map(([kind, count]) => `${kind} ${count}`);
  say(`${mornings} mornings of the town from seed ${seed} on, ${moments} writes to flash found`);
  say(
    `${cuts} cuts there, ${doubleCuts} of them double, ${tornCuts} with a torn write: ${kinds.join(", ")}`,
  );
  say(`${failures.length} broken promises`);
  if (cuts > 0 && failures.length === 0) {
    say(`failure rate below ${(3 / cuts).toExponential(1)} at 95 %`);
  }
  return cuts > 0 && failures.length === 0;
}

function replay(seed: string, places: readonly string[]): boolean {
  const morning = liveMorning(seed, readResets(places));
  const { violations, openings, forbiddenAttempts, moments, traceHash } = morning;
  for (const { invariant, text, atUs } of violations)
    say(`FAILED ${invariant} at ${atUs}: ${text}`);
  say(
    `seed ${seed}: ${openings} openings, ${forbiddenAttempts} attempts without a right, ${moments.length} writes to flash, trace ${traceHash}`,
  );
  return violations.length === 0;
}

const isWell =
  first === "--minutes" ? hunt(Number(rest[0]), Number(rest[1] ?? "1")) : replay(first, rest);
process.exitCode = isWell ? 0 : 1;
