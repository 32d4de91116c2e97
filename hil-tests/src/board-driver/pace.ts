// SPDX-License-Identifier: EUPL-1.2
import { setTimeout as pause } from "node:timers/promises";
import type { VirtualClock } from "@nyckelring/simulator";

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
  /** Lets time pass for as long as some work takes. */
  during<T>(work: Promise<T>): Promise<T>;
}

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
    during: (work) => work,
  };
}

/** Longest span that a case may pass with boards that have time of their own. */
const PASS_US_MAX = 60_000_000;
const WALL_STEP_MS = 2;

/**
 * The time of boards that have their own: it cannot be skipped, and the simulated world beside them
 * keeps pace with it.
 *
 * @param slowness - Seconds of the computer for one of the bench.
 */
export function createWallPace(clock: VirtualClock, slowness: number): Pace {
  let lastMs = performance.now();

  function follow(): void {
    const nowMs = performance.now();
    const passedUs = Math.round(((nowMs - lastMs) * 1000) / slowness);
    lastMs = nowMs;
    clock.runUntil(clock.nowUs() + passedUs);
  }

  async function until(isDone: () => boolean, limitUs: number): Promise<boolean> {
    follow();
    const endUs = clock.nowUs() + limitUs;
    while (!isDone() && clock.nowUs() < endUs) {
      await pause(WALL_STEP_MS);
      follow();
    }
    return isDone();
  }

  return {
    until,
    pass: async (span) => void (await until(() => false, span)),
    passUsMax: PASS_US_MAX,
    during: async (work) => {
      let isOver = false;
      const done = work.finally(() => {
        isOver = true;
      });
      // A failure is told by `done`, after the clock has come to rest.
      await Promise.allSettled([done, until(() => isOver, Number.MAX_SAFE_INTEGER)]);
      return done;
    },
  };
}
