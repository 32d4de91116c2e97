#!/usr/bin/env node
// SPDX-License-Identifier: EUPL-1.2

// Starts the command: the bundle where it is as new as the sources, else the sources themselves. A
// Node that is too old hands over to the one that the repository brings as a package.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_MAJOR = 24;
const SOURCES = [
  "cli/src",
  "simulator/src",
  "firmware/src",
  "issuer/domain/src",
  "protocol/src",
  "hil-tests/src",
];
const root = fileURLToPath(new URL("../../", import.meta.url));
const bundle = new URL("../dist/nyckel.js", import.meta.url);
const source = new URL("../src/nyckel.ts", import.meta.url);

/** True when no source was changed after the bundle was made; also where there are no sources. */
function isBundleNew() {
  if (!existsSync(bundle)) return false;
  const madeMs = statSync(bundle).mtimeMs;
  return SOURCES.every((folder) => {
    const path = join(root, folder);
    if (!existsSync(path)) return true;
    return readdirSync(path, { recursive: true }).every((file) => {
      return !file.endsWith(".ts") || statSync(join(path, file)).mtimeMs <= madeMs;
    });
  });
}

const major = Number(process.versions.node.split(".")[0]);
const ownNode = join(root, "node_modules/node/bin/node");
if (major >= OLDEST_MAJOR) {
  const { main } = await import((isBundleNew() ? bundle : source).href);
  process.exitCode = await main(process.argv.slice(2));
} else if (existsSync(ownNode)) {
  const self = fileURLToPath(import.meta.url);
  const child = spawnSync(ownNode, [self, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exitCode = child.status ?? 130;
} else {
  process.stderr.write(`nyckel needs Node ${OLDEST_MAJOR} or later; this is ${process.version}\n`);
  process.exitCode = 2;
}
