// SPDX-License-Identifier: EUPL-1.2
import type { CryptoPort, EntropyPort } from "@nyckelring/protocol";

import type { FlashWiring } from "../boards/board.ts";
import type {
  BoltPosition,
  ClockPort,
  ContactPort,
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

/** The ports that a board offers; the wiring of a role takes what the role needs. */
export interface Platform {
  readonly crypto: CryptoPort;
  readonly timer: TimerPort;
  /** Delays as they are, also where `timer` stretches them: for a station, which has no curves. */
  readonly trueTimer: TimerPort;
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
  /** The board's own networks; `onCarrier` tells when one of them comes or goes. */
  openNetworks(
    wish: NetworkWish,
    onCarrier: (kind: LinkKind, isThere: boolean) => void,
  ): readonly BoardNetwork[];
  /** The serial line of a modem; undefined on a board without one. */
  openModem(onBytes: (bytes: Uint8Array) => void): ModemPort | undefined;
  openPower(): StationPowerPort;
}
