// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import type { Board } from "@nyckelring/firmware/boards/board";
import { board as esp32s3 } from "@nyckelring/firmware/boards/esp32s3";
import { board as virtual } from "@nyckelring/firmware/boards/virtual";

import { type BoardTime, createBoardTime } from "./board-time.ts";
import { type BoardConsole, openConsole } from "./console.ts";
import { type FlashGeometry, type FlashImage, PowerCut } from "./flash-image.ts";
import {
  type BoardClock,
  INTERPRETER_VERSION,
  type Interpreter,
  type OctetCounts,
  startInterpreter,
} from "./interpreter.ts";
import { createModem } from "./modem.ts";
import { createNetworks, type NetworkName } from "./networks.ts";
import { openPins, type PinEvent } from "./pins.ts";
import { openStorage, type Storage } from "./storage.ts";
import { openUart, type Uart } from "./uart.ts";

/** A role that a board can have. */
export type DeviceRole = "key" | "lock" | "station";

/** A kind of board that can be emulated. */
export interface BoardModel {
  readonly board: Board;
  /** The name that the interpreter gives itself on this board. */
  readonly interpreterName: string;
  readonly geometry: FlashGeometry;
  /** Whether AES without CCM is compiled in. */
  readonly hasAes: boolean;
  readonly hasRadio: boolean;
  /** How long one word keeps the processor busy, in milliseconds; an estimate from data sheets. */
  readonly wordMs: number;
}

const VIRTUAL: BoardModel = {
  board: virtual,
  interpreterName: "VIRTUAL",
  geometry: { start: 0x60000000, bytes: 2 * 1024 * 1024, pageBytes: 4096 },
  hasAes: false,
  hasRadio: true,
  wordMs: 0.02,
};

const ESP32S3: BoardModel = {
  board: esp32s3,
  interpreterName: "ESP32S3_IDF4",
  geometry: { start: 0x320000, bytes: 896 * 1024, pageBytes: 4096 },
  hasAes: true,
  hasRadio: false,
  wordMs: 0.01,
};

/** The board that is emulated for a role. */
export const MODEL_OF_ROLE: Readonly<Record<DeviceRole, BoardModel>> = {
  key: VIRTUAL,
  lock: VIRTUAL,
  station: ESP32S3,
};

/** Something that happened at a virtual board, for whoever watches it. */
export type BoardEvent =
  | PinEvent
  | { readonly type: "radio"; readonly isOn: boolean }
  | { readonly type: "reset"; readonly reason: "program" | "watchdog" }
  | { readonly type: "power"; readonly isOn: boolean; readonly reason: string }
  | { readonly type: "dropped"; readonly octets: number };

/** A virtual board and its surroundings. */
export interface VirtualBoardOptions {
  readonly model: BoardModel;
  readonly flash: FlashImage;
  /** Bits a second of console and contact; 0 for as fast as they come. */
  readonly baud: number;
  /** Seconds of this computer for one of the board; 1 without it. */
  readonly slowness?: number;
  /** A number of the chip; equal names give equal numbers. */
  readonly name: string;
  /** UTC seconds that a clock with a battery tells now; without one the clock begins at 0 with the power. */
  readonly startS?: number;
  /** Power goes when the console has received so many octets. */
  readonly cutAfterBytes?: number;
  /** Power goes at this flash write: a word or an erased page. */
  readonly cutAfterWrites?: number;
  readonly isXoffObeyed?: () => boolean;
  /** False for an interpreter that was built without a button to hold at power-on. */
  readonly hasBootButton?: boolean;
  /** The watchdog waits no longer than this, in milliseconds; for tests that hang. */
  readonly watchdogMsMax?: number;
  readonly onConsole: (octets: Uint8Array) => void;
  readonly onContact: (octets: Uint8Array) => void;
  readonly onEvent?: (event: BoardEvent) => void;
}

/** How a board stands in its time. */
export interface BoardRest {
  readonly isOn: boolean;
  /** Whether no octet and no call is under way: the board waits for its next timer. */
  readonly isIdle: boolean;
  /** Milliseconds of the board until that; undefined for none. */
  readonly nextMs: number | undefined;
  readonly console: OctetCounts;
  readonly contact: OctetCounts;
  /** Of the last connection over the network; undefined while there is none. */
  readonly network: OctetCounts | undefined;
}

/** A board made of software: the built bundles run on it as they would on a desk. */
export interface VirtualBoard {
  readonly storage: Storage;
  /**
   * @param isButtonHeld - As on a real nRF52: boot code is skipped and the console is open, unless the
   *   interpreter was built without that button.
   * @param nowS - What a clock that outlived the loss of power tells, UTC seconds.
   */
  powerOn(isButtonHeld?: boolean, nowS?: number): void;
  powerOff(reason: string): void;
  isOn(): boolean;
  /** Octets that the computer has written to the console. */
  writeConsole(octets: Uint8Array): void;
  /** Octets that the other side of the contact has sent. */
  writeContact(octets: Uint8Array): void;
  /** Something is plugged into the contact, with or without a voltage of its own. */
  plug(hasVoltage: boolean): void;
  unplug(): void;
  pressButton(): void;
  setSupply(millivolts: number): void;
  /** Sets what a full battery still holds; at 0 it has switched itself off. */
  setCharge(percent: number): void;
  /** The mains of a station come or go. */
  setMains(isThere: boolean): void;
  /** Networks that are in reach; all that the board has until this is called. */
  setNetworks(names: readonly NetworkName[]): void;
  /**
   * Power goes in the middle of this program or erase of the flash, counted from 1 from now on;
   * undefined takes that back.
   */
  cutAtOperation(operation: number | undefined): void;
  /** The bolt sticks at a place, in thousandths of its way from locked; undefined frees it. */
  jamBolt(permille: number | undefined): void;
  /** The resident's key turns the bolt. */
  turnBolt(to: "locked" | "unlocked"): void;
  /** The leaf of the door moves. */
  moveDoor(isOpen: boolean): void;
  rest(): BoardRest;
  /**
   * Sets the time forward by so many milliseconds, or until the board says something on its contact or
   * its network. @returns Milliseconds that have passed.
   */
  skip(spanMs: number): Promise<number>;
}

/** The clock of an interpreter, which runs from the time that it was set to. */
function createBoardClock(time: BoardTime, startS = 0): BoardClock {
  let setS = startS;
  let setMs = time.nowMs();
  return {
    nowS: () => setS + (time.nowMs() - setMs) / 1000,
    set(nowS) {
      setS = nowS;
      setMs = time.nowMs();
    },
  };
}

/** Makes a board; it has no power yet. */
export function createVirtualBoard(options: VirtualBoardOptions): VirtualBoard {
  const { model, flash, slowness = 1 } = options;
  const { board } = model;
  const storage = openStorage(flash);
  const emit = options.onEvent ?? (() => undefined);
  const time = createBoardTime(slowness);
  const later = (call: () => void, delayMs: number): (() => void) =>
    time.after(delayMs, () => {
      if (isOn) guarded(call);
    });
  const networks = createNetworks();
  const wiringOfModem = board.modem?.kind === "pins" ? board.modem : undefined;
  const modem =
    wiringOfModem === undefined
      ? undefined
      : createModem({ time, networks, send: (octets) => modemSays(octets) });
  const modemSays = (octets: Uint8Array): void => {
    if (isOn) guarded(() => interpreter?.receiveModem(octets));
  };
  const clock = createBoardClock(time, options.startS);
  const pins = openPins(board, emit, later, clock.nowS, (pin, level) => {
    if (pin === wiringOfModem?.powerKey) modem?.pressPower(level === 1);
    if (pin === wiringOfModem?.reset) modem?.holdReset(level === 1);
  });
  let isOn = false;
  /** False once the program has taken the console away; a reset of the processor brings it back. */
  let hasConsole = true;
  let interpreter: Interpreter | undefined;
  let terminal: BoardConsole | undefined;
  let consoleLine: Uart | undefined;
  let contactLine: Uart | undefined;
  let received = 0;
  let busyUntilMs = 0;
  let writesSeen = 0;
  const counts = {
    console: { received: 0, sent: 0 },
    contact: { received: 0, sent: 0 },
  };

  /** Runs what the board does by itself; a power cut inside ends the life of the board. */
  function guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof PowerCut)) {
        throw error;
      }
      powerOff("cut at a flash write");
    }
    chargeTime();
  }

  /** Flash keeps the processor busy; meanwhile octets pile up in the receive buffer. */
  function chargeTime(): void {
    const writes = flash.writes();
    if (options.baud > 0 && writes > writesSeen) {
      const nowMs = performance.now();
      busyUntilMs = Math.max(nowMs, busyUntilMs) + (writes - writesSeen) * model.wordMs;
    }
    writesSeen = writes;
  }

  function openLine(
    count: { sent: number },
    onOctet: (octet: number) => void,
    onSend: (octets: Uint8Array) => void,
  ): Uart {
    return openUart({
      baud: options.baud,
      hasFlowControl: true,
      isXoffObeyed: options.isXoffObeyed ?? (() => true),
      isFree: () => isOn && performance.now() >= busyUntilMs,
      onOctet: (octet) => guarded(() => onOctet(octet)),
      onSend: (octets) => isOn && onSend(octets),
      onSent(octets) {
        if (isOn) count.sent += octets;
      },
      onDrop: (octets) => emit({ type: "dropped", octets }),
    });
  }

  function startLife(runsBootCode: boolean): void {
    interpreter?.stop();
    terminal?.stop();
    pins.reset();
    const life = startInterpreter({
      boardName: model.interpreterName,
      serialNumber: createHash("sha256").update(options.name).digest("hex").slice(0, 16),
      hasAes: model.hasAes,
      hasRadio: model.hasRadio,
      watchdogMsMax: options.watchdogMsMax ?? Number.POSITIVE_INFINITY,
      time,
      flash,
      storage,
      pins,
      print: (text) => console.print(text),
      clock,
      networks,
      sendModem: modem === undefined ? undefined : (octets) => modem.receive(octets),
      sendContact: (octets) => contactLine?.send(octets),
      onRestart(again, isReset) {
        if (isReset) reset("program");
        else guarded(() => startLife(again));
      },
      onConsoleGone() {
        hasConsole = false;
      },
      onRadioOff: () => emit({ type: "radio", isOn: false }),
      onHang: () => reset("watchdog"),
      onLock: (password) => console.lock(password),
      onPowerCut: () => powerOff("cut at a flash write"),
    });
    const console: BoardConsole = openConsole({
      identity: `${INTERPRETER_VERSION} ${model.interpreterName}`,
      send: (octets) => hasConsole && consoleLine?.send(octets),
      run: (code) => life.run(code),
      event: (name, value) =>
        void life.run(`E.emit(${JSON.stringify(name)},${JSON.stringify(value)})`),
      storage,
    });
    interpreter = life;
    terminal = console;
    console.print(`\n ${INTERPRETER_VERSION} virtual ${model.interpreterName}\n\n`);
    if (runsBootCode) {
      boot(life, console);
    }
    if (isOn) {
      console.showPrompt();
    }
  }

  /** The processor starts anew, with its console and with its radio. */
  function reset(reason: "program" | "watchdog"): void {
    emit({ type: "reset", reason });
    hasConsole = true;
    if (model.hasRadio) emit({ type: "radio", isOn: true });
    guarded(() => startLife(true));
  }

  function networkCounts(): OctetCounts | undefined {
    return modem?.network() ?? interpreter?.network();
  }

  function boot(life: Interpreter, console: BoardConsole): void {
    for (const name of [".boot0", ".boot1", ".boot2", ".boot3", ".bootcde"]) {
      const code = isOn && life === interpreter ? storage.read(name) : undefined;
      if (code !== undefined) {
        const result = life.run(code);
        if (!result.ok) {
          console.print(`${result.text}\n`);
        }
      }
    }
  }

  function powerOff(reason: string): void {
    if (!isOn) {
      return;
    }
    isOn = false;
    flash.cutPower();
    interpreter?.stop();
    modem?.stop();
    terminal?.stop();
    consoleLine?.stop();
    contactLine?.stop();
    pins.reset();
    emit({ type: "power", isOn: false, reason });
  }

  if (board.mainsSense !== undefined) pins.drive(board.mainsSense, 1);
  return {
    storage,
    powerOn(isButtonHeld = false, nowS = undefined) {
      powerOff("switched off");
      isOn = true;
      received = 0;
      busyUntilMs = 0;
      if (nowS !== undefined) clock.set(nowS);
      else if (options.startS === undefined) clock.set(0);
      flash.restorePower(options.cutAfterWrites);
      hasConsole = true;
      consoleLine = openLine(
        counts.console,
        (octet) => {
          if (hasConsole) terminal?.receive(octet);
        },
        options.onConsole,
      );
      contactLine = openLine(
        counts.contact,
        (octet) => interpreter?.receiveContact(Uint8Array.of(octet)),
        options.onContact,
      );
      emit({ type: "power", isOn: true, reason: "switched on" });
      guarded(() => {
        // As the interpreter does at its first start: a broken chain costs everything.
        if (!storage.isValid()) {
          storage.eraseAll();
        }
        startLife(!(isButtonHeld && options.hasBootButton !== false));
      });
    },
    powerOff,
    isOn: () => isOn,
    writeConsole(octets) {
      counts.console.received += octets.length;
      if (!isOn) {
        return;
      }
      const limit = options.cutAfterBytes ?? Number.POSITIVE_INFINITY;
      const taken = octets.subarray(0, Math.max(0, limit - received));
      received += octets.length;
      consoleLine?.receive(taken);
      if (received >= limit) {
        powerOff(`cut after ${limit} octets`);
      }
    },
    writeContact(octets) {
      counts.contact.received += octets.length;
      if (isOn) contactLine?.receive(octets);
    },
    plug(hasVoltage) {
      if (board.voltageSense !== undefined) {
        pins.drive(board.voltageSense, hasVoltage ? 1 : 0);
      }
      if (board.contactSense !== undefined) {
        pins.drive(board.contactSense, 0);
      }
    },
    unplug() {
      if (board.contactSense !== undefined) {
        pins.drive(board.contactSense, 1);
      }
      if (board.voltageSense !== undefined) {
        pins.drive(board.voltageSense, 0);
      }
    },
    pressButton() {
      if (board.button !== undefined) {
        pins.drive(board.button, 0);
        later(() => pins.drive(board.button ?? "", 1), 50);
      }
    },
    setSupply: (millivolts) => pins.setSupply(millivolts),
    setCharge(percent) {
      if (board.supply === undefined) return;
      const { emptyMillivolts, fullMillivolts } = board.supply;
      const millivolts = emptyMillivolts + ((fullMillivolts - emptyMillivolts) * percent) / 100;
      pins.setSupply(percent === 0 ? 0 : Math.round(millivolts));
    },
    setMains(isThere) {
      if (board.mainsSense !== undefined) pins.drive(board.mainsSense, isThere ? 1 : 0);
    },
    setNetworks: (names) => networks.set(names),
    cutAtOperation: (operation) =>
      flash.cutAtOperation(operation, () => powerOff("cut in the middle of a write")),
    jamBolt: (permille) => pins.jamBolt(permille),
    turnBolt: (to) => pins.turnBolt(to),
    moveDoor(isOpen) {
      if (board.door !== undefined) pins.drive(board.door, isOpen ? 1 : 0);
    },
    rest() {
      const hasOctets = [consoleLine, contactLine].some((line) => line?.isEmpty() === false);
      const isCalling = interpreter?.isBusy() === true || modem?.isBusy() === true;
      const isBusy = isCalling || performance.now() < busyUntilMs;
      return {
        isOn,
        isIdle: !isOn || !(hasOctets || isBusy),
        nextMs: isOn ? time.nextMs() : undefined,
        console: { ...counts.console },
        contact: { ...counts.contact },
        network: isOn ? networkCounts() : undefined,
      };
    },
    skip(spanMs) {
      const { sent } = counts.contact;
      const said = networkCounts()?.sent;
      const isQuiet = () =>
        contactLine?.isEmpty() !== false &&
        counts.contact.sent === sent &&
        networkCounts()?.sent === said;
      return time.skip(spanMs, isQuiet);
    },
  };
}
