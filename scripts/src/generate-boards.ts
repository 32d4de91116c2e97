// SPDX-License-Identifier: EUPL-1.2
// Writes docs/boards.md: wiring, flash and budgets of each board, from the tables of the firmware.
// With --check it writes nothing and ends with 1 when the file is not what the tables give.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readBootBudget } from "../../firmware/build/boot-budget.ts";
import { readBudgets } from "../../firmware/build/budget.ts";
import { BOARDS, ROLES } from "../../firmware/build/build-bundle.ts";
import { readVariableBudget } from "../../firmware/build/variable-budget.ts";
import type { Board } from "../../firmware/src/boards/board.ts";

const DOCUMENT = new URL("../../docs/boards.md", import.meta.url);

const INTRODUCTION = `# Boards

Generated from [firmware/src/boards](../firmware/src/boards) by \`scripts/src/generate-boards.ts\`; change the tables, not this file.

**Nothing here was tried on silicon.** Pins come from public pin tables, voltages and times are estimates. What runs is the interpreter's own build for
computers: x86-64 with curves in JavaScript, and 32-bit Arm under QEMU with the native code of a Cortex-M4 ([interpreter.md](interpreter.md)).

## What to buy for a bench

| for | part |
|---|---|
| key, lock | Seeed XIAO nRF52840, one each; its bootloader takes unsigned files (UF2) |
| station | ESP32-S3 development board; a modem with a serial line and AT commands for GSM |
| bolt | motor of a lock, H bridge for 3 V, two end switches that close to ground |
| contact | four spring contacts: voltage, ground, TX, RX; a load switch with current limit on the key's side |
| door | a contact at the leaf, such as a reed switch, that closes to ground while the door is shut; it tells of forced doors while the lock has power |
| station | a divider from its mains to a pin, and one from its battery to a converter, both by two |
| key | battery of one lithium cell, divider to the converter, light of three colours, buzzer, button to ground |

## What a stock board cannot promise

| lack | remedy |
|---|---|
| The XIAO's bootloader writes whatever is copied to it (UF2, two resets in a row), and the signing key of the official nRF bootloaders is public. | A bootloader of one's own with a private key, and readout protection (APPROTECT) against the debug port. |
| A button that the interpreter knows skips the application at power-on and gives a console; on the XIAO that is pin D1 pulled high. | An interpreter built from a board file without \`BTN1\`. Without one: D1 tied to ground inside the case. |
| The console is on USB, on the serial line or on a radio service until the application takes it away. | \`nyckel device lock\`: below. |
| Pins float from power-on to the application. | Resistors to ground at both inputs of the bridge and at the load switch. |
| An ESP32 makes random numbers with the C library, and its serial bootloader takes any build. | No secret is made on a station, and a station signs no ring; its case is what protects its passwords. |
| TLS of the interpreter verifies no server. | It is not used; signatures and MACs carry the proof. |
| Code in flash can be changed by whoever opens the case of a lock. | Readout and write protection; a lock's keys open no other lock. |

## Product configuration

\`nyckel device lock\` puts the file \`nk.locked\` into Storage of a commissioned board; the loader looks for it before it loads anything
([ADR 0040](adr/0040-lock-down-and-service.md)).

| | while the file is there |
|---|---|
| console | On no line: USB, serial, radio. Whatever comes in is data, so Ctrl-C breaks nothing off. |
| radio | Sleeps, offers no service. |
| hang | A watchdog of the processor resets after 15 s without an idle moment. |
| call that was broken off (exception, full memory, stack) | Motor off, program ended, restart after 1 s; when it starts the lock drives the bolt home. |
| motor | Every start ends after 1.7 s by a timer of the processor, whatever the program does. This holds without the file too. |
| service | A service permit of the authority strikes the file out and restarts the device. A station is told by a command of the authority under its account ([ADR 0045](adr/0045-service-of-a-station-by-command.md)); without a way to its broker its board is erased and set up anew. |
`;

/** Names and values of a board's pins, flat. */
function pinsOf(board: Board): readonly (readonly [string, string])[] {
  const rows: [string, string][] = [];
  const groups: Readonly<Record<string, unknown>> = {
    contact: board.contact,
    "contact sense": board.contactSense,
    "voltage sense": board.voltageSense,
    button: board.button,
    bolt: board.bolt,
    light: board.signal,
    "power out": board.powerOut,
    supply: board.supply,
    "mains sense": board.mainsSense,
    door: board.door,
    modem: board.modem,
  };
  for (const [name, value] of Object.entries(groups)) {
    if (typeof value === "string" && value !== "") {
      rows.push([name, value]);
    } else if (typeof value === "object" && value !== null) {
      for (const [field, pin] of Object.entries(value)) {
        if (field !== "kind" && pin !== "" && pin !== 0)
          rows.push([`${name}: ${field}`, String(pin)]);
      }
    }
  }
  return rows;
}

async function describeBoard(board: Board): Promise<string> {
  const budgets = await readBudgets();
  const roles = ROLES.filter((role) => board.flash[role] !== undefined);
  const pins = pinsOf(board).map(([name, value]) => `| ${name} | ${value} |`);
  const rows = roles.map((role) => {
    const flash = board.flash[role];
    const budget = budgets[`${role}/${board.name}`];
    const pages = flash === undefined ? 0 : flash.pageCount;
    return `| ${role} | ${budget?.doorPath ?? "?"} | ${budget?.storage ?? "?"} | ${pages} of ${flash?.pageBytes ?? 0} |`;
  });
  return [
    `## ${board.name}`,
    "",
    ...board.limits.map((limit) => `- ${limit}`),
    ...(board.limits.length > 0 ? [""] : []),
    "| signal | pin or value |",
    "|---|---|",
    ...pins,
    "",
    "| role | octets evaluated at every boot, at most | octets of all scripts, at most | pages of flash |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

/** What the interpreter needs of memory and time for each role. */
function describeInterpreter(): string {
  const variables = readVariableBudget();
  const boots = readBootBudget();
  const rows = ROLES.map((role) => {
    const { idle, session, of } = variables[role];
    const millions = (boots[role] / 1_000_000).toFixed(1);
    return `| ${role} | ${idle} | ${session} | ${of} | ${millions} million |`;
  });
  return [
    "## Variables and boots",
    "",
    "What the interpreter has in RAM, code and native blob included: on the XIAO they are copied there. An ESP32-S3 has so many variables at most; it makes",
    "what its networks leave. The suite on the interpreter's Arm build measures what is in use after a boot, opens a door with no more than a session may",
    "have, looks at a station every 10 ms while a full ring goes through it, and counts the instructions of a boot: interpreter, native code and C library, with",
    "a file of the computer in place of flash. `make check` holds its evidence to [variable-budget.json](../firmware/build/variable-budget.json) and",
    "[boot-budget.json](../firmware/build/boot-budget.json). `node firmware/build/renew-budgets.ts` sets the first column and the last to what the last run",
    "measured and 3 %; what a session may have is set by hand.",
    "",
    "| role | variables after boot, at most | in a session, at most | of | instructions of a boot, at most |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

const parts = [INTRODUCTION, describeInterpreter()];
for (const board of BOARDS) {
  parts.push(await describeBoard(board));
}
const text = parts.join("\n");
const isCheck = process.argv.includes("--check");
const old = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, "utf8") : "";
if (isCheck) {
  process.stdout.write(`${BOARDS.length} boards compared\n`);
  if (old !== text) {
    process.stderr.write("docs/boards.md is not what the tables give: npm run generate\n");
    process.exitCode = 1;
  }
} else {
  writeFileSync(DOCUMENT, text);
  process.stdout.write(`${BOARDS.length} boards into ${fileURLToPath(DOCUMENT)}\n`);
}
