// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "./board.ts";

/** Seeed XIAO nRF52840: the reference board of key and lock; 2 MB of SPI flash hold the pages. */
export const board: Board = {
  name: "xiao-nrf52840",
  platform: "nrf52",
  limits: [
    "Nothing was tried on silicon: pins and voltages are estimates.",
    "D1 is the interpreter's button: high at power-on it skips the application. Tie it to ground inside the case.",
  ],
  storageStart: 0x60000000,
  contact: { kind: "pins", tx: "D6", rx: "D7" },
  contactSense: "D2",
  voltageSense: "D3",
  button: "D8",
  bolt: { forward: "D9", backward: "D10", unlocked: "D4", locked: "D5" },
  signal: { red: "D11", green: "D13", blue: "D12", buzzer: "D0" },
  powerOut: { enable: "D9", fault: "D10" },
  supply: {
    pin: "D32",
    enable: "D14",
    fullScaleMillivolts: 10680,
    emptyMillivolts: 3300,
    fullMillivolts: 4150,
  },
  mainsSense: undefined,
  // Enter and leave are told to a key, so on a lock the door has the pin of that button.
  door: "D8",
  modem: undefined,
  flash: {
    key: {
      kind: "storage",
      name: "nyckel",
      pageBytes: 4096,
      pageCount: 200,
      storageStart: 0x60000000,
    },
    lock: {
      kind: "storage",
      name: "nyckel",
      pageBytes: 4096,
      pageCount: 224,
      storageStart: 0x60000000,
    },
    station: undefined,
  },
};
