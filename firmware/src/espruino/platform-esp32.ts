// SPDX-License-Identifier: EUPL-1.2
import { assert, PROMISE_BROKEN } from "@nyckelring/protocol";

import type { Board } from "../boards/board.ts";
import { POWER_MAINS } from "../ports.ts";
import { createClock } from "./clock.ts";
import { openContact } from "./contact.ts";
import { watchContactPins } from "./contact-pins.ts";
import { createDeviceCrypto } from "./crypto.ts";
import { openStorageFlash } from "./flash-storage.ts";
import { openModemLine } from "./modem-line.ts";
import type { Platform } from "./platform.ts";
import { bindPrimitives } from "./primitives.ts";
import { createTimer } from "./timer.ts";
import { openWifi } from "./wifi.ts";

/**
 * A board with an ESP32: a station and nothing else.
 *
 * Security: its random numbers come from the C library, so it offers no entropy at all, and with it
 * neither a key nor a lock.
 */
export function createPlatform(board: Board): Platform {
  const refuse = (): never => {
    assert(false, PROMISE_BROKEN);
    throw new Error("not on this board");
  };
  return {
    crypto: createDeviceCrypto(bindPrimitives()),
    timer: createTimer(1),
    trueTimer: createTimer(1),
    openEntropy: refuse,
    openFlash: openStorageFlash,
    openContact: (onBytes) => openContact(board.contact, onBytes),
    watchContact: (onChange) => watchContactPins(board, onChange),
    openClock: () => createClock(undefined),
    openBolt: refuse,
    openSupply: refuse,
    openSignal: refuse,
    openPowerOut: refuse,
    watchButton: refuse,
    openNetworks: openWifi,
    openModem: (onBytes) => openModemLine(board.modem, onBytes),
    openPower: () => ({ source: () => POWER_MAINS, percent: () => 100 }),
  };
}
