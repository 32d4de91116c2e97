// SPDX-License-Identifier: EUPL-1.2

/** An event that waits in the queue; keep it to take the event back. */
export type ScheduledEvent = {
  readonly timeUs: number;
  readonly order: number;
  action: (() => void) | undefined;
};

/**
 * The only time that exists in a run: microseconds since the start of the scenario, moved forward
 * by the next event and by nothing else.
 *
 * @public
 */
export interface VirtualClock {
  /** Microseconds since the start of the run. */
  nowUs(): number;
  /** UTC seconds at this moment. */
  nowS(): number;
  /** UTC seconds of the start of the run. */
  readonly startS: number;
  /** Runs `action` at `timeUs`, or now when that moment has passed. */
  scheduleAt(timeUs: number, action: () => void): ScheduledEvent;
  /** Runs `action` after `delayUs` microseconds. */
  scheduleAfter(delayUs: number, action: () => void): ScheduledEvent;
  /** Takes an event back; an event that ran already is left alone. */
  cancel(event: ScheduledEvent): void;
  /** Runs all events up to and including `endUs`; afterwards the clock stands at `endUs`. */
  runUntil(endUs: number): void;
  /** When the next event runs; undefined for none. */
  dueUs(): number | undefined;
  /** How many events have run. */
  ticks(): number;
}

/**
 * Makes a clock and its event queue. Events of the same moment run in the order in which they were
 * scheduled, so a run has one order only.
 *
 * @param startS - UTC seconds at which the run starts.
 * @public
 */
export function createVirtualClock(startS: number): VirtualClock {
  const heap: ScheduledEvent[] = [];
  let currentUs = 0;
  let nextOrder = 0;
  let tickCount = 0;

  function isBefore(left: ScheduledEvent, right: ScheduledEvent): boolean {
    return left.timeUs < right.timeUs || (left.timeUs === right.timeUs && left.order < right.order);
  }

  function push(event: ScheduledEvent): void {
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  }

  function pop(): ScheduledEvent | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let index = 0;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = heap[leftIndex];
      if (left === undefined) break;
      const right = heap[leftIndex + 1];
      const useRight = right !== undefined && isBefore(right, left);
      const child = useRight ? right : left;
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = useRight ? leftIndex + 1 : leftIndex;
    }
    heap[index] = last;
    return first;
  }

  function scheduleAt(timeUs: number, action: () => void): ScheduledEvent {
    const event = { timeUs: Math.max(timeUs, currentUs), order: nextOrder, action };
    nextOrder += 1;
    push(event);
    return event;
  }

  function runUntil(endUs: number): void {
    for (;;) {
      const next = heap[0];
      if (next === undefined || next.timeUs > endUs) break;
      pop();
      const action = next.action;
      if (action === undefined) continue;
      next.action = undefined;
      currentUs = next.timeUs;
      tickCount += 1;
      action();
    }
    currentUs = Math.max(currentUs, endUs);
  }

  return {
    nowUs: () => currentUs,
    nowS: () => startS + Math.floor(currentUs / 1_000_000),
    startS,
    scheduleAt,
    scheduleAfter: (delayUs, action) => scheduleAt(currentUs + delayUs, action),
    cancel: (event) => {
      event.action = undefined;
    },
    runUntil,
    dueUs: () => {
      while (heap[0] !== undefined && heap[0].action === undefined) pop();
      return heap[0]?.timeUs;
    },
    ticks: () => tickCount,
  };
}
