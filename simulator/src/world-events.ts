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

/** Why a person puts a key into a door; only `honest` deserves to be let in. */
export type AttemptPurpose =
  | "honest"
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
      readonly kind: "fault";
      readonly atUs: number;
      readonly device: string;
      readonly text: string;
    };
