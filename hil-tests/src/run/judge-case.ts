// SPDX-License-Identifier: EUPL-1.2
import { type Invariant, journalOf, judgeRun, type WorldEvent } from "@nyckelring/simulator";
import type { Bench } from "../board-driver/bench.ts";
import { wasErased } from "../board-driver/devices.ts";

/** What holds whatever a case does, and on whatever boards. */
const ALWAYS: readonly Invariant[] = ["I1 no-unauth", "I2 nothing-lost", "X6 right-at-issue"];

/**
 * Lets the oracle of the simulator judge a case from outside: no door opened without a right, and no
 * entry was lost. It shares no code with what it judges and reads the flash of each device itself. It
 * is shown the journals of all authorities, so that a guest's contact is judged like any other.
 *
 * @returns What is wrong; undefined when nothing is.
 */
export function judgeCase(bench: Bench): string | undefined {
  const { worlds } = bench;
  const units = worlds.flatMap((world) => [...world.keys, ...world.locks]);
  const erased = new Set(units.filter(wasErased).map(({ name }) => name));
  const { violations } = judgeRun({
    startS: bench.home.world.clock.startS,
    events: judgedEvents(bench.home.world.events, erased),
    authorities: worlds.map((world) => ({
      journal: journalOf(world),
      committed: world.storedEntries(),
      // A log that somebody has erased is none that anything can be missing from.
      devices: world.devicesNow().filter(({ name }) => !erased.has(name)),
    })),
    // Entries may still be on their way when a case ends.
    isSettled: false,
  });
  const [broken] = violations.filter(({ invariant }) => ALWAYS.includes(invariant));
  return broken === undefined ? undefined : `the oracle: ${broken.invariant}: ${broken.text}`;
}

/** Events without the contacts of erased devices: what those did before is known to nobody. */
function judgedEvents(
  events: readonly WorldEvent[],
  erased: ReadonlySet<string>,
): readonly WorldEvent[] {
  if (erased.size === 0) return events;
  const left = new Set<number>();
  for (const event of events) {
    if (event.kind !== "plugged") continue;
    if (erased.has(event.key) || erased.has(event.device)) left.add(event.contact);
  }
  return events.filter((event) => !("contact" in event && left.has(event.contact)));
}
