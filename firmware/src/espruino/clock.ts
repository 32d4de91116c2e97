// SPDX-License-Identifier: EUPL-1.2
import type { ClockPort } from "../ports.ts";

/** An interpreter counts from 0 when its power comes; a time after this was set by somebody. */
const SET_S_MIN = 1_700_000_000;

/**
 * The time of the interpreter's own clock, UTC seconds, where it was set since its power came: on a
 * desk, at the console. A restart of the firmware keeps it.
 */
export function readSetTime(): number | undefined {
  const nowS = getTime();
  return nowS < SET_S_MIN ? undefined : nowS;
}

/**
 * A clock that counts with the interpreter's own from a time that it was told.
 *
 * The interpreter's clock is never set: on its Linux build `setTime` does nothing, and elsewhere it
 * would move under running timers.
 *
 * @param startS - UTC seconds at this moment; undefined where the device does not know until it is
 *   told.
 */
export function createClock(startS: number | undefined): ClockPort {
  let offsetS = startS === undefined ? undefined : startS - getTime();
  return {
    nowS: () => (offsetS === undefined ? undefined : Math.floor(getTime() + offsetS)),
    set(nowS) {
      offsetS = nowS - getTime();
    },
  };
}
