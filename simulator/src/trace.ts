// SPDX-License-Identifier: EUPL-1.2

import { createHash } from "node:crypto";

/** The files of a trace; docs/trace-format.md describes each line of each of them. */
export type TraceFile = "frames" | "issuer" | "devices" | "world";

/** One line of a trace: plain data with short names and no personal data. */
export type TraceLine = { readonly [name: string]: TraceValue };

/** What a trace line may hold. */
export type TraceValue =
  | string
  | number
  | boolean
  | null
  | readonly TraceValue[]
  | { readonly [name: string]: TraceValue };

/** Takes the lines of a trace as they come, for example to write them to a directory. */
export type TraceSink = (file: TraceFile, line: string) => void;

/** The record of a run and the hash over it. */
export interface Trace {
  /** Adds one line to one file. */
  write(file: TraceFile, line: TraceLine): void;
  /** SHA-256 over all lines in the order of writing, as 64 hexadecimal digits. Ends the trace. */
  finish(): string;
  /** Lines written so far. */
  lineCount(): number;
}

/**
 * Makes the trace of a run.
 *
 * The hash covers file names and lines, so two runs with one hash did the same things in the same
 * order. It is computed whether or not anybody keeps the lines.
 *
 * @param sink - Receives each line without its line end; undefined keeps the hash alone.
 * @public
 */
export function createTrace(sink: TraceSink | undefined): Trace {
  const hash = createHash("sha256");
  let lines = 0;
  return {
    write: (file, line) => {
      const text = JSON.stringify(line);
      hash.update(`${file} ${text}\n`);
      lines += 1;
      sink?.(file, text);
    },
    finish: () => hash.digest("hex"),
    lineCount: () => lines,
  };
}
