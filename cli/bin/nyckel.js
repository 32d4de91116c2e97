#!/usr/bin/env node
// SPDX-License-Identifier: EUPL-1.2

// Starts the command: the bundle where it was built, the source otherwise. A Node that is too old
// hands over to the one that the repository brings as a package.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const OLDEST_MAJOR = 24;
const major = Number(process.versions.node.split(".")[0]);
const ownNode = fileURLToPath(new URL("../../node_modules/node/bin/node", import.meta.url));
const bundle = new URL("../dist/nyckel.js", import.meta.url);
const source = new URL("../src/nyckel.ts", import.meta.url);

if (major >= OLDEST_MAJOR) {
  const { main } = await import((existsSync(bundle) ? bundle : source).href);
  process.exitCode = await main(process.argv.slice(2));
} else if (existsSync(ownNode)) {
  const self = fileURLToPath(import.meta.url);
  const child = spawnSync(ownNode, [self, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exitCode = child.status ?? 130;
} else {
  process.stderr.write(`nyckel needs Node ${OLDEST_MAJOR} or later; this is ${process.version}\n`);
  process.exitCode = 2;
}
