// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "./board.ts";

/** Seeed XIAO nRF52840: the reference board of key and lock; 2 MB of SPI flash hold the pages. */
export const board: Board = {
  name: "xiao-nrf52840",
  platform: "nrf52",
  limits: ["Nothing was tried on silicon: pins and voltages are estimates."],
  storageStart: 0x60000000,
  contact: { kind: "pins", tx: "D6", rx: "D7" },
  contactSense: "D2",
  voltageSense: "D3",
  button: "D8",
  bolt: { forward: "D9", backward: "D10", unlocked: "D4", locked: "D5" },
  signal: { red: "D11", green: "D13", blue: "D12", buzzer: "D0" },
  powerOut: { enable: "D1", fault: "D14" },
  supply: { pin: "D32", fullScaleMillivolts: 10680, emptyMillivolts: 3300, fullMillivolts: 4150 },
  mainsSense: undefined,
  // A lock has no output to feed, so its door has the pin that a key feeds the contact by.
  door: "D1",
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
