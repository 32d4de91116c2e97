// SPDX-License-Identifier: EUPL-1.2
// A rig of throttled virtual boards: each is a process of the real command behind two pseudo
// terminals, and its hands are a pipe into that process.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BOARDS, buildBundle, readVersion, writeBundle } from "@nyckelring/firmware/build";

const NYCKEL = fileURLToPath(new URL("../bin/nyckel.js", import.meta.url));
const START_MS_MAX = 30_000;
/** Bits a second of console and contact: throttled, and quick enough for a test. */
const BAUD = 1_000_000;
/** The boards share few processors with everything else, and their curves are JavaScript. */
const SLOWNESS = 3;
const ROLES = ["key", "station", "lock"] as const;

/** What a run of the command in a process of its own did. */
export type StartedNyckel = {
  readonly process: ChildProcess;
  readonly done: Promise<{
    readonly exit: number | null;
    readonly out: string;
    readonly err: string;
  }>;
};

/** Starts the command without waiting for its end. */
export function startNyckel(
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): StartedNyckel {
  const child = spawn(process.execPath, [NYCKEL, ...args], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const done = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return {
    process: child,
    done: done.then(([out, err]) => ({ exit: child.exitCode, out, err })),
  };
}

/** A role of a rig. */
export type RigRoleName = (typeof ROLES)[number];

/** Builds the firmware of each role for the board that is emulated. @returns Folder by role. */
export async function buildVirtualFirmware(folder: string): Promise<(role: RigRoleName) => string> {
  const folders = new Map<RigRoleName, string>();
  const version = await readVersion();
  for (const role of ROLES) {
    const name = role === "station" ? "esp32s3" : "virtual";
    const board = BOARDS.find((one) => one.name === name);
    if (board === undefined) throw new Error(`there is no board ${name}`);
    folders.set(role, await writeBundle(await buildBundle({ role, board }), folder, version));
  }
  return (role) => folders.get(role) ?? "";
}

/** How one virtual board is started. */
export type VirtualBoardWishes = {
  /** Folder of the build that it starts with; the one of `make firmware` without it. */
  readonly build?: string;
  /** Starts without firmware. */
  readonly isBare?: boolean;
};

/** One virtual board of a rig. */
export interface RigBoard {
  readonly process: ChildProcess;
  /** Path of the console and of the contact. */
  readonly path: string;
  readonly contactPath: string;
  stop(): Promise<void>;
}

/** Program and arguments that run the virtual board of a role; its ports lie in the folder. */
function boardCommand(
  folder: string,
  role: RigRoleName,
  { build, isBare = false }: VirtualBoardWishes,
): readonly string[] {
  const at = (what: string) => join(folder, `${role}.${what}`);
  const more = [...(build === undefined ? [] : ["--build", build]), ...(isBare ? ["--bare"] : [])];
  const pace = ["--baud", String(BAUD), "--slowness", String(SLOWNESS)];
  const ports = [
    "--pty",
    at("console"),
    "--contact",
    at("contact"),
    "--flash",
    at("flash"),
    "--control",
    at("control"),
  ];
  return [process.execPath, NYCKEL, "sim", "board", "--role", role, ...ports, ...pace, ...more];
}

/**
 * Writes a script that gives the board of a role its power: it starts the process again and leaves
 * its number in `<role>.pid`.
 */
export function writePowerScript(folder: string, role: RigRoleName): string {
  const at = (what: string) => join(folder, `${role}.${what}`);
  const command = boardCommand(folder, role, {})
    .map((word) => `'${word}'`)
    .join(" ");
  const script = at("power.sh");
  // The pipe is opened for both ways, so that it does not wait for somebody at its other end.
  writeFileSync(
    script,
    `rm -f ${at("control")}
${command} <> ${at("hands")} > /dev/null 2>&1 &
echo $! > ${at("pid")}
until [ -e ${at("control")} ]; do sleep 0.05; done
`,
  );
  return script;
}

/** Starts the virtual board of a role; its ports and its pipe lie in the folder. */
export async function startRigBoard(
  folder: string,
  role: RigRoleName,
  wishes: VirtualBoardWishes = {},
): Promise<RigBoard> {
  const at = (what: string) => join(folder, `${role}.${what}`);
  if (!existsSync(at("hands"))) execFileSync("mkfifo", [at("hands")]);
  const hands = openSync(at("hands"), "r+");
  const [program = "", ...args] = boardCommand(folder, role, wishes);
  const child = spawn(program, args, { stdio: [hands, "ignore", "pipe"] });
  closeSync(hands);
  let said = "";
  child.stderr?.on("data", (part: Buffer) => {
    said += part.toString("utf8");
  });
  for (let waitedMs = 0; !existsSync(at("control")); waitedMs += 20) {
    if (waitedMs > START_MS_MAX) throw new Error(`the ${role} does not start: ${said}`);
    await pause(20);
  }
  return {
    process: child,
    path: at("console"),
    contactPath: at("contact"),
    async stop() {
      // A terminal that outlives the board holds this pipe, and would hold the run with it.
      child.stderr?.destroy();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/**
 * Writes the rig file of boards that {@link startRigBoard} has started; its name is `virtual`.
 *
 * @param builds - Folder of the build of a role.
 * @param power - Script of {@link writePowerScript} for a role whose power can be switched.
 */
export function writeVirtualRig(
  folder: string,
  builds: (role: RigRoleName) => string,
  power: Readonly<Partial<Record<RigRoleName, string>>> = {},
): string {
  const hand = (role: string, word: string) =>
    JSON.stringify(["sh", "-c", `echo ${word} > ${join(folder, `${role}.hands`)}`]);
  const roles = ROLES.map(
    (role) => `  ${role}:
    kind: real
    path: ${join(folder, `${role}.console`)}
    contactPath: ${join(folder, `${role}.contact`)}
    firmware: ${builds(role)}
    serial: { baud: ${BAUD} }
    slowness: ${SLOWNESS}
    control: ${join(folder, `${role}.control`)}
    hands:
      driver: command
      plug: ${hand(role, "plug")}
      plugPowered: ${hand(role, "plug powered")}
      unplug: ${hand(role, "unplug")}
      press: ${hand(role, "press")}
${powerOf(power[role])}`,
  );
  const path = join(folder, "virtual.yaml");
  writeFileSync(path, `version: 1\nrig: virtual\nroles:\n${roles.join("")}`);
  return path;
}

function powerOf(script: string | undefined): string {
  if (script === undefined) return "";
  return `    power: { driver: command, on: [sh, ${script}], off: ["true"], offMs: 100 }\n`;
}
