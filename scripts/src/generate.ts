// SPDX-License-Identifier: EUPL-1.2
// `npm run generate`: every generated file of the repository, from its table.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const folder = import.meta.dirname;
const generators = readdirSync(folder).filter((file) => /^generate-[a-z-]+\.ts$/.test(file));
for (const generator of generators.sort()) {
  const { status } = spawnSync(process.execPath, [join(folder, generator)], { stdio: "inherit" });
  if (status !== 0) {
    process.exitCode = 1;
  }
}
process.stdout.write(`${generators.length} generators ran\n`);
