// SPDX-License-Identifier: EUPL-1.2

import { createInterface } from "node:readline/promises";
import type { Readable } from "node:stream";
import { USAGE } from "@nyckelring/protocol";
import {
  allPorts,
  askPorts,
  candidatePorts,
  choosePort,
  demandRole,
  explainFaults,
  openLine,
  type PortOptions,
  settingsOf,
  withBoard,
} from "./device-port.ts";
import type { Output } from "./output.ts";
import { ToolError } from "./tool-error.ts";

const UNCHANGED = "nothing was changed";
/** Ctrl-] ends a console, as in telnet: Ctrl-C belongs to the board. */
const CONSOLE_END = 0x1d;
const QUIET_MS = 500;
/** A program on the board may print for ever. */
const ANSWER_MS_MAX = 3_000;

/** Options of the commands here. */
export type BoardCommandOptions = PortOptions & {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly ask?: boolean;
  readonly yes?: boolean;
  readonly input?: boolean;
  readonly for?: string;
};

/** Lists the ports of this computer; none is opened unless that was asked for. */
export async function listDevices(options: BoardCommandOptions, output: Output): Promise<number> {
  return explainFaults(UNCHANGED, async () => {
    const settings = settingsOf(options);
    const { listPorts } = await import("@nyckelring/hil-tests");
    const ports = await listPorts();
    const named = settings.ports?.value;
    const extra = (typeof named === "object" ? named : []).filter(
      (path) => !ports.some((port) => path === port.path || path === port.stablePath),
    );
    const asked =
      options.ask === true
        ? await askPorts(await candidatePorts(settings), settings)
        : { answers: [], silent: [] };
    const rows = [
      ...ports.map(({ path, stablePath, usb, isKnownBoard }) => ({
        port: stablePath ?? path,
        usb: usb ?? null,
        isKnownBoard,
      })),
      ...extra.map((port) => ({ port, usb: null, isKnownBoard: true })),
    ];
    for (const row of rows) {
      const answer = asked.answers.find(({ path }) => path === row.port);
      const who =
        answer?.application === undefined
          ? answer === undefined
            ? options.ask === true && row.isKnownBoard
              ? "no answer"
              : ""
            : `${answer.interpreter}, no firmware`
          : `${answer.application.role} ${answer.application.version}, slot ${answer.application.slot}`;
      output.out(
        options.json === true
          ? `${JSON.stringify({ type: "port", ...row, application: answer?.application?.fields ?? null })}\n`
          : `${row.port}   ${row.usb ?? "named in the settings"}   ${who}\n`,
      );
    }
    output.out(
      options.json === true
        ? `${JSON.stringify({ type: "result", ok: true, ports: rows.length })}\n`
        : `${rows.length} ports; pseudo terminals are in no list, name them with --port\n`,
    );
    return 0;
  });
}

/** Tells what a board is and holds. */
export async function showDevice(options: BoardCommandOptions, output: Output): Promise<number> {
  return explainFaults(UNCHANGED, async () => {
    const settings = settingsOf(options);
    const { firmwareMissing, inspectBoard } = await import("@nyckelring/hil-tests");
    const ports =
      options.all === true ? await allPorts(settings) : [await choosePort(options, settings)];
    let missing: unknown;
    for (const port of ports) {
      const { path } = port;
      await withBoard(port, async (board) => {
        await demandRole(board, options.role);
        const { interpreter, application, active, freeBytes, files } = await inspectBoard(board);
        if (options.json === true) {
          const fields = { port: path, interpreter, application: application?.fields ?? null };
          const slots = { slot: active?.slot ?? null, files: files.length, freeBytes };
          output.out(`${JSON.stringify({ type: "board", ...fields, ...slots })}\n`);
        } else {
          output.out(
            [
              `port     ${path}`,
              `board    ${interpreter.boardName}, Espruino ${interpreter.version}, serial ${interpreter.serialNumber}`,
              `storage  ${files.length} files, ${Math.floor(freeBytes / 1024)} KiB free`,
              ...(application === undefined
                ? []
                : [
                    `firmware ${application.role} ${application.version}, security version ${application.securityVersion}`,
                    `state    ${application.role} ${application.version} runs from slot ${application.slot}`,
                  ]),
              "",
            ].join("\n"),
          );
        }
        if (application === undefined) {
          missing = firmwareMissing(path);
        }
      });
    }
    if (missing !== undefined) {
      throw missing;
    }
    if (options.json === true) {
      output.out(`${JSON.stringify({ type: "result", ok: true, boards: ports.length })}\n`);
    }
    return 0;
  });
}

/** Restarts a board and tells what runs then. */
export async function resetDevice(options: BoardCommandOptions, output: Output): Promise<number> {
  return explainFaults("the board was told to restart", async () => {
    const settings = settingsOf(options);
    const { firmwareMissing, restartBoard } = await import("@nyckelring/hil-tests");
    const port = await choosePort(options, settings);
    const application = await withBoard(port, async (board) => {
      await demandRole(board, options.role);
      return await restartBoard(board);
    });
    if (application === undefined) {
      throw firmwareMissing(port.path);
    }
    const state = `${application.role} ${application.version} runs from slot ${application.slot}`;
    tellState(options, output, port.path, state);
    return 0;
  });
}

/**
 * Erases everything on a board: application, identity, rights and logs.
 *
 * @throws ToolError `USAGE` without `--yes` where nobody can be asked.
 */
export async function eraseDevice(
  options: BoardCommandOptions,
  output: Output,
  input: Readable & { readonly isTTY?: boolean } = process.stdin,
): Promise<number> {
  return explainFaults(UNCHANGED, async () => {
    const settings = settingsOf(options);
    const { eraseBoard } = await import("@nyckelring/hil-tests");
    const port = await choosePort(options, settings);
    const { path } = port;
    await confirm(
      {
        word: "erase",
        what: `erasing ${path}`,
        warning: `Everything on ${path} goes, its log included.`,
        hint: "give --yes when application, identity, rights and logs may go",
      },
      options,
      output,
      input,
    );
    await withBoard(port, async (board) => {
      await demandRole(board, options.role);
      await eraseBoard(board);
    });
    tellState(options, output, path, "the board is empty: no application, no identity, no log");
    return 0;
  });
}

/**
 * Takes every console from a board; the last step of an installation.
 *
 * @throws ToolError `USAGE` without `--yes` where nobody can be asked.
 */
export async function lockDevice(
  options: BoardCommandOptions,
  output: Output,
  input: Readable & { readonly isTTY?: boolean } = process.stdin,
): Promise<number> {
  return explainFaults("the board may have no console any more", async () => {
    const settings = settingsOf(options);
    const { lockBoard } = await import("@nyckelring/hil-tests");
    const port = await choosePort(options, settings);
    const { path } = port;
    await confirm(
      {
        word: "lock",
        what: `locking ${path}`,
        warning: `After this ${path} has no console; a service permit alone opens it again.`,
        hint: "give --yes when the board is ready to be mounted",
      },
      options,
      output,
      input,
    );
    const application = await withBoard(port, async (board) => {
      await demandRole(board, options.role);
      return lockBoard(board);
    });
    const { role, version } = application;
    tellState(options, output, path, `${role} ${version} is locked down and has no console`);
    return 0;
  });
}

type Question = {
  /** What has to be typed. */
  readonly word: string;
  readonly what: string;
  readonly warning: string;
  readonly hint: string;
};

/** Asks a person to type a word. @throws ToolError `USAGE` where nobody did, or nobody can be asked. */
export async function confirm(
  question: Question,
  options: BoardCommandOptions,
  output: Output,
  input: Readable & { readonly isTTY?: boolean },
): Promise<void> {
  if (options.yes === true) {
    return;
  }
  const refusal = new ToolError({
    code: USAGE,
    message: `${question.what} was not confirmed`,
    state: UNCHANGED,
    hint: question.hint,
  });
  if (input.isTTY !== true || options.input === false) {
    throw refusal;
  }
  output.err(`${question.warning} Type ${question.word} to go on: `);
  const lines = createInterface({ input, terminal: false });
  const [answer] = (await lines[Symbol.asyncIterator]()
    .next()
    .then(({ value }) => [value])) as [string | undefined];
  lines.close();
  if (answer?.trim() !== question.word) {
    throw refusal;
  }
}

/** The last line: the state of the board. */
export function tellState(
  options: BoardCommandOptions,
  output: Output,
  port: string,
  state: string,
): void {
  output.out(
    options.json === true
      ? `${JSON.stringify({ type: "result", ok: true, port, state })}\n`
      : `state    ${state}\n`,
  );
}

/** Listens to a board without sending anything; each line with the seconds since the start. */
export async function followLogs(options: BoardCommandOptions, output: Output): Promise<number> {
  return explainFaults(UNCHANGED, async () => {
    const settings = settingsOf(options);
    const port = await choosePort(options, settings);
    const { path } = port;
    const line = await openLine(port);
    const startMs = performance.now();
    let rest = "";
    const show = (text: string): void => {
      const atS = Number(((performance.now() - startMs) / 1000).toFixed(3));
      output.out(
        options.json === true
          ? `${JSON.stringify({ type: "line", atS, text })}\n`
          : `${atS.toFixed(3).padStart(9)}  ${text}\n`,
      );
    };
    line.onOctets((octets) => {
      const lines = `${rest}${Buffer.from(octets).toString("latin1")}`.split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const text of lines) {
        show(text);
      }
    });
    const { unplugged } = await import("@nyckelring/hil-tests");
    const seconds = options.for === undefined ? undefined : readSeconds(options.for);
    try {
      await new Promise<void>((resolve, reject) => {
        line.onGone(() => reject(unplugged(path)));
        process.once("SIGINT", resolve);
        if (seconds !== undefined) {
          setTimeout(resolve, seconds * 1000);
        }
      });
    } finally {
      await line.close();
    }
    if (rest !== "") {
      show(rest);
    }
    return 0;
  });
}

function readSeconds(text: string): number {
  const seconds = Number(/^(\d+(?:\.\d+)?)s?$/.exec(text)?.[1] ?? Number.NaN);
  if (Number.isFinite(seconds)) {
    return seconds;
  }
  throw new ToolError({
    code: USAGE,
    message: `--for is "${text}", which is no number of seconds`,
    state: UNCHANGED,
    hint: "for example: --for 10s",
  });
}

/** Joins this terminal to the console of a board; without a terminal it types what comes in. */
export async function openConsole(
  options: BoardCommandOptions,
  output: Output,
  input: NodeJS.ReadStream | (Readable & { readonly isTTY?: boolean }) = process.stdin,
): Promise<number> {
  return explainFaults("the port is closed again", async () => {
    const settings = settingsOf(options);
    const port = await choosePort(options, settings);
    const { path } = port;
    const line = await openLine(port);
    const { unplugged } = await import("@nyckelring/hil-tests");
    const isTerminal = input.isTTY === true;
    let lastMs = performance.now();
    line.onOctets((octets) => {
      lastMs = performance.now();
      output.out(Buffer.from(octets).toString("latin1"));
    });
    if (isTerminal && "setRawMode" in input) {
      output.err(`console of ${path}; Ctrl-] ends it\n`);
      input.setRawMode(true);
    }
    try {
      await new Promise<void>((resolve, reject) => {
        line.onGone(() => reject(unplugged(path)));
        input.on("data", (part: Buffer | string) => {
          const octets = Buffer.from(part);
          const end = isTerminal ? octets.indexOf(CONSOLE_END) : -1;
          lastMs = performance.now();
          line
            .write(end < 0 ? octets : octets.subarray(0, end))
            .then(() => (end < 0 ? undefined : resolve()), reject);
        });
        // The answer to the last line is still on its way when the input ends.
        input.on("end", () => {
          const endMs = performance.now() + ANSWER_MS_MAX;
          const timer = setInterval(() => {
            const nowMs = performance.now();
            if (nowMs - lastMs > QUIET_MS || nowMs > endMs) {
              clearInterval(timer);
              resolve();
            }
          }, QUIET_MS / 5);
        });
      });
    } finally {
      if (isTerminal && "setRawMode" in input) {
        input.setRawMode(false);
      }
      input.pause();
      await line.close();
    }
    return 0;
  });
}
