// SPDX-License-Identifier: EUPL-1.2

import type { Gate } from "../run-gates.ts";

const BINARY = /\.(bin|png|jpg|ico|woff2?|gz|zip)$/;

const RULES: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: /(?<![\w.])\/(?:work|root|home|Users|tmp|mnt)\/[\w.-]+/,
    why: "a path of one machine",
  },
  { pattern: /\b[A-Z]:\\\\?(?:Users|work)\b/i, why: "a path of one machine" },
  { pattern: /https?:\/\/[\w.-]*(?:registry|artifactory|nexus|npmjs\.org)\b/i, why: "a registry" },
  { pattern: /"resolved":\s*"[a-z+]+:/, why: "the lock file names a host" },
  { pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/, why: "a private key" },
];

/** No tracked file names a path of one machine, a package registry or a secret. */
export const leaksGate: Gate = {
  name: "leaks",
  floor: 250,
  inspect: ({ paths, read }) => {
    const watched = paths.filter(
      (path) => !BINARY.test(path) && path !== "scripts/src/gates.test.ts",
    );
    const findings: string[] = [];
    for (const path of watched) {
      (read(path) ?? "").split("\n").forEach((line, index) => {
        for (const { pattern, why } of RULES) {
          const hit = pattern.exec(line);
          if (hit !== null) {
            findings.push(`${path}:${index + 1} ${why}: ${hit[0]}`);
          }
        }
      });
    }
    return { looked: watched.length, unit: "files", findings };
  },
};
