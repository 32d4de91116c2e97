// SPDX-License-Identifier: EUPL-1.2
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PORT_FORBIDDEN } from "@nyckelring/protocol";
import { afterAll, expect, test } from "vitest";

import { findHolder, openSerialBoardLine } from "./board-line.ts";
import { openPseudoTerminal } from "./pseudo-terminal.ts";

const NOBODY = 65534;
const folder = mkdtempSync(join(tmpdir(), "nyckelring-line-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The code with which another user fails to open a port, in a process of that user. */
function openAsNobody(path: string): string {
  const program = `
    const { openSerialBoardLine } = await import(${JSON.stringify(new URL("./board-line.ts", import.meta.url).href)});
    await openSerialBoardLine(${JSON.stringify(path)}).then(
      () => console.log("opened"),
      (fault) => console.log(String(fault.parts?.code ?? fault)),
    );
    process.exit(0);`;
  const isRoot = process.getuid?.() === 0;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", program],
    { encoding: "utf8", ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}) },
  );
  return stdout.trim() === "" ? stderr : stdout.trim();
}

test("a port without rights is told as that, by a user who has none", async () => {
  const terminal = await openPseudoTerminal(join(folder, "closed"));
  const device = realpathSync(terminal.path);
  chmodSync(device, 0);
  // The device itself: the folder of the link may be closed to another user as well.
  expect(openAsNobody(device)).toBe(String(PORT_FORBIDDEN));
  await terminal.close();
});

test("the maker of a pseudo terminal does not count as somebody who has it open", async () => {
  const terminal = await openPseudoTerminal(join(folder, "free"));
  expect(findHolder(terminal.path)).toBeUndefined();
  const line = await openSerialBoardLine(terminal.path);
  await line.close();
  await terminal.close();
});
