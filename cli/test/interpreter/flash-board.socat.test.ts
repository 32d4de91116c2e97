// SPDX-License-Identifier: EUPL-1.2
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BOARDS, buildBundle, readVersion, writeBundle } from "@nyckelring/firmware/build";
import { onOneProcessor } from "@nyckelring/firmware/one-processor";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { writeSampleBuild } from "../../../hil-tests/test/sample-build.ts";
import { callNyckel } from "../call-nyckel.ts";

const ESPRUINO = process.env["ESPRUINO"] || undefined;

/** The interpreter behind a pseudo terminal, with a Storage of its own in this folder. */
async function startInterpreter(folder: string) {
  const port = join(folder, "console");
  // It ignores SIGTERM and outlives its terminal: it leaves its number to be stopped by.
  const command = onOneProcessor([String(ESPRUINO)]).map((word) => `"${word}"`);
  writeFileSync(join(folder, "run.sh"), `echo $$ > number\nexec ${command.join(" ")}\n`);
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
      const ended = child.exitCode === null ? once(child, "exit") : undefined;
      process.kill(Number(readFileSync(join(folder, "number"), "utf8")), "SIGKILL");
      child.kill();
      await ended;
      rmSync(port, { force: true });
      rmSync(join(folder, "number"));
    },
  };
}

/**
 * Goal: the command works on Espruino itself and not only on our emulation of it.
 * Method: the command over serialport against the Linux build on a pseudo terminal; files are
 * compared by the SHA-256 that the interpreter computes over its own Storage.
 */
describe.skipIf(ESPRUINO === undefined)("the real interpreter (skipped without ESPRUINO)", () => {
  let folder = "";
  let interpreter: Awaited<ReturnType<typeof startInterpreter>>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "nyckelring-interpreter-"));
    vi.stubEnv("NYCKEL_CONFIG", join(folder, "no-config.yaml"));
    interpreter = await startInterpreter(folder);
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await interpreter.stop();
    rmSync(folder, { recursive: true });
  });

  const sample = (version: string, securityVersion: number): string =>
    writeSampleBuild(join(folder, version), {
      version,
      securityVersion,
      board: "linux",
      bytes: 6000,
    });

  test("takes two versions in turn, a step back with a permit, proves each file and can be erased", async () => {
    const { port } = interpreter;
    const at = ["--port", port];
    const bare = await callNyckel("device", "info", ...at);
    expect(bare.exit).toBe(6);
    expect(bare.out).toContain("board    LINUX, Espruino 2v");
    const first = sample("1.0.0", 2);
    expect(await callNyckel("device", "flash", first, ...at)).toMatchObject({
      exit: 0,
      lastLine: "state    lock 1.0.0 runs from slot a",
    });
    const second = sample("1.1.0", 2);
    expect(await callNyckel("device", "flash", second, ...at)).toMatchObject({
      exit: 0,
      lastLine: "state    lock 1.1.0 runs from slot b",
    });
    const verified = await callNyckel("device", "verify", second, ...at);
    expect(verified).toMatchObject({
      exit: 0,
      lastLine: expect.stringContaining("5 files equal"),
    });
    const older = sample("0.9.0", 1);
    expect((await callNyckel("device", "flash", older, ...at)).exit).toBe(6);
    const keys = join(folder, "keys");
    await callNyckel("device", "permit-key", "--out", keys);
    const permit = join(folder, "permit.cbor");
    const sign = ["--key", join(keys, "firmware.key"), "--until", "2100-01-01", "--out", permit];
    expect(await callNyckel("device", "permit", older, ...at, ...sign)).toMatchObject({
      exit: 0,
    });
    const leave = ["--permit", permit, "--anchor", join(keys, "anchor.cbor")];
    expect(await callNyckel("device", "flash", older, ...at, ...leave)).toMatchObject({
      exit: 0,
      lastLine: "state    lock 0.9.0 runs from slot a",
    });
    expect((await callNyckel("device", "erase", ...at, "--yes")).exit).toBe(0);
    expect((await callNyckel("device", "info", ...at)).out).toContain("storage  0 files");
  });

  test("an application that fails gives way to the one before, by the loader on the interpreter", async () => {
    const at = ["--port", interpreter.port];
    await callNyckel("device", "flash", sample("1.0.0", 1), ...at);
    const broken = writeSampleBuild(join(folder, "broken"), {
      version: "1.1.0",
      board: "linux",
      isBroken: true,
    });
    const failed = await callNyckel("device", "flash", broken, ...at);
    expect(failed.exit).toBe(6);
    expect(failed.err).toMatch(/^error\[E0814 BOOT_FAILED\]/m);
    expect(failed.err).toContain("slot a runs with version 1.0.0");
  });

  test("makes room in deleted files when its Storage is full, and leaves the log where it is", async () => {
    const at = ["--port", interpreter.port];
    const sized = (minor: number): string =>
      writeSampleBuild(join(folder, `sized-${minor}`), {
        version: `1.${minor}.0`,
        board: "linux",
        bytes: 9000 + ((minor * 977) % 1500),
        // As a role does at its first start.
        entry: `if(!require("Storage").read("nyckel"))require("Storage").write("nyckel","identity and log",0,170000);nk.ok();//${minor}\n`,
      });
    await callNyckel("device", "flash", sized(0), ...at);
    const place = (): number =>
      readFileSync(join(folder, "espruino.flash"), "latin1").indexOf("identity and log");
    const before = place();
    let made = 0;
    for (let minor = 1; minor < 13; minor += 1) {
      const flashed = await callNyckel("device", "flash", sized(minor), ...at);
      expect(flashed).toMatchObject({
        exit: 0,
        lastLine: expect.stringContaining(`lock 1.${minor}.0 runs`),
      });
      made += flashed.out.includes("room made in deleted files") ? 1 : 0;
    }
    expect(made).toBeGreaterThan(2);
    expect(before).toBeGreaterThan(0);
    expect(place()).toBe(before);
    expect((await callNyckel("device", "verify", sized(12), ...at)).exit).toBe(0);
  });

  test("takes the lock as it is built, and starts it again when it was killed in the middle of an update", async () => {
    const board = BOARDS.find(({ name }) => name === "linux");
    if (board === undefined) {
      throw new Error("there is no board linux");
    }
    const built = await buildBundle({ role: "lock", board });
    const version = await readVersion();
    const build = await writeBundle(built, folder, version);
    const at = ["--port", interpreter.port];
    const flashed = await callNyckel("device", "flash", build, ...at);
    expect(flashed).toMatchObject({
      exit: 0,
      lastLine: `state    lock ${version} runs from slot a`,
    });
    const work = callNyckel("device", "flash", sample("9.0.0", 9), ...at);
    while (!readFileSync(join(folder, "espruino.flash"), "latin1").includes("b.lock")) {
      await pause(5);
    }
    await interpreter.stop();
    expect([3, 5]).toContain((await work).exit);
    interpreter = await startInterpreter(folder);
    const info = await callNyckel("device", "info", ...at);
    expect(info).toMatchObject({
      exit: 0,
      lastLine: `state    lock ${version} runs from slot a`,
    });
    const again = await callNyckel("device", "flash", sample("9.0.0", 9), ...at);
    expect(again.lastLine).toBe("state    lock 9.0.0 runs from slot b");
  });
});
