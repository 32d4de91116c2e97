// SPDX-License-Identifier: EUPL-1.2
// Fills the tables of docs/scenarios.md from the shape of scenario files. With --check it writes
// nothing and ends with 1 when the page is not up to date.

import { readFileSync, writeFileSync } from "node:fs";
import { ACTIONS, SCENARIO_SHAPE } from "../../simulator/src/script/scenario-shape.ts";
import { type Field, type Shape, tellShape } from "../../simulator/src/script/shape.ts";

const BLOCK = /<!-- table: (\S+) -->\n[\s\S]*?<!-- end -->/g;

/** The object inside a shape: of a table or a list, what each of its entries is. */
function fieldsOf(shape: Shape): Readonly<Record<string, Field>> {
  if (shape.kind === "object") return shape.fields;
  if (shape.kind === "table" || shape.kind === "list") return fieldsOf(shape.of);
  if (shape.kind === "lazy") return fieldsOf(shape.of());
  throw new Error(`a ${shape.kind} has no fields`);
}

/** The fields at a path such as `doors` or `steps.expect`; the whole file for `file`. */
function fieldsAt(path: string): Readonly<Record<string, Field>> {
  let fields = fieldsOf(SCENARIO_SHAPE);
  for (const part of path === "file" ? [] : path.split(".")) {
    const field = fields[part];
    if (field === undefined) throw new Error(`a scenario file has no ${path}`);
    fields = fieldsOf(field.shape);
  }
  return fields;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function fieldTable(path: string): string {
  const rows = Object.entries(fieldsAt(path))
    .filter(([name]) => path !== "steps" || !(name in ACTIONS))
    .map(([name, field]) => {
      const needed = field.required === true ? " (needed)" : "";
      return `| \`${name}\` | ${cell(field.text)}${needed} | ${cell(tellShape(field.shape))} |`;
    });
  return ["| field | meaning | allowed |", "|---|---|---|", ...rows].join("\n");
}

function actionTable(): string {
  const rows = Object.entries(ACTIONS).map(([name, { shape, text }]) => {
    if (shape.kind !== "object")
      return `| \`${name}\` | ${cell(text)} | ${cell(tellShape(shape))} |`;
    const fields = Object.entries(shape.fields).map(([field, { text: meaning, required }]) => {
      return `\`${field}\`${required === true ? "" : " (may be left out)"}: ${cell(meaning)}`;
    });
    return `| \`${name}\` | ${cell(text)} | ${fields.join("<br>")} |`;
  });
  return ["| action | what happens | fields |", "|---|---|---|", ...rows].join("\n");
}

const page = new URL("../../docs/scenarios.md", import.meta.url);
const present = readFileSync(page, "utf8");
let count = 0;
const wanted = present.replace(BLOCK, (_block, name: string) => {
  count += 1;
  const table = name === "actions" ? actionTable() : fieldTable(name);
  return `<!-- table: ${name} -->\n${table}\n<!-- end -->`;
});

if (process.argv.includes("--check")) {
  process.stdout.write(`scenarios.md: ${count} tables compared with the shape\n`);
  if (present !== wanted || count === 0) {
    process.stderr.write(
      "scenarios.md is out of date: node scripts/src/generate-scenario-tables.ts\n",
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(page, wanted);
  process.stdout.write(`scenarios.md: ${count} tables written\n`);
}
