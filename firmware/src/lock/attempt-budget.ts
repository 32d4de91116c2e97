// SPDX-License-Identifier: EUPL-1.2
import type { TimerPort } from "../ports.ts";

/** Sessions that may be begun one after the other. */
export const ATTEMPTS_MAX = 8;
/** One more attempt is earned in this time, in milliseconds: at most 12 a minute in the long run. */
export const ATTEMPT_EARNED_MS = 5000;

/** Limits how often a lock lets somebody begin a session. */
export interface AttemptBudget {
  /** Spends one attempt; false where none is left. */
  spend(): boolean;
  /** Gives the attempt back: the peer was a genuine key. */
  refund(): void;
}

/**
 * Creates the budget of a lock, full at boot.
 *
 * A session costs the lock several curve operations, so the number of unproven ones is bounded. The
 * budget belongs to the lock and not to a peer, because a peer can call itself anything; an honest
 * key that follows an attacker waits for one earned attempt, far below a minute.
 */
export function createAttemptBudget(timer: TimerPort): AttemptBudget {
  let left = ATTEMPTS_MAX;
  let isEarning = false;

  function earn(): void {
    if (isEarning || left >= ATTEMPTS_MAX) return;
    isEarning = true;
    timer.after(ATTEMPT_EARNED_MS, () => {
      isEarning = false;
      if (left < ATTEMPTS_MAX) left += 1;
      earn();
    });
  }

  return {
    spend() {
      if (left === 0) return false;
      left -= 1;
      earn();
      return true;
    },
    refund() {
      if (left < ATTEMPTS_MAX) left += 1;
    },
  };
}
