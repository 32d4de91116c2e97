// SPDX-License-Identifier: EUPL-1.2

import { USAGE } from "@nyckelring/protocol";
import { ToolError } from "./tool-error.ts";

/**
 * Reads a whole number of an option.
 *
 * @throws ToolError `USAGE` for anything else, and beyond the bounds.
 */
export function readNumber(option: string, text: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new ToolError({
    code: USAGE,
    message: `${option} is "${text}", but must be a whole number from ${min} to ${max}`,
    state: "nothing was done",
    hint: `give ${option} ${min}, or a larger number`,
    details: { option, value: text },
  });
}
