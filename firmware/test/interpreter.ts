// SPDX-License-Identifier: EUPL-1.2
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFrameReader, encodeFrames } from "@nyckelring/protocol";

import {
  BOARDS,
  type Bundle,
  buildBundle,
  builtBundle,
  type Role,
  readVersion,
} from "../build/build-bundle.ts";
import { onOneProcessor } from "../build/one-processor.ts";
import {
  type BundleFile,
  boardFiles,
  LINUX_STORAGE_BYTES,
  storageImage,
} from "../build/slot-files.ts";

/** Path of the interpreter's Linux build, or undefined where these suites are skipped. */
export const ESPRUINO: string | undefined = process.env["ESPRUINO"] || undefined;

/** A message that came over the contact. */
export interface LinkMessage {
  readonly kind: number;
  readonly message: Uint8Array;
}

/** An interpreter that runs one script, its console in our hands. */
export interface Interpreter {
  /** All that the console printed so far. */
  console(): string;
  /** Waits for a text on the console. @throws after `timeoutMs`, with what was printed instead. */
  waitFor(text: string, timeoutMs: number): Promise<void>;
  /** Evaluates a line on the console. */
  evaluate(line: string): void;
  stop(): Promise<void>;
}

/** The far end of a contact: frames in and out of the interpreter's serial line. */
export interface FarEnd {
  send(kind: number, message: Uint8Array): void;
  sendBytes(bytes: Uint8Array): void;
  /** The next message, in the order of arrival. @throws after `timeoutMs`. */
  next(timeoutMs: number): Promise<LinkMessage>;
  /** Hands every further message on as it comes, in place of `next`. */
  forward(onMessage: (kind: number, message: Uint8Array) => void): void;
  stop(): Promise<void>;
}

/** Makes a folder for one interpreter. */
export async function makeFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "nyckelring-espruino-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Path of the interpreter's 32-bit Arm build, which runs native code, or undefined. */
export const ESPRUINO_ARM: string | undefined = process.env["ESPRUINO_ARM"] || undefined;

/** What runs it: QEMU for programs, static or not; undefined where neither is installed. */
function armRunner(): string | undefined {
  return ["qemu-arm", "qemu-arm-static"].find(
    (program) => spawnSync(program, ["--version"]).error === undefined,
  );
}

/** Program and arguments of an interpreter. */
function commandOf(board: LinuxBoard): readonly string[] {
  if (board === "linux-arm") {
    const runner = armRunner();
    if (ESPRUINO_ARM === undefined || runner === undefined) {
      throw new Error("ESPRUINO_ARM does not name the interpreter, or qemu-arm is missing");
    }
    return [runner, ESPRUINO_ARM];
  }
  if (ESPRUINO === undefined) {
    throw new Error("ESPRUINO does not name the interpreter");
  }
  return [ESPRUINO];
}

/**
 * Starts the interpreter; its working folder holds contact and flash.
 *
 * @param scriptName - A script to run; without one it boots from its Storage, as a board does.
 */
export function startInterpreter(
  folder: string,
  scriptName?: string,
  board: LinuxBoard = "linux",
): Interpreter {
  const scripts = scriptName === undefined ? [] : [scriptName];
  const [program = "", ...rest] = onOneProcessor([...commandOf(board), ...scripts]);
  const child = spawn(program, rest, { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
  let text = "";
  child.stdout.on("data", (part: Buffer) => {
    text += part.toString("latin1");
  });
  child.stderr.on("data", (part: Buffer) => {
    text += part.toString("latin1");
  });
  return {
    console: () => text,
    async waitFor(wanted, timeoutMs) {
      // Under QEMU an exit may be a crash of the emulator itself.
      const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
      const isOver = () => text.includes(wanted) || hasEnded();
      await until(isOver, timeoutMs, () => `"${wanted}" in:\n${text}`);
      if (!text.includes(wanted)) {
        throw new Error(`the interpreter ended without "${wanted}":\n${text}`);
      }
    },
    // The first octet tells the console not to echo the line.
    evaluate: (line) => void child.stdin.write(`\u0010${line}\n`),
    stop: () => stopChild(child),
  };
}

/** A board that the interpreter is built for on a computer. */
export type LinuxBoard = "linux" | "linux-arm";

const built = new Map<string, Promise<Bundle>>();

/** What lies in the Storage of a role on one of the interpreter's boards; built once. */
export async function filesOfRole(role: Role, name: LinuxBoard): Promise<readonly BundleFile[]> {
  const board = BOARDS.find((one) => one.name === name);
  if (board === undefined) {
    throw new Error(`there is no board ${name}`);
  }
  const bundle = built.get(`${role}/${name}`) ?? buildBundle({ role, board });
  built.set(`${role}/${name}`, bundle);
  return boardFiles(builtBundle(await bundle, await readVersion()));
}

/**
 * Puts the bundle of a role into the Storage of a folder and boots it there.
 *
 * @param more - Files beside the bundle's.
 * @param board - The bundle's.
 * @param build - The interpreter's; its Arm build runs scripts without native code too.
 */
export async function startRole(
  role: Role,
  folder: string,
  more: readonly BundleFile[] = [],
  board: LinuxBoard = "linux",
  build: LinuxBoard = board,
): Promise<Interpreter> {
  const files = await filesOfRole(role, board);
  const image = storageImage([...files, ...more], LINUX_STORAGE_BYTES);
  await writeFile(join(folder, "espruino.flash"), image);
  return startInterpreter(folder, undefined, build);
}

/** Opens the far end of a contact whose near end will be `<folder>/contact`. */
export async function openFarEnd(folder: string): Promise<FarEnd> {
  const near = join(folder, "contact");
  const child = spawn("socat", [`PTY,link=${near},raw,echo=0`, "STDIO"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const messages: LinkMessage[] = [];
  let handOn: ((kind: number, message: Uint8Array) => void) | undefined;
  const reader = createFrameReader(
    (kind, message) => {
      if (handOn === undefined) messages.push({ kind, message: Uint8Array.from(message) });
      else handOn(kind, message);
    },
    () => undefined,
  );
  child.stdout.on("data", (part: Buffer) => reader.push(Uint8Array.from(part)));
  await until(
    () => existsSync(near),
    5_000,
    () => "the pseudo terminal of socat",
  );
  return {
    send: (kind, message) => void child.stdin.write(encodeFrames(kind, message)),
    sendBytes: (bytes) => void child.stdin.write(bytes),
    forward(onMessage) {
      handOn = onMessage;
    },
    async next(timeoutMs) {
      await until(
        () => messages.length > 0,
        timeoutMs,
        () => "a message on the contact",
      );
      const first = messages.shift();
      if (first === undefined) {
        throw new Error("no message");
      }
      return first;
    },
    stop: () => stopChild(child),
  };
}

/** Opens a pseudo terminal at a path and gives its far side: octets in and out. */
export async function openTerminal(
  path: string,
  onBytes: (bytes: Uint8Array) => void,
): Promise<{ send(bytes: Uint8Array): void; stop(): Promise<void> }> {
  const child = spawn("socat", [`PTY,link=${path},raw,echo=0`, "STDIO"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdout.on("data", (part: Buffer) => onBytes(Uint8Array.from(part)));
  await until(
    () => existsSync(path),
    5_000,
    () => "the pseudo terminal of socat",
  );
  return { send: (bytes) => void child.stdin.write(bytes), stop: () => stopChild(child) };
}

/** Joins the contacts of two folders, as a key in a lock. */
export async function joinContacts(
  left: string,
  right: string,
): Promise<{ stop(): Promise<void> }> {
  const ends = [left, right].map((folder) => join(folder, "contact"));
  const child = spawn(
    "socat",
    ends.map((end) => `PTY,link=${end},raw,echo=0`),
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  await until(
    () => ends.every((end) => existsSync(end)),
    5_000,
    () => "two pseudo terminals",
  );
  return { stop: () => stopChild(child) };
}

/** Lets interpreters run for a while. */
export function pause(spanMs: number): Promise<void> {
  return new Promise((resume) => {
    setTimeout(resume, spanMs);
  });
}

/** Waits until something holds. @throws after `timeoutMs`, with what `missing` says. */
export async function until(
  isDone: () => boolean,
  timeoutMs: number,
  missing: () => string,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!isDone()) {
    if (performance.now() > endMs) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${missing()}`);
    }
    await new Promise((resume) => {
      setTimeout(resume, 10);
    });
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise((resume) => {
    child.once("exit", resume);
  });
  child.kill("SIGKILL");
  await ended;
}
