// SPDX-License-Identifier: EUPL-1.2
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  decodeHello,
  decodeHelloAnswer,
  encodeHello,
  LINK_HELLO,
  LINK_HELLO_ANSWER,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";

import { buildBundle, sourceAt } from "../build/build-bundle.ts";
import { board as linux } from "../src/boards/linux.ts";
import { ESPRUINO, makeFolder, openFarEnd, pause, startRole } from "./interpreter.ts";

const BOOT_MS = 120_000;
const ROLE_KEY = 1;

describe.skipIf(ESPRUINO === undefined)(
  "on the real interpreter (skipped without ESPRUINO)",
  () => {
    test.each([
      { role: "lock", number: 2 },
      { role: "station", number: 3 },
    ] as const)("a blank $role boots and answers hello over Serial1", async ({ role, number }) => {
      const folder = await makeFolder();
      const farEnd = await openFarEnd(folder.path);
      const board = await startRole(role, folder.path);
      try {
        // A key repeats its hello until somebody answers.
        const repeat = setInterval(() => farEnd.send(LINK_HELLO, encodeHello(ROLE_KEY)), 200);
        const answer = await farEnd.next(BOOT_MS).finally(() => clearInterval(repeat));
        expect(answer.kind).toBe(LINK_HELLO_ANSWER);
        expect(decodeHelloAnswer(answer.message)).toMatchObject({
          ok: true,
          value: { role: number },
        });
        expect(await memoryOf(board)).toBeGreaterThan(0);
        expect(board.console()).not.toContain("Uncaught");
      } finally {
        await board.stop();
        await farEnd.stop();
        await folder.remove();
      }
    });

    test("an error in a packed bundle names a place in its file that leads to the source", async () => {
      const folder = await makeFolder();
      const farEnd = await openFarEnd(folder.path);
      const board = await startRole("lock", folder.path);
      try {
        const repeat = setInterval(() => farEnd.send(LINK_HELLO, encodeHello(ROLE_KEY)), 200);
        await farEnd.next(BOOT_MS).finally(() => clearInterval(repeat));
        const bundle = await buildBundle({ role: "lock", board: linux });
        const name = bundle.names.get("assert");
        board.evaluate(`try{${name}(false,5)}catch(e){print(e.stack+"stack-"+"end")}`);
        await board.waitFor("stack-end", 5_000);
        const [, line, column] = /\(a\.lock:(\d+):(\d+)\)/.exec(board.console()) ?? [];
        expect(sourceAt(bundle, "lock", Number(line), Number(column))?.file).toBe(
          "protocol/src/errors/result.ts",
        );
      } finally {
        await board.stop();
        await farEnd.stop();
        await folder.remove();
      }
    });

    test("a lock that was locked down answers hello and has no console", async () => {
      const folder = await makeFolder();
      const farEnd = await openFarEnd(folder.path);
      const locked = [{ name: "nk.locked", content: Buffer.from("1") }];
      const board = await startRole("lock", folder.path, locked);
      try {
        const repeat = setInterval(() => farEnd.send(LINK_HELLO, encodeHello(ROLE_KEY)), 200);
        await farEnd.next(BOOT_MS).finally(() => clearInterval(repeat));
        for (const line of ['print("open"+1)', "\u0003", 'print("open"+2)', "nk.info()"]) {
          board.evaluate(line);
        }
        await pause(3000);
        expect(board.console()).not.toContain("open");
        expect(board.console()).not.toContain("slot");
      } finally {
        await board.stop();
        await farEnd.stop();
        await folder.remove();
      }
    });

    test.each([
      { what: "an exception that nobody catches", script: 'throw new Error("planted")' },
      { what: "a stack that runs over", script: "(function deep(){deep();return 1})()" },
    ])("a locked lock ends its program after $what, and serves again", async ({ script }) => {
      const folder = await makeFolder();
      const farEnd = await openFarEnd(folder.path);
      // The interpreter ends where a board resets; the mark tells that the call was reached.
      const planted = `setTimeout(function(){E.openFile("./reached","w").close();${script}},2000)`;
      const locked = { name: "nk.locked", content: Buffer.from("1") };
      const boot = { name: ".boot0", content: Buffer.from(planted) };
      const board = await startRole("lock", folder.path, [locked, boot]);
      const repeat = setInterval(() => farEnd.send(LINK_HELLO, encodeHello(ROLE_KEY)), 200);
      try {
        await expect(board.waitFor("no console says this", BOOT_MS)).rejects.toThrow("ended");
        expect(existsSync(join(folder.path, "reached"))).toBe(true);
        const again = await startRole("lock", folder.path, [locked]);
        try {
          await farEnd.next(BOOT_MS);
        } finally {
          await again.stop();
        }
      } finally {
        clearInterval(repeat);
        await board.stop();
        await farEnd.stop();
        await folder.remove();
      }
    });

    test("a key boots and says hello when its contact closes", async () => {
      const folder = await makeFolder();
      const farEnd = await openFarEnd(folder.path);
      const board = await startRole("key", folder.path);
      try {
        const first = await farEnd.next(BOOT_MS);
        expect(first.kind).toBe(LINK_HELLO);
        expect(decodeHello(first.message)).toMatchObject({ ok: true, value: ROLE_KEY });
        expect(await memoryOf(board)).toBeGreaterThan(0);
        expect(board.console()).not.toContain("Uncaught");
      } finally {
        await board.stop();
        await farEnd.stop();
        await folder.remove();
      }
    });
  },
);

/** Variables in use, as the interpreter counts them; printed for the reader of the run. */
async function memoryOf(board: Awaited<ReturnType<typeof startRole>>): Promise<number> {
  board.evaluate('print("usage=" + process.memory().usage + ";")');
  await board.waitFor(";", BOOT_MS);
  const usage = Number(/usage=(\d+);/.exec(board.console())?.[1] ?? "0");
  process.stdout.write(`variables in use: ${usage}\n`);
  return usage;
}
