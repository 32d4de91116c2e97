// SPDX-License-Identifier: EUPL-1.2
import { CLAIMS_MALFORMED, WINDOW_TOO_LONG } from "../errors/code.ts";
import type { Fault } from "../errors/result.ts";
import { EMERGENCY_S_MAX, FLAG_EMERGENCY, LEAD_S_MAX, WINDOW_S_MAX } from "../message/types.ts";

/**
 * The times of a ring head, in seconds since 1970-01-01 UTC.
 * @public
 */
export interface RingWindow {
  /** The first second in which the ring is no longer valid. */
  readonly expS: number;
  /** The first second in which it is. */
  readonly nbfS: number;
  /** When the issuer signed. */
  readonly iatS: number;
  readonly flags: number;
}

/**
 * Checks the bounds of a window: at most 12 h 30 min long, begun at most 24 h after signing, for an
 * emergency ended at most 4 h after signing.
 *
 * @returns undefined for a good window, `WINDOW_TOO_LONG` for one beyond a bound, `CLAIMS_MALFORMED`
 * for one that is empty or over before it was signed
 * @see RFC 8392 §3.1.4 to §3.1.6 for exp, nbf and iat
 * @public
 */
export function checkWindow(window: RingWindow): Fault | undefined {
  if (window.expS <= window.nbfS || window.expS <= window.iatS) return { code: CLAIMS_MALFORMED };
  if (window.expS - window.nbfS > WINDOW_S_MAX) return { code: WINDOW_TOO_LONG };
  if (window.nbfS - window.iatS > LEAD_S_MAX) return { code: WINDOW_TOO_LONG };
  const isEmergency = (window.flags & FLAG_EMERGENCY) !== 0;
  if (isEmergency && window.expS - window.iatS > EMERGENCY_S_MAX) return { code: WINDOW_TOO_LONG };
  return undefined;
}
