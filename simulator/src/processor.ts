// SPDX-License-Identifier: EUPL-1.2

import type { VirtualClock } from "./virtual-clock.ts";

/** Thrown by the ports of a board at the instant at which its power ends; roles never catch it. */
export class PowerGone extends Error {
  constructor() {
    super("power of the simulated board ended in the middle of a step");
    this.name = "PowerGone";
  }
}

/**
 * The processor of one simulated board: runs one step of a role at a time and charges the time that
 * a real board would need for it.
 *
 * A step runs at once in the host, but its effects carry the times at which they would happen: each
 * port call first spends its cost, and a port call that would end after the power does never takes
 * place. So a withdrawal cuts a role between, and inside, any two port calls.
 *
 * @public
 */
export interface Processor {
  /** Gives power; work may start at once. */
  powerOn(): void;
  /** Takes power away now: waiting steps are dropped and port calls of the old life throw. */
  powerOff(): void;
  /** Whether there is power. */
  isPowered(): boolean;
  /** Says when power ends, as soon as that is known; undefined means not in sight. */
  setPowerEnd(powerEnd: () => number | undefined): void;
  /** Runs a step now, or when the steps before it are done. */
  runStep(action: () => void): void;
  /** Spends time inside a step. @throws PowerGone when power ends before the work does. */
  spend(costUs: number): void;
  /**
   * Spends time for work that can be cut in its middle, such as a flash write.
   *
   * @returns How many of the microseconds fit before the end of power; less than `costUs` means
   *   that the caller leaves its work torn and then calls {@link Processor.die}.
   */
  spendTorn(costUs: number): number;
  /** Ends the life of the board from inside a step. */
  die(): never;
  /** The moment inside the running step, in microseconds of the run. */
  nowUs(): number;
}

/**
 * Makes the processor of one board.
 *
 * @param clock - The clock of the run.
 * @param stepUs - Fixed cost of each step.
 * @param onFault - Told when a role throws anything but {@link PowerGone}: a programmer error in
 *   the role, which the world reports as a broken invariant.
 * @public
 */
export function createProcessor(
  clock: VirtualClock,
  stepUs: number,
  onFault: (error: unknown) => void,
): Processor {
  let powered = false;
  let life = 0;
  let inStep = false;
  let spentUs = 0;
  let busyUntilUs = 0;
  let waiting: (() => void)[] = [];
  let isPumpScheduled = false;
  let powerEnd: () => number | undefined = () => undefined;

  function powerOff(): void {
    powered = false;
    life += 1;
    waiting = [];
    busyUntilUs = clock.nowUs();
  }

  function spendTorn(costUs: number): number {
    if (!powered) throw new PowerGone();
    const endUs = powerEnd();
    const beforeUs = clock.nowUs() + spentUs;
    if (endUs === undefined || beforeUs + costUs <= endUs) {
      spentUs += costUs;
      return costUs;
    }
    const fittingUs = Math.max(0, endUs - beforeUs);
    spentUs += fittingUs;
    return fittingUs;
  }

  function die(): never {
    powered = false;
    life += 1;
    waiting = [];
    throw new PowerGone();
  }

  function pump(): void {
    isPumpScheduled = false;
    while (powered && waiting.length > 0) {
      if (busyUntilUs > clock.nowUs()) {
        schedulePump();
        return;
      }
      const action = waiting.shift();
      if (action !== undefined) runNow(action);
    }
  }

  function schedulePump(): void {
    if (isPumpScheduled) return;
    isPumpScheduled = true;
    clock.scheduleAt(busyUntilUs, pump);
  }

  function runNow(action: () => void): void {
    inStep = true;
    spentUs = 0;
    try {
      if (spendTorn(stepUs) < stepUs) die();
      action();
    } catch (error) {
      if (!(error instanceof PowerGone)) onFault(error);
    } finally {
      inStep = false;
      busyUntilUs = clock.nowUs() + spentUs;
      spentUs = 0;
    }
  }

  return {
    powerOn: () => {
      powered = true;
      busyUntilUs = clock.nowUs();
    },
    powerOff,
    isPowered: () => powered,
    setPowerEnd: (end) => {
      powerEnd = end;
    },
    runStep: (action) => {
      if (!powered) return;
      const bornIn = life;
      waiting.push(() => {
        if (bornIn === life) action();
      });
      if (inStep) schedulePump();
      else pump();
    },
    spend: (costUs) => {
      if (spendTorn(costUs) < costUs) die();
    },
    spendTorn,
    die,
    nowUs: () => clock.nowUs() + spentUs,
  };
}
