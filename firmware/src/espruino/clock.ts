// SPDX-License-Identifier: EUPL-1.2
import type { ClockPort } from "../ports.ts";

/** No clock at all: a key-powered lock. */
export function createNoClock(): ClockPort {
  return { nowS: () => undefined, set: () => undefined };
}

/**
 * The interpreter's clock.
 *
 * @param isSet - Whether the clock is right at boot. A board starts from nothing and knows the
 *   time once it was set.
 */
export function createClock(isSet: boolean): ClockPort {
  let isKnown = isSet;
  return {
    nowS: () => (isKnown ? Math.floor(getTime()) : undefined),
    set(nowS) {
      setTime(nowS);
      isKnown = true;
    },
  };
}
