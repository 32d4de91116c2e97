// SPDX-License-Identifier: EUPL-1.2

import { createRandomStream, type RandomStream } from "../src/prng.ts";
import { liveMorning, type Moment, type Morning, type Reset } from "./town.ts";

/** Cuts that one morning is worth before the next one is lived through. */
const CUTS_A_MORNING = 40;
/** Of 1000 cuts so many are followed by another, of a device that writes soon after. */
const SECOND_PERMILLE = 400;
const SOON_US = 20_000_000;

/** What a hunt found. */
export type HuntResult = {
  /** Mornings that were lived through without a cut, to find moments. */
  readonly mornings: number;
  /** Writes to flash that they found. */
  readonly moments: number;
  readonly cuts: number;
  readonly doubleCuts: number;
  /** Cuts that left a write torn. */
  readonly tornCuts: number;
  /** Cuts by the kind of the device that was met first. */
  readonly byKind: ReadonlyMap<string, number>;
  /** One line for each broken promise, with the command that repeats it. */
  readonly failures: readonly string[];
};

/**
 * Hunts in two phases: a cheap pass over a morning of the small town tells when which device writes to
 * its flash; then the same morning is lived again, and one device, or one and soon another, is reset
 * there: before the write, in its middle, or right behind it.
 *
 * @param firstSeed - Of the first morning, and of the choice.
 * @param isEnough - Asked after each cut.
 */
export function huntTown(
  firstSeed: number,
  isEnough: (cuts: number) => boolean,
  live: typeof liveMorning = liveMorning,
): HuntResult {
  const failures: string[] = [];
  const byKind = new Map<string, number>();
  let mornings = 0;
  let moments = 0;
  let cuts = 0;
  let doubleCuts = 0;
  let tornCuts = 0;
  for (let seed = firstSeed; !isEnough(cuts); seed += 1) {
    const random = createRandomStream(String(seed)).split("cuts");
    const uncut = live(String(seed));
    mornings += 1;
    moments += uncut.moments.length;
    failures.push(...failuresOf(String(seed), [], uncut));
    if (uncut.moments.length === 0) break;
    for (let cut = 0; cut < CUTS_A_MORNING && !isEnough(cuts); cut += 1) {
      const first = drawReset(uncut.moments, random);
      const morning = live(String(seed), [first]);
      const soon = random.drawChance(SECOND_PERMILLE) ? writesAfter(morning, first) : [];
      const resets = soon.length === 0 ? [first] : [first, drawReset(soon, random)];
      const judged = soon.length === 0 ? morning : live(String(seed), resets);
      cuts += 1;
      if (soon.length > 0) doubleCuts += 1;
      if (judged.tornWrites > uncut.tornWrites) tornCuts += 1;
      const kind = first.device.replace(/-\d+$/, "");
      byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
      failures.push(...failuresOf(String(seed), resets, judged));
    }
  }
  return { mornings, moments, cuts, doubleCuts, tornCuts, byKind, failures };
}

/** A kind of device first, so that the many writes of keys do not hide those of the others. */
function drawReset(moments: readonly Moment[], random: RandomStream): Reset {
  const kinds = ["key", "lock", "station"].map((kind) =>
    moments.filter(({ device }) => device.startsWith(kind)),
  );
  const seen = kinds.filter((one) => one.length > 0);
  const chosen = seen[random.drawBelow(seen.length)] ?? moments;
  const moment = chosen[random.drawBelow(chosen.length)];
  if (moment === undefined) throw new Error("no moment to choose");
  const { device, atUs, costUs } = moment;
  const [before, within] = [0, Math.max(1, Math.floor((costUs * random.drawBetween(1, 99)) / 100))];
  return { device, atUs: atUs + ([before, within, costUs + 1][random.drawBelow(3)] ?? 0) };
}

function writesAfter({ moments }: Morning, { device, atUs }: Reset): readonly Moment[] {
  return moments.filter(
    (one) => one.device !== device && one.atUs > atUs && one.atUs < atUs + SOON_US,
  );
}

function failuresOf(seed: string, resets: readonly Reset[], { violations }: Morning): string[] {
  return violations.map(
    ({ invariant, text }) => `${invariant}: ${text}\n  repeat: ${replayOf(seed, resets)}`,
  );
}

/** The command that repeats a morning. */
export function replayOf(seed: string, resets: readonly Reset[]): string {
  const places = resets.map(({ device, atUs }) => ` ${device}@${atUs}`);
  return `node simulator/power-cuts/run-town.ts ${seed}${places.join("")}`;
}

/** Reads resets as `replayOf` writes them. */
export function readResets(places: readonly string[]): Reset[] {
  return places.map((place) => {
    const [, device = "", atUs = ""] = /^([a-z]+-\d+)@(\d+)$/.exec(place) ?? [];
    if (device === "") throw new Error(`"${place}" is no reset, such as lock-03@123456`);
    return { device, atUs: Number(atUs) };
  });
}
