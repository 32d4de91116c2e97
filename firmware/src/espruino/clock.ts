// SPDX-License-Identifier: EUPL-1.2
import type { ClockPort } from "../ports.ts";

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
