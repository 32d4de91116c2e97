// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import type { Gate } from "../run-gates.ts";

/**
 * A commit that changes the wire format says so.
 *
 * The format is what protocol/spec and protocol/vectors hold. A commit that changes or removes
 * anything there carries the trailer `Wire-Format: changed`, so that the history of the format can
 * be listed; one that only adds a file leaves what stood as it was.
 */
export const wireCommitsGate: Gate = {
  name: "wire commits",
  floor: 1,
  inspect: ({ root }) => {
    const git = (...args: readonly string[]): string =>
      spawnSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 }).stdout ?? "";
    const all = Number(git("rev-list", "--count", "HEAD").trim() || "0");
    const log = git(
      "log",
      "--no-merges",
      "--diff-filter=MDRT",
      "--format=%h%x09%s%x09%(trailers:key=Wire-Format,valueonly,separator=%x2C)",
      "--",
      "protocol/spec",
      "protocol/vectors",
    );
    const findings = log
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("\t"))
      .filter(([, , trailer = ""]) => trailer.trim() !== "changed")
      .map(([hash, subject]) => `${hash} ${subject}: no trailer "Wire-Format: changed"`);
    return { looked: all, unit: "commits", findings };
  },
};
