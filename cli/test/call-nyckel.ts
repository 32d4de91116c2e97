// SPDX-License-Identifier: EUPL-1.2

import { main } from "../src/nyckel.ts";

/** What the command did and said. */
export type NyckelCall = {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  /** Both, in the order in which they were written. */
  readonly all: string;
  /** The last line of both. */
  readonly lastLine: string;
};

/** Calls the command in this process, where a test may watch or disturb it; its own process is `runNyckel`. */
export async function callNyckel(...args: readonly string[]): Promise<NyckelCall> {
  let [out, err, all] = ["", "", ""];
  const exit = await main(args, {
    out: (text) => {
      out += text;
      all += text;
    },
    err: (text) => {
      err += text;
      all += text;
    },
  });
  return { exit, out, err, all, lastLine: all.trimEnd().split("\n").at(-1) ?? "" };
}
