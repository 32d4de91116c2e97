// SPDX-License-Identifier: EUPL-1.2

/** The time of a virtual board, in milliseconds since the board was made. */
export interface BoardTime {
  nowMs(): number;
  /** Calls back after so many milliseconds of the board. @returns What takes that back. */
  after(delayMs: number, call: () => void): () => void;
  /** Milliseconds until the next call back; undefined for none. */
  nextMs(): number | undefined;
  /**
   * Sets the time forward and calls back what becomes due on the way, each at its own moment. Between
   * two of them the computer carries octets on.
   *
   * @param goesOn - Asked after each call; false ends the way there.
   * @returns Milliseconds that have passed.
   */
  skip(spanMs: number, goesOn: () => boolean): Promise<number>;
}

type Waiting = { readonly dueMs: number; readonly order: number; readonly call: () => void };

/**
 * Time that runs with the computer's, as slowly as told, and that can be set forward while the board
 * has nothing to do: a watch that is shown to the board and to nothing else.
 *
 * @param slowness - Seconds of this computer for one of the board.
 */
export function createBoardTime(slowness: number): BoardTime {
  const startMs = performance.now();
  /** Sorted by moment, then by order. */
  const waiting: Waiting[] = [];
  let skippedMs = 0;
  let orders = 0;
  let timer: NodeJS.Timeout | undefined;

  function nowMs(): number {
    return (performance.now() - startMs) / slowness + skippedMs;
  }

  function arm(): void {
    clearTimeout(timer);
    timer = undefined;
    const [next] = waiting;
    if (next === undefined) return;
    timer = setTimeout(runDue, Math.max(0, next.dueMs - nowMs()) * slowness);
  }

  /** Runs what is due, and nothing that one of these calls adds for now. */
  function runDue(): void {
    const last = orders;
    const untilMs = nowMs();
    for (;;) {
      const at = waiting.findIndex(({ dueMs, order }) => dueMs <= untilMs && order <= last);
      if (at < 0) break;
      const [due] = waiting.splice(at, 1);
      due?.call();
    }
    arm();
  }

  return {
    nowMs,
    after(delayMs, call) {
      orders += 1;
      const added = { dueMs: nowMs() + delayMs, order: orders, call };
      const at = waiting.findLastIndex(({ dueMs }) => dueMs <= added.dueMs) + 1;
      waiting.splice(at, 0, added);
      if (at === 0) arm();
      return () => {
        const index = waiting.indexOf(added);
        if (index >= 0) waiting.splice(index, 1);
        // A timer that finds nothing due does no harm.
        if (waiting.length === 0) arm();
      };
    },
    nextMs() {
      const [next] = waiting;
      return next === undefined ? undefined : Math.max(0, next.dueMs - nowMs());
    },
    async skip(spanMs, goesOn) {
      const fromMs = nowMs();
      const endMs = fromMs + spanMs;
      for (;;) {
        const [next] = waiting;
        const toMs = Math.min(endMs, next?.dueMs ?? endMs);
        skippedMs += Math.max(0, toMs - nowMs());
        runDue();
        await new Promise((resolve) => setImmediate(resolve));
        if (nowMs() >= endMs || !goesOn()) break;
      }
      arm();
      return nowMs() - fromMs;
    },
  };
}
