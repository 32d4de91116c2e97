// SPDX-License-Identifier: EUPL-1.2
// Writes the frozen vectors of protocol/vectors. A test compares them byte for byte, so run it only
// when the wire format changes on purpose, and say so in the changelog. With --check it writes
// nothing and ends with 1 when a file is not what the code gives.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createNodeCrypto } from "../../protocol/src/host/node-crypto.ts";
import { makeVectors, vectorText } from "../../protocol/src/host/vectors.ts";
import { makeSessionSampleVector } from "../../protocol/test/session-samples.ts";
import { makeSessionVector } from "../../protocol/test/session-vector.ts";

const isCheck = process.argv.includes("--check");
const crypto = createNodeCrypto();
const files = [
  ...makeVectors(crypto),
  { name: "session", content: makeSessionVector(crypto) },
  { name: "records", content: makeSessionSampleVector() },
];
for (const file of files) {
  const target = new URL(`../../protocol/vectors/${file.name}.json`, import.meta.url);
  const text = vectorText(file);
  if (!isCheck) {
    writeFileSync(target, text);
  } else if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
    process.stderr.write(`${file.name}.json differs from what the code gives\n`);
    process.exitCode = 1;
  }
}
process.stdout.write(`vectors: ${files.length} files ${isCheck ? "compared" : "written"}\n`);
