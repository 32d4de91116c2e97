// SPDX-License-Identifier: EUPL-1.2

import type { VirtualClock } from "./virtual-clock.ts";

/** Speed of the link of four contacts: 115 200 baud, 10 bits for each byte. */
const MICROSECONDS_OF_TEN_BITS = 10_000_000 / 115_200;

/** Which end of the plug: the key, or the device that it is plugged into. */
export type ContactSide = "key" | "device";

/** What passed over the wire in one piece. */
export type WirePiece = {
  readonly from: ContactSide;
  readonly startUs: number;
  readonly endUs: number;
  /** What was handed to the wire. */
  readonly bytes: Uint8Array;
  /** How many of the bytes passed before the plug was pulled. */
  readonly passedBytes: number;
};

/** When a clumsy hand pulls the plug: at a byte, or while the other side writes to its flash. */
export type EarlyPull =
  | {
      /** After so many bytes of both directions together. */
      readonly afterByte: number;
      /** And so much later, in microseconds: it may hit a board that computes. */
      readonly laterUs: number;
    }
  | {
      /** So long after the insertion, in microseconds. */
      readonly afterUs: number;
    }
  | {
      /** So long after the motor of the lock was first started, in microseconds. */
      readonly afterMoveUs: number;
    }
  | {
      /** In the middle of this program or erase of the device's flash, counted from 1. */
      readonly atWrite: number;
    };

/** The world's side of one contact: who listens, and what happens when it ends. */
export type ContactListeners = {
  readonly onBytes: (to: ContactSide, bytes: Uint8Array) => void;
  readonly onPiece: (piece: WirePiece) => void;
  readonly onClose: () => void;
};

/**
 * One insertion of a key: the plug, the wire between two boards, and the time that it lasts.
 *
 * @public
 */
export interface Contact {
  /** Number of the insertion in the run, from 1. */
  readonly id: number;
  /** How a clumsy hand will pull the plug; undefined for a careful one. */
  readonly pull: EarlyPull | undefined;
  /** Hands bytes to the wire at a moment that is now or in the running step. */
  send(from: ContactSide, bytes: Uint8Array, atUs: number): void;
  /** Tells that the device begins to write to its flash, now and for this long. */
  writeBegins(atUs: number, costUs: number): void;
  /** Tells that the motor of the device is started at this moment. */
  moveBegins(atUs: number): void;
  /** Plans the withdrawal; an earlier plan stays. */
  withdrawAt(timeUs: number): void;
  /** When the plug leaves, as far as it is known. */
  closesAtUs(): number | undefined;
  /** Whether the plug is in. */
  isOpen(): boolean;
  /** Bytes that have been handed to the wire and fit before the withdrawal, both directions. */
  passedBytes(): number;
}

/**
 * Starts a contact now.
 *
 * A piece reaches the other side when its last byte has passed; a withdrawal in its middle
 * delivers the bytes before it and then closes the contact.
 *
 * @param id - Number of the insertion in the run.
 * @param pull - Pulls the plug early; undefined leaves it to {@link Contact.withdrawAt}.
 * @public
 */
export function openContact(
  clock: VirtualClock,
  id: number,
  listeners: ContactListeners,
  pull: EarlyPull | undefined,
): Contact {
  let isOpen = true;
  let closeUs: number | undefined;
  let passed = 0;
  let writes = 0;
  const freeAtUs = { key: 0, device: 0 };
  if (pull !== undefined && "afterUs" in pull) withdrawAt(clock.nowUs() + pull.afterUs);
  const inFlight = new Set<{ readonly piece: WirePiece; readonly deliver: () => void }>();

  function withdrawAt(timeUs: number): void {
    if (!isOpen || (closeUs !== undefined && closeUs <= timeUs)) return;
    closeUs = Math.max(timeUs, clock.nowUs());
    const plannedUs = closeUs;
    clock.scheduleAt(plannedUs, () => {
      if (isOpen && closeUs === plannedUs) close();
    });
  }

  function close(): void {
    const nowUs = clock.nowUs();
    const cutPieces = [...inFlight].map((flight) => flight.piece);
    inFlight.clear();
    for (const piece of cutPieces) {
      const passedBytes = Math.min(
        piece.bytes.length,
        Math.max(0, Math.floor((nowUs - piece.startUs) / MICROSECONDS_OF_TEN_BITS)),
      );
      listeners.onPiece({ ...piece, endUs: nowUs, passedBytes });
      if (passedBytes > 0) {
        listeners.onBytes(otherSide(piece.from), piece.bytes.slice(0, passedBytes));
      }
    }
    isOpen = false;
    listeners.onClose();
  }

  function send(from: ContactSide, bytes: Uint8Array, atUs: number): void {
    if (!isOpen || bytes.length === 0) return;
    const startUs = Math.max(atUs, freeAtUs[from]);
    const endUs = Math.ceil(startUs + bytes.length * MICROSECONDS_OF_TEN_BITS);
    freeAtUs[from] = endUs;
    const isDue = pull !== undefined && "afterByte" in pull;
    if (isDue && passed + bytes.length >= pull.afterByte) {
      const ownByte = Math.max(0, pull.afterByte - passed);
      withdrawAt(Math.ceil(startUs + ownByte * MICROSECONDS_OF_TEN_BITS) + pull.laterUs);
    }
    passed += bytes.length;
    const piece = { from, startUs, endUs, bytes: bytes.slice(), passedBytes: bytes.length };
    const flight = {
      piece,
      deliver: () => {
        if (!inFlight.delete(flight)) return;
        listeners.onPiece(piece);
        listeners.onBytes(otherSide(from), piece.bytes);
      },
    };
    inFlight.add(flight);
    clock.scheduleAt(endUs, flight.deliver);
  }

  function writeBegins(atUs: number, costUs: number): void {
    writes += 1;
    if (pull === undefined || !("atWrite" in pull) || pull.atWrite !== writes) return;
    withdrawAt(atUs + Math.floor(costUs / 2));
  }

  return {
    id,
    send,
    pull,
    writeBegins,
    moveBegins: (atUs) => {
      if (pull !== undefined && "afterMoveUs" in pull) withdrawAt(atUs + pull.afterMoveUs);
    },
    withdrawAt,
    closesAtUs: () => closeUs,
    isOpen: () => isOpen,
    passedBytes: () => passed,
  };
}

function otherSide(side: ContactSide): ContactSide {
  return side === "key" ? "device" : "key";
}
