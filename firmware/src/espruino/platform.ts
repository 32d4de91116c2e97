// SPDX-License-Identifier: EUPL-1.2
import type { CryptoPort, EntropyPort } from "@nyckelring/protocol";

import type { FlashWiring } from "../boards/board.ts";
import type {
  BoltPosition,
  ClockPort,
  ContactPort,
  FlashPort,
  MotorPort,
  PowerOutPort,
  SignalPort,
  StationPowerPort,
  SupplyPort,
  TimerPort,
  UplinkPort,
} from "../ports.ts";
import type { SignalRhythm } from "./signal-pins.ts";

/** The ports that a board offers; the wiring of a role takes what the role needs. */
export interface Platform {
  readonly crypto: CryptoPort;
  readonly timer: TimerPort;
  openEntropy(): EntropyPort;
  openFlash(wiring: FlashWiring): FlashPort;
  openContact(onBytes: (bytes: Uint8Array) => void): ContactPort;
  /** Calls back when the plug goes in or out, and once after boot. */
  watchContact(onChange: (isPlugged: boolean, sensesVoltage: boolean) => void): void;
  openClock(): ClockPort;
  openBolt(onMove: (position: BoltPosition) => void): MotorPort;
  openSupply(): SupplyPort;
  /** The output that feeds the contact; its current limit calls back when it has switched it off. */
  openPowerOut(onOverload: () => void): PowerOutPort;
  openSignal(rhythms: readonly SignalRhythm[]): SignalPort;
  watchButton(onPress: () => void): void;
  openUplink(): UplinkPort;
  openPower(): StationPowerPort;
}
