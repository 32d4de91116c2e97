// SPDX-License-Identifier: EUPL-1.2
// The interpreter's Linux build as a board: the exports that `Platform` describes. It is plugged in
// from its start, its supply is good, its bolt and its signals are lines on the console.

import type { CryptoPort, EntropyPort } from "@nyckelring/protocol";
import { board } from "#board";

import type {
  Board,
  BoltWiring,
  PowerOutWiring,
  SignalWiring,
  SupplyWiring,
} from "../boards/board.ts";
import {
  type BoltPosition,
  type ClockPort,
  type DoorSensorPort,
  LINK_LAN,
  type LinkKind,
  type MotorPort,
  POWER_MAINS,
  type PowerOutPort,
  type SignalPort,
  type StationPowerPort,
  type SupplyPort,
  type TimerPort,
} from "../ports.ts";
import { openSimulatedBolt } from "./bolt.ts";
import { createClock } from "./clock.ts";
import { createEntropy, type HealthTest, readSystemWord } from "./entropy.ts";
import { openNetStream } from "./net-stream.ts";
import type { BoardNetwork, NetworkWish } from "./platform.ts";
import { createNoPowerOut } from "./power-out.ts";
import type { SignalRhythm } from "./signal-pins.ts";
import { createTimer } from "./timer.ts";

export { openContact } from "./contact.ts";
export { openDiskFlash as openFlash } from "./flash-disk.ts";
export { openModemLine as openModem } from "./modem-line.ts";

// With curves in the interpreter a door session takes half a minute and more; native code under an
// emulator needs seconds, and a board half a second.
const STRETCH_OF_SCRIPTS = 100;
const STRETCH_OF_NATIVE_CODE = 10;
const PLUG_MS = 100;
const STAY_MS = 1000;
const CLOCK_FILE = "./clock";

/** Timers that leave room for curves in the interpreter. */
export function createBoardTimer(): TimerPort {
  return createTimer(board.name === "linux" ? STRETCH_OF_SCRIPTS : STRETCH_OF_NATIVE_CODE);
}

/** Delays as they are. */
export function createTrueTimer(): TimerPort {
  return createTimer(1);
}

/** The computer's network. */
export function openNetworks(
  wish: NetworkWish,
  _onCarrier: (kind: LinkKind, isThere: boolean) => void,
): readonly BoardNetwork[] {
  return [{ kind: LINK_LAN, stream: openNetStream(wish.host, wish.port) }];
}

/** The computer's generator, watched and mixed. */
export function openEntropy(crypto: CryptoPort, isHealthy: HealthTest): EntropyPort {
  return createEntropy(crypto, readSystemWord, isHealthy);
}

/** Plugged in shortly after the start, and for ever. */
export function watchContact(_wiring: Board, onChange: (isPlugged: boolean) => void): void {
  setTimeout(() => onChange(true), PLUG_MS);
  // The process ends when no timer is left, although the serial line is open.
  setInterval(() => undefined, STAY_MS);
}

/** The same for a key. */
export function watchPlug(
  wiring: Board,
  onEdge: (isPlugged: boolean, sensesVoltage: boolean, atMs: number) => void,
): void {
  watchContact(wiring, () => onEdge(true, wiring.voltageSense !== undefined, getTime() * 1000));
}

/** A clock that starts with the time in the file `clock`, or else with the computer's. */
export function openClock(): ClockPort {
  return createClock(readStartS());
}

function readStartS(): number {
  try {
    const file = E.openFile(CLOCK_FILE, "r");
    const text = file.read(10) ?? "";
    file.close();
    return parseInt(text, 10);
  } catch {
    return getTime();
  }
}

/** A bolt on the console. */
export function openBolt(_wiring: BoltWiring, onMove: (position: BoltPosition) => void): MotorPort {
  return openSimulatedBolt(onMove);
}

/** A supply that is always good. */
export function openSupply(_wiring: SupplyWiring): SupplyPort {
  return { millivolts: () => 3300, percent: () => 100 };
}

/** Signals on the console. */
export function openSignal(_wiring: SignalWiring, _rhythms: readonly SignalRhythm[]): SignalPort {
  return { show: (signal) => print("signal", signal) };
}

/** An output that nothing hangs on. */
export function openPowerOut(_wiring: PowerOutWiring, _onOverload: () => void): PowerOutPort {
  return createNoPowerOut();
}

/** No button. */
export function watchButton(_wiring: string, _onPress: () => void): void {
  // Nobody presses.
}

/** Mains. */
export function openPower(_wiring: Board, _onChange: () => void): StationPowerPort {
  return { source: () => POWER_MAINS, percent: () => 100 };
}

/** A door that stays shut. */
export function openDoorSensor(
  _pin: string | undefined,
  _onMove: (isOpen: boolean) => void,
): DoorSensorPort | undefined {
  return { isOpen: () => false };
}
