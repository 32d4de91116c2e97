// SPDX-License-Identifier: EUPL-1.2
import { assert, PROMISE_BROKEN } from "@nyckelring/protocol";

import type { Board } from "../boards/board.ts";
import { POWER_MAINS } from "../ports.ts";
import { openBolt } from "./bolt.ts";
import { createClock } from "./clock.ts";
import { openContact } from "./contact.ts";
import { watchContactPins } from "./contact-pins.ts";
import { createDeviceCrypto } from "./crypto.ts";
import { createEntropy, readHardwareWord } from "./entropy.ts";
import { openStorageFlash } from "./flash-storage.ts";
import type { Platform } from "./platform.ts";
import { openPowerOut } from "./power-out.ts";
import { bindPrimitives } from "./primitives.ts";
import { openSignalPins } from "./signal-pins.ts";
import { openAnalogSupply } from "./supply.ts";
import { createTimer } from "./timer.ts";

const DEBOUNCE_MS = 20;

/** A board with an nRF52840. */
export function createPlatform(board: Board): Platform {
  const crypto = createDeviceCrypto(bindPrimitives());
  return {
    crypto,
    timer: createTimer(1),
    trueTimer: createTimer(1),
    openEntropy: () => createEntropy(crypto, readHardwareWord),
    openFlash: openStorageFlash,
    openContact: (onBytes) => openContact(board.contact, onBytes),
    watchContact: (onChange) => watchContactPins(board, onChange),
    openClock: () => createClock(undefined),
    openBolt(onMove) {
      assert(board.bolt !== undefined, PROMISE_BROKEN);
      return openBolt(board.bolt, onMove);
    },
    openSupply() {
      assert(board.supply !== undefined, PROMISE_BROKEN);
      return openAnalogSupply(board.supply);
    },
    openSignal(rhythms) {
      assert(board.signal !== undefined, PROMISE_BROKEN);
      return openSignalPins(board.signal, rhythms);
    },
    openPowerOut(onOverload) {
      assert(board.powerOut !== undefined, PROMISE_BROKEN);
      return openPowerOut(board.powerOut, onOverload);
    },
    watchButton(onPress) {
      assert(board.button !== undefined, PROMISE_BROKEN);
      pinMode(board.button, "input_pullup");
      const watch = { repeat: true, edge: "falling", debounce: DEBOUNCE_MS } as const;
      setWatch(onPress, board.button, watch);
    },
    openNetworks: () => [],
    openModem: () => undefined,
    openPower: () => ({ source: () => POWER_MAINS, percent: () => 100 }),
  };
}
