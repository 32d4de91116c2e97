// SPDX-License-Identifier: EUPL-1.2
// `node firmware/build/renew-budgets.ts`: sets what the suites on the interpreter measure, variables after a
// boot and instructions of a boot, to what the last run has found and a margin; without a run here, to what
// the evidence says. Say in the commit why a figure grew.
import { writeFileSync } from "node:fs";

import { BOOT_BUDGET_FILE, readBootBudget } from "./boot-budget.ts";
import { ROLES } from "./build-bundle.ts";
import { readEvidence, readFigures, renewedBudgets } from "./evidence.ts";
import { readVariableBudget, VARIABLE_BUDGET_FILE } from "./variable-budget.ts";

const measured = { ...readEvidence().figures, ...readFigures() };
const { variables, boots } = renewedBudgets(measured, readVariableBudget(), readBootBudget());
for (const role of ROLES) {
  process.stdout.write(
    `${role}: ${variables[role].idle} variables after boot, ${boots[role]} instructions\n`,
  );
}
const rows = ROLES.map((role) => {
  const { idle, session, of } = variables[role];
  return `  "${role}": { "idle": ${idle}, "session": ${session}, "of": ${of} }`;
});
writeFileSync(VARIABLE_BUDGET_FILE, `{\n${rows.join(",\n")}\n}\n`);
writeFileSync(BOOT_BUDGET_FILE, `${JSON.stringify(boots, null, 2)}\n`);
