// SPDX-License-Identifier: EUPL-1.2

import { createLock, type LockRole } from "@nyckelring/firmware";
import type { CryptoPort } from "@nyckelring/protocol";
import type { ComputeModel } from "../compute-model.ts";
import type { Contact } from "../contact.ts";
import { createMeteredCrypto } from "../metered-crypto.ts";
import { createVirtualMotor, type MotorCommand, type VirtualMotor } from "../motor.ts";
import type { RandomStream } from "../prng.ts";
import { createProcessor } from "../processor.ts";
import { createTimers } from "../timers.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import { createVirtualFlash, type VirtualFlash } from "../virtual-flash.ts";

/** What the world wants to know of a board; both are told at the moment inside the step. */
export type BoardListeners = {
  /** The board found a signature good; see the metered crypto port. */
  readonly onVerified: (signed: Uint8Array, atUs: number) => void;
  /** A role threw: a programmer error, never a reaction to a peer. */
  readonly onFault: (error: unknown) => void;
};

/** What every board is made of. */
export type BoardParts = {
  readonly clock: VirtualClock;
  readonly model: ComputeModel;
  readonly crypto: CryptoPort;
  /** The board's own stream of chance. */
  readonly random: RandomStream;
  readonly listeners: BoardListeners;
};

/** A key-powered lock: it lives while a key is plugged in and keeps its flash and its bolt. */
export interface LockBoard {
  readonly flash: VirtualFlash;
  readonly motor: VirtualMotor;
  /** Plugs a key in: power comes, and the role boots. */
  connect(contact: Contact): void;
  /** Bytes of the key. */
  receive(bytes: Uint8Array): void;
  /** Pulls the key: power is gone in this instant. */
  disconnect(): void;
}

/**
 * Makes the board of a key-powered lock with blank flash.
 *
 * @param onMotor - Told each motor command; the physical truth of an opening.
 * @public
 */
export function createLockBoard(
  parts: BoardParts,
  onMotor: (command: MotorCommand, atUs: number) => void,
): LockBoard {
  const { clock, model, random, listeners } = parts;
  const processor = createProcessor(clock, model.stepUs, listeners.onFault);
  const flash = createVirtualFlash(224, processor, model, random.split("flash"), (costUs) =>
    plugged?.writeBegins(processor.nowUs(), costUs),
  );
  const entropy = random.split("entropy");
  const timers = createTimers(clock, processor);
  const crypto = createMeteredCrypto(parts.crypto, processor, model, (signed) =>
    listeners.onVerified(signed, processor.nowUs()),
  );
  const travelUs = random.split("motor").drawBetween(220_000, 380_000);
  let role: LockRole | undefined;
  let plugged: Contact | undefined;
  let bootedUs = 0;

  const motor = createVirtualMotor(clock, processor, travelUs, onMotor, (position) => {
    processor.runStep(() => role?.onBolt(position));
  });

  processor.setPowerEnd(() => plugged?.closesAtUs());

  return {
    flash,
    motor,
    connect: (contact) => {
      plugged = contact;
      processor.powerOn();
      processor.runStep(() => {
        processor.spend(model.bootUs);
        bootedUs = processor.nowUs();
        role = createLock({
          crypto,
          entropy,
          flash: flash.port,
          contact: { send: (bytes) => contact.send("device", bytes, processor.nowUs()) },
          timer: timers.port,
          clock: { nowS: () => undefined, set: () => undefined },
          motor: motor.port,
          supply: { millivolts: () => 3300, percent: () => 100 },
        });
        role.onContact(true);
      });
    },
    // A board that has power but no role yet is still booting: its receiver hears nothing.
    receive: (bytes) => {
      if (clock.nowUs() >= bootedUs) processor.runStep(() => role?.onBytes(bytes));
    },
    disconnect: () => {
      processor.powerOff();
      timers.clear();
      motor.powerOff();
      role = undefined;
      plugged = undefined;
    },
  };
}
