// SPDX-License-Identifier: EUPL-1.2

import type { TimerPort } from "@nyckelring/firmware";
import type { Processor } from "./processor.ts";
import type { ScheduledEvent, VirtualClock } from "./virtual-clock.ts";

/** The timers of one board. */
export interface VirtualTimers {
  readonly port: TimerPort;
  /** Forgets all timers, as the end of power does. */
  clear(): void;
}

/**
 * Makes the timers of one board; each that ends becomes a step of its processor.
 *
 * @public
 */
export function createTimers(clock: VirtualClock, processor: Processor): VirtualTimers {
  const running = new Map<number, ScheduledEvent>();
  let lastId = 0;
  return {
    port: {
      after: (delayMs, callback) => {
        processor.spend(0);
        lastId += 1;
        const id = lastId;
        const endUs = processor.nowUs() + Math.round(delayMs * 1000);
        const event = clock.scheduleAt(endUs, () => {
          // The step may have to wait for the one before it; a cancel in between still counts.
          processor.runStep(() => {
            if (running.delete(id)) callback();
          });
        });
        running.set(id, event);
        return id;
      },
      cancel: (id) => {
        const event = running.get(id);
        if (event === undefined) return;
        running.delete(id);
        clock.cancel(event);
      },
    },
    clear: () => {
      for (const event of running.values()) clock.cancel(event);
      running.clear();
    },
  };
}
