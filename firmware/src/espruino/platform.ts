// SPDX-License-Identifier: EUPL-1.2
import type { CryptoPort, EntropyPort } from "@nyckelring/protocol";

import type {
  Board,
  BoltWiring,
  ContactWiring,
  FlashWiring,
  ModemWiring,
  PowerOutWiring,
  SignalWiring,
  SupplyWiring,
} from "../boards/board.ts";
import type {
  BoltPosition,
  ClockPort,
  ContactPort,
  DoorSensorPort,
  FlashPort,
  LinkKind,
  ModemPort,
  MotorPort,
  PowerOutPort,
  SignalPort,
  StationPowerPort,
  StreamPort,
  SupplyPort,
  TimerPort,
} from "../ports.ts";
import type { HealthTest } from "./entropy.ts";
import type { SignalRhythm } from "./signal-pins.ts";

/** A network of the board itself, and the way over it to one host. */
export interface BoardNetwork {
  readonly kind: Exclude<LinkKind, 0>;
  readonly stream: StreamPort;
}

/** Where a station finds its broker, and the wireless network of its office. */
export interface NetworkWish {
  readonly host: string;
  readonly port: number;
  /** Empty for none. */
  readonly wifiName: string;
  readonly wifiPassword: string;
}

/**
 * What a family of boards offers to the wiring of a role, as exports of a module of its own behind
 * `#platform`: what a role does not take is then not in its bundle.
 */
export interface Platform {
  createBoardTimer(): TimerPort;
  /** Delays as they are, also where the other is stretched: for a station, which has no curves. */
  createTrueTimer(): TimerPort;
  openEntropy(crypto: CryptoPort, isHealthy: HealthTest): EntropyPort;
  openFlash(wiring: FlashWiring): FlashPort;
  openContact(wiring: ContactWiring, onBytes: (bytes: Uint8Array) => void): ContactPort;
  /** Calls back when a plug goes in or out, and once after boot. */
  watchContact(board: Board, onChange: (isPlugged: boolean) => void): void;
  /** The same for a key's own plug: every edge with its time, once after boot besides. */
  watchPlug(
    board: Board,
    onEdge: (isPlugged: boolean, sensesVoltage: boolean, atMs: number) => void,
  ): void;
  openClock(): ClockPort;
  openBolt(wiring: BoltWiring, onMove: (position: BoltPosition) => void): MotorPort;
  openSupply(wiring: SupplyWiring): SupplyPort;
  openSignal(wiring: SignalWiring, rhythms: readonly SignalRhythm[]): SignalPort;
  /** The output that feeds the contact; its current limit calls back when it has switched it off. */
  openPowerOut(wiring: PowerOutWiring, onOverload: () => void): PowerOutPort;
  watchButton(wiring: string, onPress: () => void): void;
  /** The board's own networks; `onCarrier` tells when one of them comes or goes. */
  openNetworks(
    wish: NetworkWish,
    onCarrier: (kind: LinkKind, isThere: boolean) => void,
  ): readonly BoardNetwork[];
  /** The serial line of a modem; undefined on a board without one. */
  openModem(
    wiring: ModemWiring | undefined,
    onBytes: (bytes: Uint8Array) => void,
  ): ModemPort | undefined;
  /** What feeds a station; calls back when that changes. */
  openPower(board: Board, onChange: () => void): StationPowerPort;
  /** The contact of the door's leaf; undefined on a board without one. */
  openDoorSensor(
    pin: string | undefined,
    onMove: (isOpen: boolean) => void,
  ): DoorSensorPort | undefined;
}

/** What a station needs of it: no secret is made on a station, and it has no bolt and no light. */
export type StationPlatform = Pick<
  Platform,
  | "createTrueTimer"
  | "openFlash"
  | "openContact"
  | "watchContact"
  | "openClock"
  | "openNetworks"
  | "openModem"
  | "openPower"
>;
