// SPDX-License-Identifier: EUPL-1.2
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { uploadBundle } from "./upload-bundle.ts";

const ESPRUINO = process.env["ESPRUINO"] || undefined;

/** An interpreter whose console is a TCP port, as a board behind a network adapter. */
async function startConsole(folder: string): Promise<{ port: string; stop(): Promise<void> }> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  const number = typeof address === "object" && address !== null ? address.port : 0;
  probe.close();
  await once(probe, "close");
  const listen = `TCP-LISTEN:${number},bind=127.0.0.1,reuseaddr,fork`;
  // socat forks for each connection and gives the interpreter a session of its own, where it ignores
  // SIGTERM and outlives its console: each one leaves its number behind to be stopped by.
  await writeFile(join(folder, "console.sh"), `echo $$ >> numbers\nexec "${ESPRUINO}"\n`);
  const child = spawn("socat", ["-d", "-d", listen, "EXEC:sh console.sh,pty,raw,echo=0"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  await once(child.stderr, "data");
  return {
    port: `tcp://127.0.0.1:${number}`,
    async stop() {
      const ended = child.exitCode === null ? once(child, "exit") : undefined;
      child.kill();
      await ended;
      const numbers = await readFile(join(folder, "numbers"), "utf8");
      for (const one of numbers.trim().split("\n")) {
        process.kill(Number(one), "SIGKILL");
      }
    },
  };
}

test.skipIf(ESPRUINO === undefined)(
  "loads a bundle into the interpreter and reads its digest back (skipped without ESPRUINO)",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "nyckelring-console-"));
    const bundlePath = join(folder, "probe.js");
    await writeFile(bundlePath, `var probe="${"0123456789abcdef".repeat(64)}";\n`);
    const board = await startConsole(folder);
    try {
      const receipt = await uploadBundle({ port: board.port, bundlePath, startsAtBoot: true });
      expect(receipt).toMatchObject({ fileName: "probe.js", bytes: 1038 });
    } finally {
      await board.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
  120_000,
);

test("a board that is not there is an error, whatever the tool's exit code says", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nyckelring-console-"));
  const bundlePath = join(folder, "probe.js");
  await writeFile(bundlePath, "var probe=1;\n");
  try {
    const upload = { port: "tcp://127.0.0.1:9", bundlePath, startsAtBoot: false };
    await expect(uploadBundle(upload)).rejects.toThrow("the board gave no digest of probe.js");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);
