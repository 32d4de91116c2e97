// SPDX-License-Identifier: EUPL-1.2

import type { RunOutcome } from "@nyckelring/simulator";

/**
 * Tells a run to a person: who was there, what happened when, what the figures are and mean.
 *
 * @param wallS - Seconds that the run took on this machine.
 * @param replay - The command that repeats it.
 */
export function tellStory(outcome: RunOutcome, wallS: number, replay: string): string {
  const { result, story, violations } = outcome;
  const people = story.filter((line) => line.atUs === 0);
  const incidents = story.filter((line) => line.atUs > 0);
  const days = result.virtualDays === 1 ? "one day" : `${result.virtualDays} days`;
  const seconds = wallS.toFixed(1);
  const dead = result.eventsLost + result.eventsDuplicated;
  const lines = [
    `Pilot, ${days}, seed ${result.seed}: real protocol, real firmware, virtual time (${seconds} s).`,
    ...people.map((line) => `  ${line.text}`),
    "What happened, by the clock of Stockholm:",
    ...incidents.map((line) => `  ${line.clock}  ${line.text}`),
    "What it came to:",
    `  ${result.insertions} insertions, ${result.openings} openings, ${result.denials} refusals, ` +
      `${result.syncs} syncs; ${result.earlyPulls} keys were pulled out too early`,
    `  from insertion to the motor ${result.openingMs.p50} ms (half) and ${result.openingMs.p99} ms ` +
      "(99 of 100); counted instructions and estimates, not measurements",
    `  forbidden attempts ${result.forbiddenAttempts}, stopped ${result.forbiddenStopped}; a day ` +
      "without any would prove nothing",
    `  unauthorized openings ${result.unauthorizedOpenings} (must be 0)`,
    `  residual openings ${result.residualOpenings}: a copied key at a lock that has no clock and that ` +
      "nobody honest has visited since; the known limit, counted apart",
    `  refused with a right ${result.wrongDenials} (must be 0)`,
    `  events written by devices ${result.eventsAtDevices}, stored by the authorization system ` +
      `${result.eventsAtIssuer}`,
    `  lost or stored twice ${dead} (must be 0), declared as gaps ${result.eventsGapped}; the last one ` +
      `came home ${result.settleHours} h after the day`,
    `  ${result.messagesDuplicated} broker messages came twice, ${result.messagesOverGsm} went over GSM, ` +
      `${result.tornWrites} flash writes were cut by a pulled key`,
    violations.length === 0
      ? "Every promise was kept."
      : `PROMISES WERE BROKEN: ${violations.length} times; the list is on standard error.`,
    `  trace ${result.traceHash.slice(0, 16)}…   again: ${replay}`,
    "",
  ];
  return lines.join("\n");
}

/**
 * Tells the run of a scenario file: what it shows, what happened, what it came to.
 *
 * @param title - What the file says of itself.
 * @param wallS - Seconds that the run took on this machine.
 * @param replay - The command that repeats it.
 */
export function tellScript(
  outcome: RunOutcome,
  title: string,
  wallS: number,
  replay: string,
): string {
  const { result, story, violations } = outcome;
  const expectations = "expectations" in outcome ? Number(outcome.expectations) : 0;
  const lines = [
    `${title} (seed ${result.seed}, ${wallS.toFixed(1)} s)`,
    ...story.map((line) => `  ${line.clock}  ${line.text}`),
    `  ${result.insertions} insertions, ${result.openings} openings, ${result.denials} refusals, ` +
      `${result.syncs} syncs, ${result.earlyPulls} pulled out too early`,
    `  events written by devices ${result.eventsAtDevices}, stored by the authorization system ` +
      `${result.eventsAtIssuer}, lost ${result.eventsLost}, declared as gaps ${result.eventsGapped}`,
    violations.length === 0
      ? `Every promise was kept and all ${expectations} expectations were met.`
      : `NOT AS EXPECTED: ${violations.length} times; the list is on standard error.`,
    `  trace ${result.traceHash.slice(0, 16)}…   again: ${replay}`,
    "",
  ];
  return lines.join("\n");
}
