// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "./board.ts";

/**
 * Espruino MDBT42Q: 2950 variables of 13 octets and 40 KiB of internal Storage, no other flash. It
 * is tried as a lock and its verdict is printed; nothing is sold for it.
 */
export const board: Board = {
  name: "mdbt42q",
  platform: "nrf52",
  limits: ["A trial: the build tells what it lacks as a lock."],
  storageStart: undefined,
  contact: { kind: "pins", tx: "D14", rx: "D15" },
  contactSense: undefined,
  voltageSense: undefined,
  button: undefined,
  bolt: { forward: "D16", backward: "D17", unlocked: "D18", locked: "D19" },
  signal: undefined,
  powerOut: undefined,
  supply: { pin: "D28", fullScaleMillivolts: 10680, emptyMillivolts: 3300, fullMillivolts: 4150 },
  mainsSense: undefined,
  door: undefined,
  modem: undefined,
  flash: {
    key: undefined,
    lock: { kind: "storage", name: "nyckel", pageBytes: 4096, pageCount: 6, storageStart: 0x6c000 },
    station: undefined,
  },
};
