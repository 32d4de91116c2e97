// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import type { Gate } from "../run-gates.ts";

/** Some subjects up to this commit are longer than the rule; history is not rewritten. */
const SINCE = "36fe2bb8b7c78caf0a4587b1e3bcaaa649c89e2b";
const SUBJECT_LENGTH_MAX = 72;
const FORM =
  /^(feat|fix|refactor|perf|test|docs|style|build|ci|chore|revert)(\((protocol|firmware|issuer|simulator|hil|cli|scripts|docs|ci|deps)\))?!?: [^\s].*[^\s.]$/;

/**
 * A commit's subject can be read in one line of a log: Conventional Commits with a scope of ours,
 * at most 72 characters, no full stop.
 *
 * It looks at the whole history from the fixed point on, and at all of it where that is absent.
 */
export const commitSubjectsGate: Gate = {
  name: "commit subjects",
  floor: 1,
  inspect: ({ root }) => {
    const git = (...args: readonly string[]) =>
      spawnSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
    const isKnown = git("merge-base", "--is-ancestor", SINCE, "HEAD").status === 0;
    const range = isKnown ? `${SINCE}..HEAD` : "HEAD";
    const all = Number(git("rev-list", "--count", "HEAD").stdout.trim() || "0");
    const findings = git("log", "--no-merges", "--format=%h%x09%s", range)
      .stdout.split("\n")
      .filter((line) => line !== "")
      .flatMap((line) => {
        const [hash = "", subject = ""] = line.split("\t");
        if (subject.length > SUBJECT_LENGTH_MAX) {
          return [
            `${hash} ${subject}: ${subject.length} characters, more than ${SUBJECT_LENGTH_MAX}`,
          ];
        }
        return FORM.test(subject) ? [] : [`${hash} ${subject}: not "type(scope): subject"`];
      });
    return { looked: all, unit: "commits", findings };
  },
};
