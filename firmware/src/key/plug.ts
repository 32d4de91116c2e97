// SPDX-License-Identifier: EUPL-1.2
import type { PowerOutPort, TimerPort } from "../ports.ts";
import type { KeyRole } from "./key-role.ts";

/** A sense contact that has not changed for so long has settled, in milliseconds. */
export const SETTLE_MS = 30;

/** The plug of a key: what its hardware tells, bounce and all. */
export interface Plug {
  /**
   * The sense contact has closed or opened, or bounces.
   *
   * @param isClosed - What it was after this edge, which may be long ago.
   * @param sensesVoltage - True when the other side feeds V, as a station on mains does.
   * @param atMs - When it happened, by any clock that runs on: a busy processor hears of it late.
   */
  onSense(isClosed: boolean, sensesVoltage: boolean, atMs: number): void;
  /** The current limit has switched the output off. */
  onOverload(): void;
}

/**
 * Creates the plug between a key's hardware and its role.
 *
 * The role learns of one insertion and one withdrawal, however much the contact bounces, and the
 * contact is fed between the two only, and only where it carries no voltage of its own. An overload
 * ends the feeding until the plug has been pulled: a coin in a keyway heats nothing, and the next
 * insertion begins as ever.
 *
 * A processor that computes for seconds hears of a withdrawal and of the insertion after it in one
 * go. What lies between two edges tells which states had settled, so the role learns of both.
 */
export function createPlug(timer: TimerPort, power: PowerOutPort, role: KeyRole): Plug {
  let isClosed = false;
  let hasVoltage = false;
  let isPlugged = false;
  let settleId = 0;
  let edgeMs = 0;

  function settle(): void {
    settleId = 0;
    if (isClosed === isPlugged) return;
    isPlugged = isClosed;
    if (isPlugged && !hasVoltage) power.on();
    if (!isPlugged) power.off();
    role.onContact(isPlugged, isPlugged && hasVoltage);
  }

  power.off();
  return {
    onSense(closed, sensesVoltage, atMs) {
      if (settleId !== 0) {
        timer.cancel(settleId);
        // The timer was due before this edge and the processor did not come to it.
        if (atMs - edgeMs >= SETTLE_MS) settle();
      }
      isClosed = closed;
      hasVoltage = sensesVoltage;
      edgeMs = atMs;
      settleId = timer.after(SETTLE_MS, settle);
    },
    onOverload() {
      power.off();
      if (isPlugged) role.onOverload();
    },
  };
}
