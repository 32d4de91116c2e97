// SPDX-License-Identifier: EUPL-1.2
import { board } from "#board";
import { openCrypto, openHealthTest, openOctetChecks, openOperations } from "#crypto";
import {
  createBoardTimer,
  openBolt,
  openClock,
  openContact,
  openDoorSensor,
  openEntropy,
  openFlash,
  openSupply,
  watchContact,
} from "#platform";
import { wired } from "../boards/board.ts";
import { watchAborts } from "../espruino/aborts.ts";
import { checkedContact, checkedFlash } from "../espruino/octet-checks.ts";
import { openService } from "../espruino/service.ts";
import { createLock } from "../lock/lock.ts";
import type { LockRole } from "../lock/lock-role.ts";

/** Boots a key-powered lock on its board. */
export function startLock(): void {
  let role: LockRole | undefined;
  const line = openContact(board.contact, (bytes) => {
    if (role !== undefined) {
      role.onBytes(bytes);
    }
  });
  // The bolt comes before everything that can fail: opening it puts the motor off.
  const motor = openBolt(wired(board.bolt), (position) => {
    if (role !== undefined) {
      role.onBolt(position);
    }
  });
  watchAborts(() => motor.stop());
  const crypto = openCrypto();
  const entropy = openEntropy(crypto, openHealthTest());
  const checks = openOctetChecks();
  const lock = createLock({
    crypto,
    entropy,
    operations: (arena) => openOperations(crypto, entropy, arena),
    flash: checkedFlash(openFlash(wired(board.flash.lock)), checks),
    contact: checkedContact(line, checks),
    timer: createBoardTimer(),
    clock: openClock(),
    motor,
    supply: openSupply(wired(board.supply)),
    door: openDoorSensor(board.door, (isOpen) => {
      if (role !== undefined) role.onDoor(isOpen);
    }),
    service: openService(),
  });
  role = lock;
  nk.isBlank = lock.isBlank;
  watchContact(board, (isPlugged) => lock.onContact(isPlugged));
  nk.ok();
}
