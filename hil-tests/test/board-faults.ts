// SPDX-License-Identifier: EUPL-1.2
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readBoardBuild } from "../src/board-build.ts";
import { type ConsoleTiming, openBoardConsole } from "../src/board-console.ts";
import { BoardFault } from "../src/board-fault.ts";
import { faultOfOpening, openSerialBoardLine } from "../src/board-line.ts";
import { inspectBoard } from "../src/board-state.ts";
import { chooseBoard } from "../src/find-board.ts";
import { admitBuild, compareBoard, flashBoard, planFlash } from "../src/flash-board.ts";
import { lockBoard } from "../src/lock-board.ts";
import { type BenchBoard, createBenchBoard, type LineDamage } from "./memory-line.ts";
import { type SampleBuild, writeSampleBuild } from "./sample-build.ts";

const ACK = 6;
const NAK = 21;
/** The three bits of a block of a file. */
const DATA_TYPE = 4;

/** Patience for boards that answer within a millisecond. */
export const BENCH_TIMING = { greetMs: 60, answerMs: 150 };

/** Runs something in a folder of its own. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "nyckelring-board-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Flashes a sample build into a bench board, over a line with this damage. */
export function flashSample(
  bench: BenchBoard,
  sample: SampleBuild = {},
  damage: LineDamage = {},
  isInterrupted: () => boolean = () => false,
  timing: ConsoleTiming = BENCH_TIMING,
) {
  return inFolder(async (folder) => {
    const build = readBoardBuild(writeSampleBuild(folder, sample));
    const client = await openBoardConsole(bench.connect(damage), timing);
    const state = await inspectBoard(client);
    admitBuild(build, state, false);
    const plan = await planFlash(client, build, state);
    const options = { onProgress: () => undefined, isInterrupted };
    return flashBoard(client, build, state, plan, options);
  });
}

/** The fault that ends a piece of work. @throws when it ends otherwise. */
export async function faultOf(work: Promise<unknown>): Promise<BoardFault> {
  const error = await work.then(
    () => new Error("nothing was thrown"),
    (reason: unknown) => reason,
  );
  if (error instanceof BoardFault) {
    return error;
  }
  throw error;
}

/** Flips one octet in the content of the first block of a file. */
export function flipInBlock(): LineDamage {
  let seen = "";
  let isDone = false;
  return {
    toBoard(octet) {
      seen = (seen + String.fromCharCode(octet)).slice(-12);
      const type = seen.charCodeAt(2) >> 5;
      const isInBlock = seen.startsWith("\u0010\u0001") && type === DATA_TYPE && seen.length === 12;
      if (isInBlock && !isDone) {
        isDone = true;
        return octet ^ 1;
      }
      return octet;
    },
  };
}

/** Answers each packet after the first few with NAK. */
export function refusePackets(acknowledged: number): LineDamage {
  let count = 0;
  return {
    toComputer(octet) {
      count += octet === ACK ? 1 : 0;
      return octet === ACK && count > acknowledged ? NAK : octet;
    },
  };
}

/** The board takes nothing in after so many octets. */
export const hangAfter = (octets: number): LineDamage => ({
  toBoard: (octet, position) => (position < octets ? octet : undefined),
});

/** Everything that comes back is noise. */
export const GARBAGE: LineDamage = { toComputer: (octet) => ((octet * 7) & 0x7f) | 0x80 };
/** Nothing comes back. */
export const SILENCE: LineDamage = { toComputer: () => undefined };

async function onBoard<T>(
  work: (bench: BenchBoard) => Promise<T>,
  cutAfterBytes?: number,
): Promise<T> {
  const bench = createBenchBoard("lock", cutAfterBytes === undefined ? {} : { cutAfterBytes });
  try {
    return await work(bench);
  } finally {
    bench.stop();
  }
}

const afterFlash = (work: (bench: BenchBoard) => Promise<unknown>): Promise<BoardFault> =>
  onBoard(async (bench) => {
    await flashSample(bench, { securityVersion: 2 });
    return faultOf(work(bench));
  });

const TWO_BOARDS = async (role: string): Promise<BoardFault> => {
  const benches = [createBenchBoard(), createBenchBoard()] as const;
  try {
    await flashSample(benches[0]);
    await flashSample(benches[1]);
    const open = async (path: string) => (path === "first" ? benches[0] : benches[1]).connect();
    return await faultOf(chooseBoard(["first", "second"], role, open));
  } finally {
    benches[0].stop();
    benches[1].stop();
  }
};

/** For each code of boards and ports, a deed that ends with it. */
export const BOARD_FAULTS: Readonly<Record<string, () => Promise<BoardFault>>> = {
  DEVICE_AMBIGUOUS: () => TWO_BOARDS("lock"),
  DEVICE_NOT_FOUND: () => TWO_BOARDS("station"),
  PORT_BUSY: () =>
    inFolder(async (folder) => {
      const path = join(folder, "port");
      writeFileSync(path, "");
      const holder = spawn("sleep", ["30"], { stdio: [openSync(path, "r"), "ignore", "ignore"] });
      try {
        return await faultOf(openSerialBoardLine(path));
      } finally {
        const ended = once(holder, "exit");
        holder.kill();
        await ended;
      }
    }),
  PORT_FORBIDDEN: async () =>
    faultOfOpening("port", new Error("Error: Permission denied, cannot open port")),
  ROLE_MISMATCH: () => afterFlash((bench) => flashSample(bench, { role: "key" })),
  BOARD_MISMATCH: () => afterFlash((bench) => flashSample(bench, { board: "esp32s3" })),
  SECURITY_VERSION_OLD: () => afterFlash((bench) => flashSample(bench, { securityVersion: 1 })),
  BOOT_FAILED: () =>
    afterFlash((bench) => flashSample(bench, { version: "2", securityVersion: 2, isBroken: true })),
  PACKET_REFUSED: () => onBoard((bench) => faultOf(flashSample(bench, {}, refusePackets(8)))),
  DEVICE_SILENT: () => onBoard((bench) => faultOf(flashSample(bench, {}, SILENCE))),
  DEVICE_GARBLED: () => onBoard((bench) => faultOf(flashSample(bench, {}, GARBAGE))),
  DEVICE_HUNG: () => onBoard((bench) => faultOf(flashSample(bench, {}, hangAfter(4000)))),
  DEVICE_UNPLUGGED: () => onBoard((bench) => faultOf(flashSample(bench)), 4000),
  FILE_DIFFERS: () => onBoard((bench) => faultOf(flashSample(bench, {}, flipInBlock()))),
  FIRMWARE_MISSING: () =>
    onBoard((bench) =>
      inFolder(async (folder) => {
        const build = readBoardBuild(writeSampleBuild(folder));
        const client = await openBoardConsole(bench.connect(), BENCH_TIMING);
        return faultOf(compareBoard(client, build, await inspectBoard(client)));
      }),
    ),
  BUILD_DAMAGED: () =>
    inFolder(async (folder) => {
      writeFileSync(join(writeSampleBuild(folder), "filling"), "another");
      return faultOf(Promise.resolve().then(() => readBoardBuild(folder)));
    }),
  CONSOLE_OPEN: () =>
    onBoard(async (bench) => {
      // A loader that knows no lock-down, below an application that says it is ready for it.
      const entry = `nk.ok();var told=nk.info;nk.info=function(){var i=JSON.parse(told());i.isBlank=false;return JSON.stringify(i)};`;
      await flashSample(bench, { entry, ignoresLock: true });
      return faultOf(lockBoard(await openBoardConsole(bench.connect(), BENCH_TIMING)));
    }),
  CONSOLE_LOCKED: () =>
    onBoard((bench) => {
      bench.board.writeConsole(Buffer.from('E.setPassword("secret");E.lockConsole();\n'));
      return faultOf(openBoardConsole(bench.connect(), BENCH_TIMING));
    }),
  INTERRUPTED: () => {
    let asked = 0;
    const isInterrupted = (): boolean => {
      asked += 1;
      return asked > 3;
    };
    return onBoard((bench) => faultOf(flashSample(bench, {}, {}, isInterrupted)));
  },
};
