// SPDX-License-Identifier: EUPL-1.2
// Writes protocol/src/errors/code.ts, the constants that devices use, from the table of codes.
// With --check it writes nothing and ends with 1 when the file is not what the table gives.

import { readFileSync, writeFileSync } from "node:fs";
import { CODES } from "../../protocol/src/errors/codes.ts";

const target = new URL("../../protocol/src/errors/code.ts", import.meta.url);

const lines = [
  "// SPDX-License-Identifier: EUPL-1.2",
  "// Generated from codes.ts by scripts/src/generate-codes.ts; change the table, not this file.",
  "",
  "/** The answer of a door that opens. @public */",
  "export const GRANTED = 0;",
];
for (const { number, name, en } of CODES) {
  lines.push(`/** ${en} @public */`);
  lines.push(`export const ${name} = 0x${number.toString(16).padStart(4, "0")};`);
}
const wanted = `${lines.join("\n")}\n`;

if (process.argv.includes("--check")) {
  const present = readFileSync(target, "utf8");
  process.stdout.write(`code.ts: ${CODES.length} codes compared with the table\n`);
  if (present !== wanted) {
    process.stderr.write("code.ts differs from codes.ts: run node scripts/src/generate-codes.ts\n");
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, wanted);
  process.stdout.write(`code.ts: ${CODES.length} codes written\n`);
}
