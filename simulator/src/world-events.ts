// SPDX-License-Identifier: EUPL-1.2

import type { MotorCommand } from "./motor.ts";

/** What a key's light and buzzer say, by name. */
export type SignalName =
  | "none"
  | "ready"
  | "working"
  | "granted"
  | "denied"
  | "needs-sync"
  | "expired"
  | "battery-low"
  | "logs-not-home"
  | "no-contact";

/** What happened to hardware, by name; `detail` of the event is a number that the name explains. */
export type HardwareFact =
  /** `detail`: where the bolt is stuck, thousandths of its way from locked to unlocked. */
  | "jammed"
  | "freed"
  /** `detail`: 1 to unlocked, 0 to locked. */
  | "turned-by-hand"
  | "door-opened"
  | "door-closed"
  /** The door was opened while the bolt was thrown. */
  | "door-forced"
  | "shorted"
  | "short-gone"
  | "battery-in"
  | "battery-out"
  /** `detail`: percent. */
  | "charge-set"
  /** `detail`: milliohms. */
  | "contacts-dirty"
  | "cold"
  | "warm"
  | "clock-lost"
  /** `detail`: seconds ahead of what it said. */
  | "clock-wrong"
  /** The voltage fell below what the processor needs. */
  | "brown-out"
  /** The current limit of a key tripped. */
  | "overload";

/**
 * Why a person puts a key into a door, for whoever reads a run: `honest` deserves to be let in, and
 * `hindered` would if the hardware or a setting did not stand in the way. The oracle decides by what it
 * sees, and believes none of these words.
 */
export type AttemptPurpose =
  | "honest"
  | "hindered"
  | "emergency"
  | "collect"
  | "wrong-door"
  | "expired-key"
  | "unsynced-key"
  | "revoked-carer"
  | "lost-client"
  | "extracted-key"
  | "extracted-key-unvisited";

/** Purposes that must not open the door. */
export const FORBIDDEN_PURPOSES: readonly AttemptPurpose[] = [
  "wrong-door",
  "expired-key",
  "unsynced-key",
  "revoked-carer",
  "lost-client",
  "extracted-key",
  "extracted-key-unvisited",
];

/**
 * What physically happened, as a camera and a logic analyser would have seen it. Times are
 * microseconds of the run; devices are named by their opaque names.
 */
export type WorldEvent =
  | {
      readonly kind: "plugged";
      readonly atUs: number;
      readonly contact: number;
      readonly key: string;
      readonly device: string;
    }
  | {
      readonly kind: "pulled";
      readonly atUs: number;
      readonly contact: number;
      readonly passedBytes: number;
      /** Whether the person pulled before the key had shown a verdict. */
      readonly early: boolean;
      /** The verdict that the key showed last. */
      readonly signal: SignalName;
    }
  | {
      readonly kind: "attempt";
      readonly atUs: number;
      readonly contact: number;
      readonly key: string;
      readonly lock: string;
      readonly purpose: AttemptPurpose;
      /** 1 enter, 2 leave. */
      readonly op: 1 | 2;
    }
  | {
      readonly kind: "motor";
      readonly atUs: number;
      readonly contact: number;
      readonly lock: string;
      readonly command: MotorCommand;
    }
  | {
      readonly kind: "verified";
      readonly atUs: number;
      readonly contact: number;
      readonly device: string;
      readonly typ: number;
      readonly payload: string;
    }
  | {
      readonly kind: "sent";
      readonly atUs: number;
      /** When the last byte had passed. */
      readonly endUs: number;
      readonly contact: number;
      readonly device: string;
    }
  | {
      readonly kind: "signal";
      readonly atUs: number;
      readonly contact: number;
      readonly key: string;
      readonly signal: SignalName;
    }
  | {
      readonly kind: "power";
      readonly atUs: number;
      readonly device: string;
      readonly source: "mains" | "battery" | "key" | "none";
    }
  | {
      readonly kind: "links";
      readonly atUs: number;
      readonly device: string;
      readonly links: readonly string[];
    }
  | {
      readonly kind: "hardware";
      readonly atUs: number;
      /** Empty for what befalls all devices. */
      readonly device: string;
      readonly what: HardwareFact;
      readonly detail: number;
    }
  | {
      readonly kind: "fault";
      readonly atUs: number;
      readonly device: string;
      readonly text: string;
    };
