// SPDX-License-Identifier: EUPL-1.2

import { commitSubjectsGate } from "./gates/commit-subjects.ts";
import { dialectGate } from "./gates/dialect.ts";
import { generatedGate } from "./gates/generated.ts";
import { importsGate } from "./gates/imports.ts";
import { leaksGate } from "./gates/leaks.ts";
import { licenceGate } from "./gates/licence-lines.ts";
import { linksGate } from "./gates/links.ts";
import { lockFileGate } from "./gates/lock-file.ts";
import { realWorldGate } from "./gates/real-world.ts";
import { requirementsGate } from "./gates/requirements.ts";
import { styleGate } from "./gates/style.ts";
import { typesGate } from "./gates/types.ts";
import { wireCommitsGate } from "./gates/wire-commits.ts";
import { wordsGate } from "./gates/words.ts";
import type { Gate } from "./run-gates.ts";

/** All gates, in the order in which `make check` runs them. */
export const GATES: readonly Gate[] = [
  typesGate,
  styleGate,
  importsGate,
  generatedGate,
  dialectGate,
  realWorldGate,
  wordsGate,
  licenceGate,
  linksGate,
  requirementsGate,
  wireCommitsGate,
  commitSubjectsGate,
  leaksGate,
  lockFileGate,
];
