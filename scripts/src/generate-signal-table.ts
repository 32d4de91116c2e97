// SPDX-License-Identifier: EUPL-1.2
// Fills the table of docs/signals.md from the table that boards read. With --check it writes nothing
// and ends with 1 when the page is not up to date.

import { readFileSync, writeFileSync } from "node:fs";
import { labelOfSignal } from "../../firmware/src/key/signal-labels.ts";
import { SIGNALS } from "../../firmware/src/key/signals.ts";

const BLOCK = /<!-- table: (sv|en) -->\n[\s\S]*?<!-- end -->/g;
const LIGHTS = {
  sv: ["släckt", "grön", "gul", "röd", "blå"],
  en: ["off", "green", "amber", "red", "blue"],
} as const;
const WORDS = {
  sv: {
    head: ["signal", "lampa", "blinkar (tänd–släckt, ms)", "summer (på–av, ms)", "gör så här"],
    steady: "fast sken",
    silent: "tyst",
  },
  en: {
    head: ["signal", "light", "rhythm (on–off, ms)", "buzzer (on–off, ms)", "what to do"],
    steady: "steady",
    silent: "silent",
  },
} as const;

function table(language: "sv" | "en"): string {
  const { head, steady, silent } = WORDS[language];
  const rows = SIGNALS.map(({ signal, light, blinkMs, buzzMs }) => {
    const label = labelOfSignal(signal);
    if (label === undefined) throw new Error(`signal ${signal} has no label`);
    const blink = blinkMs.length === 1 ? steady : blinkMs.join("–");
    const buzz = buzzMs.length === 0 ? silent : buzzMs.join("–");
    const what = language === "sv" ? label.svDo : label.enDo;
    return `| ${label[language]} | ${LIGHTS[language][light]} | ${blink} | ${buzz} | ${what} |`;
  });
  return [`| ${head.join(" | ")} |`, "|---|---|---|---|---|", ...rows].join("\n");
}

const page = new URL("../../docs/signals.md", import.meta.url);
const present = readFileSync(page, "utf8");
let count = 0;
const wanted = present.replace(BLOCK, (_block, language: "sv" | "en") => {
  count += SIGNALS.length;
  return `<!-- table: ${language} -->\n${table(language)}\n<!-- end -->`;
});

if (process.argv.includes("--check")) {
  process.stdout.write(`signals.md: ${count} signals compared with the table\n`);
  if (present !== wanted || count === 0) {
    process.stderr.write("signals.md is out of date: node scripts/src/generate-signal-table.ts\n");
    process.exitCode = 1;
  }
} else {
  writeFileSync(page, wanted);
  process.stdout.write(`signals.md: ${count} signals written\n`);
}
