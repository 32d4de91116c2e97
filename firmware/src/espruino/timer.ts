// SPDX-License-Identifier: EUPL-1.2
import type { TimerPort } from "../ports.ts";

/**
 * Timers of the interpreter.
 *
 * @param stretch - Factor on every delay: 1 on a board. Where curves run in the interpreter itself
 *   a step takes seconds, and the limits of the protocol are stretched along with it.
 */
export function createTimer(stretch: number): TimerPort {
  // Dropping a timer that has fired is an error there, so the running ones are remembered.
  const running: Record<number, boolean> = {};
  return {
    after(delayMs, callback) {
      const id = setTimeout(() => {
        delete running[id];
        callback();
      }, delayMs * stretch);
      running[id] = true;
      return id;
    },
    cancel(id) {
      if (running[id] === true) {
        delete running[id];
        clearTimeout(id);
      }
    },
  };
}
