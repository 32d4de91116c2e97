// SPDX-License-Identifier: EUPL-1.2
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Board } from "@nyckelring/firmware/boards/board";
import { board as linux } from "@nyckelring/firmware/boards/linux";
import { board as linuxArm } from "@nyckelring/firmware/boards/linux-arm";
import { onOneProcessor } from "@nyckelring/firmware/one-processor";
import {
  boardFiles,
  LINUX_STORAGE_BYTES,
  readBundleFolder,
  storageImage,
} from "@nyckelring/firmware/storage";
import { openPseudoTerminal, type PseudoTerminal } from "../pseudo-terminal.ts";
import { plainLine } from "./console-observer.ts";
import { firmwareHash } from "./firmware-hash.ts";
import { openIssuerBroker } from "./issuer-broker.ts";
import type { DeviceEvent, FlashPages, RigDevice } from "./rig-device.ts";
import { InfraFault, type RoleName } from "./roles.ts";

const HOST = "127.0.0.1";
const QEMU = ["qemu-arm", "qemu-arm-static"] as const;
const BLANK = 0xff;
/** An emulated processor on a busy computer needs a minute to boot. */
const ONLINE_MS_MAX = 240_000;

/** An interpreter of this computer: its program with what stands before the script, and its board. */
export type InterpreterProgram = {
  readonly program: readonly string[];
  readonly board: "linux" | "linux-arm";
  /** Factor by which the firmware stretches its waits there. */
  readonly slowness: number;
};

/** How the firmware stretches its waits on each of them: curves in JavaScript, and native ones. */
const STRETCH = { linux: 100, "linux-arm": 10 } as const;
/** A station has no curves and stretches nothing; an emulated processor is still a slow one. */
const STATION_STRETCH = { linux: 1, "linux-arm": 2 } as const;
/** A station with an open connection never sleeps there; it shall not take the time of the others. */
const STATION_NICENESS = 5;

/** An interpreter as the program for a role. */
export function programFor(
  role: RoleName,
  program: readonly string[],
  board: InterpreterProgram["board"],
): InterpreterProgram {
  const slowness = role === "station" ? STATION_STRETCH[board] : STRETCH[board];
  return { program, board, slowness };
}

/** What an interpreter is started with. */
export type InterpreterDeviceOptions = {
  readonly role: RoleName;
  readonly interpreter: InterpreterProgram;
  /** Folder of the bundle for its board. */
  readonly bundle: string;
};

/**
 * The interpreter that the environment names for a role: `ESPRUINO_ARM`, which runs native code, before
 * `ESPRUINO`, and the other way round for a station, which has no use for it; undefined for neither.
 */
export function interpreterOf(
  role: RoleName,
  environment: NodeJS.ProcessEnv = process.env,
): InterpreterProgram | undefined {
  const own = environment["ESPRUINO"] ?? "";
  if (role === "station" && own !== "") return programFor(role, [own], "linux");
  const arm = environment["ESPRUINO_ARM"] ?? "";
  const runner = QEMU.find((program) => spawnSync(program, ["--version"]).error === undefined);
  if (arm !== "" && runner !== undefined) return programFor(role, [runner, arm], "linux-arm");
  return own === "" ? undefined : programFor(role, [own], "linux");
}

/**
 * A device that is a process of the real interpreter. It boots from its own Storage each time it is
 * plugged in and loses its power when it is pulled; its flash is a file in a folder.
 *
 * @throws InfraFault where the bundle cannot be read.
 */
export async function openInterpreterDevice({
  role,
  interpreter,
  bundle,
}: InterpreterDeviceOptions): Promise<RigDevice & { readonly firmware: string }> {
  const wiring: Board = interpreter.board === "linux" ? linux : linuxArm;
  const area = wiring.flash[role];
  if (area === undefined) throw new InfraFault(role, `the interpreter offers no ${role}`);
  const { pageBytes, pageCount } = area;
  const folder = mkdtempSync(join(tmpdir(), `nyckelring-${role}-`));
  const flashFile = join(folder, "flash.bin");
  const firmware = install();
  let listener: (event: DeviceEvent) => void = () => undefined;
  const tell = (event: DeviceEvent): void => listener(event);
  const fail = (text: string): void => tell({ type: "fault", error: new InfraFault(role, text) });
  const broker =
    role === "station"
      ? await openIssuerBroker(HOST, {
          onOnline: (isThere) => {
            isOnline = isThere;
            tell({ type: "online", isOnline: isThere });
          },
          onUp: (message) => tell({ type: "up", message }),
        })
      : undefined;
  let isOnline = false;
  let work: Promise<void> = Promise.resolve();
  let terminal: PseudoTerminal | undefined;
  let child: ChildProcess | undefined;

  function install(): string {
    try {
      const built = readBundleFolder(bundle);
      writeFileSync(
        join(folder, "espruino.flash"),
        storageImage(boardFiles(built), LINUX_STORAGE_BYTES),
      );
      return firmwareHash(built.files.map(({ content }) => content));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new InfraFault(role, `there is no bundle in ${bundle}: ${text}`, { cause: error });
    }
  }

  async function start(): Promise<void> {
    terminal = await openPseudoTerminal(join(folder, "contact"));
    terminal.onOctets((octets) => tell({ type: "octets", octets }));
    const [program = "", ...rest] = onOneProcessor(interpreter.program);
    const started = spawn(program, rest, { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
    child = started;
    if (role === "station" && started.pid !== undefined) {
      setPriority(started.pid, STATION_NICENESS);
    }
    started.on("error", (error) => fail(error.message));
    started.on("exit", (code, signal) => {
      if (child === started) fail(`the interpreter ended by itself (${signal ?? code})`);
    });
    started.stdin.on("error", () => undefined);
    let text = "";
    for (const stream of [started.stdout, started.stderr]) {
      stream.on("data", (part: Buffer) => {
        text += part.toString("latin1");
        const lines = text.split(/\r?\n/);
        text = lines.pop() ?? "";
        for (const line of lines) takeLine(line);
      });
    }
  }

  async function startStation(): Promise<void> {
    await start();
    const endMs = performance.now() + ONLINE_MS_MAX;
    while (!isOnline) {
      if (performance.now() > endMs) throw new InfraFault(role, "it does not reach its broker");
      await pause(50);
    }
  }

  async function stop(): Promise<void> {
    const running = child;
    child = undefined;
    isOnline = false;
    if (running !== undefined && running.exitCode === null && running.signalCode === null) {
      if (isHalted(running)) fail("the process of the interpreter does not run");
      const ended = once(running, "exit");
      running.kill("SIGKILL");
      await ended;
    }
    await terminal?.close();
    terminal = undefined;
  }

  function takeLine(line: string): void {
    const text = plainLine(line);
    const signal = /^signal (\d+)$/.exec(text)?.[1];
    const bolt = /^bolt (unlocked|locked)$/.exec(text)?.[1];
    if (signal !== undefined) tell({ type: "signal", signal: Number(signal) });
    if (bolt === "unlocked" || bolt === "locked") {
      // It speaks when the bolt has arrived.
      tell({ type: "motor", command: bolt === "unlocked" ? "unlock" : "lock" });
      tell({ type: "bolt", position: bolt });
      tell({ type: "motor", command: "stop" });
    }
    if (text !== "") tell({ type: "text", text });
  }

  function begin(next: () => Promise<void>): void {
    work = work.then(next).catch((error) => fail(error instanceof Error ? error.message : error));
  }

  function readPages(): FlashPages {
    const image = readFileSync(flashFile);
    const pages = new Map<number, Uint8Array>();
    for (let page = 0; page * pageBytes < image.length; page += 1) {
      const content = Uint8Array.from(image.subarray(page * pageBytes, (page + 1) * pageBytes));
      if (content.some((octet) => octet !== BLANK)) pages.set(page, content);
    }
    return pages;
  }

  return {
    role,
    firmware,
    pageCount,
    tellsFeed: false,
    abilities: [],
    time: undefined,
    network:
      broker === undefined
        ? undefined
        : {
            host: HOST,
            port: broker.port,
            user: "",
            password: "",
            wifiName: "",
            wifiPassword: "",
            apn: "",
            pin: "",
            gsmBytesPerDay: 0,
          },
    listen: (next) => {
      listener = next;
    },
    hold: async (pages, nowS) => {
      await work;
      const image = Buffer.alloc(pageCount * pageBytes, BLANK);
      for (const [page, content] of pages) {
        if (page >= pageCount) throw new InfraFault(role, `its flash has no page ${page}`);
        image.set(content, page * pageBytes);
      }
      // Started anew each time, so that it has heard of no key before.
      await stop();
      writeFileSync(flashFile, image);
      writeFileSync(join(folder, "clock"), String(nowS));
      if (role === "station") await startStation();
    },
    read: async () => readPages(),
    // A station has power and its broker before a key comes, and after it has gone.
    plug: () => {
      if (role !== "station") begin(start);
    },
    unplug: () => {
      if (role !== "station") begin(stop);
    },
    press: () => fail("it has no button"),
    control: (words) => fail(`nobody is there to do "${words}"`),
    setPower: () => undefined,
    reset: () => undefined,
    send: (octets) => begin(async () => terminal?.write(octets)),
    sendDown: (message) => broker?.sendDown(message),
    settle: () => work,
    check: async () => {
      if (child !== undefined && (child.exitCode !== null || isHalted(child))) {
        throw new InfraFault(role, "the process of the interpreter does not run");
      }
    },
    recover: async () => {
      begin(stop);
      await work;
    },
    close: async () => {
      listener = () => undefined;
      begin(stop);
      await work;
      await broker?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether a process is stopped by a signal, as far as /proc tells: it would answer nothing. */
function isHalted({ pid }: ChildProcess): boolean {
  try {
    return /^State:\s+[Tt]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
