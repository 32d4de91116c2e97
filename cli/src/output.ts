// SPDX-License-Identifier: EUPL-1.2

import { styleText } from "node:util";

/** Where a command writes: results to `out`, progress and errors to `err`. */
export type Output = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal, where a line may be drawn anew. */
  readonly isTerminal?: boolean;
  /** Colours what stands out on `err`; absent where there shall be no colours. */
  readonly paint?: Paint;
};

/** Makes a text red, or fainter. */
export type Paint = (style: "red" | "dim", text: string) => string;

/**
 * The streams of the process. A reader that goes away early, such as `head`, ends nothing.
 *
 * @public
 */
export function processOutput(): Output {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  // FORCE_COLOR wins over NO_COLOR within Node; for a person who asks for none it does not.
  const hasColor = (process.env["NO_COLOR"] ?? "") === "";
  const paint: Paint = (style, text) => styleText(style, text, { stream: process.stderr });
  return {
    out: (text) => {
      process.stdout.write(text);
    },
    err: (text) => {
      process.stderr.write(text);
    },
    isTerminal: process.stderr.isTTY === true,
    ...(hasColor ? { paint } : {}),
  };
}
