// SPDX-License-Identifier: EUPL-1.2
import { board } from "#board";
import {
  openCrypto,
  openHealthTest,
  openOctetChecks,
  openOperations,
  openSlotOperations,
} from "#crypto";
import {
  createBoardTimer,
  openClock,
  openContact,
  openEntropy,
  openFlash,
  openPowerOut,
  openSignal,
  openSupply,
  watchButton,
  watchPlug,
} from "#platform";
import { wired } from "../boards/board.ts";
import { watchAborts } from "../espruino/aborts.ts";
import { checkedContact, checkedFlash } from "../espruino/octet-checks.ts";
import { openService } from "../espruino/service.ts";
import { createKey } from "../key/key.ts";
import type { KeyRole } from "../key/key-role.ts";
import { createPlug } from "../key/plug.ts";
import { SIGNALS } from "../key/signals.ts";

/** Boots a digital key on its board. */
export function startKey(): void {
  // A key feeds the contact: that is all that it could leave on.
  const powerOut = openPowerOut(wired(board.powerOut), () => plug.onOverload());
  watchAborts(() => powerOut.off());
  let role: KeyRole | undefined;
  const line = openContact(board.contact, (bytes) => {
    if (role !== undefined) {
      role.onBytes(bytes);
    }
  });
  const timer = createBoardTimer();
  const crypto = openCrypto();
  const entropy = openEntropy(crypto, openHealthTest());
  const checks = openOctetChecks();
  const key = createKey({
    crypto,
    entropy,
    operations: (arena) => openOperations(crypto, entropy, arena),
    slotOperations: openSlotOperations(),
    flash: checkedFlash(openFlash(wired(board.flash.key)), checks),
    contact: checkedContact(line, checks),
    timer,
    clock: openClock(),
    supply: openSupply(wired(board.supply)),
    signal: openSignal(wired(board.signal), SIGNALS),
    service: openService(),
  });
  role = key;
  nk.isBlank = key.status().devid === undefined;
  watchButton(wired(board.button), () => key.onButton());
  const plug = createPlug(timer, powerOut, key);
  watchPlug(board, (isPlugged, sensesVoltage, atMs) => {
    plug.onSense(isPlugged, sensesVoltage, atMs);
  });
  nk.ok();
}
