// SPDX-License-Identifier: EUPL-1.2
import type { KeyDoor } from "@nyckelring/protocol";
import type { BlobQueue } from "../shared/blob-queue.ts";
import type { DeviceIdentity } from "../shared/identity.ts";
import type { MessageLink } from "../shared/link.ts";
import type { RecordStore } from "../shared/record-store.ts";
import type { CourierStore } from "./courier-store.ts";
import type { KeyClock } from "./key-clock.ts";
import { RING_SHIFT } from "./key-layout.ts";
import type { KeyLog } from "./key-log.ts";
import type { KeyRings } from "./key-rings.ts";
import type { KeyPorts } from "./key-role.ts";
import type { KeyTrust } from "./key-trust.ts";
import type { PassageMemory } from "./passage-memory.ts";
import type { TimeAsks } from "./time-asks.ts";

/** A commissioned key with its stores open: what its visits work on. */
export interface KeyContext {
  readonly ports: KeyPorts;
  readonly records: RecordStore;
  readonly identity: DeviceIdentity;
  readonly trust: KeyTrust;
  readonly clock: KeyClock;
  readonly rings: KeyRings;
  readonly log: KeyLog;
  readonly passages: PassageMemory;
  readonly carried: BlobQueue;
  readonly courier: CourierStore;
  readonly timeAsks: TimeAsks;
  readonly arena: Uint8Array;
  readonly door: KeyDoor;
  readonly link: MessageLink;
  /** Shows a signal to the carer. */
  show(signal: number): void;
}

/**
 * Tells whether the key lacks the floor list that its shift ring needs.
 *
 * Such a key opens only doors that somebody else has brought the list to, so the carer is sent to
 * the station again; at a door it still tries.
 */
export function lacksFloors(key: KeyContext): boolean {
  const shift = key.rings.ringAt(RING_SHIFT);
  if (shift === undefined) return false;
  const floors = key.courier.floorsOf(key.trust.homeAuthority());
  return shift.claims.needlist > (floors === undefined ? 0 : floors.number);
}

/** One stay at a lock or a station, from the answer to the hello to the end of the contact. */
export interface Visit {
  /** A message of the other side. */
  onMessage(kind: number, message: Uint8Array): void;
  /** A press on the button. */
  onButton(): void;
  /** The plug was pulled. Whatever was under way is left in a state that the next visit can use. */
  onWithdrawn(): void;
}
