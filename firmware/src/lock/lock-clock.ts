// SPDX-License-Identifier: EUPL-1.2
import { DEVID_BYTES, type EntropyPort, equalBytes } from "@nyckelring/protocol";
import type { ClockPort, TimerPort } from "../ports.ts";

const NONCE_BYTES = DEVID_BYTES;
/** Step in which the age of a question is counted, in milliseconds. */
const AGE_STEP_MS = 60_000;
/** One second of drift in so many: 100 ppm. */
const DRIFT_DIVISOR = 10_000;

/** What a lock with a clock knows of the time: it is between the two, UTC seconds. */
export type ClockInterval = { readonly loS: number; readonly hiS: number };

/** The clock of a lock that has one, with what it is worth. */
export interface LockClock {
  /** The time as an interval; undefined while the clock is not known. */
  interval(): ClockInterval | undefined;
  /** The question for a time grant: the outstanding nonce, or a fresh one. */
  ask(): Uint8Array;
  /**
   * Takes the answer of the issuer.
   *
   * Security: a genuine answer can be held back for hours. Where the clock is known, such an answer
   * narrows the interval or leaves it, and never brings back an hour that has passed.
   *
   * @param nowS - Signed time, UTC seconds.
   * @returns False where the nonce is not the outstanding one; nothing has changed then.
   */
  grant(nonce: Uint8Array, nowS: number): boolean;
  /**
   * Learns that it is `timeS` or later, UTC seconds: a clock that is behind is put forward, as far
   * as it can be behind. Beyond that either the clock or the signer is wrong, so the clock is not
   * moved but counts as unknown until a grant comes.
   */
  advance(timeS: number): void;
}

/**
 * Creates the clock of a lock.
 *
 * A grant says when the issuer signed, not when it arrives: a key may carry it for hours. The true
 * time is then between the signed time and the signed time plus the age of the question, which the
 * lock counts itself. Only one question is outstanding, and every key that asks gets the same one,
 * so that two keys do not spoil each other's answers.
 *
 * After a power loss the port says that it does not know, and the interval is gone with it.
 */
export function createLockClock(
  clock: ClockPort,
  timer: TimerPort,
  entropy: EntropyPort,
): LockClock {
  let nonce: Uint8Array | undefined;
  let ageS = 0;
  let ageTimerId = 0;
  let isKnown = false;
  /** How far the true time may be ahead of the clock, in seconds, when it was set. */
  let aheadS = 0;
  let setAtS = 0;

  function countAge(): void {
    ageTimerId = timer.after(AGE_STEP_MS, () => {
      ageS += AGE_STEP_MS / 1000;
      countAge();
    });
  }

  function interval(): ClockInterval | undefined {
    const nowS = clock.nowS();
    if (!isKnown || nowS === undefined) {
      isKnown = false;
      return undefined;
    }
    const driftS = nowS > setAtS ? Math.ceil((nowS - setAtS) / DRIFT_DIVISOR) : 0;
    const loS = nowS - driftS;
    return { loS: loS < 0 ? 0 : loS, hiS: nowS + aheadS + driftS };
  }

  function put(loS: number, hiS: number): void {
    clock.set(loS);
    aheadS = hiS - loS;
    setAtS = loS;
  }

  return {
    interval,
    ask() {
      if (nonce === undefined) {
        nonce = new Uint8Array(NONCE_BYTES);
        entropy.fill(nonce, 0, NONCE_BYTES);
        // The step under way counts in full: the age may be too great, never too small.
        ageS = AGE_STEP_MS / 1000;
        countAge();
      }
      return nonce;
    },
    grant(answered, nowS) {
      if (nonce === undefined || !equalBytes(nonce, answered)) return false;
      nonce = undefined;
      timer.cancel(ageTimerId);
      const known = interval();
      const answer = { loS: nowS, hiS: nowS + ageS };
      // Two intervals that do not touch: the clock is wrong, and the issuer's word stands alone.
      const isAgreed = known !== undefined && known.loS <= answer.hiS && answer.loS <= known.hiS;
      const loS = isAgreed && known.loS > answer.loS ? known.loS : answer.loS;
      const hiS = isAgreed && known.hiS < answer.hiS ? known.hiS : answer.hiS;
      put(loS, hiS);
      isKnown = clock.nowS() !== undefined;
      return true;
    },
    advance(timeS) {
      const known = interval();
      const nowS = clock.nowS();
      if (known === undefined || nowS === undefined || timeS <= nowS) return;
      if (timeS <= known.hiS) put(timeS, known.hiS);
      else isKnown = false;
    },
  };
}
