// SPDX-License-Identifier: EUPL-1.2

import { fileURLToPath } from "node:url";
import type { BoardBuild, BoardConsoleClient, FlashPlan } from "@nyckelring/hil-tests";
import {
  anchorsOfLevel,
  DEVICE_NOT_FOUND,
  LEVEL_FIRMWARE,
  ROLE_MISMATCH,
  USAGE,
} from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { type Settings, textOf } from "./config.ts";
import {
  allPorts,
  askPorts,
  type ConsolePort,
  choosePort,
  explainFaults,
  type PortOptions,
  rigBoards,
  settingsOf,
  toToolError,
  withBoard,
} from "./device-port.ts";
import { createProgress } from "./device-progress.ts";
import { readAnchor, readOctets } from "./files.ts";
import type { Output } from "./output.ts";
import { formatForMachines, formatForPeople, ToolError } from "./tool-error.ts";

/** Options of `device flash` and `device verify`. */
export type FlashCommandOptions = PortOptions & {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly dryRun?: boolean;
  readonly all?: boolean;
  /** File of a signed permit, and the anchor file that it is checked with. */
  readonly permit?: string;
  readonly anchor?: string;
};

const UNTOUCHED = "nothing was written";

/**
 * Flashes a build into one board, into all of its role, or each board of a rig with its own.
 *
 * @returns the exit code; with `--all` that of the first board that failed.
 * @throws ToolError for one board, with the state it is in.
 */
export async function flashDevice(
  folder: string | undefined,
  options: FlashCommandOptions,
  output: Output,
): Promise<number> {
  return explainFaults(UNTOUCHED, async () => {
    const settings = settingsOf(options);
    const jobs = await chooseJobs(folder, options, settings);
    return await doJobs(jobs, options, output, async (board, build) =>
      flashOne(board, build, settings, options, output),
    );
  });
}

/** One board that is meant, with the build that belongs on it. */
type Job = {
  readonly port: ConsolePort;
  readonly buildFor: BuildChoice["buildFor"];
};

async function chooseJobs(
  folder: string | undefined,
  options: FlashCommandOptions,
  settings: Settings,
): Promise<readonly Job[]> {
  const boards = options.all === true ? await rigBoards(settings) : undefined;
  const given = folder ?? textOf(settings.build);
  if (boards !== undefined && given === undefined && options.role === undefined) {
    return await Promise.all(
      boards.map(async ({ role, port }) => {
        const { buildFor } = await chooseBuild(folder, { ...options, role }, settings);
        return { port, buildFor };
      }),
    );
  }
  const { role, buildFor } = await chooseBuild(folder, options, settings);
  const ports =
    options.all !== true
      ? [await choosePort({ ...options, role }, settings)]
      : boards === undefined
        ? await portsOfRole(role, settings)
        : boards.flatMap((board) => (board.role === role ? [board.port] : []));
  if (ports.length === 0) {
    throw noBoardOf(role, "make the role real in the rig file, or name a port with --port");
  }
  return ports.map((port) => ({ port, buildFor }));
}

/** Does each job; `--all` goes on after a board that failed, and counts. */
async function doJobs(
  jobs: readonly Job[],
  options: FlashCommandOptions,
  output: Output,
  work: (board: BoardConsoleClient, build: BoardBuild) => Promise<void>,
): Promise<number> {
  const one = ({ port, buildFor }: Job): Promise<void> =>
    withBoard(port, async (board) => work(board, await buildFor(board)));
  if (options.all === true) {
    return await forAll(jobs, one, options, output);
  }
  for (const job of jobs) {
    await one(job);
  }
  return 0;
}

async function portsOfRole(role: string, settings: Settings): Promise<readonly ConsolePort[]> {
  const ports = await allPorts(settings);
  const { answers } = await askPorts(
    ports.map(({ path }) => path),
    settings,
  );
  const found = answers.flatMap(({ path, application }) =>
    application?.role === role ? ports.filter((port) => port.path === path) : [],
  );
  if (found.length === 0) {
    throw noBoardOf(role, "nyckel device list --ask shows who answers");
  }
  return found;
}

function noBoardOf(role: string, hint: string): ToolError {
  return new ToolError({
    code: DEVICE_NOT_FOUND,
    message: `there is no board that is a ${role}`,
    state: UNTOUCHED,
    hint,
  });
}

/** Does the same to each board; one that fails does not keep the others from it. */
async function forAll(
  jobs: readonly Job[],
  work: (job: Job) => Promise<void>,
  options: FlashCommandOptions,
  output: Output,
): Promise<number> {
  let exit = 0;
  let failed = 0;
  for (const job of jobs) {
    try {
      await work(job);
    } catch (reason) {
      const error = await toToolError(reason, `${job.port.path} was not finished`);
      if (!(error instanceof ToolError)) {
        throw error;
      }
      failed += 1;
      exit = exit === 0 ? error.describe().exit : exit;
      output.err(formatForPeople(error));
      if (options.json === true) {
        output.out(`${formatForMachines(error)}\n`);
      }
    }
  }
  const summary = { type: "result", ok: exit === 0, boards: jobs.length, failed };
  output.out(
    options.json === true
      ? `${JSON.stringify(summary)}\n`
      : `state    ${jobs.length - failed} of ${jobs.length} boards run the build\n`,
  );
  return exit;
}

/** The role that is meant, and the build for a board of it. */
type BuildChoice = {
  readonly role: string;
  readonly buildFor: (board: BoardConsoleClient) => Promise<BoardBuild>;
};

/**
 * The given build, that of the settings, or the one that `make firmware` made for the board that
 * answers.
 *
 * @throws ToolError `USAGE` where neither a build nor a role was named.
 */
export async function chooseBuild(
  folder: string | undefined,
  options: FlashCommandOptions,
  settings: Settings,
): Promise<BuildChoice> {
  const { boardOfInterpreter, readBoardBuild } = await import("@nyckelring/hil-tests");
  const given = folder ?? textOf(settings.build);
  const { role } = options;
  if (given !== undefined) {
    const build = readBoardBuild(given);
    if (role !== undefined && role !== build.role) {
      throw new ToolError({
        code: ROLE_MISMATCH,
        message: `--role says ${role}, and the build is for a ${build.role}`,
        state: UNTOUCHED,
        hint: "name the folder of the right build",
      });
    }
    return { role: build.role, buildFor: async () => build };
  }
  if (role === undefined) {
    throw new ToolError({
      code: USAGE,
      message: "neither a build nor a role was named",
      state: UNTOUCHED,
      hint: "give the folder of a build, or --role lock",
    });
  }
  return {
    role,
    buildFor: async ({ identity: { boardName } }) =>
      readBoardBuild(builtFolder(role, boardOfInterpreter(boardName) ?? boardName)),
  };
}

/** Where `make firmware` puts the build of a role for a board. */
export function builtFolder(role: string, board: string): string {
  // Bundle and source of this command both lie two folders below the root.
  return fileURLToPath(new URL(`../../firmware/dist/${role}/${board}`, import.meta.url));
}

/** The build that a simulated board of a role starts with. */
export function simulatedFolder(role: string): string {
  return builtFolder(role, role === "station" ? "esp32s3" : "virtual");
}

async function flashOne(
  board: BoardConsoleClient,
  build: BoardBuild,
  settings: Settings,
  options: FlashCommandOptions,
  output: Output,
): Promise<void> {
  const { admitBuild, compareBoard, flashBoard, inspectBoard, planFlash } = await import(
    "@nyckelring/hil-tests"
  );
  const tell = createTeller(options, output);
  const state = await inspectBoard(board);
  const { boardName, version } = board.identity;
  const runs = state.application;
  const who =
    runs === undefined ? "no firmware" : `${runs.role} ${runs.version}, slot ${runs.slot}`;
  tell("found", `${board.name} (${boardName}, Espruino ${version}, ${who})`, {
    port: board.name,
    board: boardName,
    interpreter: version,
    application: runs?.fields ?? null,
  });
  const permit =
    options.permit === undefined
      ? undefined
      : await checkPermitFile(options.permit, build, board.identity.serialNumber, settings);
  admitBuild(build, state, permit !== undefined);
  if (runs !== undefined && state.active?.slot === runs.slot) {
    const files = await compareBoard(board, build, state);
    if (files.every(({ isEqual }) => isEqual)) {
      const now = `${who} runs already; ${UNTOUCHED}`;
      finish(options, output, board.name, now, { application: runs.fields, files: files.length });
      return;
    }
  }
  const plan = await planFlash(board, build, state);
  tell("compare", describePlan(plan), {
    slot: plan.slot,
    files: plan.steps.map(({ fileName, way }) => ({ fileName, way })),
    boot: plan.bootChange,
    sendBytes: plan.sendBytes,
    flashBytes: plan.flashBytes,
    roomSteps: plan.room?.steps.length ?? 0,
  });
  if (options.dryRun === true) {
    finish(options, output, board.name, `${UNTOUCHED}; ${who} stays (dry run)`, { dryRun: true });
    return;
  }
  const progress = createProgress(output, () => performance.now());
  const interruption = watchInterruption();
  let verified = 0;
  try {
    const application = await flashBoard(board, build, state, plan, {
      isInterrupted: interruption.isInterrupted,
      ...(permit === undefined ? {} : { permit }),
      onProgress(one) {
        verified += one.phase === "verify" ? 1 : 0;
        if (options.json === true) {
          output.out(`${JSON.stringify({ type: "progress", ...one })}\n`);
        } else if (options.quiet !== true) {
          progress.show(one);
        }
      },
    });
    progress.end();
    tell("verify", `${verified} files read back, equal by SHA-256`, { files: verified });
    const now = `${application.role} ${application.version} runs from slot ${application.slot}`;
    finish(options, output, board.name, now, { application: application.fields });
  } finally {
    progress.end();
    interruption.stop();
  }
}

/** The octets of a permit. @throws where it does not allow this build on this board now. */
async function checkPermitFile(
  path: string,
  build: BoardBuild,
  serialNumber: string,
  settings: Settings,
): Promise<Uint8Array> {
  const { checkPermit } = await import("@nyckelring/hil-tests");
  const anchorPath = textOf(settings.anchor);
  if (anchorPath === undefined) {
    throw new ToolError({
      code: USAGE,
      message: "a permit is checked with an anchor file, and none was named",
      state: UNTOUCHED,
      hint: "give --anchor anchor.cbor, or anchor: in nyckel.yaml",
    });
  }
  const nowS = Math.floor(Date.now() / 1000);
  const opened = readAnchor(createNodeCrypto(), anchorPath);
  const anchors = anchorsOfLevel(opened, LEVEL_FIRMWARE, nowS);
  const permit = readOctets(path);
  checkPermit(permit, anchors, build, serialNumber, nowS);
  return permit;
}

function describePlan(plan: FlashPlan): string {
  const count = (way: string): number => plan.steps.filter((step) => step.way === way).length;
  const sent = count("sent");
  const boot = plan.bootChange === "kept" ? "" : `, loader ${plan.bootChange}`;
  const room = plan.room === undefined ? "" : ", room made in deleted files";
  return `${plan.steps.length} files, ${sent} changed (${(plan.sendBytes / 1024).toFixed(1)} KiB), ${count("copied")} copied on the board, ${count("kept")} kept${boot}${room}; slot ${plan.slot}`;
}

type Teller = (label: string, text: string, fields: Readonly<Record<string, unknown>>) => void;

function createTeller(options: FlashCommandOptions, output: Output): Teller {
  return (label, text, fields) => {
    if (options.json === true) {
      output.out(`${JSON.stringify({ type: label, ...fields })}\n`);
    } else if (options.quiet !== true) {
      output.out(`${label.padEnd(9)}${text}\n`);
    }
  };
}

/** The last line of a command that went well: the state of the board. */
function finish(
  options: FlashCommandOptions,
  output: Output,
  port: string,
  state: string,
  fields: Readonly<Record<string, unknown>>,
): void {
  output.out(
    options.json === true
      ? `${JSON.stringify({ type: "result", ok: true, port, state, ...fields })}\n`
      : `state    ${state}\n`,
  );
}

/** Ctrl-C ends the work after the packet that is under way. */
function watchInterruption(): { isInterrupted: () => boolean; stop: () => void } {
  let isInterrupted = false;
  const note = (): void => {
    isInterrupted = true;
  };
  process.on("SIGINT", note);
  process.on("SIGTERM", note);
  return {
    isInterrupted: () => isInterrupted,
    stop() {
      process.removeListener("SIGINT", note);
      process.removeListener("SIGTERM", note);
    },
  };
}

/** Compares one board, or all of the role, with a build; exit code 1 when a file differs. */
export async function verifyDevice(
  folder: string | undefined,
  options: FlashCommandOptions,
  output: Output,
): Promise<number> {
  return explainFaults("nothing was changed", async () => {
    const settings = settingsOf(options);
    const jobs = await chooseJobs(folder, options, settings);
    return await doJobs(jobs, options, output, async (board, build) =>
      verifyOne(board, build, options, output),
    );
  });
}

async function verifyOne(
  board: BoardConsoleClient,
  build: BoardBuild,
  options: FlashCommandOptions,
  output: Output,
): Promise<void> {
  const { BoardFault, compareBoard, inspectBoard } = await import("@nyckelring/hil-tests");
  const { FILE_DIFFERS } = await import("@nyckelring/protocol");
  const tell = createTeller(options, output);
  const state = await inspectBoard(board);
  const files = await compareBoard(board, build, state);
  for (const { fileName, isEqual, isMissing } of files) {
    const verdict = isEqual ? "equal" : isMissing ? "missing" : "differs";
    tell(verdict, fileName, { fileName });
  }
  const bad = files.filter(({ isEqual }) => !isEqual);
  const version = state.active?.manifest.version ?? "none";
  const now = `the board starts slot ${state.active?.slot ?? "none"} with version ${version}`;
  if (bad.length > 0) {
    throw new BoardFault({
      code: FILE_DIFFERS,
      message: `${board.name}: ${bad.length} of ${files.length} files are not those of the build`,
      state: now,
      details: { files: bad.map(({ fileName }) => fileName).join(",") },
    });
  }
  finish(options, output, board.name, `${now}; ${files.length} files equal the build`, {
    files: files.length,
  });
}
