// SPDX-License-Identifier: EUPL-1.2

import type { ArenaOperations, CryptoPort, EntropyPort } from "@nyckelring/protocol";
import type {
  ClockPort,
  ContactPort,
  FlashPort,
  ServicePort,
  SignalPort,
  SupplyPort,
  TimerPort,
} from "../ports.ts";
import type { SlotOperations } from "./slot-operations.ts";

/** Everything that a key touches. */
export interface KeyPorts {
  readonly crypto: CryptoPort;
  readonly entropy: EntropyPort;
  /**
   * The operations of the door path over an arena; a board hands them to native code. Where it is
   * absent they are made over `crypto` and `entropy`.
   */
  readonly operations?: (arena: Uint8Array) => ArenaOperations;
  /** Leaf hashes of packed slots, where the board has native code for them. */
  readonly slotOperations?: SlotOperations | undefined;
  readonly flash: FlashPort;
  readonly contact: ContactPort;
  readonly timer: TimerPort;
  /** The key's own clock: the first thing that stops an expired ring. */
  readonly clock: ClockPort;
  /** The key's battery. */
  readonly supply: SupplyPort;
  readonly signal: SignalPort;
  /** Absent on a device that has no console to give back. */
  readonly service?: ServicePort;
}

/** Key state: nothing is plugged in. */
export const KEY_IDLE = 0;
/** Key state: plugged in, asking who is there. */
export const KEY_GREETING = 1;
/** Key state: in a door session with a lock. */
export const KEY_AT_LOCK = 2;
/** Key state: in the conversation with a station. */
export const KEY_AT_STATION = 3;
/** Key state: this contact is over; waits for the plug to be pulled. */
export const KEY_FINISHED = 4;

/** What a key's state machine is doing: one of the `KEY_…` states. */
export type KeyState = 0 | 1 | 2 | 3 | 4;

/** What somebody at the key's screen or a test bench may ask it. */
export interface KeyStatus {
  /** Device number, 8 bytes; undefined on a blank device. */
  readonly devid: Uint8Array | undefined;
  readonly state: KeyState;
  /** Number of the shift ring's head; 0 without one. */
  readonly ringseq: number;
  /** End of the shift ring's window, UTC seconds; 0 without one. */
  readonly expS: number;
  /** Signal shown last. */
  readonly signal: number;
  /** Own log entries that the issuer has not acknowledged. */
  readonly unacknowledged: number;
  /** Sealed batches of locks that wait for a station. */
  readonly carried: number;
}

/**
 * One digital key.
 *
 * A fresh instance boots from flash; dropping it at any instant is a power cut. The port's owner
 * calls these functions, one at a time and never from inside a port call.
 */
export interface KeyRole {
  /**
   * The plug went in or out.
   *
   * @param isPlugged - True when it went in.
   * @param sensesVoltage - True when the other side feeds V, as a station on mains or battery does.
   *   The key then does not power the contact itself.
   */
  onContact(isPlugged: boolean, sensesVoltage: boolean): void;
  /** The output that feeds the contact was overloaded and is off until the plug is pulled. */
  onOverload(): void;
  /** Bytes from the other side of the contact, in any portions. */
  readonly onBytes: (bytes: Uint8Array) => void;
  /** A press on the one button. While inserted at a lock it chooses the other direction. */
  onButton(): void;
  /** What the key would say of itself now. */
  status(): KeyStatus;
}
