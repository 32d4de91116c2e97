// SPDX-License-Identifier: EUPL-1.2

/**
 * A number of the table in `codes.ts`; the high byte names the layer.
 * @public
 */
export type ErrorCode = number;

/**
 * Why something expected did not work. No text: devices carry none, `describe` on a host has it.
 * @public
 */
export type Fault = { readonly code: ErrorCode; readonly detail?: number };

/**
 * A value, or the fault that stands in its place.
 * @public
 */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: Fault };

/**
 * The good half of a result.
 * @public
 */
export function succeed<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/**
 * The other half of a result; `detail` is a number that the code's description explains.
 * @public
 */
export function fail(
  code: ErrorCode,
  detail?: number,
): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault: detail === undefined ? { code } : { code, detail } };
}

/**
 * Stops the program when our own code broke a promise. It stays on in production: a device
 * restarts with its motor off, a simulation ends, a tool prints where.
 *
 * Security: never for bytes of a peer; those end in a {@link Fault}.
 * @public
 */
export function assert(condition: boolean, code: ErrorCode): asserts condition {
  if (!condition) throw new Error("broken promise " + code.toString(16));
}
