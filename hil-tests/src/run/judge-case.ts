// SPDX-License-Identifier: EUPL-1.2
import {
  type Invariant,
  journalOf,
  judgeRun,
  type World,
  type WorldEvent,
} from "@nyckelring/simulator";
import type { Bench } from "../board-driver/bench.ts";
import { wasErased } from "../board-driver/devices.ts";

const X6 = "X6 right-at-issue";
/** What holds whatever a case does, and on whatever boards. */
const ALWAYS: readonly Invariant[] = ["I1 no-unauth", "I2 nothing-lost", X6];

/**
 * Lets the oracle of the simulator judge a case from outside: no door opened without a right, and no
 * entry was lost. It shares no code with what it judges and reads the flash of each device itself.
 *
 * @returns What is wrong; undefined when nothing is.
 */
export function judgeCase(bench: Bench): string | undefined {
  // The oracle's model of rights has no guests.
  const promises = bench.worlds.length > 1 ? ALWAYS.filter((one) => one !== X6) : ALWAYS;
  for (const world of bench.worlds) {
    const units = [...world.keys, ...world.locks];
    const erased = new Set(units.filter(wasErased).map(nameOf));
    const { violations } = judgeRun({
      startS: world.clock.startS,
      events: judgedEvents(world, erased),
      authorities: [
        {
          journal: journalOf(world),
          committed: world.storedEntries(),
          // A log that somebody has erased is none that anything can be missing from.
          devices: world.devicesNow().filter(({ name }) => !erased.has(name)),
        },
      ],
      // Entries may still be on their way when a case ends.
      isSettled: false,
    });
    const [broken] = violations.filter(({ invariant }) => promises.includes(invariant));
    if (broken !== undefined) return `the oracle: ${broken.invariant}: ${broken.text}`;
  }
  return undefined;
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

/**
 * Events without the contacts of erased devices and of keys of another authority: the rights of those
 * stand in a journal that this judge is not shown, and the cases with guests say what a guest may.
 */
function judgedEvents(world: World, erased: ReadonlySet<string>): readonly WorldEvent[] {
  const own = new Set(world.keys.map(nameOf));
  const left = new Set<number>();
  for (const event of world.events) {
    if (event.kind !== "plugged") continue;
    const isJudged = own.has(event.key) && !erased.has(event.key) && !erased.has(event.device);
    if (!isJudged) left.add(event.contact);
  }
  if (left.size === 0) return world.events;
  return world.events.filter((event) => !("contact" in event && left.has(event.contact)));
}
