// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import type { Gate } from "../run-gates.ts";

/**
 * Commits that the history keeps without the trailer, each with its reason: the list is closed, and
 * a new entry is a thing to be argued for.
 */
const EXCEPTIONS: readonly string[] = [
  // Made the specification say what the code and the vectors already did.
  "58a33775554a6df50dc7bb4ecef9ad4cb932ee7b",
  // Replaced samples by others that tell more implementations apart; the format stayed.
  "a4e583d87bbe342395d7400e06a1dd36ff4de584",
];

/**
 * A commit that changes the wire format says so.
 *
 * The format is what protocol/spec and protocol/vectors hold. A commit that changes or removes
 * anything there carries the trailer `Wire-Format: changed`, so that the history of the format can
 * be listed, or `Wire-Format: same` where only samples or words differ. One that only adds a file
 * leaves what stood as it was.
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
      "--format=%H%x09%s%x09%(trailers:key=Wire-Format,valueonly,separator=%x2C)",
      "--",
      "protocol/spec",
      "protocol/vectors",
    );
    const findings = log
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("\t"))
      .filter(([hash = "", , trailer = ""]) => {
        return !["changed", "same"].includes(trailer.trim()) && !EXCEPTIONS.includes(hash);
      })
      .map(
        ([hash = "", subject]) =>
          `${hash.slice(0, 8)} ${subject}: no trailer "Wire-Format: changed"`,
      );
    return { looked: all, unit: "commits", findings };
  },
};
