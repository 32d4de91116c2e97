// SPDX-License-Identifier: EUPL-1.2
import type { StationNetwork } from "@nyckelring/firmware";
import type { MotorCommand } from "@nyckelring/simulator";
import type { Capability, InfraFault, RoleName } from "./roles.ts";

/** The pages of a flash that are not blank, by number; each has 4096 octets. */
export type FlashPages = ReadonlyMap<number, Uint8Array>;

/** What a device does that somebody beside it notices. */
export type DeviceEvent =
  /** Octets on the contact. */
  | { readonly type: "octets"; readonly octets: Uint8Array }
  /** A key shows another signal; its number is that of the table of signals. */
  | { readonly type: "signal"; readonly signal: number }
  /** The output of a key that feeds the contact goes on or off. */
  | { readonly type: "feed"; readonly isOn: boolean }
  | { readonly type: "motor"; readonly command: MotorCommand }
  | { readonly type: "bolt"; readonly position: "locked" | "unlocked" | "between" }
  /** Its power went by itself: in the middle of a write, as it was told. */
  | { readonly type: "cut" }
  /** A station has reached its broker, or has lost it. */
  | { readonly type: "online"; readonly isOnline: boolean }
  /** A station has a message for the issuer. */
  | { readonly type: "up"; readonly message: Uint8Array }
  /** A line on the console. */
  | { readonly type: "text"; readonly text: string }
  /** The device cannot be used any more. */
  | { readonly type: "fault"; readonly error: InfraFault };

/** The time of a device that somebody beside it can set forward. */
export interface DeviceTime {
  /**
   * Milliseconds of the device until it does something by itself, infinite for never; undefined while
   * anything is under way there, or between it and this computer.
   */
  restMs(): Promise<number | undefined>;
  /** Sets it forward by at most so many milliseconds. @returns How many. */
  skip(spanMs: number): Promise<number>;
}

/**
 * One device of a rig that is not simulated in this process: the interface that every driver has.
 *
 * A driver knows how to give it a flash, how to plug it in and how to carry octets. What a device
 * is made of shows nowhere else: the town enrols it, the world plugs it in, and cases see neither.
 */
export interface RigDevice {
  readonly role: RoleName;
  /** Pages of the role's area. */
  readonly pageCount: number;
  /** Whether a key tells when it feeds the contact; one that does not feeds it while it is in. */
  readonly tellsFeed: boolean;
  /** What a helper beside it can do to it. */
  readonly abilities: readonly Capability[];
  /** Undefined where time runs as it runs. */
  readonly time: DeviceTime | undefined;
  /** The broker that a station is to use; undefined for other roles. */
  readonly network: StationNetwork | undefined;
  /** Puts a listener in the place of the one before. */
  listen(listener: (event: DeviceEvent) => void): void;
  /**
   * Makes the device hold these pages, and restarts it where it held others.
   *
   * @param nowS - What a clock with a battery would say, UTC seconds.
   * @param keepsPower - Whether it has power of its own between insertions; where somebody can switch
   *   its power, one that has not begins anew.
   * @throws InfraFault
   */
  hold(pages: FlashPages, nowS: number, keepsPower: boolean): Promise<void>;
  /** The pages that it holds now. @throws InfraFault */
  read(): Promise<FlashPages>;
  /** Plugs it in; `hasVoltage` is true for a key in a station with power. */
  plug(hasVoltage: boolean): void;
  /** Pulls the plug. */
  unplug(): void;
  press(): void;
  /** Lets the helper beside it do something, in its own words; only for what it is able to. */
  control(words: string): void;
  /** Takes its power away or gives it back; `nowS` is what a clock that outlived that tells. */
  setPower(isOn: boolean, nowS?: number): void;
  /** Hands octets to the contact. */
  send(octets: Uint8Array): void;
  /** Sends a message of the issuer down to a station. */
  sendDown(message: Uint8Array): void;
  /** Puts back what a case has changed with the helper. */
  reset(): void;
  /** Waits until what was begun is done: the plug is out, the program rests. @throws InfraFault */
  settle(): Promise<void>;
  /** Asks whether it is still there. @throws InfraFault when it does not answer. */
  check(): Promise<void>;
  /** Brings it back after a failure, by power where that can be switched. @throws InfraFault */
  recover(): Promise<void>;
  close(): Promise<void>;
}
