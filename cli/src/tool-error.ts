// SPDX-License-Identifier: EUPL-1.2

import { type CodeDescription, describe } from "@nyckelring/protocol/host";
import type { Paint } from "./output.ts";

/** What a person needs when a command cannot go on. */
export type ToolErrorParts = {
  /** Number in the one table of codes; it decides the exit code. */
  readonly code: number;
  /** What went wrong, with the value that was wrong. */
  readonly message: string;
  /** What is true now, for example `nothing was written`. */
  readonly state: string;
  /** The next step, usually a command. */
  readonly hint: string;
  /** Further facts for machines. */
  readonly details?: { readonly [name: string]: string | number };
  /** A board's state goes into the last line as well: whoever reads one line reads that one. */
  readonly isLastLineState?: boolean;
};

/**
 * A failure that the command explains and ends with. Thrown anywhere, caught once.
 *
 * @public
 */
export class ToolError extends Error {
  readonly parts: ToolErrorParts;

  constructor(parts: ToolErrorParts) {
    super(parts.message);
    this.name = "ToolError";
    this.parts = parts;
  }

  /** The row of the code; every code that a command uses is in the table. */
  describe(): CodeDescription {
    const description = describe(this.parts.code);
    if (description === undefined) throw new Error(`code ${this.parts.code} is not in the table`);
    return description;
  }
}

const plain: Paint = (_style, text) => text;

/** The error as lines for a person: what, where, state now, next step, code. */
export function formatForPeople(error: ToolError, paint: Paint = plain): string {
  const { label, exit } = error.describe();
  const digits = label.split(" ")[0];
  const { message, state, hint } = error.parts;
  return [
    `${paint("red", `error[${label}]:`)} ${message}`,
    state,
    `help: ${hint}`,
    paint("dim", `more: nyckel explain ${digits}   (exit ${exit})`),
    ...(error.parts.isLastLineState === true ? [`state    ${state}`] : []),
    "",
  ].join("\n");
}

/** The error as one object for a machine. */
export function formatForMachines(error: ToolError): string {
  const { label, name, exit, action } = error.describe();
  const { message, state, hint, details } = error.parts;
  return JSON.stringify({
    type: "error",
    code: label.split(" ")[0],
    name,
    exit,
    retryable: action === "retry" || action === "wait",
    message,
    state,
    hint,
    details: details ?? {},
  });
}
