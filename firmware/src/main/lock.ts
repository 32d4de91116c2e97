// SPDX-License-Identifier: EUPL-1.2
import { assert, PROMISE_BROKEN } from "@nyckelring/protocol";

import type { Board } from "../boards/board.ts";
import type { Platform } from "../espruino/platform.ts";
import { createLock } from "../lock/lock.ts";
import type { LockRole } from "../lock/lock-role.ts";

/** Boots a lock on a board; its configuration says whether the board's clock counts. */
export function startLock(board: Board, platform: Platform): void {
  const wiring = board.flash.lock;
  assert(wiring !== undefined, PROMISE_BROKEN);
  let role: LockRole | undefined;
  const contact = platform.openContact((bytes) => {
    if (role !== undefined) {
      role.onBytes(bytes);
    }
  });
  const motor = platform.openBolt((position) => {
    if (role !== undefined) {
      role.onBolt(position);
    }
  });
  role = createLock({
    crypto: platform.crypto,
    entropy: platform.openEntropy(),
    flash: platform.openFlash(wiring),
    contact,
    timer: platform.timer,
    clock: platform.openClock(),
    motor,
    supply: platform.openSupply(),
  });
  const lock = role;
  platform.watchContact((isPlugged) => lock.onContact(isPlugged));
}
