// SPDX-License-Identifier: EUPL-1.2
import { assert, PROMISE_BROKEN } from "@nyckelring/protocol";

import type { Board } from "../boards/board.ts";
import type { Platform } from "../espruino/platform.ts";
import { createStation } from "../station/station.ts";
import type { StationRole } from "../station/station-role.ts";

/** Boots a sync station on a board. */
export function startStation(board: Board, platform: Platform): void {
  const wiring = board.flash.station;
  assert(wiring !== undefined, PROMISE_BROKEN);
  let role: StationRole | undefined;
  const contact = platform.openContact((bytes) => {
    if (role !== undefined) {
      role.onBytes(bytes);
    }
  });
  role = createStation({
    crypto: platform.crypto,
    flash: platform.openFlash(wiring),
    contact,
    timer: platform.timer,
    clock: platform.openClock(),
    uplink: platform.openUplink(),
    power: platform.openPower(),
  });
  const station = role;
  platform.watchContact((isPlugged) => station.onContact(isPlugged));
}
