// SPDX-License-Identifier: EUPL-1.2

import type { ClockPort } from "@nyckelring/firmware";
import type { VirtualClock } from "./virtual-clock.ts";

/** The real-time clock of a device: it drifts, can be put wrong, and can lose the time. */
export interface DeviceClock {
  readonly port: ClockPort;
  /** Puts it ahead of what it says, or behind, in seconds. */
  shift(seconds: number): void;
  /** Lets it forget the time until it is set. */
  lose(): void;
}

/**
 * Makes a clock that keeps time from now on.
 *
 * @param driftPpm - How fast it runs, in parts of a million.
 * @param startS - What it says now, UTC seconds; undefined where it does not know.
 */
export function createDeviceClock(
  clock: VirtualClock,
  driftPpm: number,
  startS: number | undefined,
): DeviceClock {
  let setUs = clock.nowUs();
  let baseS = startS;

  function nowS(): number | undefined {
    if (baseS === undefined) return undefined;
    const passedUs = clock.nowUs() - setUs;
    return baseS + Math.floor((passedUs * (1_000_000 + driftPpm)) / 1e12);
  }

  return {
    port: {
      nowS,
      set: (timeS) => {
        setUs = clock.nowUs();
        baseS = timeS;
      },
    },
    shift: (seconds) => {
      const now = nowS();
      if (now === undefined) return;
      setUs = clock.nowUs();
      baseS = now + seconds;
    },
    lose: () => {
      baseS = undefined;
    },
  };
}
