// SPDX-License-Identifier: EUPL-1.2

import type { KeyBoard } from "./boards/key-board.ts";
import type { LockBoard } from "./boards/lock-board.ts";
import type { StationBoard } from "./boards/station-board.ts";
import type { Contact, EarlyPull } from "./contact.ts";
import type { VirtualUplink } from "./uplink.ts";
import type { AttemptPurpose, SignalName } from "./world-events.ts";

/** A lock in the world. */
export type LockUnit = {
  readonly name: string;
  readonly door: number;
  readonly devid: string;
  readonly board: LockBoard;
  /** Whether it has its own battery and clock. */
  readonly hasClock: boolean;
  /** The contact that is plugged in. */
  contact: Contact | undefined;
  /** Number of the contact that was plugged in last. */
  lastContact: number;
  /** Told when its motor is started towards unlocked, once. */
  onMove: ((atUs: number) => void) | undefined;
  /** Whether something joins its contacts. */
  isShorted: boolean;
};

/** A key in the world, and its copies. */
export type KeyUnit = {
  readonly name: string;
  readonly devid: string;
  readonly devidBytes: Uint8Array;
  readonly board: KeyBoard;
  readonly isCounterfeit: boolean;
  /** What its light says. */
  signal: SignalName;
  contact: Contact | undefined;
  /** The lock that it is plugged into. */
  door: LockUnit | undefined;
  /** Told each signal while a contact lasts. */
  onSignal: ((signal: SignalName) => void) | undefined;
};

/** A station in the world. */
export type StationUnit = {
  readonly name: string;
  readonly id: number;
  readonly board: StationBoard;
  readonly uplink: VirtualUplink;
  /** The contact that is plugged in. */
  contact: Contact | undefined;
};

/** How a person handles one contact with a door. */
export type DoorVisit = {
  readonly key: KeyUnit;
  readonly lock: LockUnit;
  /** 1 enter, 2 leave. */
  readonly op: 1 | 2;
  readonly purpose: AttemptPurpose;
  /** Pull it out early; undefined waits for the verdict. */
  readonly pull: EarlyPull | undefined;
  /** How long the key stays in after the verdict, in milliseconds. */
  readonly lingerMs: number;
};

/** What a person saw in one contact with a door. */
export type DoorOutcome = {
  readonly contact: number;
  readonly isOpened: boolean;
  readonly signal: SignalName;
  readonly isPulledEarly: boolean;
  /** From insertion to the first turn of the motor, in microseconds. */
  readonly openedAfterUs: number | undefined;
};

/** How a person handles one contact with a station. */
export type StationVisit = {
  readonly key: KeyUnit;
  readonly station: StationUnit;
  readonly pull: EarlyPull | undefined;
};

/** What a person saw in one contact with a station. */
export type StationOutcome = {
  readonly contact: number;
  readonly signal: SignalName;
  readonly isPulledEarly: boolean;
  readonly lastedUs: number;
};
