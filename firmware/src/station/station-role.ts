// SPDX-License-Identifier: EUPL-1.2

import type { CryptoPort } from "@nyckelring/protocol";
import type {
  ClockPort,
  ContactPort,
  FlashPort,
  LinkKind,
  PowerSource,
  ServicePort,
  StationPowerPort,
  TimerPort,
  UplinkPort,
} from "../ports.ts";

/** Everything that a station touches. It has no source of chance: it makes no secret. */
export interface StationPorts {
  readonly crypto: CryptoPort;
  readonly flash: FlashPort;
  readonly contact: ContactPort;
  readonly timer: TimerPort;
  readonly clock: ClockPort;
  readonly uplink: UplinkPort;
  readonly power: StationPowerPort;
  /** Absent on a station that has no console to give back. */
  readonly service?: ServicePort;
}

/** What somebody at the station's screen or a test bench may ask it. */
export interface StationStatus {
  readonly power: PowerSource;
  /** Charge of the station's own battery in percent. */
  readonly batteryPercent: number;
  readonly link: LinkKind;
  /** Sealed batches that wait for the issuer's acknowledgement. */
  readonly queued: number;
  /** Keys for which a ring signed in advance is kept. */
  readonly presigned: number;
}

/**
 * One sync station.
 *
 * A fresh instance boots from flash; dropping it at any instant is a power cut. The port's owner
 * calls these functions, one at a time and never from inside a port call.
 */
export interface StationRole {
  /** A key went in (`true`) or out. */
  onContact(isPlugged: boolean): void;
  /** Bytes from the key, in any portions. */
  onBytes(bytes: Uint8Array): void;
  /** One message of the issuer, from the link. Not trusted before its MAC is checked. */
  onDown(message: Uint8Array): void;
  /** The set of links that are up has changed; the station asks its port which. */
  onLink(): void;
  /** The source of power has changed; the station asks its port which. */
  onPower(): void;
  /** What the station would say of itself now. */
  status(): StationStatus;
}
