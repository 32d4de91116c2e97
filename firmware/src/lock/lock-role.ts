// SPDX-License-Identifier: EUPL-1.2
import type { ArenaOperations, CryptoPort, EntropyPort } from "@nyckelring/protocol";
import type {
  BoltPosition,
  ClockPort,
  ContactPort,
  DoorSensorPort,
  FlashPort,
  MotorPort,
  ServicePort,
  SupplyPort,
  TimerPort,
} from "../ports.ts";

/** Everything that a lock touches. */
export type LockPorts = {
  readonly crypto: CryptoPort;
  readonly entropy: EntropyPort;
  /**
   * The operations of the door path over an arena; a board hands them to native code. Where it is
   * absent they are made over `crypto` and `entropy`.
   */
  readonly operations?: (arena: Uint8Array) => ArenaOperations;
  readonly flash: FlashPort;
  readonly contact: ContactPort;
  readonly timer: TimerPort;
  /** Answers undefined for ever on a key-powered lock. */
  readonly clock: ClockPort;
  readonly motor: MotorPort;
  readonly supply: SupplyPort;
  /** Absent on a lock that cannot see its door. */
  readonly door?: DoorSensorPort | undefined;
  /** Absent on a device that has no console to give back. */
  readonly service?: ServicePort;
};

/** A lock that runs. */
export interface LockRole extends LockSteps {
  /** True until the device is commissioned: it trusts nobody, and nobody could open its console. */
  readonly isBlank: boolean;
}

/** What the world tells a lock. */
export interface LockSteps {
  /** A plug went in (`true`) or out. A key-powered lock loses its power with the plug. */
  onContact(isPlugged: boolean): void;
  /** Bytes arrived on the contact, cut anywhere. */
  readonly onBytes: (bytes: Uint8Array) => void;
  /** The end switches of the bolt changed. */
  onBolt(position: BoltPosition): void;
  /** The door was opened or closed, where there is a sensor. */
  onDoor(isOpen: boolean): void;
}
