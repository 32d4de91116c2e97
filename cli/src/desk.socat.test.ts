// SPDX-License-Identifier: EUPL-1.2

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BOARDS, buildBundle, readVersion, writeBundle } from "@nyckelring/firmware/build";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { main } from "./nyckel.ts";

const NYCKEL = fileURLToPath(new URL("../bin/nyckel.js", import.meta.url));
const ROLES = ["key", "lock", "station"] as const;
/** Seed 7 stops the town here. */
const NOW = "2026-11-23T06:06:00Z";
const ROUNDS_MAX = 2500;
/** A hand needs longer from one place to the next than a contact bounces. */
const HAND_MS = 500;
const folder = mkdtempSync(join(tmpdir(), "nyckel-desk-"));
const running: ChildProcess[] = [];
let number = 0;

beforeAll(async () => {
  const version = await readVersion();
  for (const role of ROLES) {
    const name = role === "station" ? "esp32s3" : "virtual";
    const board = BOARDS.find((one) => one.name === name);
    if (board === undefined) {
      throw new Error(`there is no board ${name}`);
    }
    await writeBundle(await buildBundle({ role, board }), join(folder, "firmware"), version);
  }
}, 180_000);

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

/** The devices of seed 7 as they were provisioned. */
async function newDesk(...more: readonly string[]): Promise<string> {
  number += 1;
  const desk = join(folder, `desk-${number}`);
  const firmware = ["--board", "virtual", "--firmware", join(folder, "firmware")];
  const silent = { out: () => undefined, err: () => undefined };
  expect(
    await main(["provision", "--out", desk, "--seed", "7", ...firmware, ...more], silent),
  ).toBe(0);
  return desk;
}

/** Runs the real command in its own process, with words for its standard input. */
function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [NYCKEL, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  running.push(child);
  let text = "";
  child.stdout.on("data", (part: Buffer) => {
    text += part.toString();
  });
  return {
    type: (words: string) => void child.stdin.write(`${words}\n`),
    async until(wanted: string): Promise<string> {
      for (let round = 0; round < ROUNDS_MAX && !text.includes(wanted); round += 1) {
        await pause(10);
      }
      expect(text).toContain(wanted);
      return text;
    },
  };
}

/** A board in service behind two pseudo terminals, as a real one would be, with nothing plugged in. */
async function startBoard(desk: string, role: string, ...more: readonly string[]) {
  const contact = join(desk, "contact");
  const places = ["--pty", join(desk, "console"), "--contact", contact];
  const flash = ["--flash", join(desk, role, "board.flash"), "--baud", "0"];
  const board = start("sim", "board", "--role", role, ...places, ...flash, ...more);
  board.type("unplug");
  await board.until("ready");
  return { board, contact };
}

const opened = '"position":"unlocked"';
const TRIES_MAX = 3;

/**
 * Puts the key in until a door opens. Sessions have limits in real time, which a busy computer
 * misses; a person whose key shows no contact tries again.
 */
async function tryDoor(
  insert: () => void,
  pull: () => void,
  door: { readonly until: (wanted: string) => Promise<string> },
  wanted: string,
): Promise<void> {
  for (let attempt = 1; attempt < TRIES_MAX; attempt += 1) {
    insert();
    const isOpen = await door.until(wanted).then(
      () => true,
      () => false,
    );
    if (isOpen) {
      return;
    }
    pull();
    await pause(HAND_MS);
  }
  insert();
  await door.until(wanted);
}

type Typed = ReturnType<typeof start>;

/** Puts the key of a panel into the lock of a board, until its bolt opens. */
function openBoard(board: Typed, panel: Typed): Promise<void> {
  return tryDoor(
    () => {
      board.type("plug");
      panel.type("insert lock");
    },
    () => {
      panel.type("pull");
      board.type("unplug");
    },
    board,
    "bolt     unlocked",
  );
}

/**
 * Goal: a board that is not simulated opens a door, or has it opened, beside two that are.
 * Method: devices in service from `provision`; one runs in a process of its own behind a serial port,
 * the others on the panel of `sim attach`. Both are the command as it is installed.
 */
describe("one real board on a desk", () => {
  test("a real lock is opened by a simulated key, and by none that has no right", async () => {
    const desk = await newDesk();
    const { board, contact } = await startBoard(desk, "lock");
    const right = start("sim", "attach", "--real", `lock=${contact}`, "--desk", desk);
    await right.until("ready");
    await openBoard(board, right);
    await right.until('"color":"green"');
    await board.until("bolt     locked");
    right.type("quit");
    board.type("unplug");
    await right.until("switched off");
    const other = ["--flash", `key=${join(desk, "other", "board.flash")}`];
    const wrong = start("sim", "attach", "--real", `lock=${contact}`, "--desk", desk, ...other);
    await wrong.until("ready");
    board.type("plug");
    wrong.type("insert lock");
    await wrong.until('"color":"red"');
    expect((await board.until("ready")).split("bolt     unlocked")).toHaveLength(2);
  }, 120_000);

  test("a board that was flashed becomes a lock in service over its console, and is opened", async () => {
    const desk = await newDesk();
    const flash = join(desk, "lock", "blank.flash");
    const console = join(desk, "console");
    const contact = join(desk, "contact");
    const build = ["--build", join(folder, "firmware", "lock", "virtual")];
    const places = ["--pty", console, "--contact", contact, "--flash", flash, "--baud", "0"];
    const board = start("sim", "board", "--role", "lock", ...places, ...build);
    board.type("unplug");
    await board.until("ready");
    const written = { out: "", err: "" };
    const output = {
      out: (text: string) => {
        written.out += text;
      },
      err: (text: string) => {
        written.err += text;
      },
    };
    const at = ["--port", console, "--no-input"];
    expect(await main(["device", "provision", join(desk, "key"), ...at], output)).toBe(6);
    expect(written.err).toMatch(/^error\[E0809 ROLE_MISMATCH\]/m);
    expect(await main(["device", "provision", join(desk, "lock"), ...at], output)).toBe(0);
    expect(written.out).toMatch(/state {4}lock [0-9.]+ is in service/);
    // It would lose its log.
    expect(await main(["device", "provision", join(desk, "lock"), ...at], output)).toBe(2);
    const panel = start("sim", "attach", "--real", `lock=${contact}`, "--desk", desk);
    await panel.until("ready");
    await openBoard(board, panel);
  }, 120_000);

  test("a locked lock gets its console back from the key that carries the permit of `provision --service`", async () => {
    const desk = await newDesk("--service", "2");
    const { board, contact } = await startBoard(desk, "lock");
    const at = ["--port", join(desk, "console")];
    const silent = { out: () => undefined, err: () => undefined };
    expect(await main(["device", "lock", ...at, "--yes"], silent)).toBe(0);
    expect(await main(["device", "info", ...at], silent)).not.toBe(0);
    const panel = start("sim", "attach", "--real", `lock=${contact}`, "--desk", desk);
    await panel.until("ready");
    await openBoard(board, panel);
    // The key that brought the permit hears of it first; then the board restarts.
    let exit = await main(["device", "info", ...at], silent);
    for (let tries = 1; tries < 10 && exit !== 0; tries += 1) {
      await pause(HAND_MS);
      exit = await main(["device", "info", ...at], silent);
    }
    expect(exit).toBe(0);
  }, 120_000);

  test("hours of service that the authority does not give are its refusal, and nothing is written", async () => {
    const out = join(folder, "no-desk");
    const firmware = ["--board", "virtual", "--firmware", join(folder, "firmware")];
    const ask = async (hours: string) => {
      const told: string[] = [];
      const output = { out: () => undefined, err: (text: string) => void told.push(text) };
      const exit = await main(["provision", "--out", out, ...firmware, "--service", hours], output);
      return { exit, code: /^error\[\S+ (\S+)\]/m.exec(told.join(""))?.[1] };
    };
    expect(await ask("25")).toEqual({ exit: 2, code: "REQUEST_INVALID" });
    expect(await ask("soon")).toEqual({ exit: 2, code: "USAGE" });
    expect(existsSync(out)).toBe(false);
  });

  test("a real key opens a simulated lock, and synchronises at a simulated station", async () => {
    const desk = await newDesk();
    const { board, contact } = await startBoard(desk, "key", "--time", NOW);
    const panel = start("sim", "attach", "--real", `key=${contact}`, "--desk", desk);
    await panel.until("ready");
    await tryDoor(
      () => {
        panel.type("insert lock");
        board.type("plug");
      },
      () => {
        board.type("unplug");
        panel.type("pull");
      },
      panel,
      opened,
    );
    await board.until("light    green");
    board.type("unplug");
    panel.type("pull");
    await panel.until("contact  nothing");
    await pause(HAND_MS);
    panel.type("insert station");
    board.type("plug powered");
    await panel.until("frame    key 5 3\n");
  }, 120_000);

  test("a real key that has not been told the time opens nothing", async () => {
    const desk = await newDesk();
    const { board, contact } = await startBoard(desk, "key");
    const panel = start("sim", "attach", "--real", `key=${contact}`, "--desk", desk);
    await panel.until("ready");
    panel.type("insert lock");
    board.type("plug");
    await board.until("buzzer   true");
    expect(await panel.until("frame    key")).not.toContain(opened);
  }, 120_000);

  test("a real station answers a simulated key, which then opens a simulated lock", async () => {
    const desk = await newDesk();
    const { board, contact } = await startBoard(desk, "station", "--time", NOW);
    const panel = start("sim", "attach", "--real", `station=${contact}`, "--desk", desk);
    await panel.until("ready");
    board.type("plug");
    panel.type("insert station");
    // The key says so when it has what it came for.
    await panel.until("frame    key 5 3\n");
    panel.type("pull");
    await panel.until("contact  nothing");
    await pause(HAND_MS);
    await tryDoor(
      () => panel.type("insert lock"),
      () => panel.type("pull"),
      panel,
      opened,
    );
  }, 120_000);
});
