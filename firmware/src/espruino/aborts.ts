// SPDX-License-Identifier: EUPL-1.2

/** The next honest key is served within three seconds. */
const RESTART_MS = 1000;

/**
 * Watches over the calls of the program that are broken off.
 *
 * An exception that nobody catches, a full memory and a stack that runs over end a call where it
 * stands, without `finally`, and the interpreter goes on with the next timer: half a step is done and
 * the motor may run. Then the motor is off first of all. On a device that was locked down nothing of
 * the program runs any more and it starts anew; one that has a console is left to whoever looks at
 * it, because a slip of theirs ends here too. A program that fails while it starts stands still, and
 * the loader counts it at the next power-on.
 *
 * @param stopMotor - Puts every output that moves or feeds something off.
 */
export function watchAborts(stopMotor: () => void): void {
  function abort(): void {
    stopMotor();
    if (!nk.isLocked) return;
    clearTimeout();
    clearWatch();
    Serial1.removeAllListeners("data");
    if (nk.state === "running") setTimeout(E.reboot, RESTART_MS);
    nk.state = "failed";
  }

  process.on("uncaughtException", (fault) => {
    abort();
    // Thrown again it is printed as it would have been.
    throw fault;
  });
  E.on("errorFlag", (flags) => {
    if (flags.indexOf("MEMORY") >= 0) abort();
  });
}
