// SPDX-License-Identifier: EUPL-1.2
// `npm run lock`: run it after `npm install` has changed package-lock.json.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { completeLockFile, missingOptionalPackages, parseLockFile } from "./lock-file.ts";
import { repositoryRoot } from "./tree.ts";

const path = join(repositoryRoot(), "package-lock.json");
const lock = parseLockFile(readFileSync(path, "utf8"));
const added = missingOptionalPackages(lock).length;
writeFileSync(path, `${JSON.stringify(completeLockFile(lock), null, 2)}\n`);
process.stdout.write(
  `package-lock.json: ${Object.keys(lock.packages).length} packages, ${added} added\n`,
);
