// SPDX-License-Identifier: EUPL-1.2
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { openBoardConsole } from "./board-console.ts";
import { openSerialBoardLine } from "./board-line.ts";
import { openPseudoTerminal } from "./pseudo-terminal.ts";
import { openFlashImage } from "./virtual-board/flash-image.ts";
import { createVirtualBoard, MODEL_OF_ROLE } from "./virtual-board/virtual-board.ts";

const folder = mkdtempSync(join(tmpdir(), "nyckelring-console-"));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Goal: no answer of a board looks like flow control.
 * Method: answers of many lengths over a pseudo terminal that obeys XON and XOFF. The length of a packet
 * is an octet on the line like any other: as 17 it vanished there, as 19 it also stopped the line.
 */
test("an answer of any length comes over a line with flow control", async () => {
  const port = join(folder, "console");
  const terminal = await openPseudoTerminal(port);
  const board = createVirtualBoard({
    model: MODEL_OF_ROLE.lock,
    flash: openFlashImage(MODEL_OF_ROLE.lock.geometry, undefined),
    baud: 0,
    name: "console",
    onConsole: (octets) => terminal.write(octets),
    onContact: () => undefined,
  });
  terminal.onOctets((octets) => board.writeConsole(octets));
  board.powerOn();
  const line = await openSerialBoardLine(port, { baud: 115200, hasFlowControl: true });
  const client = await openBoardConsole(line);
  const lengths = [...Array(40).keys(), 264, 265, 266, 267, 268, 269, 270, 271, 272, 273];
  for (const length of lengths) {
    const text = await client.evaluate(`new Array(${length}+1).join("y")`);
    expect(text).toBe("y".repeat(length));
  }
  expect(await client.evaluate('"ends with !!"')).toBe("ends with !!");
  expect(await client.evaluate('"ends with."')).toBe("ends with.");
  await line.close();
  board.powerOff("the test is over");
  await terminal.close();
}, 60_000);
