// SPDX-License-Identifier: EUPL-1.2

/** Roles of a rig. */
export const ROLES = ["key", "station", "lock"] as const;
/** A role of a rig. */
export type RoleName = (typeof ROLES)[number];
/** What a role is made of. */
export type Kind = "real" | "sim" | "interpreter";

/** What a board may be able to do beyond its role; a case asks for what it needs. */
export const CAPABILITIES = [
  "button",
  "battery",
  "clock",
  "links",
  "lan",
  "wifi",
  "gsm",
  "mains",
  "mechanics",
  "power",
  "small-memory",
  "cut-at-byte",
  "cut-at-write",
] as const;
/** An ability of a board. */
export type Capability = (typeof CAPABILITIES)[number];

/** Thrown by a case that needs what the rig has not. */
export class Skipped extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "Skipped";
  }
}

/** Thrown by a driver when the bench itself is at fault: a silent board, a lost port, no power. */
export class InfraFault extends Error {
  readonly role: RoleName;

  constructor(role: RoleName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InfraFault";
    this.role = role;
  }
}
