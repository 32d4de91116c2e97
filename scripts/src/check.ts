// SPDX-License-Identifier: EUPL-1.2
// `make check`: every gate of the repository. Names as arguments run only those.

import { GATES } from "./gates.ts";
import { runGates } from "./run-gates.ts";
import { repositoryRoot, sourceTree } from "./tree.ts";

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !GATES.some((gate) => gate.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no gate is called ${unknown.join(", ")}\n`);
  process.stderr.write(`gates: ${GATES.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
const chosen = asked.length === 0 ? GATES : GATES.filter(({ name }) => asked.includes(name));
const failed = runGates(chosen, sourceTree(repositoryRoot()), (line) =>
  process.stdout.write(`${line}\n`),
);
process.stdout.write(
  failed.length === 0
    ? `${chosen.length} gates passed\n`
    : `${failed.length} of ${chosen.length} gates failed: ${failed.join(", ")}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
