// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  BOARD_MISMATCH,
  BOOT_FAILED,
  DEVICE_SILENT,
  FILE_DIFFERS,
  FIRMWARE_MISSING,
  FLASH_FULL,
  INTERRUPTED,
  ROLE_MISMATCH,
  SECURITY_VERSION_OLD,
} from "@nyckelring/protocol";

import type { BoardBuild, BuildFile } from "./board-build.ts";
import type { BoardConsoleClient } from "./board-console.ts";
import { BoardFault, type BoardFaultParts } from "./board-fault.ts";
import { makeRoom, readChain } from "./board-room.ts";
import {
  type ApplicationIdentity,
  askApplication,
  type BoardState,
  digestOnBoard,
  type Slot,
  selectorContent,
  selectorName,
} from "./board-state.ts";
import { planRoom, type RoomStep, type WantedFile } from "./storage-room.ts";

const BOOT_FILE = ".bootcde";
/** A copy of the loader while its file is replaced, and what runs it where that file is torn. */
const SPARE_LOADER = "nk.boot";
const SPARE_STARTER = ".boot1";
/** Files of the loader that belong to one generation: its selector, boots, proof and permit. */
const GENERATION_FILE = /^nk\.(?:sel|try|ok|permit)\.(\d{1,9})$/;
const PERMIT_FILE = "nk.permit.";
/** The loader goes back from an application that has failed twice; one more start tells. */
const STARTS_MAX = 3;
const HEADER_BYTES = 32;
/** Selector, permit, boots and proof, and what starts the spare loader, each with its header. */
const SMALL_FILES_BYTES = 1024;
const RESTART_MS_MAX = 20_000;
/** 512 pages of an external flash take up to a tenth of a second each. */
const ERASE_MS_MAX = 90_000;

/** Which build of ours runs on which interpreter. */
const INTERPRETER_OF_BOARD: Readonly<Record<string, string>> = {
  "xiao-nrf52840": "XIAOBLE",
  esp32s3: "ESP32S3_IDF4",
  linux: "LINUX",
  virtual: "VIRTUAL",
};

/** The board that a build has to name for this interpreter; undefined where we build for none. */
export function boardOfInterpreter(interpreterName: string): string | undefined {
  return Object.keys(INTERPRETER_OF_BOARD).find(
    (board) => INTERPRETER_OF_BOARD[board] === interpreterName,
  );
}

/** How one file gets into its place. */
export interface FileStep {
  /** Name on the board, with the slot. */
  readonly fileName: string;
  readonly file: BuildFile;
  /** `kept` is there already; `copied` is in the other slot; `sent` has to travel. */
  readonly way: "kept" | "copied" | "sent";
  /** Where a copy is taken from. */
  readonly from?: string;
}

/** What flashing a build into a board comes to. */
export interface FlashPlan {
  readonly slot: Slot;
  readonly generation: number;
  readonly steps: readonly FileStep[];
  readonly bootChange: "kept" | "new" | "replaced";
  /** Octets that go over the line. */
  readonly sendBytes: number;
  /** Octets of flash that are taken. */
  readonly flashBytes: number;
  /** Where the end of Storage has too little room: how room is made in deleted files. */
  readonly room: RoomMaking | undefined;
}

/** How room is made before anything is written. */
export interface RoomMaking {
  /** Files of the slot that is written anew, which go first. */
  readonly deleted: readonly string[];
  readonly steps: readonly RoomStep[];
  readonly pageBytes: number;
}

/** What is told while a board is flashed. */
export interface FlashProgress {
  readonly phase: "erase" | "room" | "write" | "copy" | "verify" | "boot" | "select" | "restart";
  readonly file?: string;
  readonly sentBytes: number;
  readonly totalBytes: number;
}

/**
 * Refuses a build that does not belong on a board.
 *
 * @param isPermitted - A signed permit for this build on this board was checked.
 * @throws BoardFault `BOARD_MISMATCH`, `ROLE_MISMATCH`, `SECURITY_VERSION_OLD`
 */
export function admitBuild(build: BoardBuild, state: BoardState, isPermitted: boolean): void {
  const refuse = (code: number, message: string, hint?: string): never => {
    const fault: BoardFaultParts = { code, message, state: "nothing was written" };
    throw new BoardFault(hint === undefined ? fault : { ...fault, hint });
  };
  const expected = INTERPRETER_OF_BOARD[build.board];
  const { boardName } = state.interpreter;
  if (expected !== boardName) {
    refuse(BOARD_MISMATCH, `the build is for ${build.board}, and this board is ${boardName}`);
  }
  const role = state.application?.role ?? state.active?.manifest.role;
  if (role !== undefined && role !== build.role) {
    refuse(ROLE_MISMATCH, `the build is for a ${build.role}, and this board is a ${role}`);
  }
  const present = securityVersionOf(state);
  if (build.securityVersion < present && !isPermitted) {
    refuse(
      SECURITY_VERSION_OLD,
      `the build has security version ${build.securityVersion}, and the board ${present}`,
    );
  }
}

/** The highest security version that a board has. */
function securityVersionOf({ application, selectors }: BoardState): number {
  const present = selectors.map(({ securityVersion }) => securityVersion);
  return Math.max(0, application?.securityVersion ?? 0, ...present);
}

/**
 * Decides what has to be written: the whole application into the slot that does not run.
 *
 * Room is never made by compacting: a power cut meanwhile would cost the board everything, its
 * identity included. Where the end of Storage is too short, deleted files are taken back in a way
 * that is safe at any moment.
 *
 * @throws BoardFault `FLASH_FULL` where it does not fit beside what must stay in any way.
 */
export async function planFlash(
  board: BoardConsoleClient,
  build: BoardBuild,
  state: BoardState,
): Promise<FlashPlan> {
  const slot: Slot = state.active?.slot === "a" ? "b" : "a";
  const other: Slot = slot === "a" ? "b" : "a";
  const steps: FileStep[] = [];
  for (const file of [...build.modules, build.manifest]) {
    const fileName = `${slot}.${file.name}`;
    const sibling = `${other}.${file.name}`;
    const isThere = async (name: string): Promise<boolean> =>
      state.files.includes(name) && (await digestOnBoard(board, name)) === file.sha256;
    if (await isThere(fileName)) {
      steps.push({ fileName, file, way: "kept" });
    } else if (await isThere(sibling)) {
      steps.push({ fileName, file, way: "copied", from: sibling });
    } else {
      steps.push({ fileName, file, way: "sent" });
    }
  }
  const bootDigest = await digestOnBoard(board, BOOT_FILE);
  const bootChange =
    bootDigest === build.boot.sha256 ? "kept" : bootDigest === undefined ? "new" : "replaced";
  const bootCopies = { kept: 0, new: 1, replaced: 2 }[bootChange];
  const sum = (list: readonly FileStep[], margin: number): number =>
    list.reduce((bytes, { file }) => bytes + margin + file.bytes, 0);
  const written = steps.filter(({ way }) => way !== "kept");
  const wanted = written.map(({ fileName, file }) => ({ name: fileName, bytes: file.bytes }));
  // The loader goes to the end: while it is replaced there must not be an empty file of its name.
  const spareBytes = bootCopies * (build.boot.bytes + HEADER_BYTES) + SMALL_FILES_BYTES;
  const flashBytes = sum(written, HEADER_BYTES + 3) + spareBytes;
  const kept = new Set(steps.filter(({ way }) => way === "kept").map(({ fileName }) => fileName));
  const room =
    flashBytes > state.freeBytes
      ? await findRoom(board, state, slot, kept, wanted, spareBytes)
      : undefined;
  if (flashBytes > state.freeBytes && room === undefined) {
    throw new BoardFault({
      code: FLASH_FULL,
      message: `${board.name}: ${flashBytes} octets are needed and ${state.freeBytes} are free (${state.trashBytes} lie in deleted files)`,
      state: "nothing was written",
      hint: "bring the log home, then: nyckel device erase, and flash again",
      details: { needed: flashBytes, free: state.freeBytes, deleted: state.trashBytes },
    });
  }
  return {
    slot,
    generation: state.lastGeneration + 1,
    steps,
    bootChange,
    sendBytes:
      sum(
        steps.filter(({ way }) => way === "sent"),
        0,
      ) +
      bootCopies * build.boot.bytes,
    flashBytes,
    room,
  };
}

/** Finds room in deleted files, and in those of the slot that is written anew. */
async function findRoom(
  board: BoardConsoleClient,
  state: BoardState,
  slot: Slot,
  kept: ReadonlySet<string>,
  wanted: readonly WantedFile[],
  spareBytes: number,
): Promise<RoomMaking | undefined> {
  const chain = await readChain(board, { total: state.totalBytes, free: state.freeBytes });
  const deleted = state.files.filter((name) => name.startsWith(`${slot}.`) && !kept.has(name));
  const plan =
    chain === undefined ? undefined : planRoom(chain, new Set(deleted), wanted, spareBytes);
  return chain === undefined || plan === undefined
    ? undefined
    : { deleted, steps: plan.steps, pageBytes: chain.pageBytes };
}

/** Options of {@link flashBoard}. */
export interface FlashOptions {
  readonly onProgress: (progress: FlashProgress) => void;
  /** Asked between packets; true ends the work with `INTERRUPTED`. */
  readonly isInterrupted: () => boolean;
  /** The signed permit of a step back, for the loader to find. */
  readonly permit?: Uint8Array;
}

/**
 * Writes a build into the slot that does not run, proves every file by its digest, and only then
 * makes the slot the one that starts.
 *
 * Cut anywhere, the board starts what it started before: the running slot is never touched, and the
 * selector is the last thing that is written. What the loader can go back to stays until the new
 * application has said that it runs.
 *
 * @returns what the new application says of itself after the restart.
 * @throws BoardFault with what state the board is in.
 */
export async function flashBoard(
  board: BoardConsoleClient,
  build: BoardBuild,
  state: BoardState,
  plan: FlashPlan,
  options: FlashOptions,
): Promise<ApplicationIdentity> {
  const before =
    state.active === undefined
      ? "the board has no application yet and can be flashed again"
      : `the board still starts slot ${state.active.slot} with version ${state.active.manifest.version}`;
  let now = `nothing was written; ${before}`;
  let sentBefore = 0;
  const tell = (phase: FlashProgress["phase"], file?: string, sent = 0): void => {
    const counts = { sentBytes: sentBefore + sent, totalBytes: plan.sendBytes };
    options.onProgress(file === undefined ? { phase, ...counts } : { phase, file, ...counts });
    if (options.isInterrupted()) {
      throw new BoardFault({
        code: INTERRUPTED,
        message: `${board.name}: flashing was interrupted`,
      });
    }
  };

  async function put(fileName: string, file: BuildFile): Promise<void> {
    tell("write", fileName);
    await board.sendFile(fileName, file.content, (sent) => tell("write", fileName, sent));
    sentBefore += file.bytes;
    await prove(fileName, file.sha256);
  }

  async function prove(fileName: string, sha256: string): Promise<void> {
    tell("verify", fileName);
    const found = await digestOnBoard(board, fileName);
    if (found !== sha256) {
      throw new BoardFault({
        code: FILE_DIFFERS,
        message: `${board.name}: ${fileName} has digest ${found ?? "none"} there, ${sha256} here`,
        details: { file: fileName },
      });
    }
  }

  async function replaceBoot(): Promise<void> {
    if (plan.bootChange === "replaced") {
      await put(SPARE_LOADER, build.boot);
      await writeStarter(board, build.boot.content);
    }
    if (plan.bootChange !== "kept") {
      await put(BOOT_FILE, build.boot);
    }
    for (const name of [SPARE_STARTER, SPARE_LOADER]) {
      if (plan.bootChange === "replaced" || state.files.includes(name)) {
        await eraseFile(board, name);
      }
    }
  }

  async function select(): Promise<void> {
    tell("select");
    if (options.permit !== undefined && build.securityVersion < securityVersionOf(state)) {
      const sha256 = createHash("sha256").update(options.permit).digest("hex");
      const name = `${PERMIT_FILE}${plan.generation}`;
      await board.sendFile(name, options.permit, () => undefined);
      await prove(name, sha256);
    }
    const name = selectorName(plan.generation);
    const content = selectorContent(plan.slot, build.securityVersion, plan.generation);
    await board.evaluate(
      `""+require("Storage").write(${JSON.stringify(name)},${JSON.stringify(content)})`,
    );
    const read = await board.evaluate(`""+require("Storage").read(${JSON.stringify(name)})`);
    if (read !== content) {
      throw new BoardFault({ code: FILE_DIFFERS, message: `${board.name}: ${name} was not kept` });
    }
  }

  try {
    tell("erase");
    // What pointed to this slot must not start it while it is half written.
    const kept = state.selectors.find(({ slot }) => slot === state.active?.slot);
    await eraseGenerations(board, state.files, kept?.generation);
    now = `slot ${plan.slot} is incomplete; ${before}`;
    if (plan.room !== undefined) {
      for (const name of plan.room.deleted) {
        await eraseFile(board, name);
      }
      await makeRoom(board, plan.room.steps, plan.room.pageBytes, () => tell("room"));
    }
    for (const step of plan.steps) {
      if (step.way === "sent") {
        await put(step.fileName, step.file);
      } else if (step.from !== undefined) {
        tell("copy", step.fileName);
        await copyFile(board, step.from, step.fileName);
        await prove(step.fileName, step.file.sha256);
      }
    }
    tell("boot");
    await replaceBoot();
    await select();
    now = `the board starts slot ${plan.slot} with version ${build.version} at its next start`;
    tell("restart");
    const application = await restartInto(board, build, plan.slot);
    now = `the board starts slot ${plan.slot} with version ${build.version}`;
    if (kept !== undefined && kept.securityVersion > build.securityVersion) {
      // A permitted step back is final, once it runs: nothing newer is left to prefer.
      await eraseGenerations(board, state.files, plan.generation);
    }
    return application;
  } catch (error) {
    if (error instanceof BoardFault && error.parts.state === undefined) {
      throw new BoardFault({ ...error.parts, state: now });
    }
    throw error;
  }
}

/** Erases what the loader keeps of every generation but one. */
async function eraseGenerations(
  board: BoardConsoleClient,
  files: readonly string[],
  kept: number | undefined,
): Promise<void> {
  for (const name of files) {
    const generation = GENERATION_FILE.exec(name)?.[1];
    if (generation !== undefined && Number(generation) !== kept) {
      await eraseFile(board, name);
    }
  }
}

/**
 * Writes what runs the spare loader at a start that finds the boot file torn, and only then: while
 * the old or the new one is whole, that one runs and nothing runs twice.
 */
async function writeStarter(board: BoardConsoleClient, loader: Uint8Array): Promise<void> {
  const file = `require("Storage").read(${JSON.stringify(BOOT_FILE)})`;
  const before = await board.evaluate(`""+E.CRC32(${file})`);
  const starter = `(function(c){if(c!=${Number(before)}&&c!=${crc32(loader)})global.nkSpare=1})(E.CRC32(${file}||""));if(global.nkSpare)eval(require("Storage").read(${JSON.stringify(SPARE_LOADER)}));`;
  await board.evaluate(
    `""+require("Storage").write(${JSON.stringify(SPARE_STARTER)},${JSON.stringify(starter)})`,
  );
}

async function eraseFile(board: BoardConsoleClient, name: string): Promise<void> {
  await board.evaluate(`(require("Storage").erase(${JSON.stringify(name)}),"erased")`);
}

/** Copies on the board itself, in portions that fit its memory. */
async function copyFile(board: BoardConsoleClient, from: string, to: string): Promise<void> {
  await board.evaluate(
    `(function(f,t){var s=require("Storage"),n=s.read(f).length,o=0;for(;o<n;o+=1024)s.write(t,s.read(f,o,1024>n-o?n-o:1024),o,n);return "copied"})(${JSON.stringify(from)},${JSON.stringify(to)})`,
  );
}

/**
 * Restarts a board and waits until its application answers.
 *
 * @throws BoardFault `DEVICE_SILENT` when the prompt does not come back.
 */
export async function restartBoard(
  board: BoardConsoleClient,
): Promise<ApplicationIdentity | undefined> {
  await board.typeLine("load()");
  const endMs = performance.now() + RESTART_MS_MAX;
  for (;;) {
    try {
      await board.greet();
      return await askApplication(board);
    } catch (error) {
      const isQuiet = error instanceof BoardFault && error.parts.code === DEVICE_SILENT;
      if (!isQuiet || performance.now() > endMs) {
        throw error;
      }
    }
  }
}

async function restartInto(
  board: BoardConsoleClient,
  build: BoardBuild,
  slot: Slot,
): Promise<ApplicationIdentity> {
  let application: ApplicationIdentity | undefined;
  for (let start = 0; start < STARTS_MAX; start += 1) {
    application = await restartBoard(board);
    const isNew = application?.version === build.version && application.slot === slot;
    if (application !== undefined && isNew && application.fields["state"] === "running") {
      return application;
    }
    if (!isNew) {
      break;
    }
  }
  const runs =
    application === undefined
      ? "no application runs"
      : `slot ${application.slot} ${application.fields["state"] === "running" ? "runs" : "fails"} with version ${application.version}`;
  throw new BoardFault({
    code: BOOT_FAILED,
    message: `${board.name}: slot ${slot} with version ${build.version} did not start`,
    state: `${runs}; the board can be flashed again`,
  });
}

/** One file of a build as the board has it. */
export interface FileComparison {
  readonly fileName: string;
  readonly isEqual: boolean;
  readonly isMissing: boolean;
}

/**
 * Compares the running application with a build, by digest, file by file.
 *
 * @throws BoardFault `FIRMWARE_MISSING` where nothing is there to compare with.
 */
export async function compareBoard(
  board: BoardConsoleClient,
  build: BoardBuild,
  state: BoardState,
): Promise<readonly FileComparison[]> {
  const slot = state.active?.slot;
  if (slot === undefined) {
    throw firmwareMissing(board.name);
  }
  const wanted = [
    ...[...build.modules, build.manifest].map((file) => [`${slot}.${file.name}`, file] as const),
    [BOOT_FILE, build.boot] as const,
  ];
  const compared: FileComparison[] = [];
  for (const [fileName, file] of wanted) {
    const digest = await digestOnBoard(board, fileName);
    compared.push({
      fileName,
      isEqual: digest === file.sha256,
      isMissing: digest === undefined,
    });
  }
  return compared;
}

/** The fault of a board that has an interpreter and none of our firmware. */
export function firmwareMissing(name: string): BoardFault {
  return new BoardFault({
    code: FIRMWARE_MISSING,
    message: `${name}: an interpreter answers, and no firmware of this system`,
    details: { port: name },
  });
}

/** Erases all of Storage: application, identity, rights and logs. */
export async function eraseBoard(board: BoardConsoleClient): Promise<void> {
  await board.evaluate('(require("Storage").eraseAll(),"erased")', ERASE_MS_MAX);
  await restartBoard(board);
}
