// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildLoader } from "@nyckelring/firmware/build";

/** What a sample build shall be. */
export interface SampleBuild {
  readonly role?: "key" | "lock" | "station";
  readonly board?: string;
  readonly version?: string;
  readonly securityVersion?: number;
  /** Octets of filling in the second module. */
  readonly bytes?: number;
  /** Another text makes another loader. */
  readonly bootNote?: string;
  /** A loader that knows no lock-down. */
  readonly ignoresLock?: boolean;
  /** The entry module; without it one that prints a line. */
  readonly entry?: string;
  /** An application that throws when it starts. */
  readonly isBroken?: boolean;
}

/** The loaders that boards get, as the build makes them. */
const LOADERS = {
  key: await buildLoader("key"),
  lock: await buildLoader("lock"),
  station: await buildLoader("station"),
};

/** The interpreter's name of a board is what the virtual board and the Linux build call themselves. */
export function writeSampleBuild(folder: string, sample: SampleBuild = {}): string {
  const { role = "lock", board = "virtual", version = "1.0.0", securityVersion = 1 } = sample;
  const filling = Array.from({ length: sample.bytes ?? 3000 }, (_, index) =>
    "0123456789abcdef".charAt(((index * 7 + version.length + index / 16) % 16) | 0),
  ).join("");
  const loader =
    sample.ignoresLock === true
      ? LOADERS[role].replaceAll("nk.locked", "nk.nothing")
      : LOADERS[role];
  const files: Readonly<Record<string, string>> = {
    boot: `/*${sample.bootNote ?? "1"}*/${loader}`,
    [role]:
      sample.entry ??
      `${sample.isBroken === true ? 'throw new Error("broken");' : ""}print("${role} ${version} runs");nk.ok();\n`,
    filling: `exports.text="${filling}";\n`,
    shared: 'exports.name="the same in every version";\n',
  };
  mkdirSync(folder, { recursive: true });
  const listed = Object.entries(files).map(([name, text]) => {
    const octets = Buffer.from(text, "latin1");
    writeFileSync(join(folder, name), octets);
    const sha256 = createHash("sha256").update(octets).digest("hex");
    return { name, bytes: octets.length, sha256 };
  });
  const manifest = {
    role,
    board,
    version,
    securityVersion,
    files: listed,
    budgets: {},
    limits: [],
  };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return folder;
}
