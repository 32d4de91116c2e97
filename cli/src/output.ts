// SPDX-License-Identifier: EUPL-1.2

/** Where a command writes: results to `out`, progress and errors to `err`. */
export type Output = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
};

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
  return {
    out: (text) => {
      process.stdout.write(text);
    },
    err: (text) => {
      process.stderr.write(text);
    },
  };
}
