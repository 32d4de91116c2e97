// SPDX-License-Identifier: EUPL-1.2
import { setTimeout as pause } from "node:timers/promises";
import type { VirtualClock } from "@nyckelring/simulator";
import type { DeviceTime } from "./rig-device.ts";

/** How time passes on a bench. */
export interface Pace {
  /**
   * Lets time pass until `isDone`, at most `limitUs` of the bench's own time.
   *
   * @returns Whether it was done in time.
   */
  until(isDone: () => boolean, limitUs: number): Promise<boolean>;
  /** Lets so many microseconds pass, as fast as they can. */
  pass(spanUs: number): Promise<void>;
  /** Longest span that can be passed; undefined for any. */
  readonly passUsMax: number | undefined;
  /** A second of whoever is the slowest: the boards end in it what they began. */
  readonly momentUs: number;
  /** Lets time pass for as long as some work takes. */
  during<T>(work: Promise<T>): Promise<T>;
}

const SECOND_US = 1_000_000;

/** Virtual time: it costs nothing and jumps from event to event. */
export function createVirtualPace(clock: VirtualClock): Pace {
  const STEP_US = 50_000;
  return {
    until: async (isDone, limitUs) => {
      const endUs = clock.nowUs() + limitUs;
      while (!isDone() && clock.nowUs() < endUs) {
        clock.runUntil(Math.min(endUs, clock.nowUs() + STEP_US));
      }
      return isDone();
    },
    pass: async (span) => clock.runUntil(clock.nowUs() + span),
    passUsMax: undefined,
    momentUs: SECOND_US,
    during: (work) => work,
  };
}

/** Longest span that a case may pass with boards that have time of their own. */
const PASS_US_MAX = 60_000_000;
const WALL_STEP_MS = 1;
/** Octets need no longer than this from one end of a line to the other. */
const SETTLE_MS_MAX = 1000;
/** What is not worth to be skipped, in microseconds: asking the boards takes as long. */
const SKIP_US_MIN = 2_000;

/**
 * The time of boards that have their own: the simulated world beside them keeps pace with it. Where
 * somebody can set all of the boards forward, time in which nothing would happen is left out: when
 * every board rests, all of them go on to the moment of the next event.
 *
 * @param slowness - Seconds of the computer for one of the bench.
 * @param times - Of each board; undefined where the time of one of them runs as it runs.
 */
export function createWallPace(
  clock: VirtualClock,
  slowness: number,
  times?: readonly DeviceTime[],
): Pace {
  let lastMs = performance.now();

  function follow(): void {
    const nowMs = performance.now();
    const passedUs = Math.round(((nowMs - lastMs) * 1000) / slowness);
    lastMs = nowMs;
    clock.runUntil(clock.nowUs() + passedUs);
  }

  /** Leaves out what nobody needs until a moment. @returns False where something is under way. */
  async function skip(all: readonly DeviceTime[], endUs: number): Promise<boolean> {
    const ticks = clock.ticks();
    const rests = await Promise.all(all.map((time) => time.restMs()));
    follow();
    // What has happened since they were asked may have woken one of them.
    if (ticks !== clock.ticks()) return false;
    const dueUs = clock.dueUs() ?? endUs;
    let spanUs = Math.min(endUs, dueUs) - clock.nowUs();
    for (const rest of rests) {
      if (rest === undefined) return false;
      spanUs = Math.min(spanUs, rest * 1000);
    }
    if (spanUs < SKIP_US_MIN) return false;
    await Promise.all(all.map((time) => time.skip(spanUs / 1000)));
    clock.runUntil(clock.nowUs() + Math.round(spanUs));
    lastMs = performance.now();
    return true;
  }

  async function until(isDone: () => boolean, limitUs: number): Promise<boolean> {
    follow();
    const endUs = clock.nowUs() + limitUs;
    while (!isDone() && clock.nowUs() < endUs) {
      if (times !== undefined && (await skip(times, endUs))) continue;
      await pause(WALL_STEP_MS);
      follow();
    }
    // What was said on the way may still be under way to this computer.
    if (times !== undefined && !isDone()) await settle(times);
    return isDone();
  }

  /** Waits until nothing is under way, for a while. */
  async function settle(all: readonly DeviceTime[]): Promise<void> {
    const endMs = performance.now() + SETTLE_MS_MAX;
    while (performance.now() < endMs) {
      const rests = await Promise.all(all.map((time) => time.restMs()));
      if (rests.every((rest) => rest !== undefined)) return;
      await pause(WALL_STEP_MS);
    }
  }

  return {
    until,
    pass: async (span) => void (await until(() => false, span)),
    passUsMax: times === undefined ? PASS_US_MAX : undefined,
    momentUs: times === undefined ? Math.round(SECOND_US / slowness) : SECOND_US,
    during: async (work) => {
      const done = work.finally(follow);
      // A failure is told by `done`, after the clock has come to rest.
      let isOver = false;
      const wait = async (): Promise<void> => {
        while (!isOver) {
          await pause(WALL_STEP_MS);
          follow();
        }
      };
      await Promise.allSettled([
        done.finally(() => {
          isOver = true;
        }),
        wait(),
      ]);
      return done;
    },
  };
}
