// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "../boards/board.ts";
import { LINK_LAN, POWER_MAINS } from "../ports.ts";
import { openSimulatedBolt } from "./bolt.ts";
import { createClock } from "./clock.ts";
import { openContact } from "./contact.ts";
import { createDeviceCrypto } from "./crypto.ts";
import { createEntropy, readSystemWord } from "./entropy.ts";
import { openDiskFlash } from "./flash-disk.ts";
import { openModemLine } from "./modem-line.ts";
import { openNetStream } from "./net-stream.ts";
import type { Platform } from "./platform.ts";
import { createNoPowerOut } from "./power-out.ts";
import { bindPrimitives } from "./primitives.ts";
import { createTimer } from "./timer.ts";

// The interpreter computes a door session in half a minute; a board does in half a second.
const TIMER_STRETCH = 100;
const PLUG_MS = 100;
const STAY_MS = 1000;
const CLOCK_FILE = "./clock";

/**
 * The interpreter's Linux build as a board.
 *
 * It is plugged in from its start, its supply is good, its bolt and its signals are lines on the
 * console, and its network is the computer's.
 */
export function createPlatform(board: Board): Platform {
  const crypto = createDeviceCrypto(bindPrimitives());
  return {
    crypto,
    timer: createTimer(TIMER_STRETCH),
    trueTimer: createTimer(1),
    openEntropy: () => createEntropy(crypto, readSystemWord),
    openFlash: openDiskFlash,
    openContact: (onBytes) => openContact(board.contact, onBytes),
    watchContact(onChange) {
      setTimeout(() => onChange(true, board.voltageSense !== undefined), PLUG_MS);
      // The process ends when no timer is left, although the serial line is open.
      setInterval(() => undefined, STAY_MS);
    },
    openClock: () => createClock(readStartS()),
    openBolt: openSimulatedBolt,
    openSupply: () => ({ millivolts: () => 3300, percent: () => 100 }),
    openSignal: () => ({ show: (signal) => print("signal", signal) }),
    openPowerOut: createNoPowerOut,
    watchButton: () => undefined,
    openNetworks: (wish) => [{ kind: LINK_LAN, stream: openNetStream(wish.host, wish.port) }],
    openModem: (onBytes) => openModemLine(board.modem, onBytes),
    openPower: () => ({ source: () => POWER_MAINS, percent: () => 100 }),
  };
}

/** The time that a bench wrote into the file `clock`, or else the computer's, in UTC seconds. */
function readStartS(): number {
  try {
    const file = E.openFile(CLOCK_FILE, "r");
    const text = file.read(10) ?? "";
    file.close();
    return parseInt(text, 10);
  } catch {
    return getTime();
  }
}
