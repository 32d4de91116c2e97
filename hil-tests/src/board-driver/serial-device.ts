// SPDX-License-Identifier: EUPL-1.2
import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { Board } from "@nyckelring/firmware/boards/board";
import { board as esp32s3 } from "@nyckelring/firmware/boards/esp32s3";
import { board as mdbt42q } from "@nyckelring/firmware/boards/mdbt42q";
import { board as virtual } from "@nyckelring/firmware/boards/virtual";
import { board as xiao } from "@nyckelring/firmware/boards/xiao-nrf52840";
import type { BoardBuild } from "../board-build.ts";
import { type BoardConsoleClient, openBoardConsole } from "../board-console.ts";
import { BoardFault } from "../board-fault.ts";
import { type BoardLine, openSerialBoardLine } from "../board-line.ts";
import { askApplication, inspectBoard } from "../board-state.ts";
import {
  admitBuild,
  boardOfInterpreter,
  compareBoard,
  flashBoard,
  planFlash,
  restartBoard,
} from "../flash-board.ts";
import { createPacketReader } from "../packet-reader.ts";
import { type AskPerson, PowerFault, switchBoardPower } from "../rig/power.ts";
import type { RealRole } from "../rig/rig-schema.ts";
import { type BoardPages, openBoardPages } from "./board-pages.ts";
import { OBSERVER_MARK, observerOf, plainLine, readObserved } from "./console-observer.ts";
import { firmwareHash } from "./firmware-hash.ts";
import { type IssuerBroker, openIssuerBroker } from "./issuer-broker.ts";
import type { DeviceEvent, FlashPages, RigDevice } from "./rig-device.ts";
import { InfraFault, type RoleName } from "./roles.ts";

const run = promisify(execFile);
const HAND_MS_MAX = 10_000;
const ONLINE_MS_MAX = 30_000;
const WIRINGS: readonly Board[] = [virtual, xiao, mdbt42q, esp32s3];

/** What a board on serial ports is opened with. */
export type SerialDeviceOptions = {
  readonly role: RoleName;
  readonly wiring: RealRole;
  /** Device file of the console now. */
  readonly path: string;
  /** The build that belongs on a board of this name; the board is flashed where it has another. */
  readonly build: (board: string) => BoardBuild;
  readonly ask: AskPerson | undefined;
  /** Told what takes long, for example flashing. */
  readonly onNote: (text: string) => void;
};

/** A board on serial ports, and what runs there. */
export type SerialDevice = RigDevice & {
  /** Hash of the firmware. */
  readonly firmware: string;
};

/**
 * Opens a real board: its console over one serial port, its contact over another.
 *
 * Its firmware is compared with the build, file by file, and flashed where it differs.
 *
 * @throws InfraFault for a port that cannot be opened, a board that does not answer or cannot be
 *   flashed, and a rig file without what the board needs.
 */
export async function openSerialDevice(options: SerialDeviceOptions): Promise<SerialDevice> {
  const { role, wiring } = options;
  const { contactPath, hands } = wiring;
  if (contactPath === undefined) throw new InfraFault(role, "the rig file names no contactPath");
  if (hands.driver === "none") throw new InfraFault(role, "the rig file names no hands to plug it");
  const { plug, plugPowered, unplug, press } = hands;
  let listener: (event: DeviceEvent) => void = () => undefined;
  const tell = (event: DeviceEvent): void => listener(event);
  const fail = (error: unknown): void => tell({ type: "fault", error: infra(error) });

  function infra(error: unknown): InfraFault {
    if (error instanceof InfraFault) return error;
    const known = error instanceof BoardFault || error instanceof PowerFault;
    const text = error instanceof Error ? error.message : String(error);
    return new InfraFault(role, known ? text : `${role}: ${text}`, { cause: error });
  }

  /** Runs what talks to the board, so that all that goes wrong is a fault of the bench. */
  async function asInfra<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw infra(error);
    }
  }

  let opened = await asInfra(() => openBoth());
  let held: FlashPages | undefined;
  let isOnline = false;
  /** Whether the observer on the board is the one of this run: an earlier one may still talk. */
  let isWatched = false;
  let handWork: Promise<void> = Promise.resolve();
  const broker = role === "station" ? await openBroker() : undefined;
  const firmware = await asInfra(() => bringFirmware(opened.board, options)).catch(
    async (error) => {
      await closeBoth();
      await broker?.close();
      throw error;
    },
  );
  const flash = wiringOf(opened.board).flash[role];
  if (flash === undefined) throw new InfraFault(role, `this board offers no ${role}`);
  let pages: BoardPages = await asInfra(() => openBoardPages(opened.board, flash));

  async function openBoth() {
    const { baud, flow } = wiring.serial;
    const lines: BoardLine[] = [];
    try {
      const console = await openSerialBoardLine(options.path, {
        baud,
        hasFlowControl: flow === "xonxoff",
      });
      lines.push(console);
      const contact = await openSerialBoardLine(contactPath ?? "", { baud, hasFlowControl: false });
      lines.push(contact);
      contact.onOctets((octets) => tell({ type: "octets", octets }));
      contact.onGone(() => fail(new InfraFault(role, `${contactPath} is gone`)));
      const board = await openBoardConsole(console);
      console.onGone(() => fail(new InfraFault(role, `${options.path} is gone`)));
      listenToConsole(console);
      return { console, contact, board };
    } catch (error) {
      for (const line of lines) await line.close();
      throw error;
    }
  }

  async function closeBoth(): Promise<void> {
    await opened.console.close();
    await opened.contact.close();
  }

  function listenToConsole(line: BoardLine): void {
    let text = "";
    const reader = createPacketReader((token) => {
      if (token.kind !== "text") return;
      text += token.text;
      const lines = text.split(/\r?\n/);
      text = lines.pop() ?? "";
      for (const one of lines) takeLine(one);
    });
    line.onOctets((octets) => reader.push(octets));
  }

  function takeLine(line: string): void {
    try {
      if (!isWatched && line.includes(OBSERVER_MARK)) return;
      const event = readObserved(line);
      const text = plainLine(line);
      if (event !== undefined) tell(event);
      else if (text !== "") tell({ type: "text", text });
    } catch (error) {
      fail(error);
    }
  }

  function openBroker(): Promise<IssuerBroker> {
    return openIssuerBroker(wiring.broker.host, {
      onOnline: (isThere) => {
        isOnline = isThere;
        tell({ type: "online", isOnline: isThere });
      },
      onUp: (message) => tell({ type: "up", message }),
    });
  }

  /** Restarts the program and waits until it runs, is watched, and a station has its broker. */
  async function restart(): Promise<void> {
    act(unplug);
    await handWork;
    isOnline = false;
    isWatched = false;
    const { expect, timeoutMs } = wiring.ready;
    const endMs = performance.now() + timeoutMs;
    let application = await restartBoard(opened.board);
    while (application?.fields["state"] !== expect) {
      if (performance.now() > endMs) {
        const state = String(application?.fields["state"] ?? "no application");
        throw new InfraFault(role, `after ${timeoutMs} ms it says "${state}", not "${expect}"`);
      }
      await pause(100);
      application = await askApplication(opened.board);
    }
    isWatched = true;
    const observer = observerOf(role, wiringOf(opened.board));
    if (observer !== undefined) await opened.board.evaluate(`(${observer},"")`);
    for (let waitedMs = 0; broker !== undefined && !isOnline; waitedMs += 50) {
      if (waitedMs > ONLINE_MS_MAX) throw new InfraFault(role, "it does not reach its broker");
      await pause(50);
    }
  }

  /** Lets the hands of the rig do something, one thing after the other. */
  function act(words: readonly string[] | undefined): void {
    const [program, ...rest] = words ?? [];
    if (program === undefined) {
      fail(new InfraFault(role, "the rig file does not say how its hands do this"));
      return;
    }
    handWork = handWork
      .then(async () => void (await run(program, rest, { timeout: HAND_MS_MAX })))
      .catch(fail);
  }

  const { host, wifiName, wifiPassword } = wiring.broker;
  return {
    role,
    firmware,
    pageCount: flash.pageCount,
    tellsFeed: true,
    network:
      broker === undefined
        ? undefined
        : {
            host,
            port: broker.port,
            user: "",
            password: "",
            wifiName,
            wifiPassword,
            apn: "",
            pin: "",
            gsmBytesPerDay: 0,
          },
    listen: (next) => {
      listener = next;
    },
    hold: (wanted) =>
      asInfra(async () => {
        await handWork;
        if (held !== undefined && isEqual(held, wanted)) return;
        await pages.write(wanted);
        await restart();
        held = wanted;
      }),
    read: () =>
      asInfra(async () => {
        held = await pages.read(held ?? new Map());
        return held;
      }),
    plug: (hasVoltage) => act(hasVoltage ? (plugPowered ?? plug) : plug),
    unplug: () => act(unplug),
    press: () => act(press),
    send: (octets) => void opened.contact.write(octets).catch(fail),
    sendDown: (message) => broker?.sendDown(message),
    settle: () => handWork,
    check: () => asInfra(() => opened.board.greet()),
    recover: () =>
      asInfra(async () => {
        held = undefined;
        const { driver } = wiring.power;
        await closeBoth();
        if (driver !== "none") await switchBoardPower(wiring.power, "cycle", options.ask);
        opened = await openBoth();
        pages = await openBoardPages(opened.board, flash);
      }),
    close: async () => {
      listener = () => undefined;
      await handWork;
      await closeBoth();
      await broker?.close();
    },
  };
}

function wiringOf(board: BoardConsoleClient): Board {
  const name = boardOfInterpreter(board.identity.boardName);
  const found = WIRINGS.find((one) => one.name === name);
  if (found === undefined) {
    throw new Error(`nobody knows the pins of a board "${board.identity.boardName}"`);
  }
  return found;
}

/**
 * Puts a build on a board that has another.
 *
 * @returns The hash of the firmware that is there now.
 */
async function bringFirmware(
  board: BoardConsoleClient,
  { role, build: buildOf, onNote }: SerialDeviceOptions,
): Promise<string> {
  const build = buildOf(wiringOf(board).name);
  const state = await inspectBoard(board);
  const compared = state.active === undefined ? [] : await compareBoard(board, build, state);
  const isSame = compared.length > 0 && compared.every(({ isEqual: same }) => same);
  if (!isSame || state.application?.fields["state"] !== "running") {
    admitBuild(build, state, false);
    onNote(`${role}: flashing ${build.version}, the board holds ${heldBy(state)}`);
    const plan = await planFlash(board, build, state);
    const quiet = { onProgress: () => undefined, isInterrupted: () => false };
    await flashBoard(board, build, state, plan, quiet);
  }
  return firmwareHash([...build.modules, build.boot].map(({ content }) => content));
}

function heldBy(state: Awaited<ReturnType<typeof inspectBoard>>): string {
  return state.active === undefined ? "no firmware" : "another build";
}

function isEqual(left: FlashPages, right: FlashPages): boolean {
  if (left.size !== right.size) return false;
  return [...left].every(([page, content]) => {
    const other = right.get(page);
    return other !== undefined && Buffer.compare(content, other) === 0;
  });
}
