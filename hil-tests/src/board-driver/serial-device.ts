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
import { type BoardLine, openSerialBoardLine, unplugged } from "../board-line.ts";
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
import { type ControlClient, openControl, wakeBoard } from "./control-client.ts";
import { firmwareHash } from "./firmware-hash.ts";
import { type CountedLine, countLine, createHelpedTime } from "./helped-time.ts";
import { type IssuerBroker, openIssuerBroker } from "./issuer-broker.ts";
import type { DeviceEvent, DeviceTime, FlashPages, RigDevice } from "./rig-device.ts";
import { CAPABILITIES, type Capability, InfraFault, type RoleName } from "./roles.ts";

const run = promisify(execFile);
const HAND_MS_MAX = 10_000;
const GSM_BYTES_PER_DAY = 1_000_000;
const WIRINGS: readonly Board[] = [virtual, xiao, mdbt42q, esp32s3];

/** What a helper says to make a board as it was. */
const STANDARD: Readonly<Record<RoleName, readonly string[]>> = {
  key: ["charge 100"],
  station: ["mains on", "charge 100", "links wifi"],
  lock: ["free", "turn locked", "door shut"],
};

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

  let isPowered = true;
  let control = await asInfra(() => openHelper());
  const abilities = await asInfra(() => abilitiesOf(control));
  let opened = await asInfra(() => openBoth()).catch((error) => {
    control?.close();
    throw error;
  });
  let held: FlashPages | undefined;
  /** Whether the observer on the board is the one of this run: an earlier one may still talk. */
  let isWatched = false;
  let isPlugged = false;
  /** What hands and helper were told to do and have not done yet. */
  let actsLeft = 0;
  let handWork: Promise<void> = Promise.resolve();
  const broker = role === "station" ? await openBroker() : undefined;
  const firmware = await asInfra(() => bringFirmware(opened.board, options)).catch(
    async (error) => {
      await closeAll();
      throw error;
    },
  );
  const flash = wiringOf(opened.board).flash[role];
  if (flash === undefined) {
    await closeAll();
    throw new InfraFault(role, `this board offers no ${role}`);
  }
  let pages: BoardPages = await asInfra(() => openBoardPages(opened.board, flash)).catch(
    async (error) => {
      await closeAll();
      throw error;
    },
  );

  async function openBoth() {
    const { baud, flow } = wiring.serial;
    const lines: BoardLine[] = [];
    const openLine = async (path: string, hasFlowControl: boolean): Promise<CountedLine> => {
      const line = await openSerialBoardLine(path, { baud, hasFlowControl });
      lines.push(line);
      return countLine(line);
    };
    try {
      const console = await openLine(options.path, flow === "xonxoff");
      const contact = await openLine(contactPath ?? "", false);
      contact.onOctets((octets) => tell({ type: "octets", octets }));
      contact.onGone(() => fail(unplugged(contact.name)));
      const board = await openBoardConsole(console);
      console.onGone(() => fail(unplugged(console.name)));
      listenToConsole(console);
      return { console, contact, board };
    } catch (error) {
      for (const line of lines) await line.close();
      throw error;
    }
  }

  async function openHelper(): Promise<ControlClient | undefined> {
    if (wiring.control === undefined) return undefined;
    const opening = await openControl(wiring.control, ({ type, isOn }) => {
      if (type !== "power") return;
      // Whatever it was about to do, a device without power does no more of it.
      if (isOn === false && isPowered) tell({ type: "cut" });
      isPowered = isOn === true;
    });
    await wakeBoard(opening);
    isPowered = true;
    return opening;
  }

  async function closeBoth(): Promise<void> {
    await opened.console.close();
    await opened.contact.close();
  }

  async function closeAll(): Promise<void> {
    control?.close();
    await closeBoth();
    await broker?.close();
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
      onOnline: (isOnline) => tell({ type: "online", isOnline }),
      onUp: (message) => tell({ type: "up", message }),
    });
  }

  /** Restarts the program and waits until it runs and is watched. */
  async function restart(): Promise<void> {
    act(unplug);
    isPlugged = false;
    await handWork;
    isWatched = false;
    await awaitProgram(await restartBoard(opened.board));
  }

  /** Waits until the program runs, and lets it be watched. */
  async function awaitProgram(first: Awaited<ReturnType<typeof restartBoard>>): Promise<void> {
    const { expect, timeoutMs } = wiring.ready;
    const endMs = performance.now() + timeoutMs;
    let application = first;
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
  }

  /** Does one thing after the other. */
  function queue(work: () => Promise<void>): void {
    actsLeft += 1;
    handWork = handWork
      .then(work)
      .catch(fail)
      .finally(() => {
        actsLeft -= 1;
      });
  }

  /** Switches the power where a helper can. A board that boots anew is watched again. */
  async function switchPower(words: "off" | "held" | `on${string}`): Promise<void> {
    isPowered = words !== "off";
    await control?.ask(`power ${words}`);
  }

  async function bootWatched(nowS: number | undefined): Promise<void> {
    isWatched = false;
    await switchPower(nowS === undefined ? "on" : `on ${nowS}`);
    await opened.board.greet();
    await awaitProgram(await askApplication(opened.board));
  }

  /** Runs what needs the console of a board that may be without power; its program stays off then. */
  async function withConsole<T>(work: () => Promise<T>): Promise<T> {
    if (isPowered) return await work();
    await switchPower("held");
    await opened.board.greet();
    try {
      return await work();
    } finally {
      await switchPower("off");
    }
  }

  /** Lets the hands of the rig do something. */
  function act(words: readonly string[] | undefined): void {
    const [program, ...rest] = words ?? [];
    if (program === undefined) {
      fail(new InfraFault(role, "the rig file does not say how its hands do this"));
      return;
    }
    queue(async () => void (await run(program, rest, { timeout: HAND_MS_MAX })));
  }

  /** Its helper is another one after it was brought back. */
  function createTime(first: ControlClient): DeviceTime {
    const helped = createHelpedTime({
      control: { ask: (words) => (control ?? first).ask(words), close: () => undefined },
      lines: () => opened,
      network: () => broker?.counts(),
      isBusy: () => actsLeft > 0,
      // A key outside is alone with its light.
      isHeeded: () => isPlugged || role !== "key",
    });
    return {
      restMs: () => asInfra(() => helped.restMs()),
      skip: (spanMs) => asInfra(() => helped.skip(spanMs)),
    };
  }

  /** Puts back what a case may have changed. */
  function reset(): void {
    if (control === undefined) return;
    queue(async () => {
      for (const words of STANDARD[role]) await control?.ask(words);
      if (!isPowered && role !== "lock") await switchPower("on");
    });
  }

  const { host, wifiName, wifiPassword } = wiring.broker;
  return {
    role,
    firmware,
    pageCount: flash.pageCount,
    tellsFeed: true,
    abilities,
    time: control === undefined ? undefined : createTime(control),
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
            // A modem is started only where there is a mobile network to speak of.
            apn: abilities.includes("gsm") ? "bench" : "",
            pin: "",
            gsmBytesPerDay: GSM_BYTES_PER_DAY,
          },
    listen: (next) => {
      listener = next;
    },
    hold: (wanted, _nowS, keepsPower) =>
      asInfra(async () => {
        await handWork;
        const isSame = held !== undefined && isEqual(held, wanted);
        if (!isSame) await withConsole(() => pages.write(wanted));
        held = wanted;
        // A lock that a key feeds starts with each of them.
        if (isPowered && role === "lock" && abilities.includes("power") && !keepsPower) {
          await switchPower("off");
        }
        // A station without power stays so until somebody feeds it; a key and a lock are used now.
        if (isPowered && !isSame) await restart();
        else if (!isPowered && role !== "station") await bootWatched(undefined);
      }),
    read: () =>
      asInfra(async () => {
        held = await withConsole(() => pages.read(held ?? new Map()));
        return held;
      }),
    plug: (hasVoltage) => {
      isPlugged = true;
      act(hasVoltage ? (plugPowered ?? plug) : plug);
    },
    unplug: () => {
      isPlugged = false;
      act(unplug);
    },
    press: () => act(press),
    control: (words) => queue(async () => void (await control?.ask(words))),
    setPower: (isOn, nowS) =>
      queue(async () => {
        if (isOn === isPowered) return;
        if (!isOn) await switchPower("off");
        else if (role === "station") await switchPower("on");
        else await bootWatched(nowS);
      }),
    send: (octets) => void opened.contact.write(octets).catch(fail),
    sendDown: (message) => broker?.sendDown(message),
    settle: () => handWork,
    check: () =>
      asInfra(async () => {
        // A device that is without power on purpose says nothing.
        if (isPowered) await opened.board.greet();
        else await control?.ask("rest");
      }),
    recover: () =>
      asInfra(async () => {
        held = undefined;
        const { driver } = wiring.power;
        await closeBoth();
        control?.close();
        if (driver !== "none") await switchBoardPower(wiring.power, "cycle", options.ask);
        control = await openHelper();
        opened = await openBoth();
        pages = await openBoardPages(opened.board, flash);
      }),
    reset,
    close: async () => {
      listener = () => undefined;
      reset();
      queue(async () => {
        if (control !== undefined && !isPowered) await switchPower("on");
      });
      await handWork;
      await closeAll();
    },
  };
}

/** What a helper can do. @throws Error for a word that is no ability. */
async function abilitiesOf(control: ControlClient | undefined): Promise<readonly Capability[]> {
  if (control === undefined) return [];
  const { can } = await control.ask("can");
  const told: readonly unknown[] = Array.isArray(can) ? can : [];
  return told.map((name) => {
    const found = CAPABILITIES.find((one) => one === name);
    if (found === undefined) throw new Error(`its helper offers "${String(name)}"`);
    return found;
  });
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
