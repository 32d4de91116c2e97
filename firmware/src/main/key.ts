// SPDX-License-Identifier: EUPL-1.2
import { assert, PROMISE_BROKEN } from "@nyckelring/protocol";

import type { Board } from "../boards/board.ts";
import type { Platform } from "../espruino/platform.ts";
import { createKey } from "../key/key.ts";
import type { KeyRole } from "../key/key-role.ts";
import { createPlug } from "../key/plug.ts";
import { SIGNALS } from "../key/signals.ts";

/** Boots a digital key on a board. */
export function startKey(board: Board, platform: Platform): void {
  const wiring = board.flash.key;
  assert(wiring !== undefined, PROMISE_BROKEN);
  let role: KeyRole | undefined;
  const contact = platform.openContact((bytes) => {
    if (role !== undefined) {
      role.onBytes(bytes);
    }
  });
  role = createKey({
    crypto: platform.crypto,
    entropy: platform.openEntropy(),
    flash: platform.openFlash(wiring),
    contact,
    timer: platform.timer,
    clock: platform.openClock(),
    supply: platform.openSupply(),
    signal: platform.openSignal(SIGNALS),
  });
  const key = role;
  platform.watchButton(() => key.onButton());
  const powerOut = platform.openPowerOut(() => plug.onOverload());
  const plug = createPlug(platform.timer, powerOut, key);
  platform.watchContact((isPlugged, sensesVoltage) => plug.onSense(isPlugged, sensesVoltage));
}
