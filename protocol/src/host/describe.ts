// SPDX-License-Identifier: EUPL-1.2
import { CODES, type CodeEntry } from "../errors/codes.ts";
import type { ErrorCode } from "../errors/result.ts";

/**
 * The row of a code with the two things that every place shows: its label and where to read more.
 * @public
 */
export interface CodeDescription extends CodeEntry {
  /** As printed everywhere, for example `E0402 RING_EXPIRED`. */
  readonly label: string;
  /** The anchor of the code in the list of codes. */
  readonly anchor: string;
}

/**
 * Tells what a code means, in English and Swedish, and what to do.
 *
 * @param code - a number of the table
 * @returns undefined for a number that the table does not have, 0 included
 * @public
 */
export function describe(code: ErrorCode): CodeDescription | undefined {
  const entry = CODES.find((candidate) => candidate.number === code);
  if (entry === undefined) return undefined;
  const digits = `E${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return { ...entry, label: `${digits} ${entry.name}`, anchor: digits.toLowerCase() };
}

/**
 * Finds a code as a person writes it: `E0402`, `0402`, `0x0402` or `RING_EXPIRED`, in any case.
 * @public
 */
export function findCode(text: string): CodeDescription | undefined {
  const wanted = text.trim().toUpperCase();
  const named = CODES.find((candidate) => candidate.name === wanted);
  if (named !== undefined) return describe(named.number);
  const digits = /^(?:E|0X)?([0-9A-F]{4})$/.exec(wanted)?.[1];
  return digits === undefined ? undefined : describe(Number.parseInt(digits, 16));
}
