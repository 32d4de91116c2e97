// SPDX-License-Identifier: EUPL-1.2

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";

import { writeSampleBuild } from "../../hil-tests/test/sample-build.ts";
import { callNyckel } from "../test/call-nyckel.ts";

const NYCKEL = fileURLToPath(new URL("../bin/nyckel.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "nyckel-device-"));
const first = writeSampleBuild(join(folder, "first"), { version: "1.0.0" });
const second = writeSampleBuild(join(folder, "second"), { version: "2.0.0", bytes: 9000 });
const fixed = writeSampleBuild(join(folder, "fixed"), { version: "3.0.0", securityVersion: 2 });
const keyBuild = writeSampleBuild(join(folder, "key"), { role: "key" });
const running: ChildProcess[] = [];
let number = 0;

beforeEach(() => {
  vi.stubEnv("NYCKEL_CONFIG", join(folder, "no-config.yaml"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const child of running.splice(0)) {
    await stop(child, "SIGKILL");
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}

/** Runs the real command in its own process as a board. */
async function startBoard(flash: string, ...more: readonly string[]) {
  number += 1;
  const port = join(folder, `board-${number}`);
  const options = ["--role", "lock", "--pty", port, "--flash", flash, "--baud", "0", "--json"];
  const child = spawn(process.execPath, [NYCKEL, "sim", "board", ...options, ...more], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  running.push(child);
  let text = "";
  child.stdout.on("data", (part: Buffer) => {
    text += part.toString();
  });
  while (!text.includes('"ready"')) {
    if (child.exitCode !== null) {
      throw new Error(`the board ended: ${text}`);
    }
    await pause(20);
  }
  return { port, child, said: () => text };
}

const newFlash = (): string => {
  number += 1;
  return join(folder, `flash-${number}`);
};

test("a bare board is told, flashed, verified, restarted and erased, and each says the state last", async () => {
  const { port } = await startBoard(newFlash(), "--bare");
  const bare = await callNyckel("device", "info", "--port", port);
  expect(bare.exit).toBe(6);
  expect(bare.err).toMatch(/^error\[E0813 FIRMWARE_MISSING\]/m);
  const dry = await callNyckel("device", "flash", first, "--port", port, "--dry-run");
  expect(dry).toMatchObject({ exit: 0, lastLine: expect.stringContaining("nothing was written") });
  const flashed = await callNyckel("device", "flash", first, "--port", port);
  expect(flashed).toMatchObject({ exit: 0, lastLine: "state    lock 1.0.0 runs from slot a" });
  expect(flashed.err).toMatch(/^write {4}100 %, /m);
  const again = await callNyckel("device", "flash", first, "--port", port);
  expect(again.lastLine).toBe("state    lock 1.0.0, slot a runs already; nothing was written");
  expect(await callNyckel("device", "verify", first, "--port", port)).toMatchObject({ exit: 0 });
  const differs = await callNyckel("device", "verify", second, "--port", port);
  expect(differs.exit).toBe(1);
  expect(differs.lastLine).toBe("state    the board starts slot a with version 1.0.0");
  const reset = await callNyckel("device", "reset", "--port", port);
  expect(reset).toMatchObject({ exit: 0, lastLine: "state    lock 1.0.0 runs from slot a" });
  const unsure = await callNyckel("device", "lock", "--port", port, "--no-input");
  expect(unsure.exit).toBe(2);
  expect(unsure.all).toContain("nothing was changed");
  // The sample does not say that it was commissioned.
  const blank = await callNyckel("device", "lock", "--port", port, "--yes");
  expect(blank.err).toMatch(/^error\[E0805 DEVICE_BLANK\]/m);
  expect(blank.all).toContain("the board is not locked");
  const asked = await callNyckel("device", "erase", "--port", port, "--no-input");
  expect(asked.exit).toBe(2);
  expect(asked.lastLine).not.toContain("empty");
  const erased = await callNyckel("device", "erase", "--port", port, "--yes");
  expect(erased).toMatchObject({ exit: 0, lastLine: expect.stringContaining("is empty") });
}, 60_000);

test("--json is one object a line, and the last one is the result with the state", async () => {
  const { port } = await startBoard(newFlash(), "--bare");
  const { exit, out } = await callNyckel("device", "flash", first, "--port", port, "--json");
  expect(exit).toBe(0);
  const objects = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects.map(({ type }) => type)).toContain("progress");
  expect(objects.at(-1)).toMatchObject({ type: "result", ok: true, port });
  expect(objects.at(-1)?.["state"]).toBe("lock 1.0.0 runs from slot a");
}, 60_000);

test("a board that is killed in the middle of a flash starts the old application again", async () => {
  const flash = newFlash();
  // A line so slow that the flash cannot be over before the kill.
  const before = await startBoard(flash, "--build", first, "--baud", "9600");
  const work = callNyckel("device", "flash", second, "--port", before.port, "--json");
  await pause(50);
  before.child.kill("SIGKILL");
  const cut = await work;
  expect([3, 4, 5]).toContain(cut.exit);
  const again = await startBoard(flash);
  const info = await callNyckel("device", "info", "--port", again.port);
  expect(info.lastLine).toBe("state    lock 1.0.0 runs from slot a");
  const flashed = await callNyckel("device", "flash", second, "--port", again.port);
  expect(flashed).toMatchObject({ exit: 0, lastLine: "state    lock 2.0.0 runs from slot b" });
}, 60_000);

test("a cut at a flash write is an unplugged board, with exit code 5 and the state", async () => {
  const flash = newFlash();
  const board = await startBoard(flash, "--build", first, "--cut-after-writes", "900");
  const cut = await callNyckel("device", "flash", second, "--port", board.port);
  expect(cut.exit).toBe(5);
  expect(cut.err).toMatch(/^error\[E080F DEVICE_UNPLUGGED\]/m);
  expect(cut.lastLine).toBe(
    "state    slot b is incomplete; the board still starts slot a with version 1.0.0",
  );
  expect(board.said()).toContain("cut at a flash write");
}, 60_000);

test("two boards of one role are an error with exit code 3 until one is named; --all takes both", async () => {
  const boards = [
    await startBoard(newFlash(), "--build", first),
    await startBoard(newFlash(), "--build", first),
  ];
  vi.stubEnv("NYCKEL_PORTS", boards.map(({ port }) => port).join(","));
  const guess = await callNyckel("device", "flash", second, "--role", "lock");
  expect(guess.exit).toBe(3);
  expect(guess.err).toMatch(/^error\[E0803 DEVICE_AMBIGUOUS\]: 2 boards answer as a lock/m);
  const none = await callNyckel("device", "info", "--role", "station");
  expect(none.exit).toBe(3);
  expect(none.err).toMatch(/^error\[E0807 DEVICE_NOT_FOUND\]/m);
  const both = await callNyckel("device", "flash", second, "--role", "lock", "--all");
  expect(both).toMatchObject({ exit: 0, lastLine: "state    2 of 2 boards run the build" });
}, 60_000);

test("a permit is signed for one build on one board, and the flasher and the loader take it", async () => {
  const { port } = await startBoard(newFlash(), "--build", fixed);
  const old = await callNyckel("device", "flash", second, "--port", port);
  expect(old.exit).toBe(6);
  expect(old.err).toMatch(/^error\[E0812 SECURITY_VERSION_OLD\]/m);
  const keys = join(folder, "keys");
  expect(await callNyckel("device", "permit-key", "--out", keys)).toMatchObject({ exit: 0 });
  expect((await callNyckel("device", "permit-key", "--out", keys)).exit).toBe(2);
  const permit = join(folder, "permit.cbor");
  const sign = ["--key", join(keys, "firmware.key"), "--until", "2100-01-01"];
  const signed = await callNyckel(
    "device",
    "permit",
    second,
    "--port",
    port,
    ...sign,
    "--out",
    permit,
  );
  expect(signed).toMatchObject({ exit: 0, out: expect.stringContaining("lock 2.0.0") });
  const leave = ["--permit", permit, "--anchor", join(keys, "anchor.cbor")];
  const another = await callNyckel("device", "flash", first, "--port", port, ...leave);
  expect(another.exit).toBe(6);
  expect(another.err).toContain("the permit is for another build");
  const back = await callNyckel("device", "flash", second, "--port", port, ...leave);
  expect(back).toMatchObject({ exit: 0, lastLine: "state    lock 2.0.0 runs from slot b" });
  const away = join(folder, "away.cbor");
  const stranger = ["--serial", "0011", ...sign, "--out", away];
  expect(await callNyckel("device", "permit", first, ...stranger)).toMatchObject({ exit: 0 });
  const wrong = ["--permit", away, "--anchor", join(keys, "anchor.cbor")];
  const refused = await callNyckel("device", "flash", first, "--port", port, ...wrong);
  expect(refused.err).toContain("the permit is for another board");
}, 60_000);

/** A rig whose real boards are at these ports. */
function writeRig(ports: Readonly<Record<string, string>>): string {
  number += 1;
  const path = join(folder, `rig-${number}.yaml`);
  const roles = ["key", "station", "lock"].map((role) => {
    const port = ports[role];
    const wiring = port === undefined ? "{ kind: sim }" : `{ kind: real, path: ${port} }`;
    return `  ${role}: ${wiring}`;
  });
  writeFileSync(path, `version: 1\nrig: desk\nroles:\n${roles.join("\n")}\n`);
  return path;
}

test("a rig file names the board of a role, and a port that is named nearer wins over it", async () => {
  const lock = await startBoard(newFlash(), "--build", first);
  const key = await startBoard(newFlash(), "--build", keyBuild, "--role", "key");
  const rig = writeRig({ lock: lock.port, key: key.port });
  const flashed = await callNyckel("device", "flash", second, "--rig", rig);
  expect(flashed).toMatchObject({ exit: 0, lastLine: "state    lock 2.0.0 runs from slot b" });
  vi.stubEnv("NYCKEL_RIG", rig);
  const info = await callNyckel("device", "info", "--role", "key");
  expect(info).toMatchObject({ exit: 0, lastLine: "state    key 1.0.0 runs from slot a" });
  const nearer = await callNyckel("device", "info", "--port", lock.port);
  expect(nearer.lastLine).toBe("state    lock 2.0.0 runs from slot b");
  const two = await callNyckel("device", "info");
  expect(two.exit).toBe(3);
  expect(two.err).toMatch(/^error\[E0803 DEVICE_AMBIGUOUS\]: .* has 2 real boards: key at/m);
  const simulated = await callNyckel("device", "info", "--role", "station");
  expect(simulated.exit).toBe(3);
  expect(simulated.err).toMatch(/the station is not a real board/);
  const gone = await callNyckel(
    "device",
    "info",
    "--role",
    "lock",
    "--rig",
    writeRig({ lock: "/no" }),
  );
  expect(gone.exit).toBe(3);
  expect(gone.err).toContain("/no does not exist");
  const both = await callNyckel("device", "info", "--rig", rig, "--port", lock.port);
  expect(both.exit).toBe(2);
}, 60_000);

test("--all takes every board of a rig, and a board with another role than the rig says is refused", async () => {
  const lock = await startBoard(newFlash(), "--build", first);
  const key = await startBoard(newFlash(), "--build", keyBuild, "--role", "key");
  const rig = writeRig({ lock: lock.port, key: key.port });
  const all = await callNyckel("device", "info", "--all", "--rig", rig, "--json");
  expect(all.exit).toBe(0);
  const told = all.out.trim().split("\n");
  expect(told.map((line) => JSON.parse(line).application?.role)).toEqual([
    "key",
    "lock",
    undefined,
  ]);
  const verified = await callNyckel("device", "verify", second, "--all", "--rig", rig);
  expect(verified).toMatchObject({ exit: 1, lastLine: "state    0 of 1 boards run the build" });
  const swapped = writeRig({ lock: key.port });
  const erased = await callNyckel("device", "erase", "--role", "lock", "--rig", swapped, "--yes");
  expect(erased.exit).toBe(6);
  expect(erased.err).toMatch(/^error\[E0809 ROLE_MISMATCH\]: .* answers as a key/m);
  const still = await callNyckel("device", "info", "--port", key.port);
  expect(still.lastLine).toBe("state    key 1.0.0 runs from slot a");
}, 60_000);

test("a console takes what is piped into it, and logs listen without a word", async () => {
  const { port } = await startBoard(newFlash(), "--build", first);
  const child = spawn(process.execPath, [NYCKEL, "device", "console", "--port", port], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (part: Buffer) => {
    text += part.toString();
  });
  child.stdin.end("setInterval(function(){print('la'+'ter')},100);6*7\n");
  await once(child, "exit");
  expect(child.exitCode).toBe(0);
  expect(text).toContain("=42");
  const { exit, out } = await callNyckel(
    "device",
    "logs",
    "--port",
    port,
    "--for",
    "1.5s",
    "--json",
  );
  expect(exit).toBe(0);
  expect(out).toContain("later");
}, 60_000);

test("a port that another program has is exit code 4 with its number, one that is not there 3", async () => {
  const { port } = await startBoard(newFlash(), "--build", first);
  const holder = spawn("sh", ["-c", `exec 3<>${port}; exec sleep 60`], { stdio: "ignore" });
  running.push(holder);
  await pause(200);
  const busy = await callNyckel("device", "info", "--port", port);
  expect(busy.exit).toBe(4);
  expect(busy.err).toContain(`(pid ${holder.pid})`);
  await stop(holder, "SIGKILL");
  expect((await callNyckel("device", "info", "--port", port)).exit).toBe(0);
  expect((await callNyckel("device", "info", "--port", join(folder, "nothing"))).exit).toBe(3);
}, 60_000);
