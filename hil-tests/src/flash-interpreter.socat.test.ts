// SPDX-License-Identifier: EUPL-1.2
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";

import { writeSampleBuild } from "../test/sample-build.ts";
import { readBoardBuild } from "./board-build.ts";
import { openBoardConsole } from "./board-console.ts";
import { openSerialBoardLine } from "./board-line.ts";
import { inspectBoard } from "./board-state.ts";
import { admitBuild, compareBoard, eraseBoard, flashBoard, planFlash } from "./flash-board.ts";

const ESPRUINO = process.env["ESPRUINO"] || undefined;

/** The interpreter behind a pseudo terminal, with a Storage of its own in this folder. */
async function startInterpreter(folder: string) {
  const port = join(folder, "console");
  // It ignores SIGTERM and outlives its terminal: it leaves its number to be stopped by.
  writeFileSync(join(folder, "run.sh"), `echo $$ > number\nexec "${ESPRUINO}"\n`);
  const child = spawn("socat", [`PTY,link=${port},raw,echo=0`, "EXEC:sh run.sh,pty,raw,echo=0"], {
    cwd: folder,
    stdio: "ignore",
  });
  while (!existsSync(port) || !existsSync(join(folder, "number"))) {
    await pause(10);
  }
  return {
    port,
    async stop() {
      const ended = once(child, "exit");
      process.kill(Number(readFileSync(join(folder, "number"), "utf8")), "SIGKILL");
      child.kill();
      await ended;
    },
  };
}

/**
 * Goal: flashing works on Espruino itself and not only on our emulation of it.
 * Method: the same functions over serialport against the Linux build on a pseudo terminal; files are
 * compared by the SHA-256 that the interpreter computes over its own Storage.
 */
describe.skipIf(ESPRUINO === undefined)("the real interpreter (skipped without ESPRUINO)", () => {
  test("takes two versions in turn, proves each file and can be erased", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nyckelring-interpreter-"));
    const interpreter = await startInterpreter(folder);
    const line = await openSerialBoardLine(interpreter.port);
    try {
      const board = await openBoardConsole(line);
      expect(board.identity.boardName).toBe("LINUX");
      for (const [version, slot] of [
        ["1.0.0", "a"],
        ["1.1.0", "b"],
      ] as const) {
        const build = readBoardBuild(
          writeSampleBuild(join(folder, version), { version, board: "linux", bytes: 6000 }),
        );
        const state = await inspectBoard(board);
        admitBuild(build, state, false);
        const plan = await planFlash(board, build, state);
        const application = await flashBoard(board, build, state, plan, {
          onProgress: () => undefined,
          isInterrupted: () => false,
        });
        expect(application).toMatchObject({ version, slot });
        const compared = await compareBoard(board, build, await inspectBoard(board));
        expect(compared).toHaveLength(5);
        expect(compared.every(({ isEqual }) => isEqual)).toBe(true);
      }
      await eraseBoard(board);
      expect((await inspectBoard(board)).files).toEqual([]);
    } finally {
      await line.close();
      await interpreter.stop();
      rmSync(folder, { recursive: true });
    }
  }, 120_000);
});
