// SPDX-License-Identifier: EUPL-1.2
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openPseudoTerminal, type PseudoTerminal } from "./pseudo-terminal.ts";
import { openFlashImage } from "./virtual-board/flash-image.ts";
import {
  createVirtualBoard,
  MODEL_OF_ROLE,
  type VirtualBoard,
} from "./virtual-board/virtual-board.ts";

const COMMAND_LINE_TOOL = createRequire(import.meta.url).resolve("espruino/bin/espruino-cli.js");
const TOOL_MS_MAX = 20_000;

const folder = mkdtempSync(join(tmpdir(), "nyckelring-tool-"));
// The tool takes a port only from the list of serialport, which keeps names of this form alone.
const port = join(folder, "ttyUSB0");
let terminal: PseudoTerminal;
let board: VirtualBoard;

beforeAll(async () => {
  const udevadm = join(folder, "udevadm");
  writeFileSync(
    udevadm,
    `#!/bin/sh\nprintf 'P: /devices/x\\nN: ttyUSB0\\nE: DEVNAME=${port}\\n\\n'\n`,
  );
  chmodSync(udevadm, 0o755);
  terminal = await openPseudoTerminal(port);
  board = createVirtualBoard({
    model: MODEL_OF_ROLE.lock,
    flash: openFlashImage(MODEL_OF_ROLE.lock.geometry, undefined),
    baud: 0,
    name: "tool",
    onConsole: (octets) => terminal.write(octets),
    onContact: () => undefined,
  });
  terminal.onOctets((octets) => board.writeConsole(octets));
  board.powerOn();
});

afterAll(async () => {
  board.powerOff("the test is over");
  await terminal.close();
  rmSync(folder, { recursive: true });
});

/** Runs the tool until it has printed something, for it does not always end by itself. */
function runTool(wanted: RegExp, ...options: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND_LINE_TOOL, "--no-ble", "-p", port, ...options], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PATH: `${folder}:${process.env["PATH"]}` },
    });
    let output = "";
    const timer = setTimeout(() => child.kill(), TOOL_MS_MAX);
    const collect = (part: Buffer): void => {
      output += part.toString("latin1");
      if (wanted.test(output)) {
        child.kill();
      }
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", reject);
    child.once("close", () => {
      clearTimeout(timer);
      resolve(output);
    });
  });
}

/**
 * Goal: the virtual board's console is Espruino's, in the judgement of a program that we did not
 * write.
 * Method: the command-line tool of Espruino, unmodified, over a pseudo terminal.
 */
test("the unmodified tool of Espruino evaluates an expression on the virtual board", async () => {
  expect(await runTool(/4711/, "-e", "print(4000+711)")).toContain("4711");
}, 30_000);

test("the unmodified tool of Espruino writes a file into the virtual board's Storage", async () => {
  const file = join(folder, "file.txt");
  const content = "0123456789".repeat(300);
  writeFileSync(file, content);
  const measure = 'print("octets "+require("Storage").read("given").length)';
  expect(await runTool(/octets \d+/, "--storage", `given:${file}`, "-e", measure)).toContain(
    "octets 3000",
  );
  expect(board.storage.read("given")).toBe(content);
}, 30_000);

test("the unmodified tool of Espruino uploads and runs a program on the virtual board", async () => {
  const file = join(folder, "program.js");
  writeFileSync(file, 'print("it "+"runs");\n');
  expect(await runTool(/it runs/, file)).toContain("it runs");
}, 30_000);
